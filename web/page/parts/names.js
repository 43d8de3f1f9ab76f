// What a name in the books is the name of, and where the page shows it.
import { html } from "./html.js";
import { Link } from "./router.js";

const CYCLE = /^[a-z0-9-]+-\d{8}T\d{6}-\d+/;

// The cycle in whose name an order, a memory or a line of the log was named; null of what is the desk's.
export const cycleOf = (name) => CYCLE.exec(name)?.[0] ?? null;

// Where to look: a line of the log has slashes in its name; orders and memories are named after their cycle.
function placeOf(name) {
  if (name.includes("/")) return `/log?event=${encodeURIComponent(name)}`;
  const cycle = cycleOf(name);
  return cycle && `/cycles/${cycle}`;
}

export function Cited({ name }) {
  const place = placeOf(name);
  return place ? html`<${Link} href=${place}>${name}<//>` : name;
}
