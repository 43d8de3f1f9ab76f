import { html } from "../parts/html.js";

export function Log() {
  return html`<h1>Log</h1>`;
}
