// What a run has written. A frame and a link can carry no token, so they carry a ticket, which opens these files for minutes.
import { read } from "../../parts/api.js";
import { html, useEffect, useState } from "../../parts/html.js";
import { useLive } from "../../parts/live.js";
import { Failed, Loaded, useRead } from "../../parts/load.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { number } from "../../parts/words.js";

const NO_FILES = "A study writes no files: its trials are in the books.";
const SHEET = "tear_sheet.html";

export function Files({ path, folder }) {
  const files = useRead(`${path}/files`);
  const { ticket, problem } = useTicket(`${path}/ticket`);
  const hrefOf = (name) => `${ticket.path}${encodeURIComponent(name)}?ticket=${ticket.ticket}`;
  return html`<${Loaded} of=${files}>${({ items }) => html`
    ${problem && !ticket && html`<${Failed} problem=${problem} />`}
    ${ticket && items.some(({ name }) => name === SHEET) && html`<${Sheet} href=${hrefOf(SHEET)} />`}
    <${Section} id="files" title="Files">
      ${items.length === 0 && html`<p class="empty">${folder ? "Its files are not on this machine." : NO_FILES}</p>`}
      ${items.length > 0 && html`<${Listed} items=${items} hrefOf=${ticket && hrefOf} />`}
    <//>`}
  <//>`;
}

function Listed({ items, hrefOf }) {
  const columns = [
    { title: "File", cell: ({ name }) => (hrefOf ? html`<a href=${hrefOf(name)} target="_blank" rel="noopener">${name}</a>` : name) },
    { title: "Bytes", right: true, cell: ({ bytes }) => number(bytes) },
  ];
  return html`<${Table} name="Files of this run" columns=${columns} rows=${items} keyOf=${({ name }) => name} />`;
}

// A page of its own without a right to run anything: it comes so, and the frame says so once more.
function Sheet({ href }) {
  const [first] = useState(href); // a new ticket would load it anew
  return html`<${Section} id="sheet" title="Tear sheet">
    <p><a href=${href} target="_blank" rel="noopener">Open the tear sheet alone</a></p>
    <iframe src=${first} sandbox="" loading="lazy" title="Tear sheet"></iframe>
  <//>`;
}

// A ticket that is renewed before it ends, and when the desk was away: one that began anew knows no older ones.
function useTicket(path) {
  const [state, become] = useState({});
  const live = useLive();
  useEffect(() => {
    let next;
    const renew = async () => {
      try {
        const ticket = await read(path);
        become({ ticket });
        next = setTimeout(renew, ticket.seconds * 500);
      } catch (problem) {
        become((was) => ({ ...was, problem }));
      }
    };
    renew();
    return () => clearTimeout(next);
  }, [path, live]);
  return state;
}
