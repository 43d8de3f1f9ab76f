// Today's cycles, the one that runs among them.
import { CYCLE_LINES, CycleLink, EndBadge, someOf } from "../../parts/cycles.js";
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";

const MOST = 100;
const SHOWN = 8;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export function Today() {
  const cycles = useRead(`/api/cycles?limit=${MOST}`, CYCLE_LINES);
  return html`<section class="card" aria-labelledby="today"><h2 id="today">Today's cycles</h2>
    <${Loaded} of=${cycles}>${(said) => html`<${Cycles} cycles=${said.items.filter(isToday)} last=${said.items[0]} />`}<//>
    <p><${Link} href="/cycles">All cycles, and forms to run one or propose a trade<//></p>
  </section>`;
}

const at = (cycle) => new Date(cycle.started_at ?? cycle.ended_at);
const isToday = (cycle) => at(cycle).toDateString() === new Date().toDateString();

function Cycles({ cycles, last }) {
  if (cycles.length === 0) {
    return html`<p class="quiet">None today.
      ${last && html`${" "}The last: <${CycleLink} id=${last.cycle_id} /> <${EndBadge} cycle=${last} />`}</p>`;
  }
  return html`<ul class="plainly">${cycles.slice(0, SHOWN).map((each) => html`<li key=${each.cycle_id}>
      <time datetime=${at(each).toISOString()}>${clock.format(at(each))}</time> <${EndBadge} cycle=${each} />${" "}
      <${CycleLink} id=${each.cycle_id}>${each.strategy_id}<//> <span class="quiet">${someOf(each.symbols, 4)}</span>
    </li>`)}</ul>
    ${cycles.length > SHOWN && html`<p class="quiet">and ${cycles.length - SHOWN}${cycles.length === MOST ? " or more" : ""} before.</p>`}`;
}
