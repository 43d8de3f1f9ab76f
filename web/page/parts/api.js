// The desk's API: every request carries the token, if there is one, and every refusal becomes a Problem with words.

export class Problem extends Error {
  constructor(status, said) {
    super(said.detail ?? said.title ?? `the desk answered ${status}`);
    this.status = status;
    this.kind = said.type?.split(":").at(-1);
    this.errors = said.errors ?? [];
    this.said = said;
  }
}

// Refused because the desk's first cycle has not opened its books.
export const isWithoutBooks = (problem) => problem?.kind === "no-books";

const MOST_TRIES = 5;
const kept = new Map(); // path -> {tag, said}: what was read, so that an unchanged answer is not sent again

// A desk's answer as it is shown: a mark in somebody's words that turns what follows around is written out.
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;
export const parsed = (json) => JSON.parse(json.replace(TURNS, (mark) => `\\\\u${mark.charCodeAt(0).toString(16)}`));

export const token = {
  get: () => sessionStorage.getItem("token") ?? "",
  set: (said) => {
    kept.clear();
    sessionStorage.setItem("token", said.trim());
  },
};

export function headers() {
  const key = token.get();
  return key ? { Authorization: `Bearer ${key}` } : { "X-Trading-Desk": "1" };
}

// Read from the desk; when it has been asked too much, a little later. Throws Problem.
export async function read(path, signal) {
  const known = kept.get(path);
  const tag = known ? { "If-None-Match": known.tag } : {};
  const wanted = { headers: { ...headers(), ...tag }, signal };
  let answer = await asked(path, wanted);
  for (let tries = 0; answer.status === 429 && tries < MOST_TRIES; tries++) {
    await new Promise((go) => setTimeout(go, (Number(answer.headers.get("Retry-After")) || 1) * 1000));
    answer = await asked(path, wanted);
  }
  if (answer.status === 304) return known.said;
  const said = await told(answer);
  const now = answer.headers.get("ETag");
  if (now) kept.set(path, { tag: now, said });
  return said;
}

// The tag under which this was read last, for `If-Match`.
export const tagOf = (path) => kept.get(path)?.tag;

// Ask the desk to do something: once, however often the answer is lost (`key`). Throws Problem.
export async function ask(method, path, body, { key, tag } = {}) {
  const more = { "Content-Type": "application/json" };
  if (key) more["Idempotency-Key"] = key;
  if (tag) more["If-Match"] = tag;
  const answer = await asked(path, { method, headers: { ...headers(), ...more }, body: JSON.stringify(body ?? {}) });
  return told(answer);
}

// A key for `ask`, to be made once for what is wanted once. (`randomUUID` is not there under every address.)
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function asked(path, wanted) {
  try {
    return await fetch(path, { ...wanted, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The desk does not answer. Is it running? starter.py up" });
  }
}

async function told(answer) {
  const said = answer.status === 204 ? {} : await answer.text().then(parsed).catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401) dispatchEvent(new CustomEvent("token-wanted", { detail: token.get() && said.detail }));
  throw new Problem(answer.status, said);
}
