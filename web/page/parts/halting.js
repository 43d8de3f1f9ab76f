// Halt and resume, of the desk or of one of its strategies.
import { ask } from "./api.js";
import { Confirm } from "./dialog.js";
import { html } from "./html.js";

export function Halt({ desk, strategy, close }) {
  const halt = (form) => ask("POST", "/api/breaker/halt", {
    reason: form.get("reason"),
    ...(strategy ? { strategy } : { cancel_orders: form.has("cancel"), flatten: form.has("flatten") }),
  });
  const name = strategy ?? desk;
  const title = strategy ? `Halt ${strategy}` : "Halt the desk";
  return html`<${Confirm} title=${title} typed=${`halt ${name}`} button="Halt" danger act=${halt} close=${close}>
    <p>${strategy ? "It sends no new order until somebody resumes it; others trade on." : "No new order leaves until somebody resumes."}
      ${" "}What is held stays held, with its stops.</p>
    <label>Reason <input name="reason" maxlength="400" required autofocus /></label>
    ${!strategy && html`<label class="check"><input type="checkbox" name="cancel" /> Cancel every open order, stops and targets too</label>
    <label class="check"><input type="checkbox" name="flatten" /> Sell all that is held</label>`}
  <//>`;
}

export function Resume({ desk, strategy, reason, close }) {
  const resume = (form) => ask("POST", "/api/breaker/resume", {
    reason: form.get("reason"),
    force: form.has("force"),
    ...(strategy && { strategy }),
  });
  const title = strategy ? `Resume ${strategy}` : "Resume trading";
  return html`<${Confirm} title=${title} typed=${`resume ${strategy ?? desk}`} button="Resume" act=${resume} close=${close}>
    ${reason && html`<p>It stands because: ${reason}</p>`}
    <label>Why it may go on <input name="reason" maxlength="400" required autofocus /></label>
    <label class="check"><input type="checkbox" name="force" /> Although what stopped it still holds</label>
  <//>`;
}
