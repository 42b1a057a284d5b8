// Scales and axes of charts.
function linear([from, to], [start, end]) {
  const wide = to - from || 1;
  return (value) => start + ((value - from) / wide) * (end - start);
}

function ticks(from, to, about = 5) {
  const step = niceStep((to - from) / about || 1);
  const found = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to + step * 1e-6; at += 1) found.push(Number((at * step).toFixed(10)));
  return found;
}

function tickText(value) {
  return fixed(value, Number.isInteger(value) ? 0 : Math.min(3, String(value).split(".")[1]?.length || 0));
}

function bottomAxis(values, x, y, top, text = tickText) {
  return svg(
    "g",
    { class: "axis" },
    values.map((value) => [svg("line", { class: "tick", x1: x(value), x2: x(value), y1: y, y2: y + 4 }), textAt(x(value), y + 17, text(value), { "text-anchor": "middle" })]).flat(),
    svg("g", { class: "grid" }, top === null ? [] : values.map((value) => svg("line", { x1: x(value), x2: x(value), y1: top, y2: y }))),
  );
}

function leftAxis(values, y, x, right) {
  return svg(
    "g",
    { class: "axis" },
    values.map((value) => textAt(x - 8, y(value) + 4, tickText(value), { "text-anchor": "end" })),
    svg("g", { class: "grid" }, values.map((value) => svg("line", { x1: x, x2: right, y1: y(value), y2: y(value) }))),
  );
}

// Signs that differ without their colours.
function sign(kind, size) {
  const s = size;
  const shapes = {
    labels: `M${-s * 0.86} ${-s * 0.86}h${s * 1.72}v${s * 1.72}h${-s * 1.72}z`,
    model: `M0 ${-s * 1.2}L${s * 1.1} ${s * 0.8}H${-s * 1.1}z`,
    posterior: `M${-s} 0a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0z`,
    reference: `M0 ${-s * 1.3}L${s * 1.3} 0L0 ${s * 1.3}L${-s * 1.3} 0z`,
  };
  return shapes[kind];
}
const SIGNS = ["posterior", "labels", "model", "reference"];
const DASHES = [null, "7 4", "2 4", "10 3 2 3", "1 3"];

function keyed(names, mark) {
  return el("ul", { class: "keyed" }, names.map((name, at) => el("li", { class: `s${at % 5}` }, svg("svg", { width: 26, height: 14, viewBox: "0 0 26 14", "aria-hidden": "true" }, mark(at)), bdi(short(name, 60)))));
}
