// What waits for a person's yes: the exact orders, until when, and the answer, which is bound to their hash.
import { CycleLink } from "../parts/cycles.js";
import { html, useRef, useState } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { may, NotAllowed, useMe } from "../parts/me.js";
import { Link } from "../parts/router.js";
import { Table } from "../parts/table.js";
import { Badge, Time } from "../parts/words.js";
import { Answer } from "./approvals/answer.js";
import { Question } from "./approvals/question.js";

const CHANGES = ["ApprovalAsked", "ApprovalEnded", "CycleCompleted", "CycleSkipped", "CycleFailed"];

export function Approvals() {
  const waiting = useRead("/api/approvals", CHANGES);
  const me = useMe();
  const [answering, answer] = useState(null); // {asked, symbols, yes}: as they were seen
  const [told, tell] = useState("");
  const status = useRef(null);
  const mayAnswer = may(me, "approve");
  const close = () => {
    answer(null);
    waiting.again();
  };
  const taken = (words) => {
    tell(words);
    setTimeout(() => status.current?.focus()); // once the dialog is gone: what was pressed goes as well
  };
  const empty = html`Nothing waits. Entries wait here when <code>TRADING_APPROVAL</code>, or the approval of
    ${" "}<${Link} href="/strategies">a strategy<//>, says so; exits and stops never do.`;
  return html`<h1>Approvals</h1>
    <p class="quiet">Silence is no: what nobody has answered in time is not sent.</p>
    ${!mayAnswer && html`<${NotAllowed} me=${me} scope="approve" to="answer" />`}
    <p role="status" tabindex="-1" ref=${status}>${told}</p>
    <${Loaded} of=${waiting} empty=${empty}>
      ${(said) => said.items.map((each) => html`<${Question} key=${each.asked.hash} ...${each} mayAnswer=${mayAnswer}
        over=${waiting.again} answer=${answer} />`)}
    <//>
    ${answering && html`<${Answer} ...${answering} tell=${taken} close=${close} />`}
    <h2>Answered lately</h2>
    <${Answered} />`;
}

const ENDS = { approved: "good", partly: "warn", rejected: "bad", expired: "" };

const COLUMNS = [
  { title: "When", cell: (line) => html`<${Time} at=${line.occurred_at} />` },
  { title: "Answer", cell: ({ data }) => html`<${Badge} kind=${ENDS[data.end]}>${data.end}<//>` },
  { title: "Let go", cell: ({ data }) => symbols(data, true) },
  { title: "Held back", cell: ({ data }) => symbols(data, false) },
  { title: "By", cell: ({ data }) => data.by || "nobody, in time" },
  { title: "Reason", cell: ({ data }) => html`<div class="words">${data.reason || "–"}</div>` },
  { title: "Cycle", cell: (line) => html`<${CycleLink} id=${line.aggregate_id} />` },
];

function Answered() {
  const ended = useRead("/api/events?type=ApprovalEnded&limit=20", ["ApprovalEnded"]);
  return html`<${Loaded} of=${ended} empty="Nothing yet.">
    ${(said) => html`<${Table} name="Questions that have ended, the newest first" rows=${said.items} columns=${COLUMNS}
      keyOf=${(line) => line.sequence} />`}
  <//>`;
}

function symbols(data, approved) {
  return data.orders.filter((each) => each.approved === approved).map((each) => each.symbol).join(", ") || "–";
}
