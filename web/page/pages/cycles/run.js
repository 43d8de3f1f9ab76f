// Asking for a cycle: what it looks at, who decides, and then to its page, where it arrives.
import { ask } from "../../parts/api.js";
import { hrefOf } from "../../parts/cycles.js";
import { html, useRef, useState } from "../../parts/html.js";
import { Failed } from "../../parts/load.js";
import { go } from "../../parts/router.js";

const FIRST = "agents";

export function RunCycle({ strategies }) {
  const key = useRef(null); // of one submission, kept while its answer is unknown: the same wish is not granted twice
  const [{ busy, problem }, become] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    key.current ??= newKey();
    become({ busy: true });
    try {
      const said = await ask("POST", "/cycles/run", wishOf(event.target), { key: key.current });
      go(hrefOf(said.ticket.cycle_id));
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500) key.current = null;
      become({ problem });
    }
  };
  return html`<section aria-labelledby="run" class="card">
    <h2 id="run">Run a cycle</h2>
    <form class="narrow" onSubmit=${submit} onInput=${() => void (key.current = null)}>
      <div class="fields">
        <${Fields} strategies=${strategies} />
      </div>
      <div class="row">
        <button type="submit" disabled=${busy}>${busy ? "Asking …" : "Run a cycle"}</button>
        <label class="check"><input type="checkbox" name="anytime" /> Although the exchange is closed (on paper alone)</label>
      </div>
    </form>
    ${problem && html`<${Failed} problem=${problem} />`}
  </section>`;
}

function Fields({ strategies }) {
  const names = strategies.length > 0 ? strategies.map((each) => each.strategy_id) : [FIRST];
  return html`<div>
      <label>Symbols
        <input name="symbols" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="1000"
          placeholder="AAPL MSFT" aria-describedby="run-symbols" />
      </label>
      <p id="run-symbols" class="quiet">Without any: what the strategy looks at.</p>
    </div>
    <div>
      <label>Strategy
        <select name="strategy">${names.map((name) => html`<option value=${name}>${name}</option>`)}</select>
      </label>
    </div>
    <div>
      <label>As of <input type="date" name="as_of" aria-describedby="run-as-of" /></label>
      <p id="run-as-of" class="quiet">A past session that the market has; without a date, now.</p>
    </div>`;
}

function wishOf(form) {
  const said = new FormData(form);
  const symbols = said.get("symbols").toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const as_of = said.get("as_of") || null;
  return { symbols, strategy: said.get("strategy"), anytime: said.has("anytime"), as_of };
}

// Without `crypto.randomUUID`, which a browser has only on this machine or behind TLS.
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
