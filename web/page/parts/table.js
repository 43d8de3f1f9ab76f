// Tables: a caption for who hears it, numbers to the right, and a scroll of their own where the screen is narrow.
import { html, useState } from "./html.js";
import { read } from "./api.js";
import { Failed } from "./load.js";

// `columns`: [{title, cell: (row) => …, right: true}]; `name` is the table's caption, heard and not seen.
export function Table({ name, columns, rows, keyOf, current }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${name}>
    <table>
      <caption class="heard">${name}</caption>
      <thead><tr>${columns.map((each) => html`<th scope="col" class=${each.right ? "right" : ""}>${each.title}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${keyOf(row)} class=${current === keyOf(row) ? "current" : ""}>
        ${columns.map((each) => html`<td class=${each.right ? "right" : ""}>${each.cell(row)}</td>`)}
      </tr>`)}</tbody>
    </table>
  </div>`;
}

// "Earlier" under a list of `{items, next}`: further pages are read after `path`, and `children` shows all items.
// `by` is the parameter that carries `next` ("before" or "cursor"). With `keyOf` a list that grows while it is read stays
// whole: what new lines push off the first page is kept.
export function Pages({ first, path, by = "before", keyOf, children }) {
  const [more, set] = useState({ for: null, items: [], next: undefined });
  const [problem, fail] = useState(null);
  const mine = more.for === path ? more : { items: [], next: undefined };
  const newest = new Set(keyOf ? first.items.map(keyOf) : []);
  const older = keyOf ? mine.items.filter((each) => !newest.has(keyOf(each))) : mine.items;
  const next = mine.next === undefined ? first.next : mine.next;
  const further = async () => {
    try {
      const page = await read(`${path}${path.includes("?") ? "&" : "?"}${by}=${encodeURIComponent(next)}`);
      set({ for: path, items: [...(keyOf && !mine.for ? first.items : mine.items), ...page.items], next: page.next });
      fail(null);
    } catch (error) {
      fail(error);
    }
  };
  return html`${children([...first.items, ...older])}
    ${problem && html`<${Failed} problem=${problem} />`}
    ${next && html`<button type="button" class="plain" onClick=${further}>Earlier</button>`}`;
}
