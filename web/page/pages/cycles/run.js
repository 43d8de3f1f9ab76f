// Asking for a cycle: what it looks at, and who decides.
import { Field } from "../../parts/form.js";
import { html } from "../../parts/html.js";
import { AskForm, Card, OfStrategy, noTicker } from "./asking.js";

export function RunCycle({ me, strategies }) {
  return html`<${Card} id="run" title="Run a cycle" me=${me} to="run a cycle">
    <${AskForm} id="run" path="/cycles/run" button="Run a cycle" wishOf=${wishOf} inWords=${inWords}>
      ${() => html`<div class="fields"><${Fields} strategies=${strategies} /></div>`}
    <//>
  <//>`;
}

function Fields({ strategies }) {
  return html`<${Field} id="run-symbols" name="symbols" label="Symbols" hint="Without any: what the strategy looks at."
      placeholder="AAPL MSFT" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="1000" />
    <${OfStrategy} id="run-strategy" strategies=${strategies} />
    <${Field} id="run-as-of" name="as_of" label="As of" type="date"
      hint="A past session that the market has; without a date, now." />`;
}

function wishOf(said) {
  const symbols = said.get("symbols").toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const as_of = said.get("as_of") || null;
  return { symbols, strategy: said.get("strategy"), anytime: said.has("anytime"), as_of };
}

// Of a symbol that is none the desk tells only its place.
function inWords(problem, { symbols }) {
  const errors = (problem.errors ?? []).map((each) => {
    const place = /^body\.symbols\.(\d+)$/.exec(each.where)?.[1];
    return place === undefined ? each : { what: noTicker(symbols[place]) };
  });
  return { message: problem.message, errors };
}
