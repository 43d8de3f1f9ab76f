// A word that nobody types: shown, and copied by a button.
import { html, useState } from "./html.js";

export function Copied({ text, name }) {
  const [told, tell] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text); // only on this machine or behind TLS
      tell("Copied");
    } catch {
      tell("Mark it and copy it by hand");
    }
  };
  return html`<code>${text}</code>${" "}
    <button type="button" class="plain small" onClick=${copy} aria-label=${`Copy the ${name}`}>${told}</button>`;
}
