// The audit log: the newest lines first, or those around one; what is new is counted and comes when it is asked for.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { listen } from "../parts/live.js";
import { Loaded, useRead } from "../parts/load.js";
import { Link, useQuery } from "../parts/router.js";
import { plural } from "../parts/words.js";
import { Chain } from "./log/chain.js";
import { Filters } from "./log/filters.js";
import { Line } from "./log/line.js";
import { Note } from "./log/note.js";

const LINES = 50;

export function Log() {
  const [query] = useQuery();
  const asked = useMemo(() => askedBy(query), [JSON.stringify(query)]);
  const found = useRead(asked.event ? `/api/events/named?id=${encodeURIComponent(asked.event)}` : null);
  const around = found.said?.sequence ?? asked.around;
  const isFound = !asked.event || found.said;
  const lines = useRead(isFound ? pathOf({ ...asked, around }) : null);
  const isNewest = !asked.event && !around && !asked.before && !asked.after;
  const fresh = useFresh(asked, isNewest, lines.said);
  return html`<h1>Audit log</h1>
    <${Chain} />
    <${Note} written=${lines.again} />
    <h2>Lines</h2>
    <${Filters} />
    <div role="status" class="fresh">
      ${fresh > 0 && html`<button type="button" onClick=${lines.again}>${plural(fresh, "new line")}</button>`}
    </div>
    <${Loaded} of=${isFound ? lines : found} empty="No line is so. Take a filter away, or go to the newest lines."
      isEmpty=${(said) => said.items?.length === 0}>
      ${(said) => html`<${Lines} said=${said} asked=${asked} around=${around} />`}
    <//>
    ${!isNewest && html`<p><${Link} href=${hrefOf(asked, {})}>Newest lines<//></p>`}`;
}

function Lines({ said, asked, around }) {
  const items = asked.after ? [...said.items].reverse() : said.items;
  const [newest, oldest] = [items[0].sequence, items.at(-1).sequence];
  useEffect(() => {
    if (around) document.getElementById(`line-${around}`)?.scrollIntoView({ block: "center" });
  }, [around, newest]);
  return html`<ol class="lines" reversed aria-label="Lines of the log">
      ${items.map((each) => html`<${Line} key=${each.sequence} line=${each} isCurrent=${each.sequence === around} />`)}
    </ol>
    <p class="row">
      ${(asked.after || said.next) && oldest > 1 && html`<${Link} href=${hrefOf(asked, { before: oldest })}>Earlier<//>`}
      ${(asked.before || around || (asked.after && said.next)) && html`<${Link} href=${hrefOf(asked, { after: newest })}>Later<//>`}
    </p>`;
}

// How many lines that would be shown have come since these were read; one may be told after it was read.
function useFresh(asked, isCounted, said) {
  const [heard, hear] = useState([]);
  const newest = said?.items[0]?.sequence ?? 0;
  useEffect(() => hear((before) => before.filter((sequence) => sequence > newest)), [newest]);
  useEffect(() => {
    if (!isCounted) return undefined;
    const stop = listen((line) => {
      if (asked.types.length && !asked.types.includes(line.type)) return;
      if (asked.cycle && line.aggregate_id !== asked.cycle) return;
      hear((before) => [...before, line.sequence]);
    });
    return () => {
      stop();
      hear([]);
    };
  }, [asked, isCounted]);
  return heard.filter((sequence) => sequence > newest).length;
}

const whole = (said) => (/^\d{1,9}$/.test(said ?? "") ? Number(said) : undefined);

function askedBy({ types, cycle, before, after, around, event }) {
  return { types: types?.split(",") ?? [], cycle, event, before: whole(before), after: whole(after), around: whole(around) };
}

function pathOf({ types, cycle, before, after, around }) {
  const asked = new URLSearchParams({ limit: LINES });
  types.forEach((each) => asked.append("type", each));
  if (cycle) asked.set("cycle", cycle);
  if (around) asked.set("before", around + LINES / 2);
  else if (after !== undefined) asked.set("after", after);
  else if (before) asked.set("before", before);
  return `/api/events?${asked}`;
}

// The address of the same lines from another place on.
function hrefOf({ types, cycle }, place) {
  const query = new URLSearchParams({ ...(types.length && { types: types.join() }), ...(cycle && { cycle }), ...place });
  return query.size ? `/log?${query}` : "/log";
}
