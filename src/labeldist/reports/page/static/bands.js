// More labels: items beside each other as thin columns, alike ones together; above them the mean of each distribution.
const MOST_COLUMNS = 320;
const CELLS_ACROSS = 40;
const MOST_SIGNS = 40; // more scroll by themselves

function bands(width) {
  const wide = Math.min(width, 760);
  const [top, base] = [6, 286];
  return {
    width: wide,
    height: base + 34,
    title: "the shares of all labels, item by item",
    flat: [top, base],
    frame: () => [],
    arrange: (chosen, key) => columns(chosen, key, wide, (top + base) / 2),
    marks: (layout, on) => [...areas(layout, top, base), ...dimmed(layout, on, top, base), ...groupNames(layout, base)],
    cells: (layout) => columnCells(layout, top, base),
    note: (layout) => (layout.columns.length < layout.there.length ? "Each column is the mean of a few items beside each other." : "Each column is an item."),
    legend: (layout) => [meansOf(layout), labelLegend()],
  };
}

function along(shares) {
  return shares.reduce((sum, share, label) => sum + share * view.values[label], 0);
}

function columns(chosen, key, wide, middle) {
  const x = new Float32Array(items.length);
  const y = new Float32Array(items.length).fill(middle);
  const value = (place) => {
    const shares = distribution(place, key);
    const top = largest(shares);
    return view.values ? along(shares) : top + 1 - shares[top];
  };
  const there = Array.from(chosen).filter((place) => distribution(place, key));
  const values = new Map(there.map((place) => [place, value(place)]));
  there.sort((a, b) => values.get(a) - values.get(b) || a - b);
  const number = Math.min(there.length, MOST_COLUMNS, Math.floor(wide / 2));
  const made = Array.from({ length: number }, () => []);
  there.forEach((place, at) => {
    made[Math.floor((at * number) / there.length)].push(place);
    x[place] = ((at + 0.5) / there.length) * wide;
  });
  const means = made.map((places) => mean(places, key));
  return { x, y, there, columns: made, means, wide: wide / Math.max(1, number), width: wide };
}

// A path for each label: a box in each column, upwards. Along a scale labels keep their order; else the most probable
// one stands at the bottom, so that neighbours make an area.
function areas({ means, wide }, top, base) {
  const high = base - top;
  const gap = wide > 6 ? 1 : 0;
  const paths = labels.map(() => []);
  means.forEach((shares, at) => {
    let from = base;
    for (const label of stacking(shares)) {
      const tall = shares[label] * high;
      from -= tall;
      if (shares[label] >= 0.002) paths[label].push(`M${(at * wide).toFixed(1)} ${from.toFixed(1)}h${(wide - gap).toFixed(2)}v${tall.toFixed(1)}h${(gap - wide).toFixed(2)}z`);
    }
  });
  return paths.map((boxes, label) => svg("path", { class: `l${label}`, d: boxes.join("") }));
}

function stacking(shares) {
  const order = labels.map((_, label) => label);
  if (view.values) return order;
  const top = largest(shares);
  return [top, ...order.filter((label) => label !== top)];
}

function dimmed({ columns: made, wide }, on, top, base) {
  if (!on) return [];
  return made.flatMap((places, at) => (places.some((place) => on.has(place)) ? [] : [svg("rect", { class: "dim", x: at * wide, y: top, width: wide + 0.3, height: base - top })]));
}

// Where labels have no scale: which label is the most probable of the items above.
function groupNames({ means, wide }, base) {
  if (view.values) return [textAt(0, base + 18, `← ${short(labels[0], 20)}`), textAt(wide * means.length, base + 18, `${short(labels[labels.length - 1], 20)} →`, { "text-anchor": "end" })];
  const tops = means.map(largest);
  const parts = [];
  for (let from = 0, at = 1; at <= tops.length; at += 1) {
    if (at < tops.length && tops[at] === tops[from]) continue;
    const [x0, x1] = [from * wide, at * wide];
    parts.push(svg("rect", { class: `l${tops[from]}`, x: x0, y: base + 6, width: Math.max(1, x1 - x0 - 1), height: 4 }));
    if (x1 - x0 > 16) parts.push(textAt((x0 + x1) / 2, base + 25, marks[tops[from]], { "text-anchor": "middle", class: "strong" }));
    from = at;
  }
  return parts;
}

function columnCells({ there, width }, top, base) {
  const number = Math.min(CELLS_ACROSS, there.length);
  const wide = width / Math.max(1, number);
  const made = Array.from({ length: number }, (_, at) => ({ x: (at + 0.5) * wide, y: base, places: [], outline: `M${at * wide} ${top}h${wide}v${base - top}h${-wide}z` }));
  there.forEach((place, at) => made[Math.floor((at * number) / there.length)].places.push(place));
  return made;
}

function meansOf({ there }) {
  const rows = shownSets.map((set) => {
    const places = there.filter((place) => distribution(place, set.key));
    return places.length ? el("div", {}, el("span", {}, bdi(short(set.name, 30))), stack(mean(places, set.key), `Mean of ${set.name}`)) : null;
  });
  return el("div", {}, el("h3", {}, "On average"), el("div", { class: "means" }, rows));
}

function labelLegend() {
  return el("div", {}, el("h3", {}, "Labels"), el("ul", labels.length > MOST_SIGNS ? { class: "steps signs long", tabindex: 0 } : { class: "steps signs" }, labels.map((_, label) => el("li", {}, labelled(label)))));
}
