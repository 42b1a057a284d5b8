// Two labels: a line from one to the other, with dots piled up on it, or bars where items are many.
const FEW_ITEMS = 200;

function strip(width) {
  const wide = Math.min(width, 720);
  const few = items.length <= FEW_ITEMS;
  const steps = few ? 32 : 50;
  const [left, right, top, base] = [14, wide - 14, 16, few ? 210 : 270];
  const x = linear([0, 1], [left, right]);
  const step = (right - left) / steps;
  const binOf = (share) => Math.min(steps - 1, Math.floor(share * steps));
  return {
    width: wide,
    height: base + 62,
    title: `shares of ${labels[1]}, from 0 to 1`,
    flat: [top, base],
    frame: () => stripFrame(x, base, left, right),
    arrange: (chosen, key) => piled(chosen, key, { steps, binOf, step, left, top, base }),
    marks: (layout, on) => (dense() ? piles(layout, on, step, base) : pileDots(layout, on)),
    cells: (layout) => layout.piles.filter((pile) => pile.places.length).map((pile) => ({ ...pile, y: base, outline: `M${pile.x - step / 2} ${top}h${step}v${base - top}h${-step}z` })),
    note: (layout) => (dense() ? `The highest bar stands for ${counted(layout.most, "item")}.` : "Items with about the same share are piled up."),
    legend: () => [shadeLegend(dense() ? "Shade: mean expected error (KL)" : "Shade: expected error (KL)")].filter(Boolean),
  };
}

function stripFrame(x, base, left, right) {
  const end = (at, label, anchor) => {
    const box = anchor === "start" ? at : at - 18;
    const text = anchor === "start" ? at + 24 : at - 24;
    return [svg("rect", { class: `l${label}`, x: box, y: base + 32, width: 18, height: 18, rx: 4 }), textAt(box + 9, base + 45, marks[label], { "text-anchor": "middle", class: `sign l${label}` }), textAt(text, base + 46, short(labels[label], Math.max(8, Math.min(24, Math.floor((right - left) / 22)))), { "text-anchor": anchor, class: "strong" })];
  };
  return [svg("line", { class: "edge", x1: left, x2: right, y1: base, y2: base }), bottomAxis([0, 0.25, 0.5, 0.75, 1], x, base, null), ...end(left, 0, "start"), ...end(right, 1, "end")];
}

function piled(chosen, key, { steps, binOf, step, left, top, base }) {
  const x = new Float32Array(items.length);
  const y = new Float32Array(items.length);
  const there = Array.from(chosen).filter((place) => distribution(place, key));
  const made = Array.from({ length: steps }, (_, bin) => ({ x: left + (bin + 0.5) * step, places: [] }));
  for (const place of there) made[binOf(distribution(place, key)[1])].places.push(place);
  const most = Math.max(1, ...made.map((pile) => pile.places.length));
  const size = Math.max(0.8, Math.min(step / 2 - 0.5, 9, (base - top) / (2.1 * most)));
  const high = Math.min(size * 2.1, (base - top) / most);
  for (const pile of made) pile.places.forEach((place, at) => { x[place] = pile.x; y[place] = base - size - at * high; });
  return { x, y, there, piles: made, most, size };
}

function pileDots(layout, on) {
  const kind = setOf.get(picture.key).kind;
  return layout.there.map((place) => {
    const level = shade(items[place].expected_kl);
    const css = ["dot", level === null ? "none" : `u${level}`, on && !on.has(place) ? "off" : "", on && on.has(place) ? "on" : ""].join(" ");
    return svg("path", { class: css, transform: `translate(${layout.x[place].toFixed(1)} ${layout.y[place].toFixed(1)})`, d: sign(kind, layout.size), "data-place": place });
  });
}

function piles(layout, on, step, base) {
  const high = (base - 16) / layout.most;
  const bar = (pile, places, css) => {
    const level = meanShade(places);
    return svg("rect", { class: `dot ${level === null ? "none" : `u${level}`} ${css}`, x: pile.x - step / 2 + 0.5, width: Math.max(1, step - 1), y: base - places.length * high, height: places.length * high });
  };
  return layout.piles.filter((pile) => pile.places.length).flatMap((pile) => {
    const picked = on ? pile.places.filter((place) => on.has(place)) : pile.places;
    return [on && bar(pile, pile.places, "off"), picked.length && bar(pile, picked, "")].filter(Boolean);
  });
}
