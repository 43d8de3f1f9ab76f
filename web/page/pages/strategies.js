// The desk's strategies: who decides, how far each may go, what it has; and the capital that they share.
import { ask } from "../parts/api.js";
import { html, useEffect, useRef, useState } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { may, NotAllowed, useMe } from "../parts/me.js";
import { go, Link } from "../parts/router.js";
import { Table } from "../parts/table.js";
import { Badge, number, percent, usd } from "../parts/words.js";
import { Capital } from "./strategies/capital.js";
import { BLANK } from "./strategies/fields.js";
import { StrategyForm } from "./strategies/form.js";

export { Strategy } from "./strategies/one.js";

const CHANGES = ["StrategyChanged", "StrategyStateChanged", "CapitalAllocated", "TradeExecuted", "DayClosed", "TradingStateChanged"];

export function Strategies() {
  const strategies = useRead("/api/strategies", CHANGES);
  return html`<h1>Strategies and capital</h1>
    <${Loaded} of=${strategies} empty="None: the desk has no books yet. Its first cycle opens them.">
      ${(said) => html`<${List} items=${said.items} />`}
    <//>
    <${Add} />
    <${Capital} />`;
}

function List({ items }) {
  return html`<${Table} name="Strategies" rows=${items} keyOf=${(each) => each.strategy_id} columns=${[
    { title: "Strategy", cell: (each) => html`<${Link} href=${`/strategies/${each.strategy_id}`}>${each.strategy_id}<//>` },
    { title: "Decides", cell: (each) => (each.source === "agents" ? "the agents" : each.source) },
    { title: "State", cell: (each) => html`<${Stands} strategy=${each} state=${each.state} />` },
    { title: "Rung", cell: (each) => html`<${Badge} kind=${each.rung === "live" ? "warn" : ""}>${each.rung}<//>` },
    { title: "Allocation", right: true, cell: (each) => percent(each.allocation) },
    { title: "Equity", right: true, cell: (each) => usd(each.equity) },
    { title: "Cash", right: true, cell: (each) => usd(each.cash) },
    { title: "Positions", right: true, cell: (each) => number(each.positions) },
  ]} />`;
}

export function Stands({ strategy, state }) {
  return html`<${Badge}>${state}<//>${!strategy.enabled && html` <${Badge} kind="warn">disabled<//>`}`;
}

function Add() {
  const me = useMe();
  const [open, set] = useState(false);
  const button = useRef(null);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !open) button.current?.focus(); // the form had the focus
    was.current = open;
  }, [open]);
  if (!may(me, "operate")) return html`<${NotAllowed} me=${me} scope="operate" to="add or change one" />`;
  if (!open) return html`<button type="button" ref=${button} onClick=${() => set(true)}>Add a strategy …</button>`;
  const send = async (fields, form) => {
    const name = form.get("strategy_id").trim();
    await ask("POST", "/api/strategies", { strategy_id: name, fields, reason: form.get("reason") });
    go(`/strategies/${name}`);
  };
  return html`<section class="card" aria-labelledby="add"><h2 id="add">Add a strategy</h2>
    <p class="quiet">It begins in shadow: it decides and is scored, and sends nothing.</p>
    <${StrategyForm} was=${BLANK} isNew button="Add" send=${send} close=${() => set(false)} />
  </section>`;
}
