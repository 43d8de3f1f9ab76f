// Fields of a form: each with its label, a hint, and what is wrong with it, which is heard together with it.
import { html } from "./html.js";
import { plural } from "./words.js";

// `kind` is an element's name; `children` are a select's options. `id` is the field's own within the page.
export function Field({ id, label, hint, wrong, kind = "input", children, ...more }) {
  const about = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ") || undefined;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <${kind} id=${id} aria-describedby=${about} aria-invalid=${wrong ? "true" : undefined} ...${more}>${children}</${kind}>
    ${hint && html`<p class="quiet" id=${`${id}-hint`}>${hint}</p>`}
    ${wrong && html`<p class="bad" id=${`${id}-wrong`}>${wrong}</p>`}
  </div>`;
}

// `options`: [[value, words], …].
export function Choice({ options, value, ...more }) {
  return html`<${Field} kind="select" ...${more}>
    ${options.map(([each, words]) => html`<option value=${each} selected=${each === value}>${words}</option>`)}
  <//>`;
}

// A problem without what stands at so many of its fields; `errors` are of none.
export function besides(problem, fields, errors) {
  return { message: fields ? `Not taken: see the ${plural(fields, "field")} marked above.` : problem.message, errors };
}
