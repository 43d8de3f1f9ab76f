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
  return html`<div role="status">${(ill.length > 0 || alerts.length > 0 || asked.length > 0) && html`<ul class="notice plainly">
    ${ill.map((each) => html`<li key=${each.name}><${Badge} kind=${each.health === "down" ? "bad" : "warn"}>${each.health}<//> ${each.name}: ${each.found}</li>`)}
    ${asked.map((each) => html`<li key=${each.asked.cycle_id}><${Asked} asked=${each.asked} /></li>`)}
    ${alerts.length > 0 && html`<li><${Unseen} alerts=${alerts} /></li>`}
  </ul>`}</div>`;
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
  return html`<${Link} href="/approvals">${plural(asked.orders.length, "entry waits", "entries wait")} for a yes<//>, until <${Time} at=${asked.expires_at} />: ${asked.symbols?.join(", ") ?? asked.orders.map((each) => each.request.symbol).join(", ")}`;
}

function Unseen({ alerts }) {
  const many = alerts.length === MOST ? `${MOST} or more alerts` : plural(alerts.length, "alert");
  return html`<${Link} href="/alerts">${many} that nobody has seen<//>, the newest: <${Badge}>${alerts[0].alert.severity}<//> ${alerts[0].alert.reason.split("\n")[0]}`;
}
