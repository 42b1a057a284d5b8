// The table of items, a page of rows at a time.
const rows = byId("rows");
const AT_ONCE = 12; // rows
const MOST_WORDS = 180; // signs of an item's texts in its row: two lines

const COLUMNS = [
  { key: "item", title: "Item", css: "c-item" },
  { key: "labels", title: "Labels", css: "c-labels" },
  { key: "main", title: mainTitle(), css: "c-post" },
  { key: "disagreement", title: "Disagree\u00adment", css: "num", note: "the chance that two further annotators differ" },
  { key: "expected", title: "Expected error", css: "num", note: "KL in nats, of the posterior" },
  { key: "apart", title: "Model vs labels", css: "num", note: `total variation distance between ${setOf.get(view.model)?.name ?? "the model"} and the labels` },
].filter((column) => column.key === "item" || has(column.key));

function mainTitle() {
  const set = setOf.get(mainKey);
  return set ? { posterior: "Posterior", labels: "Shares of labels", model: "Model", reference: "Reference" }[set.kind] : "Distribution";
}

function heading(column) {
  const here = state.sort === column.key;
  const sign = here ? (state.down ? "▼" : "▲") : "";
  const turn = () => {
    setSort(column.key, here ? !state.down : KEYS[column.key].down);
    rows.querySelector(`[data-column="${column.key}"]`).focus();
  };
  return el(
    "th",
    { scope: "col", class: column.css, "aria-sort": here ? (state.down ? "descending" : "ascending") : null },
    el("button", { type: "button", title: column.note, onclick: turn, "data-column": column.key }, column.title, sign && el("span", { class: "sign", "aria-hidden": "true" }, sign)),
  );
}

function firstWords(item) {
  const texts = Object.values(item.texts).filter(Boolean);
  return texts.length ? short(texts.map((text) => text.slice(0, MOST_WORDS)).join(" · "), MOST_WORDS) : "";
}

function itemCell(place, open) {
  const item = items[place];
  const words = firstWords(item);
  const inside = words
    ? [el("span", { class: "words" }, bdi(words)), el("span", { class: "id" }, bdi(short(item.id, 200)))]
    : [el("span", { class: "words" }, bdi(short(item.id, 200)))];
  return el(
    "th",
    { scope: "row", class: "c-item" },
    el(
      "button",
      { type: "button", class: "opener", "aria-expanded": String(open), "aria-controls": open ? `detail-${place}` : null, "data-item": place, onclick: () => toggle(place) },
      el("span", { class: "sign", "aria-hidden": "true" }, "›"),
      el("span", {}, inside),
    ),
  );
}

function mainCell(place) {
  const shares = distribution(place, mainKey);
  if (!shares) return el("td", { class: "c-post" }, el("span", { class: "ends" }, "none"));
  const top = largest(shares);
  const interval = items[place].intervals[mainKey]?.[top];
  const path = ["items", place];
  return el(
    "td",
    { class: "c-post" },
    stack(shares, setOf.get(mainKey).name),
    interval && whisker(shares[top], interval, top),
    el(
      "div",
      { class: "says" },
      bdi(short(labels[top], 40)),
      num([...path, "distributions", mainKey, top], shares[top], 2),
      interval && el("span", {}, "(", num([...path, "intervals", mainKey, top, 0], interval[0], 2), " to ", num([...path, "intervals", mainKey, top, 1], interval[1], 2), ")"),
    ),
  );
}

function measure(place, name, decimals, most) {
  const value = items[place][name];
  if (value === null || value === undefined) return el("td", { class: "num" }, el("span", { class: "ends" }, "–"));
  const filled = el("i", {});
  filled.style.width = `${Math.min(100, (value / most) * 100)}%`;
  return el("td", { class: "num" }, num(["items", place, name], value, decimals), el("span", { class: "meter", "aria-hidden": "true" }, filled));
}

const MOST_ERROR = Math.max(0.001, ...(limits || [1]).slice(-1).map((limit) => limit * 1.25));
const CELLS = {
  labels: (place) => el("td", { class: "c-labels" }, counts(place)),
  main: mainCell,
  disagreement: (place) => measure(place, "disagreement", 2, 1),
  expected: (place) => measure(place, "expected_kl", 3, MOST_ERROR),
  apart: (place) => measure(place, "apart", 2, 1),
};

function rowOf(place) {
  const open = state.open === place;
  const cells = COLUMNS.slice(1).map((column) => CELLS[column.key](place));
  const row = el("tr", { class: open ? "open" : null }, itemCell(place, open), cells);
  return open ? [row, detailRow(place, COLUMNS.length)] : [row];
}

