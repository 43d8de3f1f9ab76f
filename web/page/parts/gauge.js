// How far something is from its end: a bar, and beside it the same in words.
import { html } from "./html.js";

const NEAR = 0.75;

// `share`: 0 to 1 of the way, null while it is unknown; over 1 it is past the end. `over` says that by itself.
export function Gauge({ name, words, share, over = share > 1, children }) {
  const state = over ? "over" : share >= NEAR ? "near" : "";
  return html`<div class=${`gauge ${state}`}>
    <span>${name}</span><span>${words}</span>
    <div class="bar" aria-hidden="true"><i style=${{ width: `${Math.min(Math.max(share ?? 0, 0), 1) * 100}%` }}></i></div>
    ${children}
  </div>`;
}
