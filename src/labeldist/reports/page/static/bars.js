// Distributions as bars.
const NARROWEST_MARK = 0.11;

function inWords(shares, most = 6) {
  const order = shares.map((share, label) => [share, label]).sort((a, b) => b[0] - a[0]);
  const told = order.slice(0, most).map(([share, label]) => `${labels[label]} ${fixed(share, 2)}`);
  return told.join(", ") + (order.length > most ? ` and ${order.length - most} more` : "");
}

function stack(shares, name) {
  const parts = [];
  shares.forEach((share, label) => {
    if (share < 0.003) return;
    const part = el("i", { class: `l${label}` }, share >= NARROWEST_MARK ? marks[label] : "");
    part.style.width = `${share * 100}%`;
    parts.push(part);
  });
  return el("div", { class: "stack", role: "img", "aria-label": `${name}: ${inWords(shares)}` }, parts);
}

// One share below a bar, from 0 to 1 in its label's colour, with its interval.
function whisker(share, [low, high], label) {
  const line = (attributes) => svg("line", attributes);
  return svg(
    "svg",
    { class: "whisk", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: `l${label}`, y: 2.5, width: share * 100, height: 3 }),
    line({ x1: low * 100, x2: high * 100, y1: 4, y2: 4 }),
    line({ x1: low * 100, x2: low * 100, y1: 1.5, y2: 6.5 }),
    line({ x1: high * 100, x2: high * 100, y1: 1.5, y2: 6.5 }),
    line({ class: "at", x1: share * 100, x2: share * 100, y1: 1, y2: 7 }),
  );
}

// One share as a bar from 0 to 1, with its interval.
function bar(share, label, interval) {
  const parts = [
    svg("rect", { class: "ground", width: 100, height: 10, y: 2, rx: 1 }),
    svg("rect", { class: `l${label}`, width: share * 100, height: 10, y: 2, rx: 0.5 }),
  ];
  if (interval) {
    const [low, high] = interval.map((end) => end * 100);
    parts.push(svg("line", { x1: low, x2: high, y1: 7, y2: 7 }));
    parts.push(svg("line", { x1: low, x2: low, y1: 3.5, y2: 10.5 }), svg("line", { x1: high, x2: high, y1: 3.5, y2: 10.5 }));
  }
  return svg("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

function counts(place) {
  const given = items[place].label_counts;
  const order = labels.map((_, label) => label).filter((label) => given[label] > 0);
  if (!order.length) return el("span", { class: "ends" }, "none");
  if (order.length > 5) order.sort((a, b) => given[b] - given[a]);
  const shown = order.slice(0, 5).map((label) =>
    el("span", { title: labels[label] }, chip(label), el("span", { class: "hidden" }, `${labels[label]}: `), num(["items", place, "label_counts", label], given[label], 0)),
  );
  if (order.length > 5) shown.push(el("span", { class: "ends" }, `+${order.length - 5} more`));
  return el("div", { class: "counts" }, shown);
}
