// What came to the desk's cash and left it without a trade, and paying on paper.
import { ask, newKey } from "../../parts/api.js";
import { Confirm } from "../../parts/dialog.js";
import { html, useMemo, useState } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { may, NotAllowed, useMe } from "../../parts/me.js";
import { Table } from "../../parts/table.js";
import { Gain, plural, spaced, Time, total, usd } from "../../parts/words.js";

export function Capital() {
  const capital = useRead("/api/capital", ["CapitalChanged", "DeskOpened"]);
  const [kind, pay] = useState(null);
  const [told, tell] = useState("");
  return html`<section aria-labelledby="capital"><h2 id="capital">Capital</h2>
    <${Ways} pay=${pay} />
    <p role="status">${told}</p>
    ${kind && html`<${Pay} kind=${kind} tell=${tell} close=${() => pay(null)} done=${capital.again} />`}
    <${Loaded} of=${capital} empty="Nothing yet: the desk's first deposit is made when it opens.">
      ${(said) => html`<${Sums} items=${said.items} /><${Lines} items=${said.items} />`}
    <//>
  </section>`;
}

function Ways({ pay }) {
  const me = useMe();
  if (!may(me, "operate")) return html`<${NotAllowed} me=${me} scope="operate" to="pay in or out" />`;
  if (me && me.broker !== "paper") {
    return html`<p class="quiet">Money moves at the broker (${me.broker}) itself; the books follow its statement at the next
      reconciliation.</p>`;
  }
  return html`<div class="row">
    <button type="button" onClick=${() => pay("deposit")}>Pay in …</button>
    <button type="button" class="plain" onClick=${() => pay("withdrawal")}>Pay out …</button>
  </div>`;
}

function Pay({ kind, tell, close, done }) {
  const key = useMemo(newKey, []);
  const desk = useRead("/api/portfolio").said;
  const [amount, say] = useState("");
  const isIn = kind === "deposit";
  const act = async (form) => {
    const moved = await ask("POST", "/api/capital", { kind, amount: amount.trim(), reason: form.get("reason") }, { key });
    tell(`${usd(amount.trim())} paid ${isIn ? "in" : "out"}; the desk has ${usd(moved.cash)} of cash.`);
    done();
  };
  const word = isIn ? "Pay in" : "Pay out";
  const typed = isIn ? undefined : `pay out ${amount.trim() || "…"}`;
  return html`<${Confirm} title=${word} typed=${typed} button=${word} danger=${!isIn} act=${act} close=${close}>
    <p>On paper: no bank hears of it.${desk && ` The desk has ${usd(desk.cash)} of cash.`}</p>
    <label>Amount, USD <input inputmode="decimal" autocomplete="off" value=${amount} required autofocus
      onInput=${(event) => say(event.target.value)} pattern="\\s*[0-9]{1,13}(\\.[0-9]{1,2})?\\s*" title="Dollars, and cents after a point: 2500.00" /></label>
    <label>Reason <input name="reason" maxlength="300" required /></label>
  <//>`;
}

function Sums({ items }) {
  const kinds = Object.entries(Object.groupBy(items, (each) => each.kind));
  return html`<dl class="figures">${kinds.map(([kind, lines]) => html`<div><dt>${spaced(kind)}, ${plural(lines.length, "time")}</dt>
    <dd>${usd(total(lines.map((each) => each.amount)))}</dd></div>`)}</dl>`;
}

function Lines({ items }) {
  return html`<${Table} name="What came and went, the newest first" rows=${items} keyOf=${(each) => each.capital_event_id} columns=${[
    { title: "When", cell: (each) => html`<${Time} at=${each.occurred_at} />` },
    { title: "What", cell: (each) => spaced(each.kind) },
    { title: "Amount", right: true, cell: (each) => html`<${Gain} amount=${each.amount} />` },
    { title: "Symbol", cell: (each) => each.symbol ?? "–" },
    { title: "Reason", cell: (each) => html`<div class="words">${each.reason || "–"}</div>` },
  ]} />`;
}
