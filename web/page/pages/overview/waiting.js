// What wants a person: what is not well, what was raised and nobody has seen, what waits for a yes.
import { html, useEffect } from "../../parts/html.js";
import { useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Badge, Time, plural } from "../../parts/words.js";

const LOOK_MS = 30_000;
const MOST = 100;

export function Waiting() {
  const health = useHealth();
  const alerts = useRead(`/api/alerts?open=true&limit=${MOST}`, ["AlertRaised", "AlertAcknowledged"]).said?.items ?? [];
  const asked = useRead("/api/approvals", ["ApprovalAsked", "ApprovalEnded"]).said?.items ?? [];
  const ill = health?.checks?.filter((each) => each.health !== "ok") ?? [];
  if (ill.length + alerts.length + asked.length === 0) return html`<div role="status"></div>`;
  return html`<div role="status"><ul class="notice plainly">
    ${ill.map((each) => html`<li key=${each.name}><${Ill} check=${each} /></li>`)}
    ${asked.map((each) => html`<li key=${each.asked.cycle_id}><${Asked} asked=${each.asked} /></li>`)}
    ${alerts.length > 0 && html`<li><${Unseen} alerts=${alerts} /></li>`}
  </ul></div>`;
}

function Ill({ check }) {
  const { name, health, found } = check;
  return html`<${Badge} kind=${health === "down" ? "bad" : "warn"}>${health}<//> ${name}: ${found}`;
}

// Health is looked at by the clock: what is ill may write no line.
function useHealth() {
  const health = useRead("/health", ["TradingStateChanged", "BreakerChanged"]);
  useEffect(() => {
    const looking = setInterval(health.again, LOOK_MS);
    return () => clearInterval(looking);
  }, [health.again]);
  return health.problem?.said ?? health.said;
}

function Asked({ asked }) {
  const entries = plural(asked.orders.length, "entry waits", "entries wait");
  const symbols = asked.orders.map((each) => each.request.symbol).join(", ");
  return html`<${Link} href="/approvals">${entries} for a yes<//>, until <${Time} at=${asked.expires_at} />: ${symbols}`;
}

function Unseen({ alerts }) {
  const many = alerts.length === MOST ? `${MOST} or more alerts` : plural(alerts.length, "alert");
  const { severity, reason } = alerts[0].alert;
  return html`<${Link} href="/alerts">${many} that nobody has seen<//>, the newest:
    ${" "}<${Badge}>${severity}<//> ${reason.split("\n")[0]}`;
}
