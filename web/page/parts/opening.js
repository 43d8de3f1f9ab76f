// What a desk without books says above every page: how it gets them. What it then has comes by itself.
import { html } from "./html.js";
import { may, useMe } from "./me.js";
import { Link, useAddress } from "./router.js";

const CYCLES = "/cycles";

export function Opening() {
  const me = useMe();
  if (!me || me.has_books) return null;
  return html`<section class="opening" aria-label="Before the first cycle">
    <p><strong>This desk has no books yet.</strong> Its first cycle opens them, and its pages fill by themselves.
      ${" "}<${First} me=${me} /></p>
  </section>`;
}

function First({ me }) {
  const { path } = useAddress();
  if (!may(me, "operate")) {
    return html`The token of ${me.name} may not run one: that wants the scope <code>operate</code>, or <code>starter.py up</code>${" "}
      where the desk runs.`;
  }
  const here = path === CYCLES ? "Run it by the form below" : html`<${Link} href=${CYCLES}>Run its first cycle here<//>`;
  return html`${here}, or let <code>starter.py up</code> do it where the desk runs.`;
}
