// What each stage was worth: what was made with its word, what would have been made without, and what its calls took.
import { html } from "../../parts/html.js";
import { Table } from "../../parts/table.js";
import { Badge, Gain, number, usd } from "../../parts/words.js";

export function Stages({ stages }) {
  const columns = [
    { title: "Stage", cell: (each) => each.stage },
    { title: "Setups", right: true, cell: (each) => number(each.setups) },
    { title: "Changed", right: true, cell: (each) => number(each.changed) },
    { title: "Made", right: true, cell: (each) => html`<${Gain} amount=${each.pnl_with} />` },
    { title: "Without it", right: true, cell: (each) => html`<${Gain} amount=${each.pnl_without} />` },
    { title: "Its calls", right: true, cell: costOf },
    { title: "Worth", right: true, cell: (each) => html`<${Gain} amount=${each.net_usd} />` },
    { title: "95 of 100 between", right: true, cell: (each) => between(each.interval) },
    { title: "So", cell: verdict },
  ];
  const heard = stages.filter((each) => each.setups > 0);
  if (!heard.length) return html`<p class="empty">No stage has spoken of a setup that resolved.</p>`;
  return html`<${Table} name="What each stage was worth" columns=${columns} rows=${heard} keyOf=${(each) => each.stage} />
    <p class="quiet">A veto is let pass, a cut undone, and the stages after it pass on the same part of what comes to them. Dollars go
      with the shares; each setup is undone by itself. The interval draws whole cycles anew, a thousand times: while nought lies in it,
      it may be luck.</p>`;
}

function costOf({ cost_usd: cost, unpriced }) {
  return html`${usd(cost)}${unpriced > 0 && html`<br /><span class="quiet">${unpriced} without a price</span>`}`;
}

function between({ low, high }) {
  return low == null ? "–" : html`<span class="nowrap">${usd(low)}</span> and <span class="nowrap">${usd(high)}</span>`;
}

function verdict({ interval: { low, high } }) {
  if (low == null || (low <= 0 && high >= 0)) return html`<${Badge}>may be luck<//>`;
  return low > 0 ? html`<${Badge} kind="good">earns its keep<//>` : html`<${Badge} kind="bad">costs more than it earns<//>`;
}
