// Asks a question and shows what was asked before. Whatever comes from the desk is set as text, never as markup.
const form = document.getElementById("ask");
const question = document.getElementById("question");
const token = document.getElementById("token");
const access = document.getElementById("access");
const told = document.getElementById("told");
const answers = document.getElementById("answers");
const PAUSE_MS = 700;

token.value = sessionStorage.getItem("token") ?? "";
token.addEventListener("change", () => sessionStorage.setItem("token", token.value.trim()));

async function call(path, body) {
  const key = token.value.trim();
  const headers = { "X-Trading-Desk": "1" };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  const said = await answer.json();
  if (answer.ok) return said;
  if (answer.status === 401 || answer.status === 403) access.open = true;
  throw new Error(said.detail ?? said.title ?? `the desk answered ${answer.status}`);
}

function made(tag, text, kind) {
  const found = document.createElement(tag);
  found.textContent = text;
  if (kind) found.className = kind;
  return found;
}

function shown(line) {
  const { request, report } = line;
  const found = document.createElement("article");
  const asked = new Date(request.asked_at).toLocaleString();
  found.append(made("h3", request.question), made("p", `${asked}, ${request.asked_by}`, "quiet"));
  if (!report) {
    found.append(made("p", "not answered yet"));
    return found;
  }
  const cost = Number(report.cost_usd) ? `, ${Number(report.cost_usd).toFixed(4)} USD` : "";
  found.append(made("p", report.text), made("p", `${report.ending}, ${report.model || "no model"}${cost}`, "quiet"));
  if (report.uncited.length) found.append(made("p", `Nothing found bears out: ${report.uncited.join(", ")}`, "bad"));
  if (report.citations.length) {
    const ids = made("ul", "", "ids");
    ids.append(...report.citations.map((id) => made("li", id)));
    const rests = document.createElement("details");
    rests.append(made("summary", `Rests on ${report.citations.length}`), ids);
    found.append(rests);
  }
  return found;
}

async function list() {
  const page = await call("/api/inquiries?limit=20");
  answers.replaceChildren(...page.items.map(shown));
  if (!page.items.length) answers.append(made("p", "None yet. Ask what the desk holds, why it bought, or what halted it.", "quiet"));
  return page.items;
}

async function answered(name) {
  while (!(await list()).some(({ request, report }) => request.inquiry_id === name && report)) {
    await new Promise((go) => setTimeout(go, PAUSE_MS));
  }
}

function say(text, bad) {
  told.textContent = text;
  told.className = bad ? "bad" : "quiet";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say("Looking it up …");
  try {
    const taken = await call("/api/inquiries", { question: question.value });
    await answered(taken.inquiry_id);
    question.value = "";
    say("Answered.");
  } catch (error) {
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
});

list().catch((error) => say(error.message, true));
