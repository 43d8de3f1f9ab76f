// Lines over time, drawn by uPlot. Beside every chart stands the same in words or a table: a canvas says nothing to who hears.
import uPlot from "../vendor/uplot.js";
import { html, useEffect, useRef } from "./html.js";

const HEIGHT = 260;

// A colour of the style sheet as a canvas takes it: it knows nothing of light and dark.
function colour(box, name) {
  box.style.color = `var(--${name})`;
  const said = getComputedStyle(box).color;
  box.style.color = "";
  return said;
}

// `times`: seconds since 1970, rising, two at least; `series`: [{label, values, colour: "accent", fill, dash}], all of one
// make each time (useMemo); `say` writes a value.
export function Lines({ label, times, series, say = String, height = HEIGHT }) {
  const box = useRef(null);
  useEffect(() => {
    const place = box.current; // gone from `box` before what is below has stopped
    const draw = () => new uPlot(options(place, height, series, say), [times, ...series.map((each) => each.values)], place);
    let chart = draw();
    const sized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height }));
    sized.observe(place);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const again = () => {
      chart.destroy();
      chart = draw();
    };
    scheme.addEventListener("change", again);
    addEventListener("theme", again);
    return () => {
      sized.disconnect();
      scheme.removeEventListener("change", again);
      removeEventListener("theme", again);
      chart.destroy();
    };
  }, [times, series, height]);
  return html`<div class="chart" ref=${box} role="img" aria-label=${label}></div>`;
}

function options(box, height, series, say) {
  const thin = { stroke: colour(box, "line"), width: 1 };
  const axis = { stroke: colour(box, "quiet"), grid: thin, ticks: thin };
  return {
    width: box.clientWidth,
    height,
    cursor: { y: false },
    axes: [axis, { ...axis, size: 96, values: (_, ticks) => ticks.map((each) => say(each)) }],
    series: [{}, ...series.map((each) => ({
      label: each.label,
      stroke: colour(box, each.colour),
      fill: each.fill && colour(box, each.colour).replace(")", " / 15%)").replaceAll(",", ""),
      dash: each.dash,
      width: 2,
      value: (_, value) => (value == null ? "–" : say(value)),
    }))],
  };
}
