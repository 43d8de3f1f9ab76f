import { html } from "../parts/html.js";

export function Approvals() {
  return html`<h1>Approvals</h1>`;
}
