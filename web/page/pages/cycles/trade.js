// Proposing a trade of one's own: no agent is asked, and the limits say how much of it is done.
import { Choice, Field, besides } from "../../parts/form.js";
import { html, useEffect, useRef, useState } from "../../parts/html.js";
import { sentence, shareOf, whole } from "../../parts/words.js";
import { AskForm, Card, OfStrategy, noTicker } from "./asking.js";

// The address of the form, filled for a sale; `strategy` may be left open.
export function saleOf(symbol, strategy) {
  return `/cycles?${new URLSearchParams({ sell: symbol, ...(strategy && { of: strategy }) })}`;
}

// `query`: of such an address, or of none.
export function ProposeTrade({ me, strategies, query: { sell = "", of } }) {
  return html`<${Card} id="propose" title="Propose a trade" me=${me} to="propose a trade">
    <${AskForm} key=${`${sell} ${of}`} id="trade" path="/api/trades" button="Propose it" wishOf=${wishOf} inWords=${inWords}>
      ${(at) => html`<p class="quiet">No agent is asked. The limits, a person's yes and the halt hold for it as for the agents.</p>
        <${Fields} strategies=${strategies} sold=${sell} of=${of} at=${at} />`}
    <//>
  <//>`;
}

const SIDES = [["buy", "Buy"], ["sell", "Sell"]];
const UNITS = [["shares", "shares"], ["weight", "% of equity"]];
const TYPED = { autocomplete: "off", spellcheck: "false", maxlength: "24" };
const AMOUNT = { ...TYPED, inputmode: "decimal" };

function Fields({ strategies, sold, of, at }) {
  const [side, choose] = useState(sold ? "sell" : "buy");
  const isSale = side === "sell";
  const box = useRef(null);
  useEffect(() => void (sold && box.current.querySelector("[name=size]").focus()), []);
  return html`<div class="close fields" ref=${box}>
    <${Choice} id="trade-side" name="side" label="What to do" options=${SIDES} value=${side} onChange=${(event) => choose(event.target.value)} />
    <${Field} id="trade-symbol" name="symbol" label="Symbol" placeholder="AAPL" required defaultValue=${sold} wrong=${at.symbol}
      autocapitalize="characters" ...${TYPED} />
    <${Field} id="trade-size" name="size" label="Size" hint=${isSale && "Empty: all of it."} wrong=${at.size} ...${AMOUNT} />
    <${Choice} id="trade-unit" name="unit" label="Size in" options=${UNITS} value="shares" />
    ${!isSale && html`<${OfEntry} at=${at} />`}
    <${OfStrategy} id="trade-strategy" strategies=${strategies} chosen=${of} hint="Whose equity and shares." wrong=${at.strategy} />
    <${Field} id="trade-reason" name="reason" label="Reason, for whoever reads the log" required maxlength="400" autocomplete="off"
      wrong=${at.reason} />
  </div>`;
}

// What is sold at once has no stop: a field for one would look like an order that waits.
function OfEntry({ at }) {
  return html`<${Field} id="trade-stop" name="stop" label="Stop, USD" hint="Empty: none." wrong=${at.stop} ...${AMOUNT} />
    <${Field} id="trade-target" name="target" label="Target, USD" hint="Empty: none." wrong=${at.target} ...${AMOUNT} />
    <${Field} id="trade-days" name="horizon_days" label="Sessions" hint="For how many it is meant." defaultValue="20" inputmode="numeric"
      wrong=${at.horizon_days} ...${TYPED} />`;
}

// As it was typed: the desk reads amounts from decimal strings and takes no other number for one.
function wishOf(said) {
  const typed = (name) => said.get(name)?.trim() || undefined;
  const size = typed("size");
  const isPart = said.get("unit") === "weight";
  const days = typed("horizon_days");
  return {
    side: said.get("side"),
    symbol: typed("symbol")?.toUpperCase() ?? "",
    shares: isPart ? undefined : size,
    weight: isPart && size ? shareOf(size) : undefined,
    stop: typed("stop"),
    target: typed("target"),
    horizon_days: days && whole(days),
    reason: typed("reason") ?? "",
    strategy: said.get("strategy"),
    anytime: said.has("anytime"),
  };
}

const PRICE = "Dollars above 0, as 170 or 169.50.";
// What is wrong with a field, by the desk's name of it: [the form's, the words].
const WRONG = {
  symbol: ({ symbol }) => ["symbol", `${noTicker(symbol || "This")}.`],
  shares: () => ["size", "Shares above 0, as 10 or 2.5."],
  weight: () => ["size", "A part above 0 and up to 100 %, as 5 or 2.5."],
  stop: () => ["stop", PRICE],
  target: () => ["target", PRICE],
  horizon_days: () => ["horizon_days", "From 1 to 750."],
  reason: () => ["reason", "A few words, 400 letters at most."],
  strategy: () => ["strategy", "There is no strategy of that name."],
};

function inWords(problem, wish) {
  const at = {};
  const errors = [];
  for (const { where, what } of problem.errors ?? []) {
    const told = where === "body" ? ["size", sentence(what)] : WRONG[where.replace(/^body\./, "")]?.(wish);
    if (told) at[told[0]] ??= told[1];
    else errors.push({ where, what });
  }
  return { ...besides(problem, Object.keys(at).length, errors), at };
}
