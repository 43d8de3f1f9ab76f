import { html } from "../parts/html.js";

export function Memory() {
  return html`<h1>Memory</h1>`;
}
