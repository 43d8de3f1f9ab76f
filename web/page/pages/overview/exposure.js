// How much is at work in each sector, and how much may be.
import { Gauge } from "../../parts/gauge.js";
import { html } from "../../parts/html.js";
import { Loaded, useRead } from "../../parts/load.js";
import { percent, usd } from "../../parts/words.js";
import { ORDERS_LINES } from "./lines.js";

export function Exposure() {
  const exposure = useRead("/api/exposure", ORDERS_LINES);
  return html`<section class="card" aria-labelledby="exposure"><h2 id="exposure">Exposure</h2>
    <${Loaded} of=${exposure}>${(said) => html`
      <p>${percent(said.gross_part)} of equity at work in ${said.places} of ${said.most_places} places;
        ${" "}${usd(said.free_cash)} of cash is free.</p>
      ${said.sectors.length === 0 && html`<p class="quiet">Nothing is held, and nothing is being bought.</p>`}
      ${said.sectors.map((each) => html`<${Sector} key=${each.name} sector=${each} />`)}
    `}<//>
  </section>`;
}

function Sector({ sector }) {
  const { name, usd: amount, part, most, symbols } = sector;
  const words = `${percent(part)} of ${percent(most, 0)}`;
  return html`<${Gauge} name=${name || "No sector"} words=${words} share=${part == null ? null : part / Number(most)}>
    <span class="quiet small">${symbols.join(", ")}</span><span class="quiet small">${usd(amount)}</span>
  <//>`;
}
