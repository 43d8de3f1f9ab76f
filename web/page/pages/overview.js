// The desk at one look: what it is worth, holds and may lose, what it does today, and what waits for a person.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { Link } from "../parts/router.js";
import { Breaker } from "./overview/breaker.js";
import { Equity } from "./overview/curve.js";
import { Exposure } from "./overview/exposure.js";
import { Figures } from "./overview/figures.js";
import { Positions } from "./overview/positions.js";
import { Scans } from "./overview/scans.js";
import { Spend } from "./overview/spend.js";
import { Today } from "./overview/today.js";
import { Waiting } from "./overview/waiting.js";

export function Overview() {
  const me = useRead("/api/me", ["DeskOpened"]);
  return html`<h1>Overview</h1>
    <${Loaded} of=${me}>${(said) => (said.has_books ? html`<${Desk} me=${said} />` : html`<${NoBooks} desk=${said.desk_id} />`)}<//>`;
}

function NoBooks({ desk }) {
  return html`<p class="empty">${desk} has no books yet: they are opened by its first cycle. <${Link} href="/cycles">Run a cycle<//></p>`;
}

function Desk({ me }) {
  return html`<${Waiting} />
    <${Figures} />
    <${Equity} />
    <${Positions} me=${me} />
    <div class="pair">
      <div><${Breaker} /><${Spend} /></div>
      <div><${Exposure} /><${Today} /><${Scans} /></div>
    </div>`;
}