let rest = null; // the timer of rows that are still to come

function drawTable(what) {
  const from = state.page * PAGE;
  const shown = Array.from(state.found.slice(from, from + PAGE));
  const head = el("thead", {}, el("tr", {}, COLUMNS.map(heading)));
  const first = what === "filter" ? AT_ONCE : PAGE;
  const body = el("tbody", {}, shown.slice(0, first).flatMap(rowOf));
  const caption = el("caption", { class: "hidden" }, "Items. Buttons in the heads sort; the button of an item opens it.");
  rows.replaceChildren(shown.length ? el("table", {}, caption, head, body) : el("p", { class: "nothing" }, "No item fits."));
  drawRest(body, shown.slice(first));
  drawPager();
  byId("told").textContent = toldState();
  byId("clear").disabled = !(state.picked || filters.query || filters.label || filters.agreement);
}

// Who types waits for the rows in sight only.
function drawRest(body, places) {
  clearTimeout(rest);
  rows.setAttribute("aria-busy", String(places.length > 0));
  if (!places.length) return;
  rest = setTimeout(() => {
    body.append(...places.flatMap(rowOf));
    rows.setAttribute("aria-busy", "false");
  }, PAUSE);
}

function drawPager() {
  const pages = Math.ceil(state.found.length / PAGE);
  const go = (step, id) => () => {
    state.page += step;
    changed("page");
    rows.scrollIntoView({ block: "start" });
    (byId(id).disabled ? rows : byId(id)).focus({ preventScroll: true });
  };
  const from = state.page * PAGE;
  byId("pager").hidden = pages < 2;
  byId("pager").replaceChildren(
    el("button", { type: "button", id: "previous", disabled: state.page === 0, onclick: go(-1, "previous") }, "Previous"),
    el("span", {}, `${grouped.format(from + 1)} to ${grouped.format(Math.min(from + PAGE, state.found.length))} of ${grouped.format(state.found.length)}`),
    el("button", { type: "button", id: "next", disabled: state.page >= pages - 1, onclick: go(1, "next") }, "Next"),
  );
}

function opener(place) {
  return rows.querySelector(`[data-item="${place}"]`);
}

function toggle(place) {
  state.open = state.open === place ? null : place;
  const before = opener(place).getBoundingClientRect().top;
  drawTable();
  // The row stays where it is, though one above it may have closed.
  window.scrollBy({ top: opener(place).getBoundingClientRect().top - before, behavior: "instant" });
  opener(place).focus({ preventScroll: true });
}

// Opens an item from elsewhere: on the page of the table that it is on, with the focus on it.
function reveal(place) {
  if (!state.found.includes(place)) clearAll();
  state.open = place;
  state.page = Math.floor(state.found.indexOf(place) / PAGE);
  changed("page");
  opener(place).focus({ preventScroll: true });
  opener(place).scrollIntoView({ block: "center" });
}

function startTable() {
  byId("bars").hidden = !items.some((item) => item.intervals[mainKey]);
  const top = labels.map((name, label) => el("option", { value: `top:${label}` }, `${marks[label]} · ${short(name)}`));
  const said = labels.map((name, label) => el("option", { value: `said:${label}` }, `${marks[label]} · ${short(name)}`));
  byId("by-label").append(el("optgroup", { label: "most probably" }, top));
  if (has("labels")) byId("by-label").append(el("optgroup", { label: "somebody said" }, said));
  if (!has("disagreement")) byId("by-agreement").closest("label").hidden = true;
  const orders = Object.keys(KEYS).filter(has);
  byId("by-order").append(...orders.map((key) => el("option", { value: key }, KEYS[key].title)));
  if (has("disagreement")) Object.assign(state, { sort: "disagreement", down: true });
  byId("by-order").value = state.sort;
  byId("search").addEventListener("input", (event) => setFilter("query", event.target.value));
  byId("by-label").addEventListener("change", (event) => setFilter("label", event.target.value));
  byId("by-agreement").addEventListener("change", (event) => setFilter("agreement", event.target.value));
  byId("by-order").addEventListener("change", (event) => setSort(event.target.value));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => {
    clearAll();
    byId("search").focus();
  });
  listeners.push(drawTable, (what) => {
    if (what === "filter") Object.entries({ search: "query", "by-label": "label", "by-agreement": "agreement" }).forEach(([id, name]) => {
      if (byId(id).value !== filters[name]) byId(id).value = filters[name];
    });
    byId("by-order").value = state.sort;
  });
  rows.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.open !== null) {
      event.stopPropagation();
      toggle(state.open);
    }
  });
}
