// What the clock will do for the desk, and when.
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Badge, Time, spaced } from "../../parts/words.js";

const NEXT = 2;

export function Scans() {
  const schedules = useRead("/api/schedules", ["CycleStarted", "CycleSkipped", "DayClosed", "WeekReported"]);
  return html`<section class="card" aria-labelledby="scans"><h2 id="scans">Next by the clock</h2>
    <${Loaded} of=${schedules} empty="The clock does nothing for this desk.">${(said) => html`<dl class="facts">
      ${said.items.map((each) => html`<dt>${spaced(each.name.replaceAll("-", " "))}</dt><dd><${When} schedule=${each} /></dd>`)}
    </dl>`}<//>
  </section>`;
}

function When({ schedule }) {
  const { is_made, is_paused, note, next_at, says } = schedule;
  const times = next_at.slice(0, schedule.name === "scan" ? NEXT : 1);
  return html`${!is_made && html`<${Badge} kind="warn">not made<//> <code>starter.py schedules apply</code> `}
    ${is_paused && html`<${Badge} kind="warn">paused<//> ${note} `}
    ${!is_paused && times.map((at, place) => html`${place > 0 && ", "}<${Time} at=${at} />`)}
    <div class="quiet small">${says}</div>`;
}
