// A run's equity against what it is held against, and how far it lay below its peak.
import { Lines } from "../../parts/chart.js";
import { html, useMemo } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { percent, usd } from "../../parts/words.js";
import { secondsOf } from "./measures.js";

export function Curve({ path }) {
  const curve = useRead(`${path}/equity`);
  return html`<section class="card" aria-labelledby="curve"><h2 id="curve">Equity</h2>
    <${Loaded} of=${curve} empty="A curve takes two closes, and this run has fewer." isEmpty=${(said) => said.days.length < 2}>
      ${(said) => html`<${Drawn} curve=${said} />`}
    <//>
  </section>`;
}

function Drawn({ curve }) {
  const [times, worth, fallen] = useMemo(() => {
    const lines = [
      { label: "Run", colour: "accent", values: curve.equity },
      { label: "Benchmark", colour: "warn", dash: [6, 4], values: curve.benchmark },
      { label: "All symbols, bought and kept", colour: "quiet", dash: [2, 3], values: curve.held },
    ];
    const below = [{ label: "Below its peak", colour: "bad", fill: true, values: curve.drawdown.map((each) => each && -each) }];
    return [curve.days.map(secondsOf), lines.filter(({ values }) => values.some((each) => each !== null)), below];
  }, [curve]);
  return html`<p>${toldOf(curve)}</p>
    <${Lines} label="Equity at each close" times=${times} series=${worth} say=${usd} />
    <h3>Drawdown</h3>
    <${Lines} label="Fraction below the highest close before" times=${times} series=${fallen} say=${percent} height=${140} />`;
}

function toldOf({ days, equity, benchmark, held, drawdown, sessions }) {
  const worst = Math.max(...drawdown);
  const rest = [["the benchmark", benchmark], ["buying all its symbols and keeping them", held]]
    .filter(([, values]) => values.at(-1) != null)
    .map(([name, values]) => `${name} would have come to ${usd(values.at(-1))}`);
  const fell = worst > 0 ? `, ${percent(worst, 2)} below its peak at worst (${days[drawdown.indexOf(worst)]})` : "";
  const against = rest.length ? ` ${rest.join(", ").replace(/^./, (a) => a.toUpperCase())}.` : "";
  return `From ${usd(equity[0])} on ${days[0]} to ${usd(equity.at(-1))} on ${days.at(-1)}, ${sessions} sessions${fell}.${against}`;
}
