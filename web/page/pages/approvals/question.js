// One question: the orders of a cycle that wait, each to be let go or not, and how long there is to say so.
import { CycleLink } from "../../parts/cycles.js";
import { html, useEffect, useMemo, useState } from "../../parts/html.js";
import { Link } from "../../parts/router.js";
import { Table } from "../../parts/table.js";
import { number, percent, plural, Time, total, usd } from "../../parts/words.js";

const TICK_MS = 5_000;
const MINUTE_S = 60;

export function Question({ asked, seconds_left, live, mayAnswer, over, answer }) {
  const left = useLeft(asked, seconds_left, over);
  const [kept, keep] = useState(() => new Set()); // symbols that are not to go
  const chosen = asked.orders.map((each) => each.request.symbol).filter((each) => !kept.has(each));
  const flip = (symbol) => keep((was) => was.symmetricDifference(new Set([symbol])));
  const count = asked.orders.length;
  const words = chosen.length < count ? `Approve ${chosen.length} of ${count}` : count === 1 ? "Approve it" : `Approve all ${count}`;
  const title = `question-${asked.hash.slice(0, 8)}`;
  return html`<section class="card" aria-labelledby=${title}>
    <h2 id=${title}>${plural(count, "entry waits", "entries wait")}: ${usd(total(asked.orders.map((each) => each.usd)))}</h2>
    <dl class="facts">
      <dt>Asked by</dt>
      <dd><${Link} href=${`/strategies/${asked.strategy_id}`}>${asked.strategy_id}<//> in <${CycleLink} id=${asked.cycle_id} />${
        asked.proposed_by && `, proposed by ${asked.proposed_by}: no agent was asked`}</dd>
      <dt>Asked</dt><dd><${Time} at=${asked.asked_at} /></dd>
      <dt>Until</dt><dd><${Time} at=${asked.expires_at} />, <strong class=${left <= MINUTE_S ? "bad" : ""}>${inWords(left)}</strong></dd>
      <dt>Price may move</dt><dd>${percent(asked.max_drift)} from what is shown, else it is not sent</dd>
      <dt>Hash</dt><dd><code>${asked.hash}</code></dd>
    </dl>
    ${live === null && html`<p class="warn">No worker answers for this cycle now: an answer is taken once one runs
      ${" "}(<code>starter.py up</code>).</p>`}
    <${Orders} orders=${asked.orders} kept=${kept} flip=${mayAnswer && left > 0 && flip} />
    ${mayAnswer && left > 0 && html`<div class="row">
      <button type="button" disabled=${!chosen.length} onClick=${() => answer({ asked, symbols: chosen, yes: true })}>${words} …</button>
      <button type="button" class="danger" onClick=${() => answer({ asked, symbols: [], yes: false })}>Reject all …</button>
    </div>`}
  </section>`;
}

// `flip`: what a box beside each order does; without one there is none.
export function Orders({ orders, kept, flip, name = "Orders that wait" }) {
  const box = ({ request: { symbol } }) => html`<input type="checkbox" aria-label=${`Approve ${symbol}`} checked=${!kept.has(symbol)}
    onChange=${() => flip(symbol)} />`;
  return html`<${Table} name=${name} rows=${orders} keyOf=${(each) => each.request.client_order_id} columns=${[
    ...(flip ? [{ title: "Approve", cell: box }] : []),
    { title: "Order", cell: ({ request }) => html`<strong class="id">${request.side} ${number(request.quantity)} ${request.symbol}</strong>` },
    { title: "Value", right: true, cell: (each) => html`<strong>${usd(each.usd)}</strong>` },
    { title: "Price seen", right: true, cell: ({ request }) => usd(request.mark) },
    { title: "Stop", right: true, cell: ({ request }) => usd(request.stop) },
    { title: "Target", right: true, cell: ({ request }) => usd(request.target) },
    { title: "Limit", right: true, cell: ({ request }) => usd(request.limit_price) },
    ...(kept ? [{ title: "Why", cell: (each) => html`<div class="words">${each.reasoning || "–"}</div>` }] : []),
  ]} />`;
}

// Seconds left, by the desk's clock: this machine's may be wrong. `over` is called once when there are none.
function useLeft(asked, told, over) {
  const ends = useMemo(() => performance.now() + told * 1000, [asked.hash, told]);
  const [now, tick] = useState(performance.now());
  const left = Math.max(0, Math.round((ends - now) / 1000));
  useEffect(() => {
    const beat = setInterval(() => tick(performance.now()), TICK_MS);
    return () => clearInterval(beat);
  }, []);
  useEffect(() => void (told > 0 && left === 0 && over()), [left === 0]);
  return left;
}

// Whole minutes: what changes every second is noise to who hears it.
function inWords(left) {
  if (!left) return "its time is over";
  return left < MINUTE_S ? "less than a minute left" : `${plural(Math.floor(left / MINUTE_S), "minute")} left`;
}
