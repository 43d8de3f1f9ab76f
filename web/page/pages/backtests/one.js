// One run over the past: what was asked, what came of it, its curve, and its files.
import { html, useEffect } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { Badge, Time, number, plural, usd } from "../../parts/words.js";
import { Curve } from "./curve.js";
import { Files } from "./files.js";
import { KIND_NAMES, Meaning, numbersOf, sayMeasure, standingOf } from "./measures.js";
import { Study } from "./study.js";

const KEY_FIGURES = ["total_return", "cagr", "sharpe", "max_drawdown", "final_equity_usd", "trades"];
const SPANS = [[86_400, "day"], [3600, "hour"], [60, "minute"]];
const LOOK_MS = 2000;

export function Backtest({ run }) {
  const path = `/api/backtests/${encodeURIComponent(run)}`;
  const row = useRead(`${path}?most=20`);
  const measures = useRead("/api/measures");
  const isRunning = row.said && standingOf(row.said) === "running";
  useEffect(() => {
    if (!isRunning) return undefined;
    const looks = setInterval(row.again, LOOK_MS); // studies are not in the log
    return () => clearInterval(looks);
  }, [isRunning, row.again]);
  return html`<p><${Link} href="/backtests">All backtests<//></p>
    <h1>Backtest ${run}</h1>
    <${Loaded} of=${row}>
      ${(said) => html`<${Loaded} of=${measures}>${({ items }) => html`<${Whole} row=${said} measures=${items} path=${path} />`}<//>`}
    <//>`;
}

function Whole({ row, measures, path }) {
  const isSingle = row.kind === "backtest";
  return html`
    <${Wary} row=${row} />
    <${KeyFigures} row=${row} measures=${measures} />
    ${isSingle && html`<${Curve} path=${path} cash=${row.asked.plan?.cash} />`}
    ${!isSingle && html`<${Study} row=${row} measures=${measures} />`}
    <${Section} id="asked" title="What was asked"><${Card} row=${row} /><//>
    <${Files} path=${path} folder=${row.folder} />
    ${isSingle && html`<${Section} id="numbers" title="All numbers"><${Numbers} numbers=${row.metrics} measures=${measures} /><//>`}`;
}

// What to be wary of, before any number is read.
function Wary({ row }) {
  const loud = [...(row.card.banners ?? []), ...(row.metrics.warnings ?? [])];
  const cautions = (row.card.cautions ?? []).map(({ symbol, reason }) => (symbol ? `${symbol}: ${reason}` : reason));
  return html`<div>
    ${loud.length > 0 && html`<ul class="warned" aria-label="Be wary">${loud.map((each) => html`<li>${each}</li>`)}</ul>`}
    ${cautions.length > 0 && html`<details class="quiet"><summary>${plural(cautions.length, "caution")} about the data or the run</summary>
      <ul>${cautions.map((each) => html`<li>${each}</li>`)}</ul></details>`}
  </div>`;
}

function KeyFigures({ row, measures }) {
  const numbers = numbersOf(row);
  const known = measures.filter(({ field }) => KEY_FIGURES.includes(field) && numbers[field] != null);
  const inOrder = known.sort((a, b) => KEY_FIGURES.indexOf(a.field) - KEY_FIGURES.indexOf(b.field));
  return html`<p class="row"><${Badge}>${standingOf(row)}<//> ${KIND_NAMES[row.kind] ?? row.kind} of ${row.strategy}
      ${row.name && html`<span>“${row.name}”</span>`}</p>
    ${inOrder.length > 0 && html`<dl class="figures">${inOrder.map((measure) => html`<div title=${measure.definition}>
      <dt>${measure.label}</dt><dd>${sayMeasure(measure, numbers[measure.field])}</dd>
    </div>`)}</dl>`}`;
}

function Card({ row }) {
  const plan = row.asked.plan ?? row.asked;
  const parameters = Object.entries(row.asked.parameters ?? plan.parameters ?? {});
  const facts = [
    ["Symbols", `${row.symbols.length}: ${row.symbols.join(", ")}`],
    ["Days", `${row.from_on} to ${row.to_on}`],
    ["Parameters", parameters.map(([name, value]) => `${name} = ${value}`).join(", ")],
    ["Cash", plan.cash && usd(plan.cash)],
    ["Benchmark", plan.benchmark],
    ["Trials", number(row.trials)],
    ["Engine", row.card.engine],
    ["Begun", html`<${Time} at=${row.started_at} />`],
    ["Took", tookOf(row)],
    ["Models cost", row.spent_usd ? usd(row.spent_usd) : null],
    ["Data", row.card.data_hash && html`<code title=${row.card.data_hash}>${row.card.data_hash.slice(0, 16)}…</code>`],
  ];
  return html`<dl class="facts">${facts.filter(([, said]) => said).map(([name, said]) => html`<dt>${name}</dt><dd>${said}</dd>`)}</dl>
    <details><summary>Everything it was asked with</summary><pre tabindex="0">${JSON.stringify(row.asked, null, 2)}</pre></details>`;
}

function tookOf({ started_at: from, finished_at: to }) {
  if (!from || !to) return null;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  const [size, one] = SPANS.find(([least]) => seconds >= least) ?? [1, "second"];
  return plural(Number((seconds / size).toPrecision(3)), one);
}

function Numbers({ numbers, measures }) {
  const columns = [
    { title: "Number", cell: (measure) => measure.label },
    { title: "Value", right: true, cell: (measure) => html`<span class="nowrap">${sayMeasure(measure, numbers[measure.field])}</span>` },
    { title: "Means", cell: (measure) => html`<div class="words"><${Meaning} measure=${measure} /></div>` },
  ];
  const rows = measures.filter(({ field }) => numbers[field] != null);
  const missing = measures.filter(({ field }) => numbers[field] == null).map(({ label }) => label);
  if (!rows.length) return html`<p class="empty">Numbers come when it has ended.</p>`;
  return html`<${Table} name="All numbers of this run" columns=${columns} rows=${rows} keyOf=${(measure) => measure.field} />
    ${missing.length > 0 && html`<p class="quiet">Not defined here: ${missing.join(", ")}.</p>`}`;
}
