// Every line that the log has of a cycle, in its order, with all that it says.
import { proposedBy } from "../../parts/cycles.js";
import { html } from "../../parts/html.js";
import { Link } from "../../parts/router.js";
import { plural, spaced } from "../../parts/words.js";
import { DECISIONS } from "./told.js";

const MOST = 1000; // of the API; the log's page has the rest
const SHORT = 40;
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

export function Timeline({ events, cycle }) {
  return html`<h2>Timeline</h2>
    <details open=${events.length <= SHORT}><summary>${plural(events.length, "line")} of the audit log</summary>
      <ol class="timeline">${events.map((line) => html`<li key=${line.sequence}><${Line} line=${line} /></li>`)}</ol>
    </details>
    ${events.length === MOST &&
    html`<p>The first ${MOST}; <${Link} href=${`/log?cycle=${encodeURIComponent(cycle)}`}>the log<//> has the rest.</p>`}`;
}

function Line({ line }) {
  const { occurred_at, sequence, type, data } = line;
  return html`<details>
    <summary><time datetime=${occurred_at}>${clock.format(new Date(occurred_at))}</time>${" "}
      <strong>${spaced(type)}</strong> ${inShort(type, data)}${" "}
      <span class="quiet">no. ${sequence}</span></summary>
    <pre tabindex="0">${JSON.stringify(data, null, 2)}</pre>
  </details>`;
}

const decided = (data) => (data.verdict === "EXECUTE" ? `execute, ${data.quantity}` : "do not execute");
const SHORTLY = {
  SignalGenerated: (data) => `${data.action}, ${proposedBy(data) || data.confidence}`,
  ConstraintApplied: (data) => `${data.limit}: ${data.before} to ${data.after}`,
  RiskAssessed: (data) => (data.approved ? `yes, ${data.quantity}` : "no"),
  ValidationComplete: (data) => (data.approved ? "yes" : "no"),
  ArgumentMade: (data) => `${data.speaker}, ${data.conviction}`,
  ...Object.fromEntries(DECISIONS.map((type) => [type, decided])),
  CycleStarted: proposedBy,
  AgentAbstained: (data) => `${data.agent}: ${data.cause}`,
  TradeExecuted: (data) => `${data.side} ${data.quantity} at ${data.price}`,
};

function inShort(type, data) {
  const order = data.client_order_id && type !== "TradeExecuted" && `${data.side} ${data.quantity}, ${data.leg}`;
  return [data.symbol, SHORTLY[type]?.(data) ?? order ?? data.reason ?? ""].filter(Boolean).join(" ");
}
