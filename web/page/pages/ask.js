// Questions in plain words, answered from the books alone.
import { ask, read } from "../parts/api.js";
import { html, useState } from "../parts/html.js";
import { Failed, Loaded, useRead } from "../parts/load.js";
import { Badge, Time, usd } from "../parts/words.js";

const LOOK_MS = 700;

export function Ask() {
  const earlier = useRead("/api/inquiries?limit=20");
  const [state, become] = useState({ told: "" });
  const submit = async (event) => {
    event.preventDefault();
    const form = event.target;
    become({ told: "Looking it up …", busy: true });
    try {
      const taken = await ask("POST", "/api/inquiries", { question: form.question.value });
      while (!(await answered(taken.inquiry_id))) await new Promise((go) => setTimeout(go, LOOK_MS));
      form.reset();
      become({ told: "Answered." });
    } catch (problem) {
      become({ told: "", problem });
    }
    earlier.again();
  };
  return html`<h1>Ask the desk</h1>
    <p class="quiet">Answers come from the books alone and cite what they rest on. A question changes nothing: there is no tool that trades.</p>
    <form onSubmit=${submit} class="narrow">
      <label>Question
        <textarea name="question" rows="2" maxlength="2000" required placeholder="Why did we not buy MSFT yesterday?"></textarea>
      </label>
      <button type="submit" disabled=${state.busy}>Ask</button>
    </form>
    <p id="told" role="status">${state.told}</p>
    ${state.problem && html`<${Failed} problem=${state.problem} />`}
    <h2>Earlier questions</h2>
    <${Loaded} of=${earlier} empty="None yet. Ask what the desk holds, why it bought, or what halted it.">
      ${(said) => said.items.map((each) => html`<${Answer} key=${each.request.inquiry_id} ...${each} />`)}
    <//>`;
}

async function answered(inquiry) {
  const said = await read("/api/inquiries?limit=20");
  return said.items.some(({ request, report }) => request.inquiry_id === inquiry && report);
}

function Answer({ request, report }) {
  return html`<article>
    <h3>${request.question}</h3>
    <p class="quiet"><${Time} at=${request.asked_at} />, ${request.asked_by}</p>
    ${report ? html`<${Report} report=${report} />` : html`<p>Not answered yet.</p>`}
  </article>`;
}

function Report({ report }) {
  const cost = Number(report.cost_usd) ? `, ${usd(report.cost_usd)}` : "";
  return html`<p class="told">${report.text}</p>
    <p class="quiet"><${Badge}>${report.ending}<//> ${report.model || "no model"}${cost}</p>
    ${report.uncited.length > 0 && html`<p class="bad">Nothing found bears out: ${report.uncited.join(", ")}</p>`}
    ${report.citations.length > 0 && html`<details><summary>Rests on ${report.citations.length}</summary>
      <ul class="ids">${report.citations.map((each) => html`<li>${each}</li>`)}</ul>
    </details>`}`;
}
