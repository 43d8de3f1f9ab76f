// A question that must be answered before anything else: the browser's own dialog, which keeps the focus and ends by Escape.
import { html, useEffect, useRef, useState } from "./html.js";
import { Failed } from "./load.js";

// `typed`: the words to be typed before the button works. `act` may throw a Problem, which is shown. `children`: more fields.
export function Confirm({ title, typed, button, danger, act, close, children }) {
  const box = useRef(null);
  const [said, say] = useState("");
  const [problem, fail] = useState(null);
  const [busy, work] = useState(false);
  useEffect(() => box.current.showModal(), []);
  const submit = async (event) => {
    event.preventDefault();
    work(true);
    fail(null);
    try {
      await act(new FormData(event.target));
      box.current.close(); // the browser then gives the focus back to where it was
    } catch (error) {
      fail(error);
      work(false);
    }
  };
  return html`<dialog ref=${box} onClose=${close} aria-labelledby="dialog-title">
    <form onSubmit=${submit}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
      ${typed && html`<label><span>Type <code>${typed}</code> to confirm</span>
        <input value=${said} onInput=${(event) => say(event.target.value)} autocomplete="off" spellcheck="false" required />
      </label>`}
      ${problem && html`<${Failed} problem=${problem} />`}
      <div class="row">
        <button type="submit" class=${danger ? "danger" : ""} disabled=${busy || (typed && said.trim() !== typed)}>${button}</button>
        <button type="button" class="plain" onClick=${() => box.current.close()}>Cancel</button>
      </div>
    </form>
  </dialog>`;
}
