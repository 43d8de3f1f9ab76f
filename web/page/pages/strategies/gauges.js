// The rules of a circuit breaker, each with how far it is from its trip.
import { html } from "../../parts/html.js";
import { number, percent, spaced } from "../../parts/words.js";

const SHARES = new Set(["drawdown", "daily_loss", "weekly_loss"]);
const NEAR = 0.75;

export function Gauges({ gauges }) {
  return gauges.map((each) => html`<${Gauge} key=${each.rule} ...${each} />`);
}

function Gauge({ rule, value, threshold, distance, evidence, tripped_at, resumes }) {
  const say = SHARES.has(rule) ? (each) => percent(each, 2) : number;
  const used = distance == null ? 0 : Math.min(1, Math.max(0, 1 - Number(distance) / (Math.abs(Number(threshold)) || 1)));
  const stands = tripped_at || used >= 1 ? "over" : used >= NEAR ? "near" : "";
  const words = value == null ? "not known yet" : `${say(value)} of ${say(threshold)}${stands === "over" ? ", tripped" : `, ${say(distance)} left`}`;
  return html`<div class=${`gauge ${stands}`}>
    <span>${spaced(rule)}</span><span>${words}</span>
    <div class="bar" aria-hidden="true"><i style=${{ width: `${used * 100}%` }}></i></div>
    ${(evidence || resumes) && html`<p class="quiet">${[evidence, resumes].filter(Boolean).join("; ")}</p>`}
  </div>`;
}
