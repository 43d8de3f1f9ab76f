// What the MetaAgent, a rule or a person decided on each symbol, and why.
import { CycleLink, proposedBy } from "../parts/cycles.js";
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { Link, useQuery } from "../parts/router.js";
import { Pages, Table } from "../parts/table.js";
import { Badge, number, Time } from "../parts/words.js";

const VERDICTS = { EXECUTE: "execute", DO_NOT_EXECUTE: "do not execute" };

export function Decisions() {
  const [{ symbol, verdict, strategy }, change] = useQuery();
  const asked = Object.entries({ symbol, verdict, strategy }).filter(([, word]) => word);
  const path = `/api/decisions?${new URLSearchParams([...asked, ["limit", "50"]])}`;
  const decisions = useRead(path, ["MetaAgentDecision", "RuleDecision", "OperatorDecision"]);
  const none = html`None yet. <${Link} href="/cycles">Run a cycle<//>: each symbol that it looks at ends in a decision.`;
  const empty = asked.length ? "None like that. Take a filter away to see others." : none;
  return html`<h1>Decisions</h1>
    <p class="quiet">What the MetaAgent, a strategy's rule, or the person who proposed it said of each symbol. Limits come after it: an order
      may still be made smaller or denied.</p>
    <${Filters} symbol=${symbol} verdict=${verdict} strategy=${strategy} change=${change} />
    <${Loaded} of=${decisions} empty=${empty}>
      ${(said) => html`<${Pages} first=${said} path=${path} keyOf=${(line) => line.sequence}>
        ${(items) => html`<${Lines} items=${items} />`}
      <//>`}
    <//>`;
}

function Filters({ symbol, verdict, strategy, change }) {
  const known = useRead("/api/strategies", ["StrategyChanged"]).said?.items.map((each) => each.strategy_id) ?? [];
  const names = strategy && !known.includes(strategy) ? [strategy, ...known] : known;
  const option = (value, words, chosen) => html`<option value=${value} selected=${value === (chosen ?? "")}>${words}</option>`;
  return html`<form class="filters" role="search" aria-label="Decisions" onSubmit=${(event) => event.preventDefault()}>
    <label>Symbol <input type="search" size="8" maxlength="12" spellcheck="false" defaultValue=${symbol ?? ""}
      onChange=${(event) => change({ symbol: event.target.value.trim().toUpperCase() })} /></label>
    <label>Verdict <select onChange=${(event) => change({ verdict: event.target.value })}>
      ${option("", "any", verdict)}${Object.entries(VERDICTS).map(([value, words]) => option(value, words, verdict))}
    </select></label>
    <label>Strategy <select onChange=${(event) => change({ strategy: event.target.value })}>
      ${option("", "any", strategy)}${names.map((name) => option(name, name, strategy))}
    </select></label>
  </form>`;
}

function Lines({ items }) {
  return html`<${Table} name="Decisions, the newest first" rows=${items} keyOf=${(line) => line.sequence} columns=${[
    { title: "When", cell: (line) => html`<${Time} at=${line.occurred_at} />` },
    { title: "Symbol", cell: ({ data }) => html`<strong>${data.symbol}</strong>` },
    { title: "Verdict", cell: (line) => html`<${Verdict} said=${line.data.verdict} />` },
    { title: "Shares", right: true, cell: ({ data }) => number(Number(data.quantity) ? data.quantity : null) },
    { title: "Why", cell: (line) => html`<${Why} data=${line.data} />` },
    { title: "By", cell: ({ data }) => html`<${Who} data=${data} />` },
    { title: "Cycle", cell: (line) => html`<${CycleLink} id=${line.aggregate_id} />` },
  ]} />`;
}

function Verdict({ said }) {
  return html`<${Badge} kind=${said === "EXECUTE" ? "good" : ""}>${VERDICTS[said] ?? said}<//>`;
}

function Why({ data }) {
  return html`<div class="words">${data.rationale || "–"}
    ${data.uncited?.length > 0 && html`<p class="warn">Nothing that it was shown bears out: ${data.uncited.join(", ")}</p>`}</div>`;
}

function Who({ data }) {
  const strategy = data.strategy_id ?? "agents";
  const prompt = data.source?.prompt_version;
  return html`<${Link} href=${`/strategies/${strategy}`}>${strategy}<//>
    <div class="quiet value">${data.rule ?? data.source?.model ?? (proposedBy(data) || "–")}${prompt && `, ${prompt}`}</div>`;
}
