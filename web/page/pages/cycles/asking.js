// What the forms that ask for a cycle share: it is asked for once, and then they lead to its page, where it arrives.
import { ask, newKey } from "../../parts/api.js";
import { expectCycle, hrefOf } from "../../parts/cycles.js";
import { Choice } from "../../parts/form.js";
import { html, useEffect, useRef, useState } from "../../parts/html.js";
import { Failed } from "../../parts/load.js";
import { NotAllowed, may } from "../../parts/me.js";
import { go } from "../../parts/router.js";
import { Section } from "../../parts/section.js";

const FIRST = "agents";

// A form in a card of its own, for who may ask for a cycle. `to`: what they may not do else.
export function Card({ id, title, me, to, children }) {
  return html`<${Section} id=${id} title=${title}>
    ${may(me, "operate") ? children : html`<${NotAllowed} me=${me} scope="operate" to=${to} />`}
  <//>`;
}

// `wishOf(form)`: what `path` is asked. `inWords(problem, wish)`: {message, errors, at}, with what is wrong with a field in
// `at` by the field's name; `children` is a function of that and shows the fields.
export function AskForm({ id, path, button, wishOf, inWords, children }) {
  const [{ busy, problem }, become] = useState({});
  const sent = useRef({}); // {words, key}: kept while the answer is unknown, so that the same wish is not granted twice
  const form = useRef(null);
  useEffect(() => void (problem && form.current.querySelector("[aria-invalid]")?.focus()), [problem]);
  const underWay = useRef(false); // known before the button shows it
  const submit = async (event) => {
    event.preventDefault();
    if (underWay.current) return;
    underWay.current = true;
    become({ busy: true });
    const wish = wishOf(new FormData(form.current));
    const words = JSON.stringify(wish);
    if (sent.current.words !== words) sent.current = { words, key: newKey() };
    try {
      const said = await ask("POST", path, wish, { key: sent.current.key });
      expectCycle(said.ticket.cycle_id);
      go(hrefOf(said.ticket.cycle_id));
    } catch (error) {
      if (error.status >= 400 && error.status < 500) sent.current = {};
      become({ problem: inWords(error, wish) });
    }
    underWay.current = false;
  };
  return html`<form ref=${form} onSubmit=${submit}>
      ${children(problem?.at ?? {})}
      <div class="row">
        <button type="submit" disabled=${busy}>${busy ? "Asking …" : button}</button>
        <label class="check"><input type="checkbox" name="anytime" id=${`${id}-anytime`} /> Although the exchange is closed (on paper alone)</label>
      </div>
    </form>
    ${problem && html`<${Failed} problem=${problem} />`}`;
}

// `chosen`: one that is named in the address, whether there is such a one or not: the desk says.
export function OfStrategy({ strategies, chosen, ...more }) {
  const known = strategies.length > 0 ? strategies.map((each) => each.strategy_id) : [FIRST];
  const names = [...new Set([...known, chosen].filter(Boolean))];
  return html`<${Choice} name="strategy" label="Strategy" value=${chosen} options=${names.map((name) => [name, name])} ...${more} />`;
}

export const noTicker = (word) => `${word} is no ticker, such as AAPL or BRK.B`;
