// How the numbers of a run are said, as the command line says them; what each means is told by the desk itself.
import { html } from "../../parts/html.js";
import { number, plural, usd } from "../../parts/words.js";

const NONE = "–";
const counted = (one) => (value) => plural(Number(value.toPrecision(4)), one);
const share = (value) => `${(value * 100).toFixed(2)} %`;
const UNITS = {
  fraction: share,
  fall: (value) => (value ? `-${share(value)}` : share(value)),
  ratio: (value) => value.toFixed(3),
  USD: usd,
  "calendar days": counted("calendar day"),
  sessions: counted("session"),
  trades: number,
  "yes or no": (value) => (value ? "yes" : "no"),
};

export const KIND_NAMES = { backtest: "backtest", sweep: "sweep", walk_forward: "walk-forward", monte_carlo: "Monte Carlo" };

export const sayMeasure = ({ unit }, value) => (value == null ? NONE : (UNITS[unit] ?? String)(value));

// A run's own numbers; of a study those of what was not seen while choosing, else of its best.
export function numbersOf({ kind, metrics }) {
  if (kind === "backtest") return metrics;
  const unseen = metrics.out_of_sample ?? {};
  return Object.keys(unseen).length ? unseen : metrics.best?.[0]?.metrics ?? {};
}

// How a run stands: its row's word, unless its workflow has ended without telling it.
export function standingOf({ status, workflow }) {
  return workflow && workflow !== "running" ? workflow : status;
}

export function Meaning({ measure }) {
  return html`${measure.definition}${measure.source && html`<br /><cite class="quiet">${measure.source}</cite>`}`;
}

// Noon, so that a day is that day on every machine.
export const secondsOf = (day) => Date.parse(`${day}T12:00:00Z`) / 1000;
