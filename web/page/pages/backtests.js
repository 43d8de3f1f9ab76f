import { html } from "../parts/html.js";

export function Backtests() {
  return html`<h1>Backtests</h1>`;
}

export function Backtest({ run }) {
  return html`<h1>Backtest ${run}</h1>`;
}
