// The last look before an answer: what it is for, once more, and what to do when it is not taken.
import { ask, newKey, Problem } from "../../parts/api.js";
import { Confirm } from "../../parts/dialog.js";
import { html, useMemo } from "../../parts/html.js";
import { total, usd } from "../../parts/words.js";
import { Orders } from "./question.js";

const REFUSED = new Set([404, 409, 412]);

// `asked` is the question as it was seen when the button was pressed: the answer is for that and nothing else.
export function Answer({ asked, symbols, yes, tell, close }) {
  const key = useMemo(newKey, []);
  const orders = yes ? asked.orders.filter((each) => symbols.includes(each.request.symbol)) : asked.orders;
  const left = asked.orders.length - orders.length;
  const send = async (form) => {
    const body = { cycle_id: asked.cycle_id, hash: asked.hash, reason: form.get("reason").trim() };
    if (yes && left) body.only = symbols;
    try {
      await ask("POST", `/api/approvals/${yes ? "approve" : "reject"}`, body, { key });
    } catch (problem) {
      throw explained(problem);
    }
    tell(`${yes ? "Approved" : "Rejected"}: ${orders.map((each) => each.request.symbol).join(", ")}.`);
  };
  const count = orders.length === 1 ? "1 order" : `${orders.length} orders`;
  const word = yes ? "Approve" : "Reject";
  const others = left === 1 ? "The other one is" : `The other ${left} are`;
  return html`<${Confirm} title=${`${word} ${count}`} button=${word} danger=${!yes} act=${send} close=${close}>
    <${Orders} orders=${orders} name=${`Orders to be ${yes ? "approved" : "rejected"}`} />
    <p>${usd(total(orders.map((each) => each.usd)))} in all, for ${asked.strategy_id}, under the hash
      ${" "}<code>${asked.hash.slice(0, 12)}</code>.</p>
    ${yes && left > 0 && html`<p class="warn">${others} rejected with it: there is one answer to a question.</p>`}
    <label>${yes ? "Reason, if there is one" : "Reason"} <input name="reason" maxlength="400" required=${!yes} autofocus /></label>
  <//>`;
}

function explained(problem) {
  if (!REFUSED.has(problem.status)) return problem;
  const detail = `${problem.message}. Nothing was sent on your word: close this and look at what waits now.`;
  return new Problem(problem.status, { detail });
}
