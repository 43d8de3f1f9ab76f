// A strategy as a form: to add one, or to change what is named. What the desk finds wrong stands at its field.
import { Problem } from "../../parts/api.js";
import { Choice, Field, besides } from "../../parts/form.js";
import { html, useEffect, useMemo, useRef, useState } from "../../parts/html.js";
import { Failed, useRead } from "../../parts/load.js";
import { Prose } from "../../parts/words.js";
import { changes, GROUPS, isFor, wholeOf, written } from "./fields.js";
import { reworded } from "./says.js";

// `was`: the record as it was when the form was opened. `send(fields, form)` asks the desk and may throw a Problem.
export function StrategyForm({ was, isNew, button, send, close }) {
  const rules = useRead("/api/rules").said?.items ?? [];
  const [source, choose] = useState(was.source);
  const [problem, fail] = useState(null);
  const [busy, work] = useState(false);
  const form = useRef(null);
  const wrong = useMemo(() => faults(problem), [problem]);
  useEffect(() => form.current.querySelector("input, select").focus(), []);
  useEffect(() => void (problem && form.current.querySelector("[aria-invalid]")?.focus()), [problem]);
  const submit = async (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    const fields = changes(was, said, source);
    if (!isNew && !Object.keys(fields).length) return fail(new Problem(0, { title: "Nothing is changed." }));
    work(true);
    fail(null);
    try {
      await send(fields, said);
    } catch (error) {
      fail(error);
      work(false);
    }
  };
  return html`<form onSubmit=${submit} ref=${form}>
    <fieldset><legend>${isNew ? "Name and source" : "Source"}</legend><div class="fields">
      ${isNew && html`<${Field} id="s-strategy_id" label="Name" name="strategy_id" required maxlength="31" spellcheck="false"
        hint="Lower-case letters, digits and hyphens; it stays." wrong=${wrong.get("strategy_id")} />`}
      <${Source} was=${was.source} rules=${rules} choose=${choose} wrong=${wrong.get("source")} />
    </div></fieldset>
    ${GROUPS.map(([name, fields]) => html`<${Group} key=${name} name=${name} fields=${fields.filter((each) => isFor(each, source))}
      was=${was} source=${source} wrong=${wrong} rule=${rules.find((each) => each.name === house(source))} />`)}
    <${Field} id="s-reason" label="Reason, for whoever reads the log" name="reason" maxlength="400" />
    ${problem && html`<${Failed} problem=${besides(problem, wrong.size, wrong.others)} />`}
    <div class="row"><button type="submit" disabled=${busy}>${button}</button>
      <button type="button" class="plain" onClick=${close}>Cancel</button></div>
  </form>`;
}

const house = (source) => source.replaceAll("_", "-");

function Source({ was, rules, choose, wrong }) {
  const names = rules.map((each) => each.name);
  const others = was === "agents" || names.includes(house(was)) ? [] : [was];
  const chosen = names.find((each) => each === house(was)) ?? was;
  return html`<${Choice} id="s-source" label="Who decides" wrong=${wrong} value=${chosen} onChange=${(event) => choose(event.target.value)}
    hint="Classes of one's own are named at the command line: starter.py strategies add."
    options=${[["agents", "the four agents"], ...[...names, ...others].map((name) => [name, `the rule ${name}`])]} />`;
}

function Group({ name, fields, was, source, wrong, rule }) {
  const [own, set] = useState({}); // which wholes are its own, where that was chosen here
  if (!fields.length) return null;
  const isThere = (field) => {
    const whole = wholeOf(field);
    return !whole || (own[whole] ?? Boolean(written(was, { path: whole, as: "whole" })));
  };
  return html`<fieldset><legend>${name}</legend><div class="fields">
    ${fields.filter(isThere).map((field) => html`<${One} key=${`${field.path} ${field.of ? source : ""}`} field=${field} rule=${rule}
      value=${field.of && source !== was.source ? "" : written(was, field)} wrong=${wrong.get(field.path)}
      changed=${(value) => set({ ...own, [field.path]: Boolean(value) })} />`)}
  </div></fieldset>`;
}

function One({ field, value, wrong, rule, changed }) {
  const more = { id: `s-${field.path}`, name: field.path, label: field.label, wrong, hint: field.hint };
  if (field.options) {
    return html`<${Choice} ...${more} options=${field.options} value=${value} onChange=${(event) => changed(event.target.value)} />`;
  }
  if (field.kind === "textarea") {
    return html`<${Field} ...${more} kind="textarea" rows="4" spellcheck="false" hint=${unset(rule)} defaultValue=${value} />`;
  }
  return html`<${Field} ...${more} defaultValue=${value} spellcheck="false" autocomplete="off" maxlength="2000"
    inputmode=${field.as === "count" ? "numeric" : field.as === "percent" ? "decimal" : undefined} />`;
}

function unset(rule) {
  if (!rule) return "One a line, as fast = 50.";
  const usual = Object.entries(rule.parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ");
  return html`One a line, as name = value. <${Prose} text=${rule.about} /> ${usual ? `Unset: ${usual}.` : "It has none."}`;
}

// What is wrong with which field: a Map, with `others` that are of none.
function faults(problem) {
  const known = new Map();
  known.others = [];
  const fields = [{ path: "strategy_id" }, { path: "source" }, ...GROUPS.flatMap(([, each]) => each)];
  for (const { where, what } of problem?.errors ?? []) {
    const place = where.replace(/^body\.(fields\.)?/, "");
    const at = fields.filter(({ path }) => place === path || place.startsWith(`${path}.`)).sort((a, b) => b.path.length - a.path.length)[0];
    if (!at) known.others.push({ where: place, what });
    else if (!known.has(at.path)) known.set(at.path, reworded(what, at, place));
  }
  return known;
}
