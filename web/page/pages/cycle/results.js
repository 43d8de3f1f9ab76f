// What a cycle sent, what came back, and what it would have traded had it been let.
import { html } from "../../parts/html.js";
import { OrderTable } from "../../parts/orders.js";
import { Table } from "../../parts/table.js";
import { Badge, Time, number, signed, spaced, usd } from "../../parts/words.js";
import { linesOf } from "./told.js";

export function Results({ orders, events }) {
  const fills = linesOf(events, "TradeExecuted");
  const shadows = linesOf(events, "ShadowTradeOpened");
  return html`
    ${orders.length > 0 && html`<h2>Orders</h2><${OrderTable} name="Orders of this cycle" orders=${[...orders].reverse()} />`}
    ${fills.length > 0 && html`<h2>Fills</h2>
      <p class="quiet">Slippage is a share's price against the price that was decided on; positive is cost.</p>
      <${Table} name="Fills of this cycle" columns=${FILLS} rows=${fills} keyOf=${(each) => each.fill_id} />`}
    ${shadows.length > 0 && html`<h2>Shadow trades</h2>
      <${Table} name="Shadow trades of this cycle" columns=${SHADOWS} rows=${shadows} keyOf=${(each) => each.shadow_id} />`}`;
}

const FILLS = [
  { title: "Market time", cell: (each) => html`<${Time} at=${each.filled_at} />` },
  { title: "Symbol", cell: (each) => html`<strong>${each.symbol}</strong>` },
  { title: "What", cell: (each) => html`${spaced(each.side)}, ${each.leg} ${each.reverses && html`<${Badge} kind="warn">taken back<//>`}` },
  { title: "Shares", right: true, cell: (each) => number(each.quantity) },
  { title: "Price", right: true, cell: (each) => usd(each.price) },
  { title: "Slippage", right: true, cell: (each) => signed(each.slippage) },
  { title: "Commission", right: true, cell: (each) => usd(each.commission) },
];

const SHADOWS = [
  { title: "Market time", cell: (each) => html`<${Time} at=${each.opened_at} />` },
  { title: "Symbol", cell: (each) => html`<strong>${each.symbol}</strong>` },
  { title: "What", cell: (each) => `would have ${each.side === "buy" ? "bought" : "sold"}` },
  { title: "Shares", right: true, cell: (each) => number(each.quantity) },
  { title: "Price", right: true, cell: (each) => usd(each.entry_price) },
  { title: "Dollars", right: true, cell: (each) => usd(each.notional) },
];
