// What the desk wants a person to know, and that a person has seen it.
import { ask } from "../parts/api.js";
import { html, useRef, useState } from "../parts/html.js";
import { Failed, Loaded, useRead } from "../parts/load.js";
import { may, NotAllowed, useMe } from "../parts/me.js";
import { Link, useQuery } from "../parts/router.js";
import { Badge, plural, spaced, Time } from "../parts/words.js";

const MOST = 200;

export function Alerts() {
  const [{ open }, change] = useQuery();
  const alerts = useRead(`/api/alerts?limit=${MOST}${open ? "&open=true" : ""}`, ["AlertRaised", "AlertAcknowledged"]);
  const me = useMe();
  const [told, tell] = useState("");
  const [problem, fail] = useState(null);
  const status = useRef(null);
  const acknowledge = async (numbers) => {
    fail(null);
    try {
      for (const each of numbers) await ask("POST", `/api/alerts/${each}/ack`);
      tell(numbers.length === 1 ? `Alert ${numbers[0]} is acknowledged.` : `${plural(numbers.length, "alert")} acknowledged.`);
    } catch (error) {
      fail(error);
    }
    status.current.focus(); // the button that had the focus is gone
    alerts.again();
  };
  const mayAct = may(me, "operate");
  return html`<h1>Alerts</h1>
    <form class="filters" aria-label="Alerts"><label class="check">
      <input type="checkbox" checked=${Boolean(open)} onChange=${(event) => change({ open: event.target.checked ? "1" : "" })} />
      ${" "}Only those that nobody has seen
    </label></form>
    ${!mayAct && html`<${NotAllowed} me=${me} scope="operate" to="acknowledge" />`}
    <p role="status" tabindex="-1" ref=${status}>${told}</p>
    ${problem && html`<${Failed} problem=${problem} />`}
    <${Loaded} of=${alerts} empty=${open ? "None: somebody has seen all of them." : "None yet."}>
      ${(said) => html`<${List} items=${said.items} acknowledge=${mayAct && acknowledge} />`}
    <//>`;
}

function List({ items, acknowledge }) {
  const unseen = items.filter((each) => !each.acknowledged_by).map((each) => each.alert.number);
  return html`
    <div class="row"><p>${plural(unseen.length, "alert")} that nobody has seen${items.length === MOST ? `, of the newest ${MOST}` : ""}.</p>
      ${acknowledge && unseen.length > 1 && html`<button type="button" class="plain" onClick=${() => acknowledge(unseen)}>
        Acknowledge all ${unseen.length}</button>`}
    </div>
    ${items.map((each) => html`<${Alert} key=${each.alert.number} ...${each} acknowledge=${acknowledge} />`)}`;
}

function Alert({ alert, deliveries, acknowledged_by, acknowledged_at, acknowledge }) {
  const { number, severity, topic, reason, raised_at } = alert;
  return html`<article aria-labelledby=${`alert-${number}`}>
    <h2 id=${`alert-${number}`}><${Badge}>${severity}<//> ${spaced(topic)}</h2>
    <p class="told">${reason}</p>
    <p class="quiet"><${Link} href=${`/log?around=${number}`}>Line ${number}<//>, <${Time} at=${raised_at} />.
      ${deliveries.length > 0 && ` ${told(deliveries)}.`}
      ${acknowledged_by && html` Seen by ${acknowledged_by}, <${Time} at=${acknowledged_at} />.`}</p>
    <div class="row">
      ${topic === "approval" && !acknowledged_by && html`<${Link} href="/approvals">What waits<//>`}
      ${!acknowledged_by && acknowledge && html`<button type="button" class="plain" aria-label=${`Acknowledge alert ${number}`}
        onClick=${() => acknowledge([number])}>Acknowledge</button>`}
    </div>
  </article>`;
}

const OUTCOMES = { told: "Told", passed: "Beneath what is told on", refused: "Refused by" };

function told(deliveries) {
  return deliveries.map((each) => `${OUTCOMES[each.outcome] ?? each.outcome} ${each.channel}`).join(", ");
}
