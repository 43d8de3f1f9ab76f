// The page's addresses: real ones, so that each can be opened, kept and sent; moving between them loads nothing anew.
import { html, useEffect, useState } from "./html.js";

export function useAddress() {
  const [at, set] = useState(here());
  useEffect(() => {
    const moved = () => set(here());
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  return at;
}

export function go(href, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", href);
  dispatchEvent(new PopStateEvent("popstate"));
}

// A link within the page.
export function Link({ href, children, ...more }) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(href);
  };
  return html`<a href=${href} onClick=${follow} ...${more}>${children}</a>`;
}

// `?a=b` of the address as an object, and a function that changes some of it (undefined takes one away).
export function useQuery() {
  const { query } = useAddress();
  const change = (fields) => {
    const next = new URLSearchParams(query);
    Object.entries(fields).forEach(([name, value]) => (value ? next.set(name, value) : next.delete(name)));
    go(location.pathname + (next.size ? `?${next}` : ""), { replace: true });
  };
  return [Object.fromEntries(query), change];
}

// What stands in the place of `:name` in a pattern; `*name` takes slashes too. Null where it does not match.
export function matched(pattern, path) {
  const form = pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)").replace(/\*(\w+)/g, "(?<$1>.+)");
  const found = new RegExp(`^${form}$`).exec(path);
  return found && Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, said]) => [name, decoded(said)]));
}

// An address may be typed, and be no text at all: then it names nothing, as it stands.
function decoded(said) {
  try {
    return decodeURIComponent(said);
  } catch {
    return said;
  }
}

const here = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });
