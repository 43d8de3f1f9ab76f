// One cycle: what each agent said of each symbol, what came of it, and how it goes while it runs.
import { read } from "../parts/api.js";
import { EndBadge, isExpected, endWords, proposedBy, took, triggerOf } from "../parts/cycles.js";
import { html, useEffect, useState } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { listen } from "../parts/live.js";
import { Link } from "../parts/router.js";
import { Copied } from "../parts/copied.js";
import { Time, cost } from "../parts/words.js";
import { Approval } from "./cycle/approval.js";
import { Results } from "./cycle/results.js";
import { Timeline } from "./cycle/timeline.js";
import { doing, linesOf, silences, stepsOf, tradeOf, waysOf } from "./cycle/told.js";
import { Ways } from "./cycle/ways.js";

const LOOK_MS = 1000;

export function Cycle({ cycle }) {
  const [waits, wait] = useState(() => isExpected(cycle));
  const seen = useRead(waits ? null : `/api/cycles/${cycle.split("/").map(encodeURIComponent).join("/")}`, true, cycle);
  const missing = seen.said === undefined && seen.problem?.status === 404;
  if (waits) return html`<h1>Cycle ${cycle}</h1><${Expected} cycle=${cycle} come=${() => wait(false)} />`;
  return html`<h1>Cycle ${cycle}</h1>
    ${missing
      ? html`<${Absent} cycle=${cycle} again=${seen.again} />`
      : html`<${Loaded} of=${seen}>${(said) => html`<${Told} said=${said} />`}<//>`}`;
}

// It was asked for here a moment ago: the log tells when it begins, and the desk whether it still waits.
function Expected({ cycle, come }) {
  useEffect(() => {
    const look = async () => {
      const lines = await read(`/api/events?limit=1&cycle=${encodeURIComponent(cycle)}`).catch(() => undefined);
      const status = lines?.items.length === 0 && (await read("/api/status").catch(() => undefined));
      const waits = !status || !status.cycles || status.cycles.some((each) => each.cycle_id === cycle);
      if (lines && (lines.items.length > 0 || !waits)) come();
    };
    const looking = setInterval(look, LOOK_MS);
    const stop = listen((line) => line.aggregate_id === cycle && come());
    look();
    return () => {
      clearInterval(looking);
      stop();
    };
  }, [cycle]);
  return html`<p role="status">It waits for its turn: the desk runs one cycle after the other.</p>`;
}

// The log knows nothing of it: it waits for its turn, or there is no such cycle.
function Absent({ cycle, again }) {
  const [waits, know] = useState(undefined);
  useEffect(() => {
    let looking;
    const look = async () => {
      const status = await read("/api/status").catch(() => undefined);
      const known = status?.cycles?.some((each) => each.cycle_id === cycle) ?? false;
      know(known);
      if (known) again();
      else clearInterval(looking);
    };
    looking = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(looking);
  }, [cycle]);
  if (waits === undefined) return html`<p class="quiet" aria-busy="true">Reading …</p>`;
  if (waits) return html`<p role="status">It waits for its turn: the desk runs one cycle after the other.</p>`;
  return html`<p class="empty">The desk knows no such cycle. <${Link} href="/cycles">All cycles<//></p>`;
}

function Told({ said }) {
  const { cycle, events, orders, costs = {} } = said;
  const ways = waysOf(events);
  const running = !cycle.ended_at;
  return html`<${Head} said=${said} ways=${ways} running=${running} />
    <${Approval} events=${events} running=${running} />
    <${Wrong} findings=${linesOf(events, "AuditFinding")} silent=${silences(events)} away=${linesOf(events, "MemoryAway")} />
    <h2>What was said of each symbol</h2>
    ${ways.length === 0
      ? html`<p class="empty">${running ? "Nothing yet." : "Nothing: no symbol was looked at."}</p>`
      : html`<${Ways} ways=${ways} costs=${costs} silent=${silences(events)} running=${running} />`}
    <${Results} orders=${orders} events=${events} />
    <${Timeline} events=${events} cycle=${cycle.cycle_id} />`;
}

function Head({ said, ways, running }) {
  const { cycle, events } = said;
  const snapshot = linesOf(events, "SnapshotTaken")[0];
  const trade = tradeOf(events);
  return html`<section class="card" aria-label="How it went">
    <p role="status"><${EndBadge} cycle=${cycle} /> ${running ? doing(events, ways) : endWords(cycle)}</p>
    <ol class="course">${stepsOf(events, ways).map(([name, words]) => html`<li class=${words ? "good" : ""}>
      <strong>${name}</strong> <span>${words || (running ? "…" : "–")}</span>
    </li>`)}</ol>
    <p class="quiet"><${Link} href=${`/strategies/${encodeURIComponent(cycle.strategy_id)}`}>${cycle.strategy_id}<//>,${" "}
      ${cycle.trigger && `${trade ? `${proposedBy({ trade })}, no agent was asked` : triggerOf(cycle)}, `}<${Time} at=${cycle.started_at ?? cycle.ended_at} />
      ${!running && cycle.started_at && `, took ${took(cycle.started_at, cycle.ended_at)}`}
      ${Number(said.cost_usd) ? `, models ${cost(said.cost_usd)}` : ""}</p>
    ${snapshot && html`<p class="quiet">Prices of ${snapshot.provider} as of <${Time} at=${snapshot.as_of} />
      ${snapshot.synthetic && ", made up"}${!snapshot.in_session && ", outside the session"}</p>`}
    <${Elsewhere} said=${said} />
  </section>`;
}

function Elsewhere({ said }) {
  const trace = said.events[0]?.trace_id;
  return html`<p class="row">
    ${said.url && html`<a href=${said.url} target="_blank" rel="noreferrer">Workflow in Temporal</a>`}
    ${said.trace_url && html`<a href=${said.trace_url} target="_blank" rel="noreferrer">Trace</a>`}
    <${Link} href=${`/log?cycle=${encodeURIComponent(said.cycle.cycle_id)}`}>In the audit log<//>
    ${trace && html`<span>Trace id <${Copied} text=${trace} name="trace id" /></span>`}
  </p>`;
}

// What is not as it should be: what the audit found, and who could not be heard.
function Wrong({ findings, silent, away }) {
  const lines = [
    ...findings.map((each) => `${each.invariant}, ${each.about}: ${each.found}`),
    ...silent.map((each) => `${each.agent} gave no answer (${each.cause}): ${each.reason}`),
    ...away.map((each) => `The memory was away (${each.step}): ${each.reason}`),
  ];
  return lines.length > 0 && html`<section class="failed" aria-label="What went wrong"><p>Not all went as it should.</p>
    <ul>${lines.map((each) => html`<li>${each}</li>`)}</ul>
  </section>`;
}
