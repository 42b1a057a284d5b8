// Which items are shown, and in which order. Everything that draws listens.
const PAGE = 50;
const PAUSE = 150; // milliseconds without a key until the rest follows what is typed
const filters = { query: "", label: "", agreement: "" };
const state = { sort: "file", down: false, page: 0, open: null, picked: null, base: all, found: all };
const listeners = [];
const haystacks = new Array(items.length);

const KEYS = {
  file: { title: "as in the file", value: (place) => place, down: false },
  item: { title: "by id", value: (place) => items[place].id, down: false },
  labels: { title: "most labels first", value: numberOfLabels, down: true },
  main: { title: "by most probable label", value: mainOrder, down: false },
  disagreement: { title: "people disagree most", value: (place) => items[place].disagreement, down: true },
  expected: { title: "least certain first", value: (place) => items[place].expected_kl, down: true },
  apart: { title: "model and people differ most", value: (place) => items[place].apart, down: true },
};

function mainOrder(place) {
  const shares = distribution(place, mainKey);
  if (!shares) return null;
  const top = largest(shares);
  return top + 1 - shares[top];
}

function has(key) {
  if (key === "labels") return items.some((_, place) => numberOfLabels(place) > 0);
  return items.some((_, place) => KEYS[key].value(place) !== null);
}

const someLabels = has("labels");

// All that can be searched of an item, in small letters.
function haystack(place) {
  if (haystacks[place] === undefined) {
    const item = items[place];
    const parts = [item.id, ...Object.values(item.texts)];
    for (const [who] of item.annotations) if (who) parts.push(who);
    for (const one of item.explanations) parts.push(one.text);
    haystacks[place] = parts.join("\n").toLowerCase();
  }
  return haystacks[place];
}

// Small letters cost more than the search: they are made while nobody waits.
function prepareSearch(from = 0) {
  const until = Math.min(from + 200, items.length);
  for (let place = from; place < until; place += 1) haystack(place);
  if (until < items.length) setTimeout(prepareSearch, 0, until);
}

const collator = new Intl.Collator("en", { numeric: true });
let sorted = { by: null, down: null, order: all };

function compare(a, b) {
  return typeof a === "string" ? collator.compare(a, b) : a - b;
}

function inOrder() {
  if (sorted.by !== state.sort || sorted.down !== state.down) {
    const values = Array.from(all, KEYS[state.sort].value);
    const known = Array.from(all).filter((place) => values[place] !== null);
    const sign = state.down ? -1 : 1;
    known.sort((a, b) => sign * compare(values[a], values[b]) || a - b);
    const unknown = Array.from(all).filter((place) => values[place] === null);
    sorted = { by: state.sort, down: state.down, order: Uint32Array.from([...known, ...unknown]) };
  }
  return sorted.order;
}

// By the labels themselves: what two further annotators would say is never certain.
const AGREEMENT = {
  disputed: (counts) => kinds(counts) > 1,
  agreed: (counts) => kinds(counts) === 1 && total(counts) > 1,
  divided: (counts) => total(counts) > 1 && Math.max(...counts) * 2 <= total(counts),
};

function total(counts) {
  return counts.reduce((sum, count) => sum + count, 0);
}

function kinds(counts) {
  return counts.filter((count) => count > 0).length;
}

function passes(place, terms) {
  const item = items[place];
  if (filters.agreement && !AGREEMENT[filters.agreement](item.label_counts)) return false;
  if (filters.label) {
    const [how, label] = filters.label.split(":");
    if (how === "said" && !item.label_counts[label]) return false;
    if (how === "top") {
      const shares = distribution(place, mainKey);
      if (!shares || largest(shares) !== Number(label)) return false;
    }
  }
  return terms.every((term) => haystack(place).includes(term));
}

function select() {
  const terms = filters.query.toLowerCase().split(/\s+/).filter(Boolean);
  const order = inOrder();
  state.base = terms.length || filters.label || filters.agreement ? order.filter((place) => passes(place, terms)) : order;
  state.found = state.picked ? state.base.filter((place) => state.picked.has(place)) : state.base;
  state.page = Math.min(state.page, Math.max(0, Math.ceil(state.found.length / PAGE) - 1));
}

// What changes first is always the table; pictures follow in the next frame.
function changed(what) {
  select();
  for (const listen of listeners) listen(what);
}

function setFilter(name, value) {
  filters[name] = value;
  state.page = 0;
  changed("filter");
}

function setSort(key, down = KEYS[key].down) {
  Object.assign(state, { sort: key, down, page: 0 });
  changed("sort");
}

function pick(places) {
  state.picked = places && places.size ? places : null;
  state.page = 0;
  changed("pick");
}

function clearAll() {
  Object.assign(filters, { query: "", label: "", agreement: "" });
  Object.assign(state, { picked: null, page: 0 });
  changed("filter");
}

function toldState() {
  const shown = state.found.length;
  if (!shown) return "No item fits. Clear the filters to see all.";
  const of = shown === items.length ? `All ${counted(shown, "item")}` : `${counted(shown, "item")} of ${grouped.format(items.length)}`;
  const how = [];
  if (state.picked) how.push("picked in the picture");
  if (filters.query) how.push(`with “${short(filters.query, 40)}”`);
  if (filters.label) {
    const [kind, label] = filters.label.split(":");
    how.push(kind === "said" ? `that somebody labelled ${labels[label]}` : `most probably ${labels[label]}`);
  }
  if (filters.agreement) how.push({ disputed: "on which annotators disagree", agreed: "on which annotators agree", divided: "without a majority" }[filters.agreement]);
  return `${of}${how.length ? `, ${how.join(", ")}` : ""}. ${shown > 1 ? `Order: ${orderInWords()}.` : ""}`;
}

function orderInWords() {
  const { title, down } = KEYS[state.sort];
  return title + (down === state.down ? "" : ", reversed");
}
