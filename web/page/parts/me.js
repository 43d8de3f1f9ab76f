// Who looks at the page, and what they may.
import { html } from "./html.js";
import { useRead } from "./load.js";

// {name, scopes, mode, …}, or nothing while it is not known; the desk refuses by itself what one may not.
export const useMe = () => useRead("/api/me", ["DeskOpened"]).said;

export const may = (me, scope) => !me?.scopes || me.scopes.includes(scope);

// In place of a button that would only be refused.
export function NotAllowed({ me, scope, to }) {
  return html`<p class="quiet">The token of ${me.name} may not ${to}: that wants one with the scope <code>${scope}</code>.</p>`;
}
