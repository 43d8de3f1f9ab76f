// How numbers, times and states are said. Amounts come as decimal strings and are only rounded for the eye.
import { html } from "./html.js";

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const small = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const counted = new Intl.NumberFormat("en-US", { maximumFractionDigits: 4 });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const NONE = "–";

export const usd = (amount) => (amount == null ? NONE : dollars.format(amount));
// What a model's call costs: often less than a cent.
export const cost = (amount) => (amount == null ? NONE : small.format(amount));
export const number = (value) => (value == null ? NONE : counted.format(value));
export const percent = (share, digits = 1) => (share == null ? NONE : `${(Number(share) * 100).toFixed(digits)} %`);
export const signed = (amount, say = usd) => (amount == null ? NONE : `${Number(amount) > 0 ? "+" : ""}${say(amount)}`);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${Number(count) === 1 ? one : many}`;
// "OrderFilled" as "Order filled".
export function spaced(name) {
  const words = name.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
  return words.replace(/^./, (a) => a.toUpperCase());
}

// "as is" as "As is."
export const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

// A count as it was typed; what is none stays as it was written, and the desk says why it does not take it.
export const whole = (text) => (/^\d+$/.test(text) ? Number(text) : text);

// "0.125" as "12.5", exactly, and back. What is no plain number gets its sign, and is a number to no desk: "+0.5" as it
// stands would be the half of all, and not half a per cent.
export const percentOf = (share) => moved(String(share), 2) ?? String(share);
export const shareOf = (text) => moved(text.trim().replace(/\s*%$/, ""), -2) ?? `${text.trim()} %`;

function moved(text, places) {
  const parts = /^(\d*)\.?(\d*)$/.exec(text);
  if (!parts || !/\d/.test(text)) return undefined;
  const digits = `${"0".repeat(Math.max(0, -places))}${parts[1]}${parts[2]}${"0".repeat(Math.max(0, places))}`;
  const point = parts[1].length + Math.abs(Math.min(0, places)) + places;
  const whole = digits.slice(0, point).replace(/^0+(?=\d)/, "") || "0";
  const rest = digits.slice(point).replace(/0+$/, "");
  return rest ? `${whole}.${rest}` : whole;
}

// The exact sum of amounts.
export function total(amounts) {
  const sum = amounts.map(hundredths).reduce((all, each) => all + each, 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(PLACES + 1, "0");
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}

const PLACES = 2;
function hundredths(amount) {
  const [whole, part = ""] = String(amount).split(".");
  return BigInt(whole + part.padEnd(PLACES, "0").slice(0, PLACES));
}

// A text with `names` of variables and commands in it.
export function Prose({ text }) {
  return text.split("`").map((each, at) => (at % 2 ? html`<code>${each}</code>` : each));
}

export function Time({ at }) {
  return at ? html`<time datetime=${at} title=${at}>${moments.format(new Date(at))}</time>` : NONE;
}

// A gain or loss: coloured, and said by its sign as well.
export function Gain({ amount, say = usd }) {
  const kind = Number(amount) > 0 ? "up" : Number(amount) < 0 ? "down" : "";
  return html`<span class=${kind}>${signed(amount, say)}</span>`;
}

const KINDS = {
  ACTIVE: "good", traded: "good", filled: "good", EXECUTE: "good", APPROVE: "good", VALID: "good", ok: "good", done: "good",
  HALTED: "bad", failed: "bad", rejected: "bad", REJECT: "bad", denied: "bad", critical: "bad", error: "bad",
  PROBATION: "warn", FLATTENING: "warn", degraded: "warn", warning: "warn", partially_filled: "warn", pending: "warn",
};

export function Badge({ children, kind }) {
  return html`<span class=${`badge ${kind ?? KINDS[children] ?? ""}`}>${children}</span>`;
}
