// Other models or words that think beside a strategy, until they have shown enough for its seats.
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Link } from "../../parts/router.js";
import { Section } from "../../parts/section.js";
import { Table } from "../../parts/table.js";
import { Gain, Time, number, percent, usd } from "../../parts/words.js";

const CHANGES = ["StrategyChanged", "ShadowTradeClosed", "LessonLearned", "CycleCompleted"];

export function Challenges() {
  const contests = useRead("/api/challenges", CHANGES);
  const empty = html`Nobody challenges anybody. One that thinks in shadow is added by ${" "}
    <code>starter.py strategies challenge NAME --model validator=MODEL</code>.`;
  return html`<${Section} id="challenges" title="Challengers">
    <${Loaded} of=${contests} empty=${empty}>
      ${(said) => said.items.map((each) => html`<${Contest} key=${each.challenger.strategy_id} contest=${each} />`)}
    <//>
  <//>`;
}

function Contest({ contest }) {
  const { challenger, champion, since_at: since, missing } = contest;
  const columns = [
    { title: "Strategy", cell: (who) => html`<${Link} href=${`/strategies/${who.strategy_id}`}>${who.strategy_id}<//>` },
    { title: "Seat", cell: (who) => (who === champion ? "champion" : "challenger") },
    { title: "Resolved", right: true, cell: (who) => number(who.resolved) },
    { title: "Pending", right: true, cell: (who) => number(who.pending) },
    { title: "Traded", right: true, cell: (who) => number(who.traded) },
    { title: "Hits", right: true, cell: (who) => (who.hit_rate == null ? "–" : percent(who.hit_rate, 0)) },
    { title: "Brier", right: true, cell: (who) => who.brier?.toFixed(4) ?? "–" },
    { title: "Made", right: true, cell: (who) => html`<${Gain} amount=${who.pnl} />` },
    { title: "Models", right: true, cell: (who) => usd(who.cost_usd) },
  ];
  const name = `${challenger.strategy_id} against ${champion.strategy_id}`;
  return html`<h3>${name}</h3>
    <${Table} name=${name} columns=${columns} rows=${[champion, challenger]} keyOf=${(who) => who.strategy_id} />
    ${missing.length > 0 ? html`<p>Missing for the crown: ${missing.join("; ")}.</p>`
      : html`<p class="good">Enough for the crown: <code>starter.py strategies crown ${challenger.strategy_id}</code></p>`}
    ${since && html`<p class="quiet">Decided since <${Time} at=${since} />, the challenger's first.</p>`}`;
}
