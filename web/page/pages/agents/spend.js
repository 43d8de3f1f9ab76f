// What models took, by day, and by agent, model or strategy.
import { Lines } from "../../parts/chart.js";
import { html, useMemo, useState } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { number, plural } from "../../parts/words.js";

const DAYS = [1, 7, 30, 90, 365];
const BY = ["agent", "model", "strategy"];
const CHANGES = ["CycleCompleted", "CycleFailed", "BudgetDegraded"];
const dollars = (amount) => `$${Number(amount).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;

export function Spend() {
  const [days, since] = useState(30);
  const [by, sumBy] = useState("agent");
  const lines = useRead(`/api/spend?by=${by}&days=${days}`, CHANGES);
  const daily = useRead(`/api/spend?by=day&days=${days}`, CHANGES);
  const options = (all, now) => all.map((each) => html`<option value=${each} selected=${each === now}>${each}</option>`);
  return html`<${Section} id="spend" title="What models cost">
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label>Days back <select onChange=${(event) => since(Number(event.target.value))}>${options(DAYS, days)}</select></label>
      <label>By <select onChange=${(event) => sumBy(event.target.value)}>${options(BY, by)}</select></label>
    </form>
    <${Loaded} of=${lines} empty="No model was paid in these days. Rules cost nothing." isEmpty=${(said) => said.lines.length === 0}>
      ${(said) => html`<${Summed} spent=${said} />`}
    <//>
    ${daily.said?.lines.length > 1 && html`<${Daily} lines=${daily.said.lines} />`}
  <//>`;
}

function Summed({ spent }) {
  const amount = (title, field, means) => ({
    title: html`<span title=${means}>${title}</span>`,
    right: true,
    cell: (line) => dollars(line[field]),
  });
  const columns = [
    { title: spent.by, cell: (line) => line.key },
    { title: "Calls", right: true, cell: (line) => number(line.calls) },
    { title: "Tokens", right: true, cell: (line) => number(line.tokens) },
    amount("Settled", "settled_usd", "answered, at the vendor's price"),
    amount("Reserved", "reserved_usd", "of calls under way, at their most"),
    amount("Lost", "lost_usd", "attempts that died or broke off; their vendor may have charged for them"),
    amount("All that counts", "usd", "against the budgets"),
  ];
  const { total } = spent;
  const rows = [...spent.lines, total];
  return html`<${Table} name=${`What models cost by ${spent.by}`} columns=${columns} rows=${rows} keyOf=${(line) => line.key} />
    ${total.unpriced > 0 && html`<p class="warn">${plural(total.unpriced, "call")} without a known price: counted at the worst case,
      ${" "}${dollars(total.unpriced_usd)}.</p>`}`;
}

function Daily({ lines }) {
  const [times, series] = useMemo(() => {
    const rising = [...lines].sort((a, b) => (a.key < b.key ? -1 : 1));
    return [
      rising.map((line) => Date.parse(`${line.key}T12:00:00Z`) / 1000),
      [{ label: "Dollars", colour: "accent", fill: true, values: rising.map((line) => Number(line.usd)) }],
    ];
  }, [lines]);
  return html`<h3>By day</h3>
    <${Lines} label="What models cost each day" times=${times} series=${series} say=${dollars} height=${180} />
    <details><summary>The same as a table</summary><${Days} lines=${lines} /></details>`;
}

function Days({ lines }) {
  const columns = [
    { title: "Day", cell: (line) => line.key },
    { title: "Calls", right: true, cell: (line) => number(line.calls) },
    { title: "All that counts", right: true, cell: (line) => dollars(line.usd) },
  ];
  return html`<${Table} name="What models cost each day" columns=${columns} rows=${lines} keyOf=${(line) => line.key} />`;
}
