// What a person does to a strategy as a whole. Each rests on what the page showed: when it has become another, nothing is done.
import { ask, Problem, read, tagOf } from "../../parts/api.js";
import { Confirm } from "../../parts/dialog.js";
import { html } from "../../parts/html.js";
import { go } from "../../parts/router.js";

const TRIES = 3;
const RUNGS = ["shadow", "paper", "live"];
export const at = (name) => `/api/strategies/${encodeURIComponent(name)}`;

// Ask for a change of a strategy that is still what `seen` is. Its tag also changes with every price, which is looked at
// again here; a strategy that somebody else has changed is not.
export async function change(method, path, seen, body) {
  for (let left = TRIES; ; left -= 1) {
    const now = (await read(at(seen.strategy_id))).strategy;
    if (JSON.stringify(now) !== JSON.stringify(seen)) {
      throw new Problem(412, { detail: `Somebody has changed ${seen.strategy_id} meanwhile. Nothing was done: close this and look at what it is now.` });
    }
    try {
      return await ask(method, path, body, { tag: tagOf(at(seen.strategy_id)) });
    } catch (problem) {
      if (problem.status !== 412 || left <= 1) throw problem;
    }
  }
}

export function Enable({ seen, tell, close }) {
  const on = !seen.enabled;
  const act = async (form) => {
    await change("PATCH", at(seen.strategy_id), seen, { fields: { enabled: on }, reason: form.get("reason") });
    tell(`${seen.strategy_id} is ${on ? "enabled" : "disabled"}.`);
  };
  return html`<${Confirm} title=${`${on ? "Enable" : "Disable"} ${seen.strategy_id}`} button=${on ? "Enable" : "Disable"} danger=${!on} act=${act} close=${close}>
    <p>${on ? "It opens positions again, as far as its rung and limits let it." : "It opens nothing more; what it holds keeps its exits and stops."}</p>
    <label>Reason <input name="reason" maxlength="400" autofocus /></label>
  <//>`;
}

export function Rung({ seen, up, missing, tell, close }) {
  const to = beside(seen.rung, up);
  const act = async (form) => {
    await change("POST", `${at(seen.strategy_id)}/rung`, seen, { to, reason: form.get("reason") });
    tell(`${seen.strategy_id} is on the rung ${to}.`);
  };
  return html`<${Confirm} title=${`Take ${seen.strategy_id} ${up ? "up" : "down"} to ${to}`} typed=${`${to} ${seen.strategy_id}`} button=${up ? "Take it up" : "Take it down"}
    danger=${up} act=${act} close=${close}>
    <p>${up ? "On paper it trades with the desk's paper money, within its allocation." : "At once and on no condition. What it holds keeps its exits and stops."}</p>
    ${up && missing.length > 0 && html`<p class="warn">It has not shown enough for the next rung: ${missing.join("; ")}.</p>`}
    <label>Reason <input name="reason" maxlength="400" required autofocus /></label>
  <//>`;
}

export function Remove({ seen, close }) {
  const act = async (form) => {
    await change("DELETE", `${at(seen.strategy_id)}?${new URLSearchParams({ reason: form.get("reason") })}`, seen);
    go("/strategies");
  };
  return html`<${Confirm} title=${`Remove ${seen.strategy_id}`} typed=${`remove ${seen.strategy_id}`} button="Remove" danger act=${act} close=${close}>
    <p>One that holds nothing can be removed. What it did stays in the log.</p>
    <label>Reason <input name="reason" maxlength="400" autofocus /></label>
  <//>`;
}

// The next rung up or down; none past the ends. Real money is let in at the command line.
export const beside = (rung, up) => RUNGS[RUNGS.indexOf(rung) + (up ? 1 : -1)];
