import { html } from "../parts/html.js";

export function Orders() {
  return html`<h1>Orders</h1>`;
}
