// What a strategy is, in words; what is left to the desk is said as such.
import { html } from "../../parts/html.js";
import { number, percent, usd } from "../../parts/words.js";

const MODES = { auto: "no entry", above_notional: "entries above an amount", always: "every entry" };

export function Definition({ strategy }) {
  const terms = [["A person is asked", approval(strategy.approval)], ["Held to", rules(strategy.rules)]];
  const facts = [...about(strategy), ...limits(strategy.limits), ...terms];
  return html`<dl class="facts">${facts.map(([name, said]) => html`<dt>${name}</dt><dd>${said}</dd>`)}</dl>`;
}

function about(strategy) {
  const { source, parameters, universe, scan_times, heeds_memory } = strategy;
  const byAgents = source === "agents";
  return [
    ["Decides", byAgents ? "the four agents" : html`the rule <code>${source}</code>`],
    ...Object.entries(parameters).map(([name, value]) => [name, html`<code>${JSON.stringify(value)}</code>`]),
    ["Looks at", universe.symbols.join(", ") || screen(universe.screen) || "the desk's watchlist"],
    ["Scans", scan_times ? scan_times.map((each) => each.slice(0, 5)).join(", ") : "when the desk does"],
    ...(byAgents ? agents(strategy) : []),
    ...(heeds_memory == null ? [] : [["What has failed before", heeds_memory ? "is denied" : "is not denied"]]),
  ];
}

function agents({ models, prompts, budget_usd_per_day, debate_rounds }) {
  return [
    ["Models", ofAgents(models)],
    ["Prompts", ofAgents(prompts)],
    ["Models' budget", budget(budget_usd_per_day)],
    ["Debate", debate_rounds ? `${debate_rounds} of at most 3 rounds` : "none"],
  ];
}

const budget = (usdPerDay) => (usdPerDay == null ? "the desk's" : `${usd(usdPerDay)} a day`);
const ofAgents = (named) => Object.entries(named).map(([agent, word]) => `${agent}: ${word}`).join(", ") || "the desk's";

function screen(said) {
  if (!said) return "";
  const most = said.max_price == null ? "" : ` to ${usd(said.max_price)}`;
  const sectors = said.sectors.length ? `, of ${said.sectors.join(", ")}` : "";
  return `up to ${said.most} symbols from ${usd(said.min_price)}${most} a share, ${usd(said.min_dollar_volume)} a day${sectors}`;
}

function limits(own) {
  const says = { max_position: percent, max_sector: percent, max_positions: number, max_order_usd: usd, min_price: usd };
  const names = {
    max_position: "Most in one position", max_sector: "Most in one sector", max_positions: "Most positions",
    max_order_usd: "Most in one order", min_price: "Least price",
  };
  const given = Object.entries(names).filter(([name]) => own[name] != null).map(([name, words]) => [words, says[name](own[name])]);
  const never = own.restricted_symbols.length ? [["Never", own.restricted_symbols.join(", ")]] : [];
  return given.length + never.length ? [...given, ...never] : [["Limits", "the desk's"]];
}

function approval(own) {
  if (!own) return "as the desk does";
  const above = own.mode === "above_notional" ? ` (${usd(own.above_usd)})` : "";
  return `of ${MODES[own.mode]}${above}, ${own.valid_minutes} minutes for an answer, price within ${percent(own.max_drift)}`;
}

function rules(own) {
  if (!own) return "the desk's rules";
  const sharpe = own.min_sharpe == null ? "" : `, a Sharpe ratio of ${own.min_sharpe} over ${own.sharpe_sessions} sessions`;
  const least = `a profit factor of ${own.min_profit_factor}${sharpe}`;
  const most = `${percent(own.max_drawdown)} below its peak, ${own.max_losing_trades} losing trades in a row`;
  return `looked at every ${own.min_trades} trades: at least ${least}; at most ${most}; else it is ${own.on_failure}`;
}
