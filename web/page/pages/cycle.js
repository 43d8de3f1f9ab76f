import { html } from "../parts/html.js";

export function Cycle({ cycle }) {
  return html`<h1>Cycle ${cycle}</h1>`;
}
