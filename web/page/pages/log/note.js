// A person's note as a line of the log: sealed like any other, and never taken back.
import { ask, newKey } from "../../parts/api.js";
import { html, useRef, useState } from "../../parts/html.js";
import { Failed } from "../../parts/load.js";
import { NotAllowed, may, useMe } from "../../parts/me.js";

export function Note({ written }) {
  const me = useMe();
  const [state, become] = useState({ told: "" });
  const key = useRef(newKey()); // of this note, however often it is sent
  const submit = async (event) => {
    event.preventDefault();
    const form = event.target;
    become({ told: "Writing …", busy: true });
    try {
      const cycle = form.cycle.value.trim();
      await ask("POST", "/api/events", { text: form.text.value, ...(cycle && { cycle_id: cycle }) }, { key: key.current });
      form.reset();
      key.current = newKey();
      become({ told: "Written." });
      written();
    } catch (problem) {
      if (problem.status) key.current = newKey(); // it was refused, so nothing was written
      become({ told: "", problem });
    }
  };
  return html`<details class="card">
    <summary><h2>Write a note</h2></summary>
    ${!may(me, "operate")
      ? html`<${NotAllowed} me=${me} scope="operate" to="write a note" />`
      : html`<form onSubmit=${submit} class="narrow">
      <label>Note <textarea name="text" rows="2" maxlength="2000" required></textarea></label>
      <label>Of a cycle, if of one <input name="cycle" maxlength="160" autocomplete="off" spellcheck="false" /></label>
      <button type="submit" disabled=${state.busy}>Write</button>
      <p role="status">${state.told}</p>
    </form>`}
    ${state.problem && html`<${Failed} problem=${state.problem} />`}
  </details>`;
}
