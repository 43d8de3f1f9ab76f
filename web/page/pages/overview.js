import { html, useMemo } from "../parts/html.js";
import { Lines } from "../parts/chart.js";
import { Loaded, useRead } from "../parts/load.js";
import { usd } from "../parts/words.js";

export function Overview() {
  const equity = useRead("/api/equity?limit=1000", ["TradeExecuted", "DayClosed"]);
  return html`<h1>Overview</h1><section aria-labelledby="equity" class="card"><h2 id="equity">Equity</h2>
    <${Loaded} of=${equity} empty="The curve begins with the second mark: the desk is marked when it trades and at each close." isEmpty=${(said) => said.items.length < 2}>${(said) => html`<${Curve} marks=${said.items} />`}<//></section>`;
}

function Curve({ marks }) {
  const [times, series] = useMemo(() => {
    const rising = [...marks].reverse();
    return [
      rising.map((each) => Date.parse(each.marked_at) / 1000),
      [{ label: "Equity", colour: "accent", fill: true, values: rising.map((each) => Number(each.equity)) }],
    ];
  }, [marks]);
  return html`<${Lines} label="Equity over time" times=${times} series=${series} say=${usd} />`;
}
