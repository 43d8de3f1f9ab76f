// That a cycle waits, or waited, for a person, and what the answer was.
import { html } from "../../parts/html.js";
import { Link } from "../../parts/router.js";
import { Badge, Time, plural } from "../../parts/words.js";
import { linesOf } from "./told.js";

export function Approval({ events, running }) {
  const asked = linesOf(events, "ApprovalAsked").at(-1);
  const ended = linesOf(events, "ApprovalEnded").at(-1);
  if (!asked) return null;
  if (!ended) {
    return running && html`<p class="notice" role="status"><${Badge} kind="warn">waits<//>${" "}
      ${plural(asked.orders.length, "entry", "entries")} until <${Time} at=${asked.expires_at} />. Silence is no.${" "}
      <${Link} href="/approvals">Answer it<//></p>`;
  }
  const yes = ended.orders.filter((each) => each.approved).map((each) => each.symbol);
  return html`<p><${Badge} kind=${yes.length > 0 ? "good" : "bad"}>${ended.end}<//>${" "}
    ${ended.by ? `by ${ended.by}` : "Nobody answered in time"}${ended.reason && `: ${ended.reason}`}
    ${yes.length > 0 && `, for ${yes.join(", ")}`}.</p>`;
}
