// Runs over the past: all that are kept, and two or more of them beside each other.
import { html, useEffect, useState } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { Link, go, useQuery } from "../parts/router.js";
import { Table } from "../parts/table.js";
import { Badge, Time, plural } from "../parts/words.js";
import { Compare } from "./backtests/compare.js";
import { KIND_NAMES, numbersOf, sayMeasure, standingOf } from "./backtests/measures.js";

export { Backtest } from "./backtests/one.js";

const LEAST = 2;
const MOST = 6;
const LOOK_MS = 2000;

export function Backtests() {
  const [query] = useQuery();
  const compared = query.compare?.split(",").filter(Boolean) ?? [];
  return compared.length ? html`<${Compare} key=${query.compare} runs=${compared} />` : html`<${List} />`;
}

function List() {
  const runs = useRead("/api/backtests?limit=100");
  const [chosen, choose] = useState([]);
  const isRunning = runs.said?.items.some((each) => standingOf(each) === "running");
  useEffect(() => {
    if (!isRunning) return undefined;
    const looks = setInterval(runs.again, LOOK_MS); // studies are not in the log
    return () => clearInterval(looks);
  }, [isRunning, runs.again]);
  const toggle = (run) => choose(chosen.includes(run) ? chosen.filter((each) => each !== run) : [...chosen, run]);
  const submit = (event) => {
    event.preventDefault();
    go(`/backtests?compare=${chosen.join()}`);
  };
  return html`<h1>Backtests</h1>
    <p class="quiet">A run is begun where the desk runs, for it may take hours and cost money:${" "}
      <code>starter.py backtest --strategy sma_cross --symbols AAPL,MSFT --from 2016-08-08</code>, or ${" "}
      <code>sweep</code>, <code>walk-forward</code>, <code>monte-carlo</code>.</p>
    <${Loaded} of=${runs} empty="No run is kept yet. The command above makes the first one.">
      ${(said) => html`<form onSubmit=${submit}>
        <${Runs} rows=${said.items} chosen=${chosen} toggle=${toggle} />
        <div class="row">
          <button type="submit" disabled=${chosen.length < LEAST || chosen.length > MOST}>Compare</button>
          <span role="status">${toldOf(chosen.length)}</span>
        </div>
      </form>`}
    <//>`;
}

function toldOf(count) {
  if (count > MOST) return `${count} are chosen: ${MOST} fit beside each other.`;
  return count < LEAST ? `Choose ${LEAST} to ${MOST} runs to see them beside each other.` : `${plural(count, "run")} chosen.`;
}

function Runs({ rows, chosen, toggle }) {
  const measure = (title, field, unit) => ({
    title,
    right: true,
    cell: (row) => html`<span class="nowrap">${sayMeasure({ unit }, numbersOf(row)[field])}</span>`,
  });
  const columns = [
    { title: html`<span class="heard">Chosen</span>`, cell: (row) => html`<input type="checkbox" aria-label=${`Choose ${row.run_id}`}
      checked=${chosen.includes(row.run_id)} onChange=${() => toggle(row.run_id)} />` },
    { title: "Run", cell: (row) => html`<${Link} href=${`/backtests/${encodeURIComponent(row.run_id)}`}>${row.run_id}<//>
      ${row.name && html`<br />${row.name}`}` },
    { title: "Kind", cell: (row) => KIND_NAMES[row.kind] ?? row.kind },
    { title: "Strategy", cell: (row) => row.strategy },
    { title: "Symbols", cell: (row) => html`<span title=${row.symbols.join(", ")}>${few(row.symbols)}</span>` },
    { title: "Days", cell: (row) => html`<span class="nowrap">${row.from_on}</span> to <span class="nowrap">${row.to_on}</span>` },
    measure("Return", "total_return", "fraction"),
    measure("Sharpe", "sharpe", "ratio"),
    measure("Drawdown", "max_drawdown", "fall"),
    { title: "Trials", right: true, cell: (row) => row.trials.toLocaleString("en-US") },
    { title: "State", cell: (row) => html`<${Badge}>${standingOf(row)}<//>` },
    { title: "Begun", cell: (row) => html`<${Time} at=${row.started_at} />` },
  ];
  return html`<${Table} name="Backtests, the newest first" columns=${columns} rows=${rows} keyOf=${(row) => row.run_id} />
    <p class="quiet">Of a study: of days that it did not see while choosing, where there are any, else of its best trial.</p>`;
}

function few(symbols) {
  const shown = symbols.slice(0, 3).join(", ");
  return symbols.length > 3 ? `${shown} and ${symbols.length - 3} more` : shown;
}
