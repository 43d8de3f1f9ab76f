// What stands above every page: whose desk it is, how it stands, whether this page hears it, and the way to stop it.
import { Halt, Resume } from "./halting.js";
import { html, useState } from "./html.js";
import { useLive } from "./live.js";
import { useRead } from "./load.js";
import { may, useMe } from "./me.js";
import { Badge } from "./words.js";

const THEMES = { "": "Colours of the machine", light: "Light", dark: "Dark" };
const CHANGES = ["TradingStateChanged", "BreakerChanged", "StrategyStateChanged", "DeskOpened"];

export function Header() {
  const live = useLive();
  const me = useMe();
  const breaker = useRead(me?.has_books ? "/api/breaker" : null, CHANGES);
  const [doing, act] = useState(null);
  const mayAct = may(me, "operate");
  const state = breaker.said?.desk.state;
  const desk = me?.desk_id;
  return html`<header>
    <a class="name" href="/">${desk ?? "Trading desk"}</a>
    ${me && html`<${Badge} kind=${me.mode === "live" ? "warn" : ""}>${me.mode === "live" ? "real money" : me.mode}<//>`}
    ${state && html`<${Badge}>${state}<//>`}
    <span role="status" class=${live === "live" ? "live on" : "live"}>${live === "live" ? "live" : "not live: reaching the desk …"}</span>
    <span class="grow"></span>
    <${Theme} />
    ${state && !mayAct && html`<span class="quiet">${me.name} may not halt</span>`}
    ${state && mayAct && html`<button type="button" class="danger" onClick=${() => act("halt")}>Halt</button>`}
    ${state && mayAct && state !== "ACTIVE" && html`<button type="button" onClick=${() => act("resume")}>Resume</button>`}
    ${doing === "halt" && html`<${Halt} desk=${desk} close=${() => act(null)} />`}
    ${doing === "resume" && html`<${Resume} desk=${desk} reason=${breaker.said.desk.reason} close=${() => act(null)} />`}
  </header>`;
}

function Theme() {
  const [theme, set] = useState(localStorage.getItem("theme") ?? "");
  const choose = (event) => {
    const chosen = event.target.value;
    set(chosen);
    if (chosen) localStorage.setItem("theme", chosen);
    else localStorage.removeItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    dispatchEvent(new Event("theme"));
  };
  return html`<label class="theme"><span class="heard">Colours</span>
    <select value=${theme} onChange=${choose}>
      ${Object.entries(THEMES).map(([value, name]) => html`<option value=${value}>${name}</option>`)}
    </select>
  </label>`;
}
