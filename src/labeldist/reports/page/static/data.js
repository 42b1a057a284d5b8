// The view as Python made it, and what is looked up in it again and again.
const view = JSON.parse(document.getElementById("view").textContent);
const { marks, mostDots } = JSON.parse(document.getElementById("drawing").textContent);
const labels = view.labels;
const items = view.items;
// By name of a set: a set that an item lacks must not be found among what every object has, such as "constructor".
for (const item of items) for (const part of [item.distributions, item.intervals]) Object.setPrototypeOf(part, null);
const all = Uint32Array.from(items, (_, place) => place);
const setOf = new Map(view.sets.map((set) => [set.key, set]));
const shownSets = view.sets.filter((set) => items.some((item) => item.distributions[set.key]));
// What an item is sorted and coloured by where there is no posterior: what people said, else the first there is.
const mainKey =
  view.main && setOf.has(view.main) ? view.main : (shownSets.find((set) => set.kind === "labels") || shownSets[0])?.key;

const grouped = new Intl.NumberFormat("en-US");
const UNKNOWN = "undefined";
const MINUS = "\u2212";

function fixed(value, decimals, sign = false) {
  if (value === null || value === undefined) return UNKNOWN;
  const whole = Number.isInteger(value) && decimals === 0;
  const text = whole ? grouped.format(Math.abs(value)) : Math.abs(value).toFixed(decimals);
  return (value < 0 ? MINUS : sign ? "+" : "") + text;
}

function counted(number, what) {
  return `${grouped.format(number)} ${what}${number === 1 ? "" : "s"}`;
}

function distribution(place, key) {
  return items[place].distributions[key] || null;
}

function largest(shares) {
  let best = 0;
  for (let label = 1; label < shares.length; label += 1) if (shares[label] > shares[best]) best = label;
  return best;
}

function numberOfLabels(place) {
  return items[place].label_counts.reduce((sum, count) => sum + count, 0);
}

function short(text, most = 24) {
  const signs = Array.from(text.slice(0, most * 4));
  return signs.length > most ? `${signs.slice(0, most - 1).join("")}…` : signs.join("");
}

// Limits between five shades, round numbers that most of the values lie between.
function niceLimits(values) {
  const sorted = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const low = sorted[Math.floor(sorted.length * 0.05)];
  const high = sorted[Math.floor(sorted.length * 0.95)];
  const step = niceStep((high - low) / 4 || Math.max(high, 0.01) / 4);
  const first = Math.max(1, Math.round((low + high) / 2 / step - 1.5));
  return [0, 1, 2, 3].map((place) => (first + place) * step);
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const part = rough / power;
  return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

const limits = niceLimits(items.map((item) => item.expected_kl));

function shade(error) {
  if (!limits || error === null || error === undefined) return null;
  let level = 0;
  while (level < limits.length && error >= limits[level]) level += 1;
  return level;
}
