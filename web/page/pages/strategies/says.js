// How a value of a record is written in a form, and read from it. What cannot be read is left as it is: the desk says why.
import { percentOf, shareOf, whole } from "../../parts/words.js";

const blank = (text) => text.trim() === "";
const list = (text) => text.split(",").map((each) => each.trim()).filter(Boolean);

export const SAYS = {
  text: { write: (value) => String(value ?? ""), read: (text) => (blank(text) ? null : text.trim()) },
  count: { write: (value) => String(value ?? ""), read: (text) => (blank(text) ? null : whole(text.trim())) },
  percent: { write: (value) => (value == null ? "" : percentOf(value)), read: (text) => (blank(text) ? null : shareOf(text)) },
  words: { write: (value) => (value ?? []).join(", "), read: list },
  times: { write: (value) => (value ?? []).map((each) => each.slice(0, 5)).join(", "), read: (text) => (blank(text) ? null : list(text)) },
  yes: { write: (value) => ({ true: "yes", false: "no" })[value] ?? "", read: (text) => ({ yes: true, no: false })[text] ?? null },
  whole: { write: (value) => (value ? "own" : ""), read: (text, value) => (text ? value ?? {} : null) },
  pairs: {
    write: (value) => Object.entries(value ?? {}).map(([name, each]) => `${name} = ${JSON.stringify(each)}`).join("\n"),
    read: (text) => Object.fromEntries(text.split("\n").filter((line) => !blank(line)).map(pair)),
  },
};

// `name = value`: JSON, and what is none is a text.
function pair(line) {
  const [name, ...rest] = line.split("=");
  const said = rest.join("=").trim();
  try {
    return [name.trim(), JSON.parse(said)];
  } catch {
    return [name.trim(), said];
  }
}

// What the desk finds wrong, at this place of it, as a sentence beneath the field: of shares it speaks as of parts of one.
export function reworded(what, field, place) {
  const said = field.as === "percent" ? what.replace(/(?<=^must be (more than |less than )?)[\d.]+/, (share) => `${percentOf(share)} %`) : what;
  const words = ["words", "times"].includes(field.as) && place !== field.path ? `one of them ${said}` : said;
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}
