// The desk at one look: what it is worth, holds and may lose, what it does today, and what waits for a person.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { Breaker } from "./overview/breaker.js";
import { Equity } from "./overview/curve.js";
import { Exposure } from "./overview/exposure.js";
import { Figures } from "./overview/figures.js";
import { Positions } from "./overview/positions.js";
import { Scans } from "./overview/scans.js";
import { Spend } from "./overview/spend.js";
import { Today } from "./overview/today.js";
import { Waiting } from "./overview/waiting.js";

const NOTHING = "What the desk is worth, holds and may lose stands here after its first cycle.";

export function Overview() {
  const me = useRead("/api/me", ["DeskOpened"]);
  return html`<h1>Overview</h1>
    <${Loaded} of=${me}>${(said) => html`<${Waiting} />
      ${said.has_books ? html`<${Desk} me=${said} />` : html`<p class="empty">${NOTHING}</p>`}`}<//>`;
}

function Desk({ me }) {
  return html`<${Figures} />
    <${Equity} />
    <${Positions} me=${me} />
    <div class="pair">
      <div><${Breaker} /><${Spend} /></div>
      <div><${Exposure} /><${Today} /><${Scans} /></div>
    </div>`;
}
