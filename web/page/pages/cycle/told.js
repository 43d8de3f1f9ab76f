// A cycle's lines in the log as what they tell: each symbol's way through it, and what holds for the whole.

// [{symbol, price, signal, limits, risk, validation, words, decision, silent, dropped, denied, fills, shadows}], those
// that came farthest first.
export function waysOf(events) {
  const ways = new Map();
  const of = (symbol) => {
    if (!ways.has(symbol)) ways.set(symbol, { symbol, limits: [], words: [], silent: {}, fills: [], shadows: [] });
    return ways.get(symbol);
  };
  for (const { type, data } of events) {
    if (type === "SnapshotTaken") Object.entries(data.prices).forEach(([symbol, price]) => (of(symbol).price = price));
    else if (data.symbol && TAKEN[type]) TAKEN[type](of(data.symbol), data);
  }
  return [...ways.values()].sort((a, b) => rank(b) - rank(a) || a.symbol.localeCompare(b.symbol));
}

const TAKEN = {
  SignalGenerated: (way, data) => (way.signal = data),
  ConstraintApplied: (way, data) => way.limits.push(data),
  RiskAssessed: (way, data) => (way.risk = data),
  ValidationComplete: (way, data) => (way.validation = data),
  ArgumentMade: (way, data) => way.words.push(data),
  MetaAgentDecision: (way, data) => (way.decision = data),
  RuleDecision: (way, data) => (way.decision = data),
  OperatorDecision: (way, data) => (way.decision = data),
  AgentAbstained: (way, data) => (way.silent[data.agent] = data),
  SymbolDropped: (way, data) => (way.dropped = data),
  OrderDenied: (way, data) => (way.denied = data),
  TradeExecuted: (way, data) => way.fills.push(data),
  ShadowTradeOpened: (way, data) => way.shadows.push(data),
};

const rank = (way) => [way.signal, wants(way), way.risk, way.validation, way.decision, way.fills.length].filter(Boolean).length;

// Whether somebody wanted to trade it: a hold ends where it began.
export function wants(way) {
  return way.signal && way.signal.action !== "hold";
}

// What an agent did not say of all symbols at once.
export const silences = (events) => events.filter(({ type, data }) => type === "AgentAbstained" && !data.symbol).map(({ data }) => data);

// The lines of one type, as what they say.
export const linesOf = (events, type) => events.filter((each) => each.type === type).map((each) => each.data);

// Who decides where no agent is asked: a person or a rule; null where the agents do.
export function aloneOf(events, ways) {
  if (tradeOf(events)) return "Operator";
  return ways.some((way) => way.signal?.rule) ? "Rule" : null;
}

// The trade that a person proposed, where that is what the cycle is for.
export const tradeOf = (events) => linesOf(events, "CycleStarted")[0]?.trade;

const count = (ways, is) => ways.filter(is).length;

// How far it came, a step a line: [name, words], with no words where nothing came yet.
export function stepsOf(events, ways) {
  const wanted = ways.filter(wants);
  const alone = aloneOf(events, ways);
  const steps = [
    ["Market", priced(ways)],
    [alone ?? "DataAgent", heard(ways)],
    ["Limits", wanted.length > 0 && `${count(wanted, (way) => !way.limits.some((limit) => limit.denied))} of ${wanted.length} allowed`],
  ];
  if (!alone) steps.push(["RiskManager", yes(ways, "risk")], ["Validator", yes(ways, "validation")]);
  const argued = ways.filter((way) => way.words.length > 0);
  if (argued.length > 0) steps.push(["Debate", `${argued.reduce((sum, way) => sum + way.words.length, 0)} words on ${argued.length}`]);
  steps.push([alone ? "Decision" : "MetaAgent", decided(ways)], ["Orders", sent(events)]);
  return steps;
}

function priced(ways) {
  const left = count(ways, (way) => way.dropped);
  return ways.length > 0 && `${count(ways, (way) => way.price)} priced${left > 0 ? `, ${left} left out` : ""}`;
}

function heard(ways) {
  const said = ways.filter((way) => way.signal);
  const tally = ["buy", "sell", "hold"].map((action) => [action, count(said, (way) => way.signal.action === action)]);
  const silent = count(ways, (way) => way.silent.DataAgent);
  return [...tally.filter(([, many]) => many).map(([action, many]) => `${many} ${action}`), silent && `${silent} without an answer`]
    .filter(Boolean).join(", ");
}

function yes(ways, field) {
  const said = ways.filter((way) => way[field]);
  return said.length > 0 && `${count(said, (way) => way[field].approved)} of ${said.length} yes`;
}

function decided(ways) {
  const said = ways.filter((way) => way.decision);
  return said.length > 0 && `${count(said, (way) => way.decision.verdict === "EXECUTE")} of ${said.length} to execute`;
}

function sent(events) {
  const intended = linesOf(events, "OrderIntended").length;
  const denied = linesOf(events, "OrderDenied").length;
  const shadows = linesOf(events, "ShadowTradeOpened").length;
  return [intended && `${intended} intended`, denied && `${denied} denied`, shadows && `${shadows} in shadow`].filter(Boolean).join(", ");
}

// The last words of a cycle on a symbol.
export const DECISIONS = ["MetaAgentDecision", "RuleDecision", "OperatorDecision"];

// What is being done now, while it runs.
export function doing(events, ways) {
  const has = (type) => events.some((each) => each.type === type);
  const wanted = count(ways, wants);
  if (has("ApprovalAsked") && !has("ApprovalEnded")) return "It waits for a person's yes.";
  if (has("OrderIntended")) return "Its orders are at the broker.";
  if (DECISIONS.some(has)) return "Its orders are checked against the limits once more, and sent.";
  if (has("ArgumentMade")) return "Bull and Bear argue, and the MetaAgent weighs what all have said.";
  if (has("ValidationComplete")) return "The MetaAgent weighs what all have said.";
  if (has("RiskAssessed")) return "The Validator gives a second opinion.";
  if (has("SignalGenerated") && wanted === 0) return "It ends.";
  if (has("SnapshotTaken") && tradeOf(events)) return "The limits look at it.";
  if (has("SignalGenerated")) return `The limits and the RiskManager look at ${wanted} of ${ways.length} symbols.`;
  if (has("SnapshotTaken")) return `The ${ways.length} symbols are being judged.`;
  return "The market is looked at.";
}
