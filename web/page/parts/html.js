// Preact and its templates, under the house's own name. What stands between ${} is text, never markup.
export { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
