// What the code's limits took away, before and after; nobody argues with these.
import { html } from "../../parts/html.js";
import { Link } from "../../parts/router.js";
import { Badge, number, spaced } from "../../parts/words.js";

export function Limits({ limits, denied }) {
  if (limits.length === 0 && !denied) return null;
  return html`<h4>Limits</h4>
    <ul class="points">
      ${limits.map((each) => html`<li><${Limited} limit=${each} /></li>`)}
      ${denied?.breaches.map((each) => html`<li>
        <${Badge} kind="bad">order denied<//> ${spaced(each.limit)}: ${each.reason}
      </li>`)}
    </ul>`;
}

function Limited({ limit }) {
  return html`<${Badge} kind=${limit.denied ? "bad" : "warn"}>${number(limit.before)} → ${number(limit.after)}<//>${" "}
    ${spaced(limit.limit)}: ${limit.reason}
    ${limit.memory_ids && html`<${Memories} ids=${limit.memory_ids} />`}`;
}

function Memories({ ids }) {
  return html`${" "}<span class="quiet">(<${Link} href="/memory">memories<//>:
    ${ids.map((id) => html`${" "}<code>${id}</code>`)})</span>`;
}
