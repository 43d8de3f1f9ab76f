// The log while it is written. One stream for the whole page; whoever listens is told each line once, in its order.
import { headers } from "./api.js";
import { useEffect, useState } from "./html.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const listeners = new Set();
const watchers = new Set();
const returned = new Set();
let state = "away"; // or "live"
let last = null; // the newest line's number
let pause = FIRST_PAUSE_MS;
let broken = false; // lines may have been missed

// Call back with each line as it comes: {sequence, type, aggregate_id, data, occurred_at, …}. Returns how to stop.
export function listen(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

// Call back when the stream is there again after it was not. Returns how to stop.
export function onReturn(callback) {
  returned.add(callback);
  return () => void returned.delete(callback);
}

// "live", or "away" while the stream is being reached again.
export function useLive() {
  const [now, set] = useState(state);
  useEffect(() => {
    watchers.add(set);
    set(state);
    return () => watchers.delete(set);
  }, []);
  return now;
}

export async function stream() {
  for (;;) {
    await looked();
    await once().catch(() => {});
    broken = true;
    become("away");
    await new Promise((go) => setTimeout(go, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

// Of all its tabs a browser keeps six requests to one desk under way, and loads no seventh: one that nobody looks at leaves.
async function once() {
  const left = new AbortController();
  const look = () => document.hidden && left.abort();
  document.addEventListener("visibilitychange", look);
  try {
    await heard(left.signal);
  } finally {
    document.removeEventListener("visibilitychange", look);
  }
}

async function looked() {
  while (document.hidden) await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
}

async function heard(signal) {
  const path = last === null ? "/api/live" : `/api/live?after=${last}`;
  const answer = await fetch(path, { headers: headers(), cache: "no-store", signal });
  if (!answer.ok) return;
  become("live");
  pause = FIRST_PAUSE_MS;
  if (broken) returned.forEach((each) => each());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    parts.forEach(hear);
  }
}

function hear(part) {
  const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
  if (!data) return;
  const line = JSON.parse(data);
  last = line.sequence;
  listeners.forEach((each) => each(line));
}

function become(now) {
  if (now === state) return;
  state = now;
  watchers.forEach((each) => each(now));
}
