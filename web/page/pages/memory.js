// What the desk remembers of its decisions, found by what their reasoning means, and what came of each.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { Link, useQuery } from "../parts/router.js";
import { Table } from "../parts/table.js";
import { Badge, Gain, Time, number, percent, plural, usd } from "../parts/words.js";

const CHANGES = ["LessonLearned", "ShadowTradeClosed", "CycleCompleted", "DayClosed"];
const NOTHING = "Nothing like that is remembered. A desk remembers each proposal of its cycles, vetoed ones too.";
const NO_FATES =
  "Nothing yet. A decision is remembered at once, and has its outcome when its trade is closed, or would have been.";

export function Memory() {
  const [query, change] = useQuery();
  const submit = (event) => {
    event.preventDefault();
    const form = event.target;
    change({ text: form.text.value.trim(), symbol: form.symbol.value.trim().toUpperCase() });
  };
  return html`<h1>Memory</h1>
    <p class="quiet">Decisions whose reasoning says something like your words, nearest first. What has come to its end has an outcome,
      and may have a lesson.</p>
    <form class="filters" role="search" onSubmit=${submit}>
      <label class="grow">What to look for
        <input type="search" name="text" defaultValue=${query.text ?? ""} maxlength="1000" required
          placeholder="a breakout on thin volume" /></label>
      <label>Symbol, if only one
        <input name="symbol" defaultValue=${query.symbol ?? ""} maxlength="12" size="12" autocomplete="off" spellcheck="false" /></label>
      <button type="submit">Search</button>
    </form>
    ${query.text ? html`<${Found} text=${query.text} symbol=${query.symbol} />` : html`<${Newest} />`}`;
}

function Newest() {
  const resolved = useRead("/api/memory?limit=10", CHANGES);
  const pending = useRead("/api/memory?pending=true&limit=500", CHANGES);
  const waiting = pending.said?.items ?? [];
  return html`<h2>What came to its end of late</h2>
    ${waiting.length > 0 && html`<p class="quiet">${plural(waiting.length, "decision")} more wait for theirs: ${symbolsOf(waiting)}.</p>`}
    <${Loaded} of=${resolved} empty=${NO_FATES}>
      ${(said) => said.items.map((each) => html`<${Remembered} key=${each.setup.memory_id} memory=${each} />`)}
    <//>`;
}

const symbolsOf = (memories) => [...new Set(memories.map(({ setup }) => setup.symbol))].sort().join(", ");

function Found({ text, symbol }) {
  const asked = new URLSearchParams({ text, limit: 20, ...(symbol && { symbol }) });
  const found = useRead(`/api/memory/search?${asked}`);
  return html`<h2>${symbol ? `Of ${symbol}, nearest to` : "Nearest to"} “${text}”</h2>
    <${Loaded} of=${found} empty=${NOTHING}>
      ${(said) => said.items.map((each) => html`<${Remembered} key=${each.memory.setup.memory_id} ...${each} />`)}
    <//>`;
}

function Remembered({ memory, distance }) {
  const { setup, outcome, lesson } = memory;
  const level = (name, price) => price && html`, ${name} ${usd(price)}`;
  return html`<article class="card">
    <h3 class="row">${setup.side} ${setup.symbol}
      <${Badge}>${setup.course}<//> <${Badge} kind=${kindOf(outcome)}>${wordOf(outcome)}<//></h3>
    <p class="quiet">Decided <${Time} at=${setup.decided_at} /> in ${" "}<${Link} href=${`/cycles/${setup.cycle_id}`}>${setup.cycle_id}<//>,
      strategy ${setup.strategy_id}, ${setup.sector}${distance !== undefined && `; distance ${distance.toFixed(3)}`}</p>
    <p class="told">${setup.reasoning}</p>
    <p>At ${usd(setup.price)}${level("stop", setup.stop)}${level("target", setup.target)}: ${decided(setup)}</p>
    ${outcome && html`<${Outcome} outcome=${outcome} />`}
    ${lesson && html`<p><strong>Lesson:</strong> <span class="told">${lesson}</span></p>`}
    ${setup.voices.length > 0 && html`<details><summary>What each agent said</summary><${Voices} setup=${setup} /></details>`}
  </article>`;
}

const wordOf = (outcome) => (outcome ? (Number(outcome.pnl) > 0 ? "won" : "lost") : "pending");
const kindOf = (outcome) => (outcome ? (Number(outcome.pnl) > 0 ? "good" : "bad") : "warn");

function decided({ allowed, decided: shares }) {
  const let_ = `limits let ${number(allowed)} pass`;
  return Number(shares) ? `${let_}, ${plural(Number(shares), "share")} decided` : `${let_}, none decided: it was vetoed`;
}

function Outcome({ outcome }) {
  const against = outcome.benchmark_return == null ? "" : `, the benchmark ${percent(outcome.benchmark_return, 2)}`;
  const share = (fraction) => percent(fraction, 2);
  return html`<p>${outcome.course === "traded" ? "Came to" : "Would have come to"} ${" "}<${Gain} amount=${outcome.pnl} />, a return of
      ${" "}<${Gain} amount=${outcome.return_fraction} say=${share} />${against}, after ${plural(outcome.sessions, "session")};
      ended by ${outcome.exit_reason}. At best ${percent(outcome.best, 2)}, at worst ${percent(outcome.worst, 2)}.</p>`;
}

function Voices({ setup }) {
  const columns = [
    { title: "Agent", cell: (voice) => voice.agent },
    { title: "Said", cell: ({ approves }) => html`<${Badge} kind=${approves ? "good" : "bad"}>${approves ? "for it" : "against it"}<//>` },
    { title: "Confidence", right: true, cell: (voice) => (voice.confidence == null ? "–" : voice.confidence.toFixed(2)) },
    { title: "Let pass", right: true, cell: (voice) => plural(Number(voice.quantity), "share") },
    { title: "Model", cell: (voice) => voice.model || "code" },
    { title: "Prompt", cell: (voice) => voice.prompt_version || "–" },
  ];
  const name = `What each agent said of ${setup.memory_id}`;
  return html`<${Table} name=${name} columns=${columns} rows=${setup.voices} keyOf=${(voice) => voice.agent} />`;
}
