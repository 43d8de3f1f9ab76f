// The page as a whole: its addresses, what stands above every one of them, and the log that keeps them fresh.
import { token } from "./parts/api.js";
import { Header } from "./parts/header.js";
import { html, render, useEffect, useRef, useState } from "./parts/html.js";
import { stream } from "./parts/live.js";
import { Opening } from "./parts/opening.js";
import { Link, matched, useAddress } from "./parts/router.js";
import { Agents } from "./pages/agents.js";
import { Alerts } from "./pages/alerts.js";
import { Approvals } from "./pages/approvals.js";
import { Ask } from "./pages/ask.js";
import { Backtest, Backtests } from "./pages/backtests.js";
import { Cycle } from "./pages/cycle.js";
import { Cycles } from "./pages/cycles.js";
import { Decisions } from "./pages/decisions.js";
import { Log } from "./pages/log.js";
import { Memory } from "./pages/memory.js";
import { Orders } from "./pages/orders.js";
import { Overview } from "./pages/overview.js";
import { Settings } from "./pages/settings.js";
import { Strategies, Strategy } from "./pages/strategies.js";

// Those with a name stand in the menu.
const PAGES = [
  ["/", Overview, "Overview"],
  ["/cycles", Cycles, "Cycles"],
  ["/cycles/*cycle", Cycle],
  ["/decisions", Decisions, "Decisions"],
  ["/approvals", Approvals, "Approvals"],
  ["/orders", Orders, "Orders"],
  ["/strategies", Strategies, "Strategies"],
  ["/strategies/:name", Strategy],
  ["/backtests", Backtests, "Backtests"],
  ["/backtests/:run", Backtest],
  ["/agents", Agents, "Agents"],
  ["/memory", Memory, "Memory"],
  ["/ask", Ask, "Ask"],
  ["/log", Log, "Audit log"],
  ["/alerts", Alerts, "Alerts"],
  ["/settings", Settings, "Settings"],
];

function Desk() {
  const { path } = useAddress();
  const [asksToken, askToken] = useState(null); // null, or what is wrong with the one that there is
  const main = useRef(null);
  const seen = useRef(path);
  useEffect(() => {
    const wanted = ({ detail }) => askToken(detail);
    addEventListener("token-wanted", wanted);
    return () => removeEventListener("token-wanted", wanted);
  }, []);
  useEffect(() => {
    document.title = `${main.current.querySelector("h1")?.textContent ?? "Trading desk"} · Trading desk`;
    const isNew = seen.current !== path && !main.current.contains(document.activeElement); // or a part of it has the focus already
    if (isNew) main.current.focus(); // whoever hears the page hears that it is another
    seen.current = path;
  }, [path]);
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <${Header} />
    <${Menu} path=${path} />
    <main id="main" tabindex="-1" ref=${main}>
      ${asksToken !== null ? html`<${TokenWanted} why=${asksToken} />` : html`<${Opening} /><${Shown} path=${path} />`}
    </main>`;
}

function Shown({ path }) {
  for (const [pattern, Page] of PAGES) {
    const found = matched(pattern, path);
    if (found) return html`<${Page} key=${path} ...${found} />`;
  }
  return html`<h1>There is no such page</h1><p><${Link} href="/">Overview<//></p>`;
}

function Menu({ path }) {
  const list = useRef(null);
  useEffect(() => { // on a phone the menu is a line that is longer than the screen
    const box = list.current.getBoundingClientRect();
    const here = list.current.querySelector("[aria-current]")?.getBoundingClientRect();
    if (here) list.current.scrollLeft += here.left - box.left - (box.width - here.width) / 2;
  }, [path]);
  const isAt = (href) => path === href || (href !== "/" && path.startsWith(`${href}/`));
  return html`<nav aria-label="Pages" ref=${list}><ul>
    ${PAGES.filter(([, , name]) => name).map(([href, , name]) => html`<li>
      <${Link} href=${href} aria-current=${isAt(href) ? "page" : undefined}>${name}<//>
    </li>`)}
  </ul>
    <p class="zone">Times are of ${Intl.DateTimeFormat().resolvedOptions().timeZone}</p>
  </nav>`;
}

function TokenWanted({ why }) {
  const submit = (event) => {
    event.preventDefault();
    token.set(new FormData(event.target).get("token"));
    location.reload();
  };
  return html`<h1>The desk wants a token</h1>
    ${why && html`<div class="failed" role="alert"><p>Not this one: ${why}.</p></div>`}
    <p>Make one where the desk runs: <code>starter.py token create NAME --scope read --scope operate --scope approve</code></p>
    <form onSubmit=${submit} class="narrow">
      <label>Token <input name="token" type="password" autocomplete="off" spellcheck="false" required /></label>
      <button type="submit">Open</button>
    </form>
    <p class="quiet">It is kept until this tab is closed.</p>`;
}

render(html`<${Desk} />`, document.body);
stream();
