// The settings in force: read here, changed where the desk is started.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { useQuery } from "../parts/router.js";
import { Table } from "../parts/table.js";
import { Badge, plural, Prose } from "../parts/words.js";

const MASK = "********";

export function Settings() {
  const settings = useRead("/api/settings");
  const [{ find = "", changed }, change] = useQuery();
  return html`<h1>Settings</h1>
    <p class="quiet">They are read once, when the desk starts. To change one, set its variable in the environment or in <code>.env</code>
      ${" "}where the desk runs (<code>starter.py init</code> asks for the usual ones), and start it anew. A secret is never shown, only that
      there is one.</p>
    <form class="filters" role="search" aria-label="Settings" onSubmit=${(event) => event.preventDefault()}>
      <label>Find <input type="search" maxlength="80" spellcheck="false" value=${find}
        onInput=${(event) => change({ find: event.target.value })} /></label>
      <label class="check"><input type="checkbox" checked=${Boolean(changed)}
        onChange=${(event) => change({ changed: event.target.checked ? "1" : "" })} /> Only what differs from its default</label>
    </form>
    <${Loaded} of=${settings}>
      ${(said) => html`<${Groups} items=${said.items.filter(wanted(find, changed))} all=${said.items.length} />`}
    <//>`;
}

function wanted(find, changed) {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return (each) => {
    const text = `${each.variable} ${each.description} ${each.value ?? ""}`.toLowerCase();
    return (!changed || !each.is_default) && words.every((word) => text.includes(word));
  };
}

function Groups({ items, all }) {
  const groups = Object.entries(Object.groupBy(items, (each) => each.group));
  const count = items.length === all ? plural(all, "setting") : `${items.length} of ${plural(all, "setting")}`;
  return html`<p role="status" class="quiet">${count}</p>
    ${items.length === 0 && html`<p class="empty">None like that.</p>`}
    ${groups.map(([name, lines]) => html`<section key=${name} aria-label=${name}>
      <h2>${name}</h2><${Lines} name=${name} lines=${lines} />
    </section>`)}`;
}

function Lines({ name, lines }) {
  return html`<${Table} name=${`Settings: ${name}`} rows=${lines} keyOf=${(each) => each.variable} columns=${[
    { title: "Variable", cell: (each) => html`<code class="id">${each.variable}</code>` },
    { title: "Value", cell: (each) => html`<div class="value"><${Value} value=${each.value} /> <${Source} setting=${each} /></div>` },
    { title: "What it is", cell: (each) => html`<div class="words"><${Prose} text=${each.description} /></div>` },
  ]} />`;
}

const SOURCES = { environment: "changed, in the environment", ".env": "changed, in .env", given: "given at its start" };

function Source({ setting }) {
  return !setting.is_default && html`<${Badge} kind="warn">${SOURCES[setting.source] ?? "changed"}<//>`;
}

function Value({ value }) {
  if (value === null) return html`<span class="quiet">unset</span>`;
  if (value === "") return html`<span class="quiet">empty</span>`;
  return value === MASK ? html`<span class="quiet">set, not shown</span>` : html`<code>${value}</code>`;
}
