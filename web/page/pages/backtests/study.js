// What came of a study of many runs: how honest its best is, the best of them, and what was chosen over time.
import { html } from "../../parts/html.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { number, percent } from "../../parts/words.js";
import { sayMeasure } from "./measures.js";

const SHOWN = ["total_return", "cagr", "sharpe", "max_drawdown"];

export function Study({ row, measures }) {
  const summary = row.metrics;
  const has = (list) => list?.length > 0;
  return html`
    ${summary.honesty && html`<${Section} id="worth" title="What its best is worth"><${Honesty} of=${summary.honesty} /><//>`}
    ${has(summary.folds) && html`<${Section} id="folds" title="Chosen, then traded">
      <${Folds} folds=${summary.folds} measures=${measures} /><//>`}
    ${has(summary.percentiles) && html`<${Section} id="courses" title="Courses it could have taken">
      <${Quantiles} summary=${summary} measures=${measures} /><//>`}
    ${has(row.best) && html`<${Section} id="trials" title="The best trials"><${Trials} trials=${row.best} measures=${measures} /><//>`}
    ${has(summary.failures) && html`<${Section} id="failures" title="Failed">
      <ul>${summary.failures.map((each) => html`<li>${number(each.count)} of them: ${each.reason}</li>`)}</ul><//>`}
    ${!summary.done && !has(row.best) && html`<p class="empty">Nothing of it has ended yet: ${" "}
      <code>starter.py backtests watch ${row.run_id}</code> shows how far it is.</p>`}`;
}

function Honesty({ of }) {
  const facts = [
    ["Trials", number(of.trials)],
    ["Sharpe ratio of the best", of.sharpe?.toFixed(3)],
    ["What luck alone would show", of.expected_sharpe?.toFixed(3)],
    ["Deflated Sharpe: how sure that it is more than luck", of.deflated_sharpe != null && percent(of.deflated_sharpe)],
    ["Probability of overfitting", of.overfitting != null && percent(of.overfitting)],
    ["95 of 100 drawn Sharpe ratios lie between", of.interval.length === 2 && of.interval.map((each) => each.toFixed(3)).join(" and ")],
  ];
  return html`<dl class="facts">${facts.filter(([, said]) => said).map(([name, said]) => html`<dt>${name}</dt><dd>${said}</dd>`)}</dl>
    ${!of.traded && html`<p>Nothing traded: none of it can be told.</p>`}`;
}

const listed = (parameters) => Object.entries(parameters).map(([name, value]) => `${name} = ${value}`).join(", ");

function numberColumns(measures, numbersOfRow) {
  return measures.filter(({ field }) => SHOWN.includes(field)).map((measure) => ({
    title: measure.label,
    right: true,
    cell: (row) => sayMeasure(measure, numbersOfRow(row)[measure.field]),
  }));
}

function Trials({ trials, measures }) {
  const columns = [
    { title: "Trial", right: true, cell: (trial) => trial.number },
    { title: "Parameters", cell: (trial) => listed(trial.parameters) },
    ...numberColumns(measures, (trial) => trial.metrics),
  ];
  const keyOf = (trial) => `${trial.fold}-${trial.number}`;
  return html`<${Table} name="The best trials, the best first" columns=${columns} rows=${trials} keyOf=${keyOf} />`;
}

function Folds({ folds, measures }) {
  const span = (of) => (of ? `${of.from_on} to ${of.to_on}` : "–");
  const columns = [
    { title: "Chosen over", cell: (fold) => span(fold.train) },
    { title: "Parameters", cell: (fold) => (fold.chosen ? listed(fold.chosen.parameters) : fold.trouble) },
    { title: "Score there", right: true, cell: (fold) => fold.chosen?.score?.toFixed(3) ?? "–" },
    { title: "Then traded over", cell: (fold) => span(fold.test) },
    { title: "Score after", right: true, cell: (fold) => fold.out_of_sample?.toFixed(3) ?? "–" },
    ...numberColumns(measures, (fold) => fold.metrics),
  ];
  return html`<${Table} name="What was chosen, and how it did after" columns=${columns} rows=${folds} keyOf=${(fold) => fold.fold} />`;
}

function Quantiles({ summary, measures }) {
  const rows = measures.filter(({ field }) => summary.quantiles[field]?.length);
  const columns = [
    { title: "Number", cell: (measure) => measure.label },
    ...summary.percentiles.map((each, place) => ({
      title: `${each} %`,
      right: true,
      cell: (measure) => sayMeasure(measure, summary.quantiles[measure.field][place]),
    })),
  ];
  return html`<p class="quiet">${summary.drawn}</p>
    <${Table} name="Numbers of the trials at percentiles" columns=${columns} rows=${rows} keyOf=${(measure) => measure.field} />`;
}
