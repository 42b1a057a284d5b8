// Three labels: a triangle, its corners the labels. Many items become hexagons, as large as the items in them are many.
const MOST_ARROWS = 400;
const ROOT = Math.sqrt(3);
const HIGH = ROOT / 2;

function triangle(width) {
  const wide = Math.min(width, 640);
  const left = 26;
  const side = wide - 2 * left;
  const top = 44;
  const bottom = top + side * HIGH;
  const corners = [[wide / 2, top], [left, bottom], [wide - left, bottom]]; // as in the figures
  const at = (shares) => [0, 1].map((axis) => corners.reduce((sum, corner, label) => sum + corner[axis] * shares[label], 0));
  const many = () => dense();
  const grid = { x: left, y: bottom, wide: side / 26 };
  const coarse = { ...grid, wide: side / 10 };
  const self = {
    width: wide,
    height: bottom + 46,
    title: `a triangle of ${labels.join(", ")}`,
    frame: () => triangleFrame(corners, at),
    arrange: (base, key) => (many() ? spots(base, key, at) : dodged(base, key, at, dotSize)),
    marks: (layout, on, from) => [...(many() ? hexagons(layout, on, grid) : dots(layout, on, picture.key)), ...(from && from !== picture.key ? arrows(layout, on, from, at, coarse) : [])],
    cells: (layout) => hexbin(layout, coarse).map((bin) => ({ ...bin, outline: hexagon(bin.x, bin.y, coarse.wide / ROOT) })),
    note: (layout) => (many() ? "Each hexagon stands for the items around it." : layout.moved ? "Items at the same place are spread a little." : ""),
    legend: (layout) => [shadeLegend(many() ? "Shade: mean expected error (KL)" : "Shade: expected error (KL)"), many() ? hexLegend(layout, grid) : dotLegend(), arrowLegend()].filter(Boolean),
  };
  return self;
}

function triangleFrame(corners, at) {
  const line = (a, b) => { const [p, q] = [at(a), at(b)]; return svg("line", { class: "inner", x1: p[0], y1: p[1], x2: q[0], y2: q[1] }); };
  const inner = [0.25, 0.5, 0.75].flatMap((t) => [line([t, 1 - t, 0], [t, 0, 1 - t]), line([1 - t, t, 0], [0, t, 1 - t]), line([1 - t, 0, t], [0, 1 - t, t])]);
  const edge = svg("path", { class: "edge", d: `M${corners.map((corner) => corner.join(" ")).join("L")}z` });
  const names = corners.map(([x, y], label) => cornerName(x, label === 0 ? y - 36 : y + 20, label, Math.max(8, Math.min(24, Math.floor((corners[2][0] - corners[1][0]) / 22)))));
  return [...inner, edge, ...names];
}

// The name of a corner with its sign; anchored so that it stays inside the drawing.
function cornerName(x, y, label, most) {
  const anchor = ["middle", "start", "end"][label];
  const name = short(labels[label], most);
  const box = { start: x - 20, middle: x - 9, end: x + 2 }[anchor];
  const text = anchor === "middle" ? [x + 15, "start"] : anchor === "start" ? [x + 4, "start"] : [x - 4, "end"];
  return svg(
    "g",
    { class: "corner" },
    svg("rect", { class: `l${label}`, x: box, y, width: 18, height: 18, rx: 4 }),
    textAt(box + 9, y + 13, marks[label], { "text-anchor": "middle", class: `sign l${label}` }),
    textAt(text[0], y + 14, name, { "text-anchor": text[1], class: "strong" }),
  );
}

function sizeOf(number) {
  return someLabels ? Math.min(8.5, 1.6 + Math.sqrt(number) * 1.45) : 5;
}

function dotSize(place) {
  const crowd = state.base.length > 800 ? 0.55 : state.base.length > 200 ? 0.75 : 1;
  return sizeOf(numberOfLabels(place)) * crowd;
}

function spots(base, key, at) {
  const x = new Float32Array(items.length);
  const y = new Float32Array(items.length);
  const there = Array.from(base).filter((place) => distribution(place, key));
  for (const place of there) [x[place], y[place]] = at(distribution(place, key));
  return { x, y, there, moved: false };
}

// Items at one place, as with few labels, are laid out around it like seeds.
function dodged(base, key, at, size) {
  const layout = spots(base, key, at);
  const same = new Map();
  for (const place of layout.there) {
    const spot = `${Math.round(layout.x[place])} ${Math.round(layout.y[place])}`;
    const number = same.get(spot) || 0;
    same.set(spot, number + 1);
    if (number) layout.moved = true;
    const far = size(place) * 1.15 * Math.sqrt(number);
    layout.x[place] += far * Math.cos(number * 2.39996);
    layout.y[place] += far * Math.sin(number * 2.39996);
  }
  return layout;
}

function dots({ x, y, there }, on, key) {
  const kind = setOf.get(key).kind;
  const order = [...there].sort((a, b) => dotSize(b) - dotSize(a));
  return order.map((place) => {
    const level = shade(items[place].expected_kl);
    const css = ["dot", level === null ? "none" : `u${level}`, on && !on.has(place) ? "off" : "", on && on.has(place) ? "on" : ""].join(" ");
    return svg("path", { class: css, transform: `translate(${x[place].toFixed(1)} ${y[place].toFixed(1)})`, d: sign(kind, dotSize(place)), "data-place": place });
  });
}

