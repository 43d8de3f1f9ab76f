// One agent's words on one symbol: its verdict, how sure it is, why, and on which model.
import { proposedBy } from "../../parts/cycles.js";
import { html } from "../../parts/html.js";
import { Badge, cost, percent, plural, usd } from "../../parts/words.js";

export function Signal({ data }) {
  const isProposed = Boolean(data.operator);
  const part = data.weight && `${percent(data.weight, isProposed ? 2 : 1)} of equity`;
  const size = data.quantity ? plural(data.quantity, "share") : part || (isProposed ? "all of it" : "");
  const isMeantFor = data.action === "buy" || !isProposed;
  const prices = [
    data.stop && `stop ${usd(data.stop)}`, data.target && `target ${usd(data.target)}`, isMeantFor && `${data.horizon_days} sessions`,
  ];
  return html`<p><${Badge} kind=${data.action === "hold" ? "" : "good"}>${data.action}<//> ${size}</p>
    ${!isProposed && html`<${Sure} word="confidence" share=${data.confidence} />`}
    <p class="quiet">${prices.filter(Boolean).join(", ")}</p>
    <p class="told">${data.reasoning}</p>`;
}

export function Risk({ data }) {
  return html`<p><${Verdict} yes=${data.approved} /> ${data.approved && plural(data.quantity, "share")}</p>
    <${Sure} word="risk" share=${data.risk_score} />
    <${Points} points=${data.concerns} none="No concerns." />`;
}

export function Validation({ data }) {
  return html`<p><${Verdict} yes=${data.approved} /> ${data.patterns.map((each) => each.replaceAll("_", " ")).join(", ")}</p>
    <${Sure} word="confidence" share=${data.confidence} />
    <p class="told">${data.reasoning}</p>
    <${Points} points=${data.concerns} />`;
}

export function Decision({ data }) {
  const does = data.verdict === "EXECUTE";
  const verdict = does ? "execute" : "do not execute";
  return html`<p><${Badge} kind=${does ? "good" : "bad"}>${verdict}<//> ${does && plural(data.quantity, "share")}</p>
    <p class="told">${data.rationale}</p>`;
}

const Verdict = ({ yes }) => html`<${Badge} kind=${yes ? "good" : "bad"}>${yes ? "yes" : "no"}<//>`;

function Sure({ word, share }) {
  return html`<p class="sure"><span>${word} ${Number(share).toFixed(2)}</span>
    <meter min="0" max="1" value=${share} aria-label=${word}></meter></p>`;
}

export function Points({ points, none }) {
  if (points.length === 0) return none ? html`<p class="quiet">${none}</p>` : null;
  return html`<ul class="points">${points.map((each) => html`<li>${each}</li>`)}</ul>`;
}

// Which model said it, on which prompt, for how much; and the numbers in its words that nothing bears out.
export function Source({ data, costs }) {
  const { model, prompt_version, call_id } = data.source ?? {};
  const paid = call_id && costs[call_id];
  return html`${data.uncited?.length > 0 && html`<p class="bad">Nothing it was told bears out: ${data.uncited.join(", ")}</p>`}
    <p class="quiet small">${[model ?? data.rule ?? proposedBy(data), prompt_version, Number(paid) ? cost(paid) : ""].filter(Boolean).join(", ")}</p>`;
}

export function Unsaid({ silent, running, alone }) {
  if (!silent) return html`<p class="quiet">${running ? "Not yet." : alone ? "Nothing was left to decide." : "Was not asked."}</p>`;
  return html`<p><${Badge} kind="warn">no answer<//> ${silent.cause}</p><p class="told">${silent.reason}</p>`;
}
