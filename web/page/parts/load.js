// What a part of the page shows: read once, and again when the log says that it may have changed.
import { isWithoutBooks, read } from "./api.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { listen, onReturn } from "./live.js";

const GATHER_MS = 400; // lines come in bursts: a cycle writes dozens
const OPENED = ["DeskOpened"];
const NEVER = [];

// {said, problem, again}. `on` lists types of lines (true: all) after which it is read again, with `about` only those of
// one cycle; `path` null reads nothing. While it is read again, what was said before stays. After a break of the stream it
// is read again as well: who knows what was missed; and what is refused before the desk has books once it has them.
export function useRead(path, on = [], about) {
  const [known, set] = useState({});
  const turn = useRef(0);
  const again = useCallback(() => {
    if (path === null) return;
    const mine = ++turn.current;
    read(path).then(
      (said) => mine === turn.current && set({ path, said }),
      (problem) => mine === turn.current && set((was) => ({ path, said: was.path === path ? was.said : undefined, problem })),
    );
  }, [path]);
  useEffect(() => {
    again();
    return () => void turn.current++;
  }, [again]);
  const { said, problem } = known.path === path ? known : {};
  useHeard(on, again, about);
  useHeard(isWithoutBooks(problem) ? OPENED : NEVER, again);
  useEffect(() => onReturn(again), [again]);
  return { said, problem, again };
}

// Call once, a moment after lines of these types.
export function useHeard(on, callback, about) {
  const key = on === true ? "*" : on.join();
  useEffect(() => {
    if (!key) return undefined;
    let waiting;
    const stop = listen((line) => {
      if (key !== "*" && !on.includes(line.type)) return;
      if (about && line.aggregate_id !== about) return;
      waiting ??= setTimeout(() => {
        waiting = undefined;
        callback();
      }, GATHER_MS);
    });
    return () => {
      stop();
      clearTimeout(waiting);
    };
  }, [key, callback, about]);
}

// A part of the page in one of its states: being read, not to be had, not before there are books, nothing there, there.
// `empty` says what to do when there is nothing; `children` is a function of what was said.
export function Loaded({ of, empty, isEmpty = (said) => said.items?.length === 0, children }) {
  const { said, problem, again } = of;
  if (isWithoutBooks(problem)) return html`<p class="empty">Nothing yet: it begins with the desk's first cycle.</p>`;
  if (said === undefined) {
    return problem ? html`<${Failed} problem=${problem} again=${again} />` : html`<p class="quiet" aria-busy="true">Reading …</p>`;
  }
  return html`${problem && html`<${Failed} problem=${problem} again=${again} />`}
    ${empty && isEmpty(said) ? html`<p class="empty">${empty}</p>` : children(said)}`;
}

const wrongOf = ({ where, what }) => [where?.replace(/^(body|query|path)\./, ""), what].filter(Boolean).join(": ");

export function Failed({ problem, again }) {
  return html`<div class="failed" role="alert">
    <p>${problem.message}</p>
    ${problem.errors?.length > 0 && html`<ul>${problem.errors.map((each) => html`<li>${wrongOf(each)}</li>`)}</ul>`}
    ${again && html`<button type="button" class="plain" onClick=${again}>Try again</button>`}
  </div>`;
}
