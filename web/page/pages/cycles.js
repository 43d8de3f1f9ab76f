import { html } from "../parts/html.js";

export function Cycles() {
  return html`<h1>Cycles</h1>`;
}
