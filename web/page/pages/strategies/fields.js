// The fields of a strategy that a form shows: where each is in its record, how it is written, and what it means.
import { SAYS } from "./says.js";

const AGENTS = ["DataAgent", "RiskManager", "Validator", "MetaAgent"];
const ofEach = (field, word, hint) => AGENTS.map((agent) => (
  { path: `${field}.${agent}`, as: "text", label: `${word} of the ${agent}`, hint, of: "agents" }
));
const OWN = [["", "as the desk"], ["own", "its own"]];

// `path`: the place in the record; `as`: how its value is written (`says.js`); `of`: only for strategies that ask the agents
// ("agents") or decide by a rule ("rule"); `whole`: a part that is left to the desk as long as this choice is empty.
export const GROUPS = [
  ["Money", [
    { path: "allocation", as: "percent", label: "Allocation, %", hint: "Of the desk's equity; in shadow it counts towards nothing." },
    { path: "budget_usd_per_day", as: "text", label: "Models' budget, USD a day", hint: "Empty: the desk's alone.", of: "agents" },
  ]],
  ["What it looks at, and when", [
    { path: "universe.symbols", as: "words", label: "Symbols", hint: "Separated by commas. Empty: the screen, else the desk's watchlist." },
    { path: "scan_times", as: "times", label: "Scan times", hint: "As 11:00, 14:30, by the schedule's zone. Empty: the desk's." },
    { path: "universe.screen", as: "whole", label: "Screen", options: [["", "none"], ["own", "by price and volume"]] },
    { path: "universe.screen.min_price", as: "text", label: "Least price, USD", hint: "Empty: 5." },
    { path: "universe.screen.max_price", as: "text", label: "Most price, USD", hint: "Empty: any." },
    { path: "universe.screen.min_dollar_volume", as: "text", label: "Least volume, USD a day", hint: "Empty: 1,000,000." },
    { path: "universe.screen.sectors", as: "words", label: "Sectors", hint: "Separated by commas. Empty: all." },
    { path: "universe.screen.most", as: "count", label: "Most symbols", hint: "Empty: 20." },
  ]],
  ["Rule", [{ path: "parameters", as: "pairs", label: "Parameters", of: "rule", kind: "textarea" }]],
  ["Agents", [
    ...ofEach("models", "Model", "Empty: the desk's."),
    ...ofEach("prompts", "Prompt", "A version. Empty: the desk's."),
    { path: "debate_rounds", as: "count", label: "Rounds of debate", of: "agents", options: ["0", "1", "2", "3"].map((each) => [each, each]) },
    { path: "heeds_memory", as: "yes", label: "Denies setups that have failed before", of: "agents",
      options: [["", "as agents usually do"], ["yes", "yes"], ["no", "no"]] },
  ]],
  ["Limits of its own", [
    { path: "limits.max_position", as: "percent", label: "Most in one position, %", hint: "Of its own equity. Empty: the desk's." },
    { path: "limits.max_sector", as: "percent", label: "Most in one sector, %", hint: "Of its own equity. Empty: the desk's." },
    { path: "limits.max_positions", as: "count", label: "Most positions", hint: "Empty: the desk's." },
    { path: "limits.max_order_usd", as: "text", label: "Most in one order, USD", hint: "Empty: the desk's." },
    { path: "limits.min_price", as: "text", label: "Least price of a share, USD", hint: "Empty: the desk's." },
    { path: "limits.restricted_symbols", as: "words", label: "Never these symbols", hint: "Separated by commas." },
  ]],
  ["A person's yes", [
    { path: "approval", as: "whole", label: "Asks a person", options: OWN, hint: "It may ask more often than the desk, never less." },
    { path: "approval.mode", as: "text", label: "Which entries wait",
      options: [["auto", "none"], ["above_notional", "those above an amount"], ["always", "all"]] },
    { path: "approval.above_usd", as: "text", label: "Above, USD", hint: "Empty: 10,000." },
    { path: "approval.valid_minutes", as: "count", label: "Minutes for an answer", hint: "Empty: 15." },
    { path: "approval.max_drift", as: "percent", label: "Price may move by, %", hint: "Empty: 1." },
  ]],
  ["When it does badly", [
    { path: "rules", as: "whole", label: "Held to rules", options: OWN },
    { path: "rules.min_trades", as: "count", label: "Looked at every … trades", hint: "Empty: 20." },
    { path: "rules.min_profit_factor", as: "text", label: "Least profit factor", hint: "0: not looked at. Empty: 0.8." },
    { path: "rules.max_drawdown", as: "percent", label: "Most below its peak, %", hint: "0: not looked at. Empty: 25." },
    { path: "rules.min_sharpe", as: "text", label: "Least Sharpe ratio a year", hint: "Empty: not looked at." },
    { path: "rules.sharpe_sessions", as: "count", label: "… over at least so many sessions", hint: "Empty: 60." },
    { path: "rules.max_losing_trades", as: "count", label: "Losing trades in a row", hint: "0: not looked at. Empty: 10." },
    { path: "rules.on_failure", as: "text", label: "Then it",
      options: [["reducing", "only closes what it holds"], ["disabled", "is disabled"]] },
  ]],
];

const OF_AGENTS = new Set(["models", "prompts"]);
const WHOLES = ["universe.screen", "approval", "rules"];

// Whether a field is for a strategy of this source.
export const isFor = (field, source) => !field.of || (field.of === "agents") === (source === "agents");

// The whole that this field is a part of, where there is one that may be left to the desk.
export const wholeOf = (field) => WHOLES.find((each) => field.path.startsWith(`${each}.`));

// A field as it is written in a form.
export const written = (record, { path, as }) => SAYS[as].write(found(record, path));

// A strategy of which nothing was said yet.
export const BLANK = {
  source: "agents", parameters: {}, universe: { symbols: [], screen: null }, allocation: "0", models: {}, prompts: {},
  budget_usd_per_day: null, scan_times: null, limits: { restricted_symbols: [] }, rules: null, approval: null, debate_rounds: 0, heeds_memory: null,
};

// What of the record a form changes: {name: value} of its outermost fields. Throws a Problem for what cannot be read.
export function changes(was, form, source) {
  const now = structuredClone({ ...was, source });
  if (source !== was.source) Object.assign(now, { parameters: {}, models: {}, prompts: {} });
  for (const field of GROUPS.flatMap(([, fields]) => fields).filter((each) => form.has(each.path))) {
    const isOther = field.of && source !== was.source; // the old source's words are none of the new one's
    if (form.get(field.path) === written(was, field) && !isOther) continue;
    put(now, field.path, SAYS[field.as].read(form.get(field.path), found(now, field.path), field));
  }
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name])));
}

function found(record, path) {
  return path.split(".").reduce((inside, name) => inside?.[name], record);
}

// What is unset is null where the record has a place for that, and else not there at all.
function put(record, path, value) {
  const names = path.split(".");
  const last = names.pop();
  const inside = names.reduce((at, name) => at?.[name], record);
  if (!inside) return; // a part of a whole that is left to the desk
  const hasNull = path === "rules.min_sharpe" || !(wholeOf({ path }) || OF_AGENTS.has(names[0]));
  if (value === null && !hasNull) delete inside[last];
  else inside[last] = value;
}
