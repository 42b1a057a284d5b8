// Elements are made one by one and texts are text nodes, so nothing in the data can become an element.
const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Text of data: in a direction of its own, which cannot change what stands around it.
function bdi(text) {
  return el("bdi", { dir: "auto" }, text);
}

// A number of the view, rounded, with its place.
function num(path, value, decimals = 3, sign = false) {
  return el("span", { class: "n", "data-path": path.join(".") }, fixed(value, decimals, sign));
}

function chip(label) {
  return el("span", { class: `chip l${label}`, "aria-hidden": "true" }, marks[label]);
}

function labelled(label) {
  return el("span", { class: "label" }, chip(label), bdi(labels[label]));
}

function byId(id) {
  return document.getElementById(id);
}

function choice(title, id, options, chosen, changed) {
  const made = options.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
  const select = el("select", { id, onchange: () => changed(select.value) }, made);
  return el("label", {}, title, select);
}

function textAt(x, y, text, attributes = {}) {
  return svg("text", { x, y, ...attributes }, text);
}

// A drawing with the words that stand for it; a number per pixel, so that texts keep their size.
function drawing(width, height, title, description, attributes = {}) {
  const made = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title, ...attributes },
    svg("desc", {}, description),
  );
  return made;
}

// Draws anew when the width of what holds the drawing changes.
function onWidth(holder, draw) {
  let last = 0;
  const check = () => {
    const width = Math.round(holder.clientWidth);
    if (width && width !== last) draw((last = width));
  };
  new ResizeObserver(check).observe(holder);
  check();
}
