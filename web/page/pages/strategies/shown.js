// What a strategy has shown, holds and did lately.
import { html } from "../../parts/html.js";
import { CycleLink, EndBadge, triggerOf } from "../../parts/cycles.js";
import { Link } from "../../parts/router.js";
import { Table } from "../../parts/table.js";
import { Gain, number, percent, Time, usd } from "../../parts/words.js";

export function Shown({ evidence: seen, missing }) {
  const ratio = (value) => (value == null ? "–" : Number(value).toFixed(2));
  return html`
    <dl class="facts">
      <dt>Since</dt><dd><${Time} at=${seen.since_at} /></dd>
      <dt>Days with a cycle</dt><dd>${number(seen.days)}, ${number(seen.cycles)} cycles, ${number(seen.failed_cycles)} failed</dd>
      <dt>Trades that are over</dt><dd>${number(seen.trades)}, and ${number(seen.shadow_trades)} in thought; ${number(seen.open)} open</dd>
      <dt>Made</dt><dd><${Gain} amount=${seen.pnl} />, open <${Gain} amount=${seen.open_gain} /></dd>
      <dt>Return</dt><dd>${percent(seen.total_return, 2)}, at worst ${percent(seen.max_drawdown, 2)} below its peak</dd>
      <dt>Sharpe ratio a year</dt><dd>${ratio(seen.sharpe)}</dd>
      <dt>Trades won</dt><dd>${percent(seen.hit_rate)}, profit factor ${ratio(seen.profit_factor)}</dd>
      <dt>Orders</dt><dd>${number(seen.rejected)} rejected by the broker, ${number(seen.denied)} denied by limits</dd>
      <dt>Findings of the audit</dt><dd>${number(seen.findings)}</dd>
      <dt>Models</dt><dd>${usd(seen.model_usd)}</dd>
    </dl>
    ${missing.length > 0 ? html`<h3>Missing for real money</h3><ul>${missing.map((each) => html`<li>${each}</li>`)}</ul>`
      : html`<p>Nothing is missing for real money.</p>`}`;
}

export function Positions({ positions }) {
  if (!positions.length) return html`<p class="empty">It holds nothing.</p>`;
  return html`<${Table} name="Positions" rows=${positions} keyOf=${(each) => each.symbol} columns=${[
    { title: "Symbol", cell: (each) => html`<strong>${each.symbol}</strong>` },
    { title: "Sector", cell: (each) => each.sector },
    { title: "Shares", right: true, cell: (each) => number(each.quantity) },
    { title: "Mark", right: true, cell: (each) => usd(each.mark) },
    { title: "Value", right: true, cell: (each) => usd(each.value) },
    { title: "Open gain", right: true, cell: (each) => html`<${Gain} amount=${each.unrealised_pnl} />` },
  ]} />`;
}

export function Cycles({ cycles }) {
  if (!cycles.length) return html`<p class="empty">None yet. <${Link} href="/cycles">Run one<//>.</p>`;
  return html`<${Table} name="Last cycles" rows=${[...cycles].reverse()} keyOf=${(each) => each.cycle_id} columns=${[
    { title: "Cycle", cell: (each) => html`<${CycleLink} id=${each.cycle_id} />` },
    { title: "Began", cell: (each) => html`<${Time} at=${each.started_at ?? each.ended_at} />` },
    { title: "Asked by", cell: (each) => triggerOf(each) || "–" },
    { title: "Ended", cell: (each) => html`<${EndBadge} cycle=${each} />` },
    { title: "Why", cell: (each) => html`<div class="words">${each.reason || "–"}</div>` },
  ]} />`;
}

export function Changes({ changes }) {
  if (!changes.length) return html`<p class="empty">Nobody has changed it.</p>`;
  return html`<${Table} name="Last changes" rows=${[...changes].reverse()} keyOf=${(each) => `${each.at} ${each.what}`} columns=${[
    { title: "When", cell: (each) => html`<${Time} at=${each.at} />` },
    { title: "Who", cell: (each) => each.by },
    { title: "What", cell: (each) => html`<div class="words">${each.what}</div>` },
    { title: "Reason", cell: (each) => html`<div class="words">${each.reason || "–"}</div>` },
  ]} />`;
}
