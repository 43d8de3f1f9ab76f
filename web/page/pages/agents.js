import { html } from "../parts/html.js";

export function Agents() {
  return html`<h1>Agents</h1>`;
}
