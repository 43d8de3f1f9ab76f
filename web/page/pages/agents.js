// How good the agents' words were, what they cost, and who wants their seats.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { useQuery } from "../parts/router.js";
import { Section } from "../parts/section.js";
import { plural } from "../parts/words.js";
import { Challenges } from "./agents/challenges.js";
import { Scores } from "./agents/scores.js";
import { Spend } from "./agents/spend.js";
import { Stages } from "./agents/stages.js";

const CHANGES = ["LessonLearned", "ShadowTradeClosed", "CycleCompleted", "DayClosed"];
const EMPTY = "No decision has come to its end yet: a score follows from what became of it. Run cycles, and let their trades close.";

export function Agents() {
  const [query, change] = useQuery();
  const fields = ["since", "until", "strategy"].filter((name) => query[name]);
  const asked = new URLSearchParams(fields.map((name) => [name, query[name]]));
  const board = useRead(`/api/scoreboard?${asked}`, CHANGES);
  return html`<h1>Agents</h1>
    <${Filters} query=${query} change=${change} />
    <${Loaded} of=${board} empty=${EMPTY} isEmpty=${(said) => said.resolved === 0}>
      ${(said) => html`<p>${plural(said.resolved, "setup")} resolved, ${said.pending} pending.</p>
        <${Section} id="scores" title="Scores"><${Scores} scores=${said.scores} /><//>
        <${Section} id="stages" title="Worth its tokens?"><${Stages} stages=${said.stages} /><//>`}
    <//>
    <${Spend} />
    <${Challenges} />
    <${Section} id="replays" title="Deciding again">
      <p>A past cycle is decided once more, by another model or other words, where the desk runs; it sends nothing:${" "}
        <code>starter.py replay CYCLE --model validator=MODEL</code>. The cycle's page has its name.</p><//>`;
}

function Filters({ query, change }) {
  const submit = (event) => {
    event.preventDefault();
    change(Object.fromEntries(new FormData(event.target)));
  };
  return html`<form class="filters" onSubmit=${submit}>
    <label>From <input type="date" name="since" defaultValue=${query.since ?? ""} /></label>
    <label>To <input type="date" name="until" defaultValue=${query.until ?? ""} /></label>
    <label>Strategy
      <input name="strategy" defaultValue=${query.strategy ?? ""} maxlength="40" placeholder="all" autocomplete="off" spellcheck="false" />
    </label>
    <button type="submit">Show</button>
  </form>`;
}
