// Asking for a cycle: what it looks at, who decides, and then to its page, where it arrives.
import { ask, newKey } from "../../parts/api.js";
import { expectCycle, hrefOf } from "../../parts/cycles.js";
import { Choice, Field } from "../../parts/form.js";
import { html, useRef, useState } from "../../parts/html.js";
import { Failed } from "../../parts/load.js";
import { NotAllowed, may, useMe } from "../../parts/me.js";
import { go } from "../../parts/router.js";

const FIRST = "agents";

export function RunCycle({ strategies }) {
  const me = useMe();
  return html`<section aria-labelledby="run" class="card"><h2 id="run">Run a cycle</h2>
    ${may(me, "operate") ? html`<${Form} strategies=${strategies} />` : html`<${NotAllowed} me=${me} scope="operate" to="run a cycle" />`}
  </section>`;
}

function Form({ strategies }) {
  const key = useRef(null); // of one submission, kept while its answer is unknown: the same wish is not granted twice
  const [{ busy, problem }, become] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    key.current ??= newKey();
    become({ busy: true });
    const wish = wishOf(event.target);
    try {
      const said = await ask("POST", "/cycles/run", wish, { key: key.current });
      expectCycle(said.ticket.cycle_id);
      go(hrefOf(said.ticket.cycle_id));
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500) key.current = null;
      become({ problem: inWords(problem, wish) });
    }
  };
  return html`<form onSubmit=${submit} onInput=${() => void (key.current = null)}>
      <div class="fields"><${Fields} strategies=${strategies} /></div>
      <div class="row">
        <button type="submit" disabled=${busy}>${busy ? "Asking …" : "Run a cycle"}</button>
        <label class="check"><input type="checkbox" name="anytime" /> Although the exchange is closed (on paper alone)</label>
      </div>
    </form>
    ${problem && html`<${Failed} problem=${problem} />`}`;
}

function Fields({ strategies }) {
  const names = strategies.length > 0 ? strategies.map((each) => each.strategy_id) : [FIRST];
  return html`<${Field} id="run-symbols" name="symbols" label="Symbols" hint="Without any: what the strategy looks at."
      placeholder="AAPL MSFT" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="1000" />
    <${Choice} id="run-strategy" name="strategy" label="Strategy" options=${names.map((name) => [name, name])} />
    <${Field} id="run-as-of" name="as_of" label="As of" type="date"
      hint="A past session that the market has; without a date, now." />`;
}

function wishOf(form) {
  const said = new FormData(form);
  const symbols = said.get("symbols").toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const as_of = said.get("as_of") || null;
  return { symbols, strategy: said.get("strategy"), anytime: said.has("anytime"), as_of };
}

// Of a symbol that is none the desk tells only its place and a pattern.
function inWords(problem, { symbols }) {
  const errors = (problem.errors ?? []).map((each) => {
    const place = /^body\.symbols\.(\d+)$/.exec(each.where)?.[1];
    return place === undefined ? each : { what: `${symbols[place]} is no ticker, such as AAPL or BRK.B` };
  });
  return { message: problem.message, errors };
}
