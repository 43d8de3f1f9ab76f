// One line of the audit log: what it says in a row, and all of it when it is opened.
import { proposedBy } from "../../parts/cycles.js";
import { html } from "../../parts/html.js";
import { cycleOf } from "../../parts/names.js";
import { Link } from "../../parts/router.js";
import { Time, spaced } from "../../parts/words.js";

const TELLING = [
  "verdict", "to_state", "state", "outcome", "action", "trigger", "limit", "severity", "text", "reason", "rationale", "reasoning", "lesson",
  "found",
];
const SHORT = 12;

export function Line({ line, isCurrent }) {
  return html`<li class=${isCurrent ? "current" : ""} id=${`line-${line.sequence}`}>
    <details open=${isCurrent}>
      <summary>
        <span class="quiet">${line.sequence}</span><${Time} at=${line.occurred_at} /><b>${spaced(line.type)}</b><span>${gist(line)}</span>
      </summary>
      <div class="inside"><${Whole} line=${line} /></div>
    </details>
  </li>`;
}

// In a few words what a line says: what is traded, and the first of what else it tells.
function gist({ data }) {
  const traded = data.side ? `${data.side} ${data.quantity} ${data.symbol}, ${data.leg}` : data.symbol ?? data.symbols?.join(" ");
  const said = TELLING.map((name) => data[name]).filter((each) => typeof each === "string");
  return [traded, data.side && data.price && `at ${data.price}`, proposedBy(data), ...said].filter(Boolean).join(" · ");
}

function Whole({ line }) {
  const facts = Object.entries(line.data);
  return html`<dl class="facts">
      <dt>Belongs to</dt><dd><${Whose} line=${line} /></dd>
      <dt>Happened</dt><dd>${line.occurred_at}</dd>
      ${facts.map(([name, said]) => html`<dt key=${name}>${spaced(name)}</dt><dd><${Value} said=${said} /></dd>`)}
      <dt>Trace</dt><dd><code>${line.trace_id}</code></dd>
      <dt>Content</dt><dd><${Hash} said=${line.content_hash} /></dd>
      <dt>Seal</dt><dd><${Hash} said=${line.hash} /></dd>
    </dl>`;
}

// A line belongs to a cycle, or to the desk as a whole; what the desk itself says has no cycle's name.
function Whose({ line }) {
  const cycle = line.data.cycle_id ?? cycleOf(line.aggregate_id);
  return cycle ? html`<${Link} href=${`/cycles/${cycle}`}>${cycle}<//>` : line.aggregate_id;
}

function Value({ said }) {
  if (said !== null && typeof said === "object") return html`<pre tabindex="0">${JSON.stringify(said, null, 2)}</pre>`;
  return html`<span class="told">${said === "" ? "–" : String(said)}</span>`;
}

export function Hash({ said }) {
  return html`<code title=${said}>${said.slice(0, SHORT)}…</code>`;
}
