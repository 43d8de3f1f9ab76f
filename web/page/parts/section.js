// A part of a page with its heading, which is also its name.
import { html } from "./html.js";

export function Section({ id, title, children }) {
  return html`<section class="card" aria-labelledby=${id}><h2 id=${id}>${title}</h2>${children}</section>`;
}
