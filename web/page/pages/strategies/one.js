// One strategy: how it stands, what it is, what it has shown, and what may be done to it.
import { html, useState } from "../../parts/html.js";
import { Halt, Resume } from "../../parts/halting.js";
import { Loaded, useRead } from "../../parts/load.js";
import { may, NotAllowed, useMe } from "../../parts/me.js";
import { Link } from "../../parts/router.js";
import { Badge, percent, usd } from "../../parts/words.js";
import { at, beside, change, Enable, Remove, Rung } from "./acts.js";
import { Definition } from "./definition.js";
import { BLANK } from "./fields.js";
import { StrategyForm } from "./form.js";
import { Gauges } from "./gauges.js";
import { Changes, Cycles, Positions, Shown } from "./shown.js";

const CHANGES = [
  "StrategyChanged", "StrategyStateChanged", "CapitalAllocated", "TradeExecuted", "DayClosed", "TradingStateChanged", "CycleStarted",
  "CycleCompleted", "CycleSkipped", "CycleFailed",
];

export function Strategy({ name }) {
  const strategy = useRead(at(name), CHANGES);
  const [told, tell] = useState("");
  return html`<p><${Link} href="/strategies">Strategies and capital<//></p><h1>${name}</h1>
    <p role="status">${told}</p>
    <${Loaded} of=${strategy}>${(said) => html`<${Whole} seen=${said} tell=${tell} />`}<//>`;
}

function Whole({ seen, tell }) {
  const { strategy, breaker, account, evidence, missing } = seen;
  return html`
    <p class="row"><${Badge}>${breaker.state}<//> ${!strategy.enabled && html`<${Badge} kind="warn">disabled<//>`} <${Badge}>${`rung: ${strategy.rung}`}<//>
      ${strategy.challenges && html`<span>challenges <${Link} href=${`/strategies/${strategy.challenges}`}>${strategy.challenges}<//></span>`}</p>
    ${breaker.state !== "ACTIVE" && breaker.reason && html`<p class="told">Since ${breaker.changed_by ?? "the desk"} said: ${breaker.reason}</p>`}
    <dl class="figures">
      <div><dt>Equity</dt><dd>${usd(account.equity)}</dd></div>
      <div><dt>Cash</dt><dd>${usd(account.cash)}</dd></div>
      <div><dt>Below its peak</dt><dd>${percent(account.drawdown, 2)}</dd></div>
      <div><dt>Allocation</dt><dd>${percent(strategy.allocation)}</dd></div>
      <div><dt>Models today</dt><dd>${usd(seen.spent_today_usd)}</dd></div>
      <div><dt>Models this month</dt><dd>${usd(seen.spent_this_month_usd)}</dd></div>
    </dl>
    <${Acts} seen=${seen} tell=${tell} />
    <div class="cards">
      <section class="card" aria-labelledby="definition"><h2 id="definition">What it is</h2><${Definition} strategy=${strategy} /></section>
      <section class="card" aria-labelledby="shown"><h2 id="shown">What it has shown on its rung</h2><${Shown} evidence=${evidence} missing=${missing} /></section>
      <section class="card" aria-labelledby="breaker"><h2 id="breaker">Circuit breaker</h2><${Breaker} breaker=${breaker} /></section>
    </div>
    <h2>Positions</h2><${Positions} positions=${account.positions} />
    <h2>Last cycles</h2><${Cycles} cycles=${seen.cycles} />
    <h2>Last changes</h2><${Changes} changes=${seen.changes} />`;
}

function Breaker({ breaker }) {
  if (!breaker.gauges.length) return html`<p class="quiet">The desk's own breaker is its breaker as well: <${Link} href="/">overview<//>.</p>`;
  return html`<${Gauges} gauges=${breaker.gauges} />`;
}

function Acts({ seen, tell }) {
  const { strategy, breaker, missing } = seen;
  const me = useMe();
  const [doing, start] = useState(null); // {kind, seen}: the strategy as it was when the button was pressed
  const open = (kind) => () => start({ kind, seen: strategy });
  const close = () => start(null);
  const button = (kind, words, danger) => html`<button type="button" class=${danger ? "danger" : "plain"} onClick=${open(kind)}>${words} …</button>`;
  const mays = { operate: may(me, "operate"), approve: may(me, "approve") };
  return html`
    ${!mays.operate && html`<${NotAllowed} me=${me} scope="operate" to="change it" />`}
    ${!mays.approve && html`<${NotAllowed} me=${me} scope="approve" to="take it up or down" />`}
    <div class="row">
      ${mays.operate && html`${button("change", "Change")}${button("enable", strategy.enabled ? "Disable" : "Enable")}`}
      ${mays.operate && breaker.state !== "ACTIVE" && button("resume", "Resume")}
      ${mays.approve && beside(strategy.rung, true) === "paper" && button("up", "Up to paper")}
      ${mays.approve && beside(strategy.rung, false) && button("down", `Down to ${beside(strategy.rung, false)}`)}
      ${mays.operate && html`${button("halt", "Halt", true)}${button("remove", "Remove", true)}`}
    </div>
    ${strategy.rung === "paper" && html`<p class="quiet">Real money is let in at the command line, where its name is typed: <code>starter.py strategies promote ${strategy.strategy_id}</code></p>`}
    ${doing?.kind === "change" && html`<${Change} now=${strategy} seen=${doing.seen} tell=${tell} close=${close} />`}
    ${doing?.kind === "enable" && html`<${Enable} seen=${doing.seen} tell=${tell} close=${close} />`}
    ${doing?.kind === "halt" && html`<${Halt} strategy=${strategy.strategy_id} close=${close} />`}
    ${doing?.kind === "resume" && html`<${Resume} strategy=${strategy.strategy_id} reason=${breaker.reason} close=${close} />`}
    ${doing?.kind === "up" && html`<${Rung} seen=${doing.seen} up missing=${missing} tell=${tell} close=${close} />`}
    ${doing?.kind === "down" && html`<${Rung} seen=${doing.seen} tell=${tell} close=${close} />`}
    ${doing?.kind === "remove" && html`<${Remove} seen=${doing.seen} close=${close} />`}`;
}

function Change({ now, seen, tell, close }) {
  const send = async (fields, form) => {
    await change("PATCH", at(seen.strategy_id), seen, { fields, reason: form.get("reason") });
    tell(`Changed: ${Object.keys(fields).join(", ").replaceAll("_", " ")}.`);
    close();
  };
  return html`<section class="card" aria-labelledby="change"><h2 id="change">Change ${seen.strategy_id}</h2>
    ${JSON.stringify(now) !== JSON.stringify(seen) && html`<p class="failed" role="alert">Somebody has changed it since this was opened: what is here is not what it is.
      Cancel, and look again.</p>`}
    <${StrategyForm} was=${{ ...BLANK, ...seen }} button="Change" send=${send} close=${close} />
  </section>`;
}
