import { html } from "../parts/html.js";

export function Settings() {
  return html`<h1>Settings</h1>`;
}
