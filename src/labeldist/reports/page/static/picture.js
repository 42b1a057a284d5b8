// The picture of all items: which distribution it shows, picking in it by mouse or keyboard, its legend.
const NEAR = 12;
const picture = { key: mainKey, from: "", width: 0, figure: null, layout: null, cells: [], cursor: -1, byKeys: false, svg: null, marks: null, over: null };

const FIGURES = { 2: strip, 3: triangle };
const figureOf = FIGURES[labels.length] || bands;

function dense() {
  return state.base.length > mostDots;
}

function startPicture() {
  if (!mainKey) return;
  byId("explore").hidden = false;
  const choose = (name) => (value) => {
    picture[name] = value;
    redraw();
  };
  const options = shownSets.map((set) => [set.key, short(set.name, 40)]);
  const controls = byId("picture-controls");
  if (options.length > 1) controls.append(choice("Show", "show", options, picture.key, choose("key")));
  if (options.length > 1 && labels.length === 3) controls.append(choice("Arrows from", "arrows", [["", "nowhere"], ...options], "", choose("from")));
  controls.hidden = options.length < 2;
  const stage = el("div", {
    id: "stage",
    tabindex: 0,
    role: "application",
    "aria-label": "Picture of the items. Arrows move between regions, Space picks one, Enter opens an item, Escape clears.",
  });
  byId("drawn").append(stage, el("div", { class: "tip", id: "tip", hidden: true }), el("p", { class: "note", id: "here", role: "status" }));
  listenTo(stage);
  onWidth(stage, (width) => {
    picture.width = width;
    redraw();
  });
  let waiting = null;
  listeners.push((what) => {
    if (!["filter", "pick"].includes(what)) return;
    clearTimeout(waiting);
    waiting = setTimeout(drawMarks, what === "filter" ? PAUSE : 0);
  });
}

function redraw() {
  const figure = figureOf(picture.width);
  const set = setOf.get(picture.key);
  const svgMade = drawing(figure.width, figure.height, `${set.name}: ${figure.title}`, "The table below lists the same items.", { class: "plot" });
  Object.assign(picture, { figure, svg: svgMade, marks: svg("g", {}), over: svg("g", {}), cursor: -1 });
  svgMade.append(svg("g", {}, figure.frame()), picture.marks, picture.over);
  byId("stage").replaceChildren(svgMade);
  drawMarks();
}

function drawMarks() {
  const { figure } = picture;
  picture.layout = figure.arrange(state.base, picture.key);
  const on = state.picked ? new Set(state.found) : null;
  picture.marks.replaceChildren(...figure.marks(picture.layout, on, picture.from));
  picture.cells = figure.cells(picture.layout);
  if (picture.cursor >= picture.cells.length) picture.cursor = -1;
  drawOver();
  drawCaption();
}

function drawOver(rectangle = null) {
  const over = [];
  if (rectangle) over.push(svg("rect", { class: "brush", x: rectangle.x0, y: rectangle.y0, width: rectangle.x1 - rectangle.x0, height: rectangle.y1 - rectangle.y0 }));
  const cell = picture.cells[picture.cursor];
  if (cell && picture.byKeys && document.activeElement === byId("stage")) over.push(svg("path", { class: "cursor", d: cell.outline }));
  picture.over.replaceChildren(...over);
}

function drawCaption() {
  const there = picture.layout.there.length;
  const set = setOf.get(picture.key);
  const missing = state.base.length - there;
  byId("picture-title").replaceChildren(bdi(set.name), ` of ${counted(there, "item")}`, missing ? `; ${grouped.format(missing)} have none. ` : ". ", picture.figure.note(picture.layout));
  byId("picture-legend").replaceChildren(...picture.figure.legend(picture.layout));
}

function pointOf(event) {
  const box = picture.svg.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * picture.figure.width, ((event.clientY - box.top) / box.height) * picture.figure.height];
}

function rectangleOf([ax, ay], [bx, by]) {
  const { figure } = picture;
  const made = { x0: Math.min(ax, bx), x1: Math.max(ax, bx), y0: Math.min(ay, by), y1: Math.max(ay, by) };
  return figure.flat ? { ...made, y0: figure.flat[0], y1: figure.flat[1] } : made;
}

function within({ x, y, there }, { x0, x1, y0, y1 }) {
  const flat = picture.figure.flat;
  return there.filter((place) => x[place] >= x0 && x[place] <= x1 && (flat || (y[place] >= y0 && y[place] <= y1)));
}

function nearest({ x, y, there }, [px, py]) {
  let best = -1;
  let least = NEAR * NEAR;
  for (const place of there) {
    const far = (x[place] - px) ** 2 + (picture.figure.flat && dense() ? 0 : (y[place] - py) ** 2);
    if (far < least) [best, least] = [place, far];
  }
  return best;
}

