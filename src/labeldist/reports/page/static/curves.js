// Charts of calibration, of what evidence saves and of what more labels would buy. Their numbers stand in tables, too.
function startChart(id, make) {
  const figure = byId(id);
  if (!figure) return;
  figure.hidden = false;
  const holder = figure.querySelector(".drawn");
  onWidth(holder, (width) => holder.replaceChildren(...make(width)));
}

function names2(keys) {
  return keys.map((key) => setOf.get(key)?.name || key);
}

function binsChart(width) {
  const found = view.calibration.bins;
  const keys = [...new Set(found.map((bin) => bin.set))];
  const wide = Math.min(width, 430);
  const [left, right, top, base] = [42, wide - 12, 10, wide - 46];
  const x = linear([0, 1], [left, right]);
  const y = linear([0, 1], [base, top]);
  const made = drawing(wide, wide, "Predicted against observed shares", "The same numbers are in the table below.");
  const grid = [0, 0.25, 0.5, 0.75, 1];
  made.append(leftAxis(grid, y, left, right), bottomAxis(grid, x, base, top), svg("line", { class: "now", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }));
  for (const bin of found) {
    const at = keys.indexOf(bin.set);
    const kind = SIGNS[at % 4];
    made.append(svg("g", { class: `s${at % 5}`, transform: `translate(${x(bin.predicted)} 0)` }, svg("line", { class: "serie-bar", y1: y(bin.low), y2: y(bin.high) }), svg("path", { class: "serie-dot", transform: `translate(0 ${y(bin.observed)})`, d: sign(kind, 4.5) })));
  }
  made.append(textAt((left + right) / 2, wide - 8, "predicted", { "text-anchor": "middle" }), svg("g", { transform: `translate(11 ${(top + base) / 2}) rotate(-90)` }, textAt(0, 0, "observed", { "text-anchor": "middle" })));
  const mark = (at) => svg("path", { class: "serie-dot", transform: "translate(13 7)", d: sign(SIGNS[at % 4], 4.5) });
  return [keyed(names2(keys), mark), made];
}

// Rows of a name and, below it, a value with its interval on a common axis; ``promised`` is a mark beside it.
function rangeChart(width, title, lines, [from, to], zero) {
  const wide = Math.min(width, 620);
  const row = 42;
  const base = lines.length * row + 6;
  const x = linear([from, to], [14, wide - 14]);
  const made = drawing(wide, base + 26, title, "The same numbers are on this page as text.");
  made.append(bottomAxis(ticks(from, to, wide < 380 ? 4 : 6), x, base, 0));
  if (zero) made.append(svg("line", { class: "now", x1: x(0), x2: x(0), y1: 0, y2: base }));
  lines.forEach((line, at) => {
    const middle = at * row + 30;
    made.append(textAt(14, middle - 13, short(line.name, Math.floor(wide / 8)), { class: "strong" }));
    made.append(svg("g", { class: `s${(line.serie || 0) % 5}` }, svg("line", { class: "serie", x1: x(line.low), x2: x(line.high), y1: middle, y2: middle }), svg("path", { class: "serie-dot", transform: `translate(${x(line.value)} ${middle})`, d: sign("posterior", 5) })));
    if (line.promised !== undefined) made.append(svg("path", { class: "arrow-head promised", d: `M${x(line.promised)} ${middle - 2}l-5 -9h10z` }));
  });
  return [made];
}

function coverageChart(width) {
  const keys = [...new Set(view.calibration.coverage.map((row) => row.set))];
  const lines = view.calibration.coverage.map((row) => ({
    name: `${setOf.get(row.set)?.name || row.set}${row.label === null ? ", all labels" : `, ${row.label}`}`,
    value: row.held, low: row.low, high: row.high, promised: row.expected, serie: keys.indexOf(row.set),
  }));
  const least = Math.min(...lines.map((line) => Math.min(line.low, line.promised)));
  return rangeChart(width, "How often intervals hold", lines, [Math.max(0, Math.floor(least * 10 - 0.5) / 10), 1], false);
}

