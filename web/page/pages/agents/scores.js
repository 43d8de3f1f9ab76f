// A line a seat: an agent under one model and one version of its prompt; and whether its confidence came true.
import { html } from "../../parts/html.js";
import { Table } from "../../parts/table.js";
import { Gain, number, percent, usd } from "../../parts/words.js";

const share = (value) => (value == null ? "–" : percent(value, 0));
const cents = (value) => (value == null ? "–" : `$${Number(value).toFixed(4)}`);
const LEAST = 30; // below that many opinions a share says little

const COLUMNS = [
  ["said", (score) => number(score.opinions), "opinions: who was not asked has none, nor has code"],
  ["right", (score) => share(score.hit_rate), "part that approved what made money, or vetoed what did not"],
  ["Brier", (score) => score.brier?.toFixed(3) ?? "–",
    "mean of (confidence − came true)²: 0 is perfect, 0.25 a coin; the MetaAgent states no confidence"],
  ["let pass", (score) => html`<${Gain} amount=${score.approved_pnl} /> (${score.approved})`,
    "dollars that the shares which it let pass made, or would have made, and of how many setups"],
  ["vetoed", (score) => html`<${Gain} amount=${score.vetoed_pnl} /> (${score.vetoed})`,
    "dollars of those which came to it and it stopped, and of how many setups: a loss here is its merit"],
  ["USD", (score) => (score.cost_usd == null ? "–" : usd(score.cost_usd)), "what its calls took, each once"],
  ["USD each", (score) => cents(score.cost_per_decision), "that by opinions"],
  ["agree", (score) => share(score.agreement), "part of what the others said of the same setups that was the same"],
];

export function Scores({ scores }) {
  const columns = [
    { title: "Agent", cell: (score) => score.agent },
    { title: "Model", cell: (score) => score.model || "–" },
    { title: "Prompt", cell: (score) => html`<span title=${score.prompt_hash}>${score.prompt_version || "–"}</span>` },
    ...COLUMNS.map(([name, cell, means]) => ({
      title: html`<span title=${means}>${name}</span>`,
      right: true,
      cell: (score) => html`<span class="nowrap">${cell(score)}</span>`,
    })),
  ];
  const isFew = scores.some((score) => score.opinions < LEAST);
  return html`<${Table} name="Scores of the agents" columns=${columns} rows=${scores} keyOf=${keyOf} />
    ${isFew && html`<p class="warn">Of fewer than ${LEAST} opinions little follows.</p>`}
    <details><summary>What the columns mean</summary>
      <dl class="facts">${COLUMNS.map(([name, , means]) => html`<dt>${name}</dt><dd>${means}</dd>`)}</dl></details>
    <h3>Calibration</h3>
    <p class="quiet">How sure each was, in five steps, and how much of that came true: of one who knows how much he knows, both are alike.
      The RiskManager's confidence is 1 less its risk score.</p>
    <${Calibration} scores=${scores} />`;
}

const keyOf = (score) => [score.agent, score.model, score.prompt_version, score.prompt_hash].join(" ");

function Calibration({ scores }) {
  const rows = scores.flatMap((score) => score.calibration.map((step) => ({ ...step, score, key: `${keyOf(score)} ${step.said}` })));
  const columns = [
    { title: "Agent", cell: ({ score }) => score.agent },
    { title: "Model", cell: ({ score }) => score.model || "–" },
    { title: "Prompt", cell: ({ score }) => score.prompt_version || "–" },
    { title: "Opinions", right: true, cell: ({ count }) => number(count) },
    { title: "Said", right: true, cell: ({ said }) => share(said) },
    { title: "Came true", right: true, cell: ({ came }) => share(came) },
    { title: html`<span class="heard">Beside each other</span>`, cell: (step) => html`<${Bars} ...${step} />` },
  ];
  if (!rows.length) return html`<p class="empty">Nobody has stated a confidence yet.</p>`;
  return html`<${Table} name="Confidence and what came true" columns=${columns} rows=${rows} keyOf=${({ key }) => key} />`;
}

function Bars({ said, came }) {
  return html`<span class="bars" aria-hidden="true">
    <i style=${{ width: `${said * 100}%` }}></i><i class="came" style=${{ width: `${came * 100}%` }}></i>
  </span>`;
}
