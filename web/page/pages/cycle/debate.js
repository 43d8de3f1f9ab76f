// Bull and Bear, word by word.
import { html } from "../../parts/html.js";
import { Badge, plural } from "../../parts/words.js";
import { Points, Source } from "./said.js";

const FOR_IT = 0.5; // from here on a word counts as one for the trade

export function Debate({ words, costs }) {
  if (words.length === 0) return null;
  return html`<details><summary>Debate: ${plural(words.length, "word")} of Bull and Bear</summary>
    <ol class="debate">${words.map((each) => html`<li key=${each.word}><${Word} word=${each} costs=${costs} /></li>`)}</ol>
  </details>`;
}

function Word({ word, costs }) {
  const { speaker, conviction, rebuttal, points } = word;
  return html`<p><strong>${speaker}</strong> <${Badge} kind=${conviction >= FOR_IT ? "good" : "bad"}>${conviction.toFixed(2)}<//>
      <span class="quiet"> that it works out</span></p>
    ${rebuttal && html`<p class="told">${rebuttal}</p>`}
    <${Points} points=${points} />
    <${Source} data=${word} costs=${costs} />`;
}
