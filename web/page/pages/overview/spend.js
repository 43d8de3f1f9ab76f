// What the models cost today, and how much of each budget is used.
import { Gauge } from "../../parts/gauge.js";
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { cost, number, plural } from "../../parts/words.js";

const PERIODS = { day: "Today", month: "This month", cycle: "A cycle", strategy: "Today" };

export function Spend() {
  const spend = useRead("/api/spend", ["CycleCompleted", "CycleFailed", "BudgetDegraded", "MetaAgentDecision"]);
  return html`<section class="card" aria-labelledby="spend"><h2 id="spend">Models today</h2>
    <${Loaded} of=${spend}>${(said) => html`
      <p>${cost(said.total.usd)} for ${plural(said.total.calls, "paid call")}, ${plural(said.total.tokens, "token")}; by UTC's day.</p>
      ${said.budgets.length === 0 && html`<p class="quiet">No budget: <code>LLM_MAX_USD_PER_DAY</code> and its neighbours set one.</p>`}
      ${said.budgets.map((each) => html`<${Budget} key=${`${each.of}/${each.period}/${each.unit}`} budget=${each} />`)}`}<//>
  </section>`;
}

function Budget({ budget }) {
  const { period, unit, of, used, most, level } = budget;
  const say = unit === "dollars" ? cost : (amount) => `${number(amount)} ${unit}`;
  const words = used === null ? `${say(most)} at most` : `${say(used)} of ${say(most)}`;
  return html`<${Gauge} name=${[of, PERIODS[period] ?? period].filter(Boolean).join(", ")} words=${words}
    share=${used === null || !Number(most) ? null : Number(used) / Number(most)} over=${level === "closed"}>
    ${level !== "normal" && html`<span class="small warn">${level}</span>`}
  <//>`;
}
