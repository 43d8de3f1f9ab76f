// Bull and Bear, word by word.
import { html } from "../../parts/html.js";
import { Badge, plural } from "../../parts/words.js";
import { Points, Source } from "./said.js";

export function Debate({ words, costs }) {
  if (words.length === 0) return null;
  return html`<details><summary>Debate: ${plural(words.length, "word")} of Bull and Bear</summary>
    <ol class="debate">${words.map((each) => html`<li key=${each.word}><${Word} word=${each} costs=${costs} /></li>`)}</ol>
  </details>`;
}

function Word({ word, costs }) {
  return html`<p><strong>${word.speaker}</strong> <${Badge} kind=${word.conviction >= 0.5 ? "good" : "bad"}>${word.conviction.toFixed(2)}<//>
      <span class="quiet"> that it works out</span></p>
    ${word.rebuttal && html`<p class="told">${word.rebuttal}</p>`}
    <${Points} points=${word.points} />
    <${Source} data=${word} costs=${costs} />`;
}
