import { html } from "../parts/html.js";

export function Decisions() {
  return html`<h1>Decisions</h1>`;
}
