// Every cycle and how it ended, and the forms that ask for one: for what the agents say, or for a trade of one's own.
import { CYCLE_LINES, CycleLink, EndBadge, someOf, took, triggerOf } from "../parts/cycles.js";
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { useMe } from "../parts/me.js";
import { useQuery } from "../parts/router.js";
import { Pages, Table } from "../parts/table.js";
import { Time } from "../parts/words.js";
import { RunCycle } from "./cycles/run.js";
import { ProposeTrade } from "./cycles/trade.js";

export function Cycles() {
  const me = useMe();
  const [query, change] = useQuery();
  const strategies = useRead("/api/strategies", ["StrategyChanged", "StrategyStateChanged"]);
  const known = strategies.said?.items ?? [];
  const path = `/api/cycles?limit=30${query.strategy ? `&strategy=${encodeURIComponent(query.strategy)}` : ""}`;
  const cycles = useRead(path, CYCLE_LINES);
  return html`<h1>Cycles</h1>
    <${RunCycle} me=${me} strategies=${known} />
    <${ProposeTrade} me=${me} strategies=${known} query=${query} />
    <h2>What ran</h2>
    ${(known.length > 1 || query.strategy) &&
    html`<${Whose} strategies=${known} chosen=${query.strategy} choose=${(strategy) => change({ strategy })} />`}
    <${Loaded} of=${cycles} empty=${query.strategy ? `None of ${query.strategy} yet.` : NONE_YET}>
      ${(said) => html`<${Pages} first=${said} path=${path} keyOf=${nameOf}>
        ${(items) => html`<${Table} name="Cycles" columns=${COLUMNS} rows=${items} keyOf=${nameOf} />`}
      <//>`}
    <//>`;
}

const NONE_YET = "None yet. Run one with a form above, or wait for the clock: its times are on the overview.";
const nameOf = (cycle) => cycle.cycle_id;

function Whose({ strategies, chosen = "", choose }) {
  const names = new Set([...strategies.map((each) => each.strategy_id), chosen].filter(Boolean));
  return html`<form class="filters" onSubmit=${(event) => event.preventDefault()}>
    <label>Strategy
      <select value=${chosen} onChange=${(event) => choose(event.target.value)}>
        <option value="">All</option>
        ${[...names].map((name) => html`<option value=${name}>${name}</option>`)}
      </select>
    </label>
  </form>`;
}

const COLUMNS = [
  { title: "When", cell: (each) => html`<${Time} at=${each.started_at ?? each.ended_at} />` },
  { title: "Cycle", cell: (each) => html`<${CycleLink} id=${each.cycle_id} />` },
  { title: "Strategy", cell: (each) => each.strategy_id },
  { title: "Why", cell: (each) => html`<span class="id">${triggerOf(each)}</span>` },
  { title: "Symbols", cell: (each) => html`<span class="few">${someOf(each.symbols)}</span>` },
  { title: "Took", right: true, cell: (each) => took(each.started_at, each.ended_at) },
  { title: "Came to", cell: (each) => html`<${Ending} cycle=${each} />` },
];

function Ending({ cycle }) {
  return html`<${EndBadge} cycle=${cycle} />${cycle.reason && html`<span class="why">${cycle.reason}</span>`}`;
}
