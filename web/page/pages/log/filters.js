// Which lines are shown: what kinds, of which cycle, from which number on. The address says it, so it can be kept and sent.
import { html } from "../../parts/html.js";
import { useQuery } from "../../parts/router.js";
import { plural, spaced } from "../../parts/words.js";
import { KINDS } from "./kinds.js";

export function Filters() {
  const [query, change] = useQuery();
  const chosen = query.types?.split(",") ?? [];
  const submit = (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    const place = Object.fromEntries(["before", "after", "around"].map((each) => [each, undefined]));
    const number = said.get("number").trim();
    change({ ...place, event: undefined, cycle: said.get("cycle").trim(), [said.get("place")]: number });
  };
  const place = ["around", "before", "after"].find((each) => query[each]) ?? "around";
  return html`<form class="filters" onSubmit=${submit} key=${`${query.cycle} ${place} ${query[place]}`}>
      <label>Cycle
        <input name="cycle" defaultValue=${query.cycle ?? ""} maxlength="160" autocomplete="off" spellcheck="false" /></label>
      <label>Lines <select name="place" defaultValue=${place}>
        ${["around", "before", "after"].map((each) => html`<option value=${each} selected=${each === place}>${each}</option>`)}
      </select></label>
      <label>Number
        <input name="number" defaultValue=${query[place] ?? ""} inputmode="numeric" pattern="[0-9]{1,9}" size="8" autocomplete="off" />
      </label>
      <button type="submit">Show</button>
      <details class="wide">
        <summary>${toldOf(chosen)}</summary>
        <${Choices} chosen=${chosen} choose=${(types) => change({ types: types.join() })} />
      </details>
    </form>`;
}

const toldOf = (chosen) =>
  chosen.length ? `Only ${plural(chosen.length, "kind")}: ${chosen.map(spaced).join(", ")}` : "All kinds of lines";

function Choices({ chosen, choose }) {
  const toggle = (kind) => choose(chosen.includes(kind) ? chosen.filter((each) => each !== kind) : [...chosen, kind]);
  return html`<div class="choices">
      ${Object.entries(KINDS).map(([group, kinds]) => html`<fieldset><legend>${group}</legend>
        ${kinds.map((kind) => html`<label class="check">
          <input type="checkbox" checked=${chosen.includes(kind)} onChange=${() => toggle(kind)} /> ${spaced(kind)}
        </label>`)}
      </fieldset>`)}
    </div>
    ${chosen.length > 0 && html`<button type="button" class="plain" onClick=${() => choose([])}>All kinds</button>`}`;
}