function listenTo(stage) {
  let start = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = pointOf(event);
    picture.byKeys = false;
    stage.setPointerCapture(event.pointerId);
    hideTip();
  });
  stage.addEventListener("pointermove", (event) => {
    if (start) drawOver(rectangleOf(start, pointOf(event)));
    else showTip(event);
  });
  stage.addEventListener("pointerup", (event) => {
    if (!start) return;
    const end = pointOf(event);
    const moved = Math.hypot(end[0] - start[0], end[1] - start[1]) > 4;
    const chosen = moved ? within(picture.layout, rectangleOf(start, end)) : [];
    const near = moved ? -1 : nearest(picture.layout, end);
    start = null;
    drawOver();
    if (near >= 0 && !dense()) reveal(near);
    else if (moved) tellPicked(new Set(chosen));
    else if (state.picked) unpick();
  });
  stage.addEventListener("pointercancel", () => {
    start = null;
    drawOver();
  });
  stage.addEventListener("pointerleave", hideTip);
  stage.addEventListener("keydown", onKey);
  stage.addEventListener("focus", () => {
    if (picture.cursor < 0) picture.cursor = picture.cells.reduce((best, cell, at, cells) => (best < 0 || cell.places.length > cells[best].places.length ? at : best), -1);
    picture.byKeys = stage.matches(":focus-visible");
    drawOver();
    if (picture.byKeys) tellCell();
  });
  stage.addEventListener("blur", () => drawOver());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.picked) unpick();
  });
}

function unpick() {
  byId("here").textContent = "";
  pick(null);
}

function tellPicked(places) {
  if (!places.size) byId("here").textContent = "No item there.";
  else byId("here").textContent = `${counted(places.size, "item")} picked; the table shows them. Esc clears.`;
  pick(places);
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(event) {
  const cell = picture.cells[picture.cursor];
  if (!cell) return;
  picture.byKeys = true;
  if (MOVES[event.key]) {
    picture.cursor = neighbour(cell, MOVES[event.key]);
    drawOver();
    tellCell();
    if (event.shiftKey) togglePick(picture.cells[picture.cursor], true);
  } else if (event.key === " ") togglePick(cell, false);
  else if (event.key === "Enter") reveal(cell.places[0]);
  else return;
  event.preventDefault();
}

function neighbour(cell, [dx, dy]) {
  let best = picture.cursor;
  let least = Infinity;
  picture.cells.forEach((other, at) => {
    const along = (other.x - cell.x) * dx + (other.y - cell.y) * dy;
    const aside = Math.abs((other.x - cell.x) * dy) + Math.abs((other.y - cell.y) * dx);
    if (along > 1 && along + 2 * aside < least && along * 2 > aside) [best, least] = [at, along + 2 * aside];
  });
  return best;
}

function togglePick(cell, add) {
  const picked = new Set(state.picked || []);
  const there = cell.places.every((place) => picked.has(place));
  for (const place of cell.places) if (there && !add) picked.delete(place); else picked.add(place);
  tellPicked(picked);
}

function tellCell() {
  const cell = picture.cells[picture.cursor];
  if (!cell) return;
  const shares = mean(cell.places, picture.key);
  const top = largest(shares);
  byId("here").textContent = `${counted(cell.places.length, "item")} here, mostly ${labels[top]}: ${cell.places.slice(0, 3).map((place) => short(items[place].id, 30)).join(", ")}${cell.places.length > 3 ? ", …" : ""}`;
}

function mean(places, key) {
  const sums = labels.map(() => 0);
  for (const place of places) distribution(place, key).forEach((share, label) => (sums[label] += share / places.length));
  return sums;
}

function showTip(event) {
  const place = picture.layout ? nearest(picture.layout, pointOf(event)) : -1;
  if (place < 0 || dense()) return hideTip();
  const tip = byId("tip");
  const shares = distribution(place, picture.key);
  const top = largest(shares);
  tip.replaceChildren(bdi(short(firstWords(items[place]) || items[place].id, 160)), el("div", {}, bdi(short(labels[top], 40)), " ", num(["items", place, "distributions", picture.key, top], shares[top], 2), " · ", bdi(short(items[place].id, 40))));
  tip.hidden = false;
  const box = byId("drawn").getBoundingClientRect();
  const left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth);
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${event.clientY - box.top + 18}px`;
  return undefined;
}

function hideTip() {
  byId("tip").hidden = true;
}

// What the shades mean; words stand beside each.
function shadeLegend(what) {
  if (!limits) return null;
  const decimals = Math.max(2, Math.min(4, Math.ceil(-Math.log10(limits[1] - limits[0] || 0.01) - 1e-9)));
  const text = (level) => (level === 0 ? `below ${fixed(limits[0], decimals)}` : level === 4 ? `${fixed(limits[3], decimals)} and more` : `${fixed(limits[level - 1], decimals)} to ${fixed(limits[level], decimals)}`);
  const steps = [0, 1, 2, 3, 4].map((level) => el("li", {}, svg("svg", { width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" }, svg("path", { class: `dot u${level}`, d: sign("posterior", 6) })), text(level)));
  return el("div", {}, el("h3", {}, what), el("ul", { class: "steps" }, steps));
}

function sizeLegend(what, steps) {
  const made = steps.map(([size, text]) => el("li", {}, svg("svg", { width: 28, height: 28, viewBox: "-14 -14 28 28", "aria-hidden": "true" }, svg("path", { class: "dot none", d: size })), text));
  return el("div", {}, el("h3", {}, what), el("ul", { class: "steps" }, made));
}
