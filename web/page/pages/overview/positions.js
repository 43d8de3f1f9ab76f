// What is held, what protects it, and the words that it was bought on.
import { CycleLink } from "../../parts/cycles.js";
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { may } from "../../parts/me.js";
import { Link } from "../../parts/router.js";
import { Table } from "../../parts/table.js";
import { Badge, Gain, number, usd } from "../../parts/words.js";
import { saleOf } from "../cycles/trade.js";
import { ORDERS_LINES } from "./lines.js";

export function Positions({ me }) {
  const positions = useRead("/api/positions", ORDERS_LINES);
  return html`<section aria-labelledby="positions" class="card"><h2 id="positions">Positions</h2>
    <${Loaded} of=${positions} empty="Nothing is held. What a cycle buys stands here, with its stop and why it was bought.">
      ${(said) => html`<${Table} name="What is held" columns=${columnsFor(may(me, "operate"))} rows=${said.items} keyOf=${(each) => each.symbol} />`}
    <//>
  </section>`;
}

const columnsFor = (mayTrade) => [
  { title: "Symbol", cell: (each) => html`<strong>${each.symbol}</strong>${mayTrade && html`<${Sales} of=${each} />`}` },
  { title: "Shares", right: true, cell: (each) => number(each.quantity) },
  { title: "Mark", right: true, cell: (each) => usd(each.mark) },
  { title: "Value", right: true, cell: (each) => usd(each.value) },
  { title: "Gain", right: true, cell: (each) => html`<${Gain} amount=${each.unrealised_pnl} />` },
  { title: "Stop", right: true, cell: (each) => (each.stop ? usd(each.stop) : html`<${Badge} kind="warn">none<//>`) },
  { title: "Target", right: true, cell: (each) => usd(each.target) },
  { title: "Why it was bought", cell: (each) => html`<${Bought} entries=${each.bought} />` },
];

// A link for each strategy that holds a part of it: what is sold is one strategy's.
function Sales({ of: { symbol, quantity, bought } }) {
  if (quantity.startsWith("-")) return null;
  const owners = [...new Set(bought.map((each) => each.strategy_id))];
  return (owners.length > 0 ? owners : [undefined]).map((owner) => html`<div key=${owner} class="id small">
    <${Link} href=${saleOf(symbol, owner)}>Sell <span class="heard">${symbol}</span>${owners.length > 1 && ` of ${owner}`} …<//>
  </div>`);
}

function Bought({ entries }) {
  if (entries.length === 0) return html`<span class="quiet">By no cycle that is known here.</span>`;
  return entries.map((each) => html`<div class="why" key=${each.entry_order_id}>
    ${each.because || each.signal || "No words are kept."}${" "}
    <span class="quiet">${each.strategy_id}, ${number(each.quantity)} at ${usd(each.entry_price)},</span>${" "}
    <${CycleLink} id=${each.cycle_id}>its cycle<//>
  </div>`);
}