function dotLegend() {
  const numbers = [...new Set(Array.from(state.base, numberOfLabels))].sort((a, b) => a - b);
  if (numbers.length < 2) return null;
  const chosen = numbers.length < 4 ? numbers : [numbers[0], numbers[Math.floor(numbers.length / 2)], numbers[numbers.length - 1]];
  const kind = setOf.get(picture.key).kind;
  return sizeLegend("Size: labels", chosen.map((number) => [sign(kind, sizeOf(number)), counted(number, "label")]));
}

function hexagon(x, y, r) {
  const points = [0, 1, 2, 3, 4, 5].map((turn) => `${(x + r * Math.sin((turn * Math.PI) / 3)).toFixed(1)} ${(y - r * Math.cos((turn * Math.PI) / 3)).toFixed(1)}`);
  return `M${points.join("L")}z`;
}

// Places by the hexagon that they lie in. Their middles are on the sides of the triangle and in rows between them.
function hexbin({ x, y, there }, grid) {
  const high = grid.wide * HIGH;
  const found = new Map();
  for (const place of there) {
    const [column, row] = nearestHexagon((x[place] - grid.x) / grid.wide, (grid.y - y[place]) / high);
    const key = `${column} ${row}`;
    if (!found.has(key)) found.set(key, { x: grid.x + column * grid.wide, y: grid.y - row * high, places: [] });
    found.get(key).places.push(place);
  }
  return [...found.values()];
}

// The rows are a step apart, every second one is moved by half a step.
function nearestHexagon(x, y) {
  const row = Math.round(y);
  const choices = [row - 1, row, row + 1].map((at) => {
    const half = (at & 1) / 2;
    const column = Math.round(x - half) + half;
    return [column, at, (x - column) ** 2 + ((y - at) * HIGH) ** 2];
  });
  return choices.reduce((best, choice) => (choice[2] < best[2] ? choice : best));
}

function meanShade(places) {
  const errors = places.map((place) => items[place].expected_kl).filter((error) => error !== null);
  return errors.length ? shade(errors.reduce((sum, error) => sum + error, 0) / errors.length) : null;
}

function hexSize(count, most, grid) {
  return (grid.wide / ROOT) * (0.28 + 0.72 * Math.sqrt(count / most));
}

function hexagons(layout, on, grid) {
  const bins = hexbin(layout, grid);
  const most = Math.max(...bins.map((bin) => bin.places.length));
  const shape = (bin, places, css) => {
    const level = meanShade(places);
    return svg("path", { class: `dot ${level === null ? "none" : `u${level}`} ${css}`, d: hexagon(bin.x, bin.y, hexSize(places.length, most, grid)) });
  };
  const below = on ? bins.map((bin) => shape(bin, bin.places, "off")) : [];
  const picked = bins.map((bin) => [bin, on ? bin.places.filter((place) => on.has(place)) : bin.places]).filter(([, places]) => places.length);
  return [...below, ...picked.map(([bin, places]) => shape(bin, places, ""))];
}

function hexLegend(layout, grid) {
  const bins = hexbin(layout, grid);
  if (!bins.length) return null;
  const most = Math.max(...bins.map((bin) => bin.places.length));
  const steps = [...new Set([1, Math.round(most / 4), most])].filter((count) => count > 0);
  return sizeLegend("Size: items", steps.map((count) => [hexagon(0, 0, hexSize(count, most, grid)), counted(count, "item")]));
}

function arrowLegend() {
  if (!picture.from || picture.from === picture.key) return null;
  const names = [picture.from, picture.key].map((key) => bdi(short(setOf.get(key).name, 40)));
  return el("div", {}, el("h3", {}, "Arrows"), el("p", {}, "from ", names[0], " to ", names[1]));
}

// From another distribution of the same items to the one shown: an item each, or the mean of those around where many.
function arrows(layout, on, from, at, grid) {
  const there = layout.there.filter((place) => distribution(place, from) && (!on || on.has(place)));
  const groups = there.length <= MOST_ARROWS ? there.map((place) => [place]) : hexbin({ ...layout, there }, grid).map((bin) => bin.places);
  return groups.map((places) => {
    const start = at(mean(places, from));
    const end = places.length === 1 ? [layout.x[places[0]], layout.y[places[0]]] : at(mean(places, picture.key));
    return arrow(start, end);
  });
}

function arrow([ax, ay], [bx, by]) {
  const far = Math.hypot(bx - ax, by - ay);
  if (far < 3) return svg("g", {});
  const [ux, uy] = [(bx - ax) / far, (by - ay) / far];
  const size = Math.min(6, far / 2);
  const [hx, hy] = [bx - ux * size, by - uy * size];
  const head = `M${bx} ${by}L${hx - uy * size * 0.5} ${hy + ux * size * 0.5}L${hx + uy * size * 0.5} ${hy - ux * size * 0.5}z`;
  return svg("g", {}, svg("line", { class: "arrow", x1: ax, y1: ay, x2: hx, y2: hy }), svg("path", { class: "arrow-head", d: head }));
}
