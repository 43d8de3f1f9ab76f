// The five numbers that are asked for first.
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Gain, Time, number, percent, usd } from "../../parts/words.js";
import { ORDERS_LINES } from "./lines.js";

export function Figures() {
  const held = useRead("/api/portfolio", ORDERS_LINES);
  const changes = useRead("/api/changes", ORDERS_LINES);
  return html`<${Loaded} of=${held}>${(said) => html`<section aria-label="Figures">
    <dl class="figures">
      <${Figure} name="Equity">${usd(said.equity)}<//>
      <${Figure} name="Today"><${Change} change=${changes.said?.day} /><//>
      <${Figure} name="This week"><${Change} change=${changes.said?.week} /><//>
      <${Figure} name="Cash">${usd(said.cash)}<//>
      <${Figure} name="Below its peak">${percent(said.drawdown, 2)}<//>
      <${Figure} name="Positions">${number(said.positions.length)}<//>
      <${Figure} name="Open orders"><${Link} href="/orders?open=1">${number(said.open_orders.length)}<//><//>
    </dl>
    <p class="quiet">Valued as of <${Time} at=${said.marked_at} />; today and this week are since the last close before.</p>
  </section>`}<//>`;
}

function Figure({ name, children }) {
  return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
}

function Change({ change }) {
  if (change?.usd == null) return "–";
  const part = change.part != null && html`<${Gain} amount=${change.part} say=${(share) => percent(share, 2)} />`;
  return html`<${Gain} amount=${change.usd} /> <small>${part}</small>`;
}
