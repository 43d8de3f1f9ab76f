// Orders as a table: on the page of all of them, and on that of their cycle.
import { CycleLink } from "./cycles.js";
import { html } from "./html.js";
import { Table } from "./table.js";
import { Badge, NONE, Time, number, spaced, usd } from "./words.js";

export const ORDER_LINES = [
  "OrderIntended", "OrderDenied", "OrderSubmitted", "OrderUnknown", "OrderAccepted", "OrderRejected", "OrderCancelled",
  "OrderExpired", "OrderIgnored", "TradeExecuted",
];

const LEGS = { entry: "opens", exit: "closes", stop: "stop", target: "target" };

export function OrderTable({ name, orders, cycles }) {
  const columns = [
    { title: "When", cell: (each) => html`<${Time} at=${each.recorded_at} />` },
    { title: "Symbol", cell: (each) => html`<strong>${each.symbol}</strong>` },
    { title: "What", cell: (each) => html`<span class="id">${what(each)}</span>` },
    { title: "Shares", right: true, cell: (each) => number(each.quantity) },
    { title: "At", right: true, cell: price },
    { title: "Filled", right: true, cell: (each) => (Number(each.filled_quantity) ? number(each.filled_quantity) : NONE) },
    { title: "Average", right: true, cell: (each) => usd(each.average_price) },
    { title: "State", cell: (each) => html`<${Badge}>${each.state}<//>` },
    { title: "Reason", cell: (each) => html`<span class="why">${each.reason || NONE}</span>` },
    cycles && { title: "Cycle", cell: (each) => html`<${CycleLink} id=${each.cycle_id} />` },
  ];
  return html`<${Table} name=${name} columns=${columns.filter(Boolean)} rows=${orders} keyOf=${(each) => each.client_order_id} />`;
}

const what = (each) => `${spaced(each.side)}, ${LEGS[each.leg] ?? each.leg}`;
const price = (each) => (each.limit_price ?? each.stop_price ? usd(each.limit_price ?? each.stop_price) : each.kind);
