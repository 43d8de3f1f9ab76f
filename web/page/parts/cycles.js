// How cycles are named and how they end, in words: on the pages of all of them, of one, and of the desk.
import { html } from "./html.js";
import { Link } from "./router.js";
import { Badge, sentence, spaced } from "./words.js";

// Each end of a cycle: its badge, its tone, and what it means.
const ENDS = {
  traded: ["traded", "good", "Orders went out."],
  no_signals: ["no signals", "", "Nothing was to be bought or sold."],
  none_allowed: ["none allowed", "", "The limits let nothing pass."],
  none_approved: ["none approved", "", "The RiskManager approved nothing."],
  none_validated: ["none validated", "", "The Validator bore nothing out."],
  none_decided: ["none decided", "", "The last word was no, on every symbol."],
  shadowed: ["shadowed", "warn", "It only thought: what it would have traded is kept as shadow trades, and nothing was sent."],
  skipped: ["skipped", "warn", "It looked at nothing."],
  failed: ["failed", "bad", "It broke off."],
};
const DENIED = ["all denied", "warn", "It decided to trade, and nothing was sent."];
const RUNS = ["running", "live", "It runs."];
const TRIGGERS = { manual: "asked for", scheduled: "by the clock", price_move: "a price moved" };

const endOf = (cycle) => {
  if (!cycle.outcome) return RUNS;
  if (cycle.outcome === "traded" && cycle.reason) return DENIED; // a cycle that sent anything gives no reason
  return ENDS[cycle.outcome] ?? [spaced(cycle.outcome), "", ""];
};

export const CYCLE_LINES = ["CycleStarted", "CycleSkipped", "CycleCompleted", "CycleFailed"];

// Cycles that this page has asked for: they have no line in the log before their turn comes.
const expected = new Set();
export const expectCycle = (cycle) => void expected.add(cycle);
export const isExpected = (cycle) => expected.has(cycle);

export const hrefOf = (cycle) => `/cycles/${cycle.split("/").map(encodeURIComponent).join("/")}`;

export const triggerOf = (cycle) =>
  proposedBy({ operator: cycle.proposed_by }) || (TRIGGERS[cycle.trigger] ?? spaced(cycle.trigger ?? ""));

// Of what a line of the log tells: who proposed the trade that it is about, "" where nobody did.
export function proposedBy({ operator, trade }) {
  const name = operator || trade?.by;
  return name ? `proposed by ${name}` : "";
}

export function CycleLink({ id, children }) {
  return html`<${Link} href=${hrefOf(id)} class="id">${children ?? id}<//>`;
}

export function EndBadge({ cycle }) {
  const [name, kind] = endOf(cycle);
  return html`<${Badge} kind=${kind}>${name}<//>`;
}

// What came of it, as a sentence, with the reason where there is one.
export function endWords(cycle) {
  const [, , words] = endOf(cycle);
  const reason = (cycle.reason ?? "").trim();
  return [words, reason && sentence(reason)].filter(Boolean).join(" ");
}

// "AAPL, MSFT, … 18 more"
export function someOf(symbols, most = 5) {
  const more = symbols.length - most;
  return more > 1 ? `${symbols.slice(0, most).join(", ")} and ${more} more` : symbols.join(", ");
}

// How long it took, of two moments as the API tells them.
export function took(from, to) {
  if (!from || !to) return "";
  const seconds = Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
