// Questions in plain words, answered from the books alone.
import { ask, read } from "../parts/api.js";
import { html, useRef, useState } from "../parts/html.js";
import { Failed, Loaded, useRead } from "../parts/load.js";
import { NotAllowed, may, useMe } from "../parts/me.js";
import { Cited } from "../parts/names.js";
import { Badge, Time, plural, spaced, usd } from "../parts/words.js";

const LOOK_MS = 700;
const LONGEST_MS = 300_000;
const EXAMPLES = ["Why did we buy MSFT?", "What halted us?", "What do we hold?", "What did the models cost today?"];

export function Ask() {
  const me = useMe();
  const earlier = useRead("/api/inquiries?limit=20");
  const [state, become] = useState({ told: "", steps: [] });
  const box = useRef(null);
  const submit = async (event) => {
    event.preventDefault();
    const form = event.target;
    become({ told: "Looking it up …", steps: [], busy: true });
    try {
      const taken = await ask("POST", "/api/inquiries", { question: form.question.value });
      const isAnswered = await followed(taken.inquiry_id, (steps) => become({ told: "Looking it up …", steps, busy: true }));
      form.reset();
      become({ told: isAnswered ? "Answered." : "It takes long: the answer will stand below.", steps: [] });
    } catch (problem) {
      become({ told: "", steps: [], problem });
    }
    earlier.again();
  };
  const take = (question) => {
    box.current.value = question;
    box.current.focus();
  };
  return html`<h1>Ask the desk</h1>
    <p class="quiet">Answers come from the books alone and cite what they rest on. A question changes nothing: there is no tool
      that trades.</p>
    ${!may(me, "operate") ? html`<${NotAllowed} me=${me} scope="operate" to="ask" />` : html`<form onSubmit=${submit} class="narrow">
      <label>Question
        <textarea name="question" ref=${box} rows="2" maxlength="2000" required placeholder="Why did we not buy MSFT yesterday?"></textarea>
      </label>
      <p class="row">${EXAMPLES.map((each) => html`
        <button type="button" class="plain small" onClick=${() => take(each)}>${each}</button>`)}</p>
      <button type="submit" disabled=${state.busy}>Ask</button>
    </form>`}
    <div role="status"><p id="told">${state.told}</p>
      ${state.steps.length > 0 && html`<${Steps} lookups=${state.steps} />`}</div>
    ${state.problem && html`<${Failed} problem=${state.problem} />`}
    <h2>Earlier questions</h2>
    <${Loaded} of=${earlier} empty="None yet. Ask what the desk holds, why it bought, or what halted it.">
      ${(said) => said.items.map((each) => html`<${Answer} key=${each.request.inquiry_id} ...${each} />`)}
    <//>`;
}

// Look until there is an answer, and tell what is looked up meanwhile; false where that takes too long.
async function followed(inquiry, tell) {
  for (const ends = Date.now() + LONGEST_MS; Date.now() < ends; ) {
    const { items } = await read("/api/inquiries?limit=20");
    const line = items.find(({ request }) => request.inquiry_id === inquiry); // none until its worker has written it down
    if (line?.report) return true;
    if (line) tell((await read(`/api/inquiries/${inquiry}/steps`)).items);
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  return false;
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
    <p class="quiet"><${Badge}>${report.ending}<//> ${report.model || "no model"}, ${plural(report.steps, "step")}${cost}</p>
    ${report.uncited.length > 0 && html`<p class="bad">Nothing found bears out: ${report.uncited.join(", ")}</p>`}
    ${report.citations.length > 0 && html`<details><summary>Rests on ${report.citations.length}</summary>
      <ul class="ids">${report.citations.map((each) => html`<li><${Cited} name=${each} /></li>`)}</ul>
    </details>`}
    ${report.findings.length > 0 && html`<details><summary>Looked up ${report.findings.length}</summary>
      <${Steps} lookups=${report.findings} />
    </details>`}`;
}

function Steps({ lookups }) {
  return html`<ol class="steps">${lookups.map(({ tool, arguments: asked }) => html`
    <li>${spaced(tool)} <code>${wordsOf(asked)}</code></li>`)}</ol>`;
}

function wordsOf(asked) {
  return Object.entries(asked).map(([name, said]) => `${name} ${typeof said === "string" ? said : JSON.stringify(said)}`).join(", ");
}
