// What the desk was worth over time, beside the benchmark, and how far it was below its peak.
import { Lines } from "../../parts/chart.js";
import { html, useMemo } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { Time, percent, usd } from "../../parts/words.js";

const MARKS = 500; // beyond that a point a day says more
const DAYS = 2000;
const LINES = ["TradeExecuted", "CycleCompleted", "DayClosed", "CapitalChanged"];

export function Equity() {
  const marks = useRead(`/api/equity?limit=${MARKS}`, LINES);
  const many = marks.said?.items.length === MARKS;
  const days = useRead(many ? `/api/equity?by=day&limit=${DAYS}` : null, LINES);
  return html`<section aria-labelledby="equity" class="card"><h2 id="equity">Equity</h2>
    <${Loaded} of=${many ? days : marks} isEmpty=${(said) => said.items.length < 2}
      empty="The curve begins with the second mark: the desk is marked when it trades and at each close.">
      ${(said) => html`<${Curve} points=${said.items} benchmark=${said.benchmark} />`}
    <//>
  </section>`;
}

function Curve({ points, benchmark }) {
  const [times, worth, falls, held] = useMemo(() => {
    const rising = [...points].reverse();
    const against = rising.some((each) => each.benchmark != null);
    const numbers = (of) => rising.map((each) => (of(each) == null ? null : Number(of(each))));
    const equity = { label: "Equity", colour: "accent", fill: !against, values: numbers((each) => each.equity) };
    const beside = { label: benchmark.symbol, colour: "quiet", dash: [5, 4], values: numbers((each) => each.benchmark) };
    return [
      rising.map((each) => Date.parse(each.marked_at) / 1000),
      against ? [equity, beside] : [equity],
      [{ label: "Below its peak", colour: "bad", fill: true, values: numbers((each) => -each.drawdown) }],
      against,
    ];
  }, [points, benchmark.symbol]);
  const label = held ? `Equity over time beside ${benchmark.symbol}` : "Equity over time";
  return html`<${Lines} label=${label} times=${times} series=${worth} say=${whole} />
    <h3>Drawdown</h3>
    <${Lines} label="Drawdown over time" times=${times} series=${falls} say=${(part) => percent(part, 2)} height=${130} />
    <${Said} points=${points} benchmark=${benchmark} />`;
}

const rounded = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const whole = (amount) => rounded.format(amount);

// The same in words.
function Said({ points, benchmark }) {
  const [last, first] = [points[0], points.at(-1)];
  const deepest = points.reduce((worst, each) => (each.drawdown > worst.drawdown ? each : worst));
  const fell = deepest.drawdown > 0
    ? html`The deepest drawdown was ${percent(deepest.drawdown, 2)}, at <${Time} at=${deepest.marked_at} />; now it is
      ${" "}${percent(last.drawdown, 2)}.`
    : "It was never below its peak.";
  const beside = last.benchmark != null
    ? `In ${benchmark.symbol} the same money would be ${usd(last.benchmark)}.`
    : `Beside it there is no ${benchmark.symbol}: ${benchmark.why || "a price of it is missing"}.`;
  return html`<p>From <${Time} at=${first.marked_at} /> to <${Time} at=${last.marked_at} />:
    ${" "}${usd(first.equity)} became ${usd(last.equity)}. ${fell} ${beside}</p>`;
}
