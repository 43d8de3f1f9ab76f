// How far the log is sealed, and a look at all of it: what was changed behind the desk's back is told first and loudest.
import { ask } from "../../parts/api.js";
import { html, useState } from "../../parts/html.js";
import { Failed, Loaded, useRead } from "../../parts/load.js";
import { NotAllowed, may, useMe } from "../../parts/me.js";
import { Cited } from "../../parts/names.js";
import { Link } from "../../parts/router.js";
import { Section } from "../../parts/section.js";
import { Time, number, plural } from "../../parts/words.js";
import { Hash } from "./line.js";

export function Chain() {
  const me = useMe();
  const chain = useRead("/api/chain", true);
  const [state, become] = useState({ told: "" });
  const verify = async () => {
    become({ told: "Looking at every line from the first on …", busy: true });
    try {
      let seen = await ask("POST", "/api/chain/verify");
      while (!seen.whole && !seen.found.length && seen.checked < seen.length) {
        become({ told: `${number(seen.checked)} of ${plural(seen.length, "line")} so far …`, busy: true });
        seen = await ask("POST", "/api/chain/verify");
      }
      become({ told: seen.found.length ? "The chain is broken." : `Sound: ${plural(seen.checked, "line")} say what was sealed.` });
    } catch (problem) {
      become({ told: "", problem });
    }
    chain.again();
  };
  return html`<${Section} id="chain" title="Chain">
    <${Loaded} of=${chain}>${(said) => html`<${Status} chain=${said} />`}<//>
    ${may(me, "operate")
      ? html`<div class="row">
        <button type="button" class="plain" disabled=${state.busy} onClick=${verify}>Verify now</button>
        <span role="status">${state.told}</span>
      </div>`
      : html`<${NotAllowed} me=${me} scope="operate" to="have the chain verified" />`}
    ${state.problem && html`<${Failed} problem=${state.problem} />`}
  <//>`;
}

function Status({ chain }) {
  const { verified, findings } = chain;
  const broken = verified?.found ?? [];
  return html`
    ${broken.length > 0 && html`<div class="failed" role="alert">
      <p><strong>The log was changed after it was sealed.</strong> Halt, keep a copy of the database, and look into who could write
        to it.</p>
      <ul>${broken.map((each) => html`<li><${Wrong} said=${each} /></li>`)}</ul>
    </div>`}
    <dl class="figures">
      <div><dt>Lines</dt><dd>${number(chain.length)}</dd></div>
      <div><dt>Newest seal</dt><dd><${Hash} said=${chain.head} /></dd></div>
      <div><dt>Sealed until</dt><dd><${Time} at=${chain.sealed_until} /></dd></div>
      <div><dt>Last verified here</dt><dd>${verified ? html`<${Time} at=${verified.ended_at} />` : "not yet"}</dd></div>
    </dl>
    <p class="quiet">${toldOf(verified)}</p>
    ${findings.length > 0 && html`<div class="failed">
      <p>Audits after cycles found:</p>
      <ul>${findings.map((each) => html`<li>
        <${Link} href=${`/log?around=${each.sequence}`}>line ${each.sequence}<//>: ${each.data.about}: ${each.data.found}
      </li>`)}</ul>
    </div>`}`;
}

// What is wrong begins with the name of its line, where it is of one.
function Wrong({ said }) {
  const [name, ...rest] = said.split(": ");
  return rest.length && name.includes("/") ? html`<${Cited} name=${name} />: ${rest.join(": ")}` : said;
}

function toldOf(verified) {
  if (!verified) return "Each line is sealed together with the one before it. Each cycle ends with an audit that looks at the chain.";
  const of = `${number(verified.checked)} of ${plural(verified.length, "line")} there were then`;
  if (verified.found.length) return `Looked at ${of}, up to the first that is wrong.`;
  return verified.whole ? `All of the ${plural(verified.length, "line")} there were then are as they were sealed.` : `Sound so far: ${of}.`;
}
