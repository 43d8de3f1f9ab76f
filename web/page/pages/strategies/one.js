// One strategy: how it stands, what it is, what it has shown, and what may be done to it.
import { tagOf } from "../../parts/api.js";
import { html, useRef, useState } from "../../parts/html.js";
import { Halt, Resume } from "../../parts/halting.js";
import { Loaded, useRead } from "../../parts/load.js";
import { may, NotAllowed, useMe } from "../../parts/me.js";
import { Link } from "../../parts/router.js";
import { Badge, percent, usd } from "../../parts/words.js";
import { Rule as Gauge } from "../overview/breaker.js";
import { at, beside, change, Enable, Remove, Rung } from "./acts.js";
import { Definition } from "./definition.js";
import { BLANK } from "./fields.js";
import { StrategyForm } from "./form.js";
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
    <p class="row"><${Badge}>${breaker.state}<//> ${!strategy.enabled && html`<${Badge} kind="warn">disabled<//>`}
      <${Badge}>${`rung: ${strategy.rung}`}<//>
      ${strategy.challenges && html`<span>challenges <${Link} href=${`/strategies/${strategy.challenges}`}>${strategy.challenges}<//></span>`}
    </p>
    ${!breaker.gauges.length && html`<p class="quiet">Its breaker is the desk's: <${Link} href="/">overview<//>.</p>`}
    ${breaker.state !== "ACTIVE" && breaker.reason && html`<p class="told">${breaker.changed_by ?? "the desk"}: ${breaker.reason}</p>`}
    <${OfTheDesk} />
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
      <div class="stack">
        <section class="card" aria-labelledby="definition"><h2 id="definition">What it is</h2>
          <${Definition} strategy=${strategy} /></section>
        ${breaker.gauges.length > 0 && html`<section class="card" aria-labelledby="breaker"><h2 id="breaker">Circuit breaker</h2>
          ${breaker.gauges.map((each) => html`<${Gauge} key=${each.rule} gauge=${each} />`)}</section>`}
      </div>
      <section class="card" aria-labelledby="shown"><h2 id="shown">What it has shown on its rung</h2>
        <${Shown} evidence=${evidence} missing=${missing} /></section>
    </div>
    <h2>Positions</h2><${Positions} positions=${account.positions} />
    <h2>Last cycles</h2><${Cycles} cycles=${seen.cycles} />
    <h2>Last changes</h2><${Changes} changes=${seen.changes} />`;
}

// The stricter of both states counts.
function OfTheDesk() {
  const desk = useRead("/api/breaker", ["TradingStateChanged"]).said?.desk;
  if (!desk || desk.state === "ACTIVE") return null;
  return html`<p class="notice">The desk is ${desk.state}, and with it every strategy${desk.reason && `: ${desk.reason}`}</p>`;
}

function Acts({ seen, tell }) {
  const { strategy, breaker } = seen;
  const me = useMe();
  const [doing, start] = useState(null); // {kind, seen}: what the page showed when the button was pressed
  const open = (kind) => () => start({ kind, seen: { strategy, tag: tagOf(at(strategy.strategy_id)) } });
  const first = useRef(null);
  const close = () => start(null);
  const shut = () => {
    close();
    first.current?.focus(); // the form had the focus
  };
  const button = (kind, words, look = "plain") => html`<button type="button" class=${look} onClick=${open(kind)}>${words} …</button>`;
  const mays = { operate: may(me, "operate"), approve: may(me, "approve") };
  return html`
    ${!mays.operate && html`<${NotAllowed} me=${me} scope="operate" to="change it" />`}
    ${!mays.approve && html`<${NotAllowed} me=${me} scope="approve" to="take it up or down" />`}
    <div class="row">
      ${mays.operate && html`<button type="button" class="plain" ref=${first} onClick=${open("change")}>Change …</button>
        ${button("enable", strategy.enabled ? "Disable" : "Enable")}`}
      ${mays.operate && breaker.state !== "ACTIVE" && button("resume", "Resume")}
      ${mays.approve && beside(strategy.rung, true) === "paper" && button("up", "Up to paper")}
      ${mays.approve && beside(strategy.rung, false) && button("down", `Down to ${beside(strategy.rung, false)}`)}
      ${mays.operate && html`${button("halt", "Halt", "danger")}${button("remove", "Remove", "danger")}`}
    </div>
    ${strategy.rung === "paper" && html`<p class="quiet">Real money is let in at the command line, where its name is typed:
      ${" "}<code>starter.py strategies promote ${strategy.strategy_id}</code></p>`}
    ${doing?.kind === "change" && html`<${Change} now=${strategy} seen=${doing.seen} tell=${tell} close=${shut} />`}
    ${doing && html`<${Asked} ...${doing} now=${seen} tell=${tell} close=${close} />`}`;
}

// The question that is to be answered before anything is done.
function Asked({ kind, seen, now, tell, close }) {
  const name = now.strategy.strategy_id;
  switch (kind) {
    case "enable": return html`<${Enable} seen=${seen} tell=${tell} close=${close} />`;
    case "halt": return html`<${Halt} strategy=${name} close=${close} />`;
    case "resume": return html`<${Resume} strategy=${name} reason=${now.breaker.reason} close=${close} />`;
    case "up": return html`<${Rung} seen=${seen} up missing=${now.missing} tell=${tell} close=${close} />`;
    case "down": return html`<${Rung} seen=${seen} tell=${tell} close=${close} />`;
    case "remove": return html`<${Remove} seen=${seen} close=${close} />`;
    default: return null;
  }
}

function Change({ now, seen, tell, close }) {
  const send = async (fields, form) => {
    await change("PATCH", "", seen, { fields, reason: form.get("reason") });
    tell(`Changed: ${Object.keys(fields).join(", ").replaceAll("_", " ")}.`);
    close();
  };
  return html`<section class="card" aria-labelledby="change"><h2 id="change">Change ${now.strategy_id}</h2>
    ${JSON.stringify(now) !== JSON.stringify(seen.strategy) && html`<p class="failed" role="alert">Somebody has changed it since this was
      ${" "}opened: what is here is not what it is. Cancel, and look again.</p>`}
    <${StrategyForm} was=${{ ...BLANK, ...seen.strategy }} button="Change" send=${send} close=${close} />
  </section>`;
}