function savesChart(width) {
  const lines = view.facts.saves.map((saved) => ({ name: saved.evidence.join(", "), value: saved.labels, low: saved.low, high: saved.high }));
  const ends = lines.flatMap((line) => [line.low, line.high, 0]);
  return rangeChart(width, "Labels per item that the evidence saves", lines, [Math.min(...ends), Math.max(...ends) || 1], true);
}

function curveChart(width) {
  const { predicted, measured, labels_now: now } = view.learning_curve;
  const nameOf = (point) => point.evidence.join(", ") || "labels alone";
  const series = [...new Set(predicted.map(nameOf))];
  const wide = Math.min(width, 720);
  const [left, right, top, base] = [46, wide - 14, 22, 300];
  const numbers = [...new Set(predicted.map((point) => point.labels))].sort((a, b) => a - b);
  const ends = [Math.min(now, ...numbers), Math.max(now, ...numbers)];
  const far = ends[0] > 0 && ends[1] / ends[0] > 8;
  const on = far ? Math.log : (value) => value;
  const scale = linear(ends.map(on), [left, right]);
  const x = (value) => scale(on(value));
  const most = Math.max(...predicted.map((point) => point.kl_high), ...measured.map((point) => point.kl));
  const y = linear([0, most * 1.04], [base, top]);
  const made = drawing(wide, base + 44, "Expected error by labels per item", "The same numbers are in the table below.");
  made.append(leftAxis(ticks(0, most * 1.04), y, left, right), bottomAxis(spaced(numbers, x), x, base, null, (value) => fixed(value, 0)));
  series.forEach((name, at) => made.append(...curve(predicted.filter((point) => nameOf(point) === name).sort((a, b) => a.labels - b.labels), at, x, y)));
  made.append(svg("line", { class: "now", x1: x(now), x2: x(now), y1: top, y2: base }), textAt(x(now) + (x(now) > wide - 60 ? -6 : 6), top - 6, "now", { class: "strong", "text-anchor": x(now) > wide - 60 ? "end" : "start" }));
  for (const point of measured) {
    const at = Math.max(0, series.indexOf(nameOf(point)));
    if (point.labels >= ends[0] && point.labels <= ends[1]) made.append(svg("g", { class: `s${at % 5}` }, svg("path", { class: "serie-dot", transform: `translate(${x(point.labels)} ${y(point.kl)})`, d: sign("reference", 5.5) })));
  }
  made.append(textAt((left + right) / 2, base + 38, "labels per item", { "text-anchor": "middle" }), textAt(left - 8, top - 6, "KL", { "text-anchor": "end" }));
  return [keyed(series, (at) => svg("line", { class: "serie", x1: 0, x2: 26, y1: 7, y2: 7, "stroke-dasharray": DASHES[at % 5] })), made];
}

// As many of the numbers as have room beside each other.
function spaced(numbers, x) {
  let last = -Infinity;
  return numbers.filter((number) => x(number) - last > 24 && (last = x(number)) > -Infinity);
}

function curve(points, at, x, y) {
  const line = points.map((point) => `${x(point.labels).toFixed(1)} ${y(point.kl).toFixed(1)}`);
  const high = points.map((point) => `${x(point.labels).toFixed(1)} ${y(point.kl_high).toFixed(1)}`);
  const low = points.map((point) => `${x(point.labels).toFixed(1)} ${y(point.kl_low).toFixed(1)}`).reverse();
  const dots = points.map((point) => svg("path", { class: "serie-dot", transform: `translate(${x(point.labels)} ${y(point.kl)})`, d: sign(SIGNS[at % 4], 3) }));
  return [svg("g", { class: `s${at % 5}` }, svg("path", { class: "serie-fill", d: `M${[...high, ...low].join("L")}z` }), svg("path", { class: "serie", d: `M${line.join("L")}`, "stroke-dasharray": DASHES[at % 5] }), dots)];
}
