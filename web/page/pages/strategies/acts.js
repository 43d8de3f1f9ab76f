// What a person does to a strategy as a whole. Each rests on what the page showed: when it has become another, nothing is done.
import { ask, Problem } from "../../parts/api.js";
import { Confirm } from "../../parts/dialog.js";
import { html } from "../../parts/html.js";
import { go } from "../../parts/router.js";

const RUNGS = ["shadow", "paper", "live"];
export const at = (name) => `/api/strategies/${encodeURIComponent(name)}`;

// Ask for a change of a strategy that is still what was `seen`: {strategy, tag}. Throws a Problem that says what to do.
export async function change(method, path, seen, body) {
  const name = seen.strategy.strategy_id;
  try {
    return await ask(method, at(name) + path, body, { tag: seen.tag });
  } catch (problem) {
    if (problem.status !== 412) throw problem;
    const detail = `Somebody has changed ${name} meanwhile. Nothing was done: close this and look at what it is now.`;
    throw new Problem(412, { detail });
  }
}

export function Enable({ seen, tell, close }) {
  const { strategy_id: name, enabled } = seen.strategy;
  const on = !enabled;
  const act = async (form) => {
    await change("PATCH", "", seen, { fields: { enabled: on }, reason: form.get("reason") });
    tell(`${name} is ${on ? "enabled" : "disabled"}.`);
  };
  const word = on ? "Enable" : "Disable";
  const then = "It opens positions again, as far as its rung and limits let it.";
  return html`<${Confirm} title=${`${word} ${name}`} button=${word} danger=${!on} act=${act} close=${close}>
    <p>${on ? then : "It opens nothing more; what it holds keeps its exits and stops."}</p>
    <label>Reason <input name="reason" maxlength="400" autofocus /></label>
  <//>`;
}

export function Rung({ seen, up, missing, tell, close }) {
  const { strategy_id: name, rung } = seen.strategy;
  const to = beside(rung, up);
  const act = async (form) => {
    await change("POST", "/rung", seen, { to, reason: form.get("reason") });
    tell(`${name} is on the rung ${to}.`);
  };
  const way = up ? "up" : "down";
  const then = "On paper it trades with the desk's paper money, within its allocation.";
  return html`<${Confirm} title=${`Take ${name} ${way} to ${to}`} typed=${`${to} ${name}`} button=${`Take it ${way}`} danger=${up}
    act=${act} close=${close}>
    <p>${up ? then : "At once and on no condition. What it holds keeps its exits and stops."}</p>
    ${up && missing.length > 0 && html`<p class="warn">It has not shown enough for the next rung: ${missing.join("; ")}.</p>`}
    <label>Reason <input name="reason" maxlength="400" required autofocus /></label>
  <//>`;
}

export function Remove({ seen, close }) {
  const name = seen.strategy.strategy_id;
  const act = async (form) => {
    await change("DELETE", `?${new URLSearchParams({ reason: form.get("reason") })}`, seen);
    go("/strategies");
  };
  return html`<${Confirm} title=${`Remove ${name}`} typed=${`remove ${name}`} button="Remove" danger act=${act} close=${close}>
    <p>One that holds nothing can be removed. What it did stays in the log.</p>
    <label>Reason <input name="reason" maxlength="400" autofocus /></label>
  <//>`;
}

// The next rung up or down; none past the ends. Real money is let in at the command line.
export const beside = (rung, up) => RUNGS[RUNGS.indexOf(rung) + (up ? 1 : -1)];
