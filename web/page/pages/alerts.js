import { html } from "../parts/html.js";

export function Alerts() {
  return html`<h1>Alerts</h1>`;
}
