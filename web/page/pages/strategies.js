import { html } from "../parts/html.js";

export function Strategies() {
  return html`<h1>Strategies and capital</h1>`;
}

export function Strategy({ name }) {
  return html`<h1>${name}</h1>`;
}
