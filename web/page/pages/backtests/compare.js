// Runs beside each other: their curves from the first dollar on, their numbers, and in what they differ.
import { Lines } from "../../parts/chart.js";
import { html, useMemo } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { number, spaced } from "../../parts/words.js";
import { sayMeasure, secondsOf } from "./measures.js";

const LOOKS = [
  { colour: "accent" }, { colour: "warn", dash: [8, 3] }, { colour: "good", dash: [3, 3] }, { colour: "bad", dash: [10, 3, 2, 3] },
  { colour: "text", dash: [2, 4] }, { colour: "quiet", dash: [12, 6] },
];
const longer = (said) => html`<span class="cell">${said}</span>`;
const rebased = (value) => (value == null ? "–" : value.toFixed(1));

export function Compare({ runs }) {
  const asked = new URLSearchParams(runs.map((each) => ["id", each]));
  const beside = useRead(`/api/backtests/compare?${asked}`);
  const measures = useRead("/api/measures");
  return html`<p><${Link} href="/backtests">All backtests<//></p>
    <h1>Backtests beside each other</h1>
    <${Loaded} of=${beside}>
      ${(said) => html`<${Loaded} of=${measures}>${({ items }) => html`<${Whole} beside=${said} measures=${items} />`}<//>`}
    <//>`;
}

function Whole({ beside, measures }) {
  const drawn = beside.runs.filter((run) => beside.equity[run]);
  const known = measures.filter(({ field }) => beside.metrics[field]);
  const numbers = known.map((measure) => ({
    name: html`<span title=${measure.definition}>${measure.label}</span>`,
    key: measure.field,
    values: beside.metrics[measure.field].map((value) => sayMeasure(measure, value)),
  }));
  const trials = { name: "Trials", key: "trials", values: beside.trials.map(number) };
  const differences = Object.entries(beside.differences).map(([name, values]) => ({
    name: spaced(name.replaceAll(".", ", ")),
    key: name,
    values: values.map(longer),
  }));
  return html`<${Section} id="curves" title="Equity">
      ${drawn.length > 0 && beside.days.length > 1 && html`<${Curves} beside=${beside} drawn=${drawn} />`}
      ${Object.values(beside.why).map((why) => html`<p class="quiet">No curve: ${why}.</p>`)}
    <//>
    <${Section} id="numbers" title="Numbers">
      <${Beside} name="Numbers of each run" runs=${beside.runs} rows=${[...numbers, trials]} right />
      <p class="quiet">Of a study: of days that it did not see while choosing, where there are any, else of its best trial.</p>
    <//>
    <${Section} id="differences" title="In what they differ">
      ${differences.length > 0 && html`<${Beside} name="Differences" runs=${beside.runs} rows=${differences} />`}
      ${differences.length === 0 && html`<p class="empty">In nothing that they were asked with.</p>`}
    <//>`;
}

function Curves({ beside, drawn }) {
  const [times, series] = useMemo(() => [
    beside.days.map(secondsOf),
    drawn.map((run, place) => ({ label: run, values: beside.equity[run], ...LOOKS[place % LOOKS.length] })),
  ], [beside]);
  const last = (run) => beside.equity[run].filter((each) => each !== null).at(-1);
  return html`<p>What 100 dollars became: ${drawn.map((run) => `${run} ${rebased(last(run))}`).join(", ")}.</p>
    <${Lines} label="What 100 dollars became in each run" times=${times} series=${series} say=${rebased} height=${320} />`;
}

function Beside({ name, runs, rows, right }) {
  const columns = [
    { title: html`<span class="heard">What</span>`, cell: (row) => html`<span class="nowrap">${row.name}</span>` },
    ...runs.map((run, place) => ({
      title: html`<${Link} class="cell" href=${`/backtests/${encodeURIComponent(run)}`}>${run}<//>`,
      right,
      cell: (row) => row.values[place],
    })),
  ];
  return html`<${Table} name=${name} columns=${columns} rows=${rows} keyOf=${(row) => row.key} />`;
}
