// Every rule of the circuit breaker: where it stands, where it trips, and how far that is.
import { Gauge } from "../../parts/gauge.js";
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Badge, Time, number, percent, plural, spaced } from "../../parts/words.js";
import { STATE_LINES } from "./lines.js";

const NAMES = {
  drawdown: "Drawdown",
  daily_loss: "Loss of the day",
  weekly_loss: "Loss of the week",
  losing_trades: "Losing trades in a row",
  sharpe: "Rolling Sharpe ratio",
  rejections: "Rejected orders in a row",
  stale_data: "Cycles in a row without fresh prices",
  model_failures: "Cycles in a row without a model's answer",
};
const SHARES = new Set(["drawdown", "daily_loss", "weekly_loss"]);

export function Breaker() {
  const breaker = useRead("/api/breaker", STATE_LINES);
  return html`<section class="card" aria-labelledby="breaker"><h2 id="breaker">Circuit breaker</h2>
    <${Loaded} of=${breaker}>${(said) => html`<${State} desk=${said.desk} />
      ${said.desk.gauges.length === 0 && html`<p class="quiet">No rule has been looked at yet.</p>`}
      ${said.desk.gauges.map((each) => html`<${Rule} key=${each.rule} gauge=${each} />`)}
      <${Strategies} strategies=${said.strategies} />`}<//>
  </section>`;
}

function State({ desk }) {
  const { state, reason, since_at, changed_by, probation_left, size } = desk;
  const since = since_at && html`<span class="quiet">since <${Time} at=${since_at} />${changed_by && `, by ${changed_by}`}</span>`;
  return html`<p><${Badge}>${state}<//> ${reason} ${since}</p>
    ${probation_left > 0 && html`<p>The next ${plural(probation_left, "entry", "entries")} at ${percent(size, 0)} of their size.</p>`}`;
}

export function Rule({ gauge }) {
  const { rule, value, threshold, distance, evidence, tripped_at, resumes } = gauge;
  const say = SHARES.has(rule) ? (said) => percent(said, 2) : number;
  const words = value === null ? "unknown yet" : `${say(value)} of ${say(threshold)}`;
  const isOver = tripped_at !== null || gauge.is_over;
  return html`<${Gauge} name=${NAMES[rule] ?? spaced(rule)} words=${words} share=${shareOf(value, threshold)} over=${isOver}>
    <span class="quiet small">${evidence}</span>
    <span class="quiet small">
      ${tripped_at ? html`tripped <${Time} at=${tripped_at} />` : distance !== null && `${say(distance)} to its trip`}
    </span>
    ${resumes && html`<span class="small whole">Resumes ${resumes}.</span>`}
  <//>`;
}

// The ratio trips when it falls below a negative number: from zero down to that is its way.
function shareOf(value, threshold) {
  if (value === null || !Number(threshold)) return null;
  return Number(value) / Number(threshold);
}

function Strategies({ strategies }) {
  const stopped = strategies.filter((each) => each.breaker.state !== "ACTIVE" || !each.enabled);
  if (stopped.length === 0) return null;
  return html`<h3>Strategies</h3><ul class="plainly">${stopped.map((each) => html`<li key=${each.strategy_id}>
    <${Link} href=${`/strategies/${encodeURIComponent(each.strategy_id)}`}>${each.strategy_id}<//>${" "}
    <${Badge}>${each.breaker.state}<//>${!each.enabled && html` <${Badge} kind="warn">disabled<//>`} ${each.breaker.reason}
  </li>`)}</ul>`;
}
