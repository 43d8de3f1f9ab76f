// What was said of each symbol, side by side in the order in which it was said.
import { html } from "../../parts/html.js";
import { Table } from "../../parts/table.js";
import { Badge, NONE, number, plural, usd } from "../../parts/words.js";
import { Debate } from "./debate.js";
import { Limits } from "./limits.js";
import { Decision, Risk, Signal, Source, Unsaid, Validation } from "./said.js";
import { wants } from "./told.js";

// `costs`: dollars by call; one call may be about many symbols.
export function Ways({ ways, costs, silent, running }) {
  const wanted = ways.filter(wants);
  const held = ways.filter((way) => way.signal && !wants(way));
  const left = ways.filter((way) => !way.signal && (way.dropped || way.silent.DataAgent));
  return html`${wanted.map((way) => html`<${Way} key=${way.symbol} way=${way} costs=${costs} silent=${silent} running=${running} />`)}
    ${held.length > 0 && html`<${Held} ways=${held} open=${wanted.length === 0} />`}
    ${left.length > 0 && html`<${Left} ways=${left} />`}`;
}

function Way({ way, costs, silent, running }) {
  const said = (agent) => way.silent[agent] ?? (isOut(way) ? undefined : silent.find((one) => one.agent === agent));
  const alone = way.signal.operator ? "Operator" : way.signal.rule && "Rule";
  const seats = alone
    ? [[alone, Signal, way.signal], ["Decision", Decision, way.decision]]
    : [
      ["DataAgent", Signal, way.signal],
      ["RiskManager", Risk, way.risk],
      ["Validator", Validation, way.validation],
      ["MetaAgent", Decision, way.decision],
    ];
  return html`<section class="card way" aria-label=${way.symbol}>
    <div class="row"><h3>${way.symbol}</h3> <span class="quiet">${way.price && usd(way.price)}</span> <span>${came(way)}</span></div>
    <div class="seats">${seats.map(([agent, Said, data]) => html`<div class="seat">
      <h4>${agent}</h4>
      ${data
        ? html`<${Said} data=${data} /><${Source} data=${data} costs=${costs} />`
        : html`<${Unsaid} silent=${said(agent)} running=${running} alone=${alone} />`}
    </div>`)}</div>
    <${Limits} limits=${way.limits} denied=${way.denied} />
    <${Debate} words=${way.words} costs=${costs} />
  </section>`;
}

// Whether somebody before has said no: nobody after is asked of it.
function isOut({ risk, validation, limits }) {
  return limits.some((limit) => limit.denied) || [risk, validation].some((said) => said && !said.approved);
}

// The end of its way in a few words.
function came(way) {
  const { signal, risk, validation, decision, fills, limits, denied, shadows } = way;
  const [first] = fills.filter((fill) => fill.leg === "entry" || fill.leg === "exit");
  if (first) return `${first.side === "buy" ? "Bought" : "Sold"} ${number(first.quantity)} at ${usd(first.price)}.`;
  if (shadows.length > 0) return "Only thought of: a shadow trade.";
  if (denied) return "Its order was denied.";
  if (decision?.verdict === "EXECUTE") return `To ${signal.action}: ${plural(decision.quantity, "share")}.`;
  if (decision) return "The last word was no.";
  if (validation && !validation.approved) return "The Validator said no.";
  if (risk && !risk.approved) return "The RiskManager said no.";
  if (limits.some((limit) => limit.denied)) return "The limits let nothing pass.";
  return "";
}

function Held({ ways, open }) {
  const columns = [
    { title: "Symbol", cell: (way) => html`<strong>${way.symbol}</strong>` },
    { title: "Price", right: true, cell: (way) => usd(way.price) },
    { title: "Confidence", right: true, cell: (way) => way.signal.confidence.toFixed(2) },
    { title: "Why", cell: (way) => html`<span class="why">${way.signal.reasoning || NONE}</span>` },
  ];
  return html`<details open=${open}><summary>Left as they are: ${plural(ways.length, "symbol")}</summary>
    <${Table} name="Symbols that were left as they are" columns=${columns} rows=${ways} keyOf=${(way) => way.symbol} />
  </details>`;
}

function Left({ ways }) {
  const reason = (way) => way.dropped?.reason ?? way.silent.DataAgent.reason;
  const code = (way) => way.dropped?.code.replaceAll("_", " ") ?? "no answer";
  const columns = [
    { title: "Symbol", cell: (way) => html`<strong>${way.symbol}</strong>` },
    { title: "What is wrong", cell: (way) => html`<${Badge} kind="warn">${code(way)}<//>` },
    { title: "In words", cell: (way) => html`<span class="why">${reason(way)}</span>` },
  ];
  return html`<h3>Left out: ${plural(ways.length, "symbol")}</h3>
    <${Table} name="Symbols that were left out" columns=${columns} rows=${ways} keyOf=${(way) => way.symbol} />`;
}
