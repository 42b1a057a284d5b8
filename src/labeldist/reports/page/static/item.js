// What opens below a row: all there is to know of an item.
const NOTICED = [0.05, 0.15]; // spreads from which the order of reasons matters, and matters much
const MOST_REASONS = 8;

function detailRow(place, columns) {
  const item = items[place];
  const parts = [
    textsOf(item),
    el("div", { class: "two" }, saidOf(place), errorOf(place)),
    distributionsOf(place),
    ordersOf(place),
    reasonsOf(item),
    promptsOf(item),
    item.cut.length ? el("p", { class: "note" }, "Shortened for this page: ", bdi(item.cut.join("; ")), ".") : null,
  ];
  const inside = el("div", { class: "inside", role: "group", "aria-label": `Item ${short(item.id, 80)}` }, parts);
  return el("tr", { class: "detail", id: `detail-${place}` }, el("td", { colspan: columns }, inside));
}

function titled(title, ...children) {
  return el("section", {}, el("h3", {}, title), children);
}

function textsOf(item) {
  const texts = Object.entries(item.texts);
  const shown = [["id", item.id], ...texts].map(([name, text]) => el("div", {}, el("dt", {}, bdi(name)), el("dd", scrollable(text), bdi(text))));
  return el("dl", { class: "texts" }, shown);
}

// Long texts scroll by themselves, which needs a place in the order of the Tab key.
function scrollable(text) {
  return text.length > 1500 || text.split("\n").length > 12 ? { tabindex: 0 } : {};
}

function saidOf(place) {
  const item = items[place];
  const who = labels.map(() => []);
  for (const [name, label] of item.annotations) who[label].push(name);
  const given = labels.map((_, label) => label).filter((label) => item.label_counts[label] > 0 || who[label].length);
  if (!given.length) return titled("What annotators said", el("p", { class: "ends" }, "No labels."));
  const list = given.map((label) =>
    el("li", {}, el("span", {}, labelled(label), " ", el("span", { class: "ends" }, "× ", num(["items", place, "label_counts", label], item.label_counts[label], 0))), el("span", { class: "who" }, names(who[label]))),
  );
  return titled("What annotators said", el("ul", { class: "said" }, list));
}

function names(people) {
  const named = people.filter((name) => name !== null);
  const unnamed = people.length - named.length;
  const parts = named.flatMap((name, place) => [place ? ", " : "", bdi(name)]);
  if (unnamed) parts.push(`${named.length ? ", " : ""}${unnamed} unnamed`);
  return parts;
}

function errorOf(place) {
  const item = items[place];
  const path = (name) => ["items", place, name];
  const lines = [];
  if (item.disagreement !== null) lines.push(el("p", {}, "Two further annotators would differ with a chance of ", num(path("disagreement"), item.disagreement, 2), "."));
  if (item.expected_kl !== null)
    lines.push(el("p", {}, "Expected error of the posterior: KL ", num(path("expected_kl"), item.expected_kl, 3), item.expected_tvd === null ? "" : [", TVD ", num(path("expected_tvd"), item.expected_tvd, 3)], "."));
  if (item.apart !== null) lines.push(el("p", {}, `${setOf.get(view.model)?.name ?? "The model"} and the labels are `, num(path("apart"), item.apart, 2), " apart (TVD)."));
  return lines.length ? titled("In numbers", lines) : null;
}

function distributionsOf(place) {
  const item = items[place];
  const sets = shownSets.filter((set) => item.distributions[set.key]);
  if (!sets.length) return null;
  const head = el("tr", {}, el("td", {}), sets.map((set) => el("th", { scope: "col" }, el("span", { class: "clamp" }, bdi(set.name)))));
  const body = labels.map((_, label) => el("tr", {}, el("th", { scope: "row" }, labelled(label)), sets.map((set) => el("td", {}, shareCell(place, set.key, label)))));
  const table = el("table", { class: "dists" }, el("caption", { class: "hidden" }, "Share of each label in each distribution"), el("thead", {}, head), el("tbody", {}, body));
  const mass = view.interval_mass === null ? "Lines: intervals." : ["Lines: intervals meant to hold the share with a probability of ", num(["interval_mass"], view.interval_mass, 2), "."];
  const intervals = sets.some((set) => item.intervals[set.key]);
  return titled("Side by side", el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Distributions side by side" }, table), intervals ? el("p", { class: "note" }, mass) : null);
}

function shareCell(place, key, label) {
  const share = items[place].distributions[key][label];
  const interval = items[place].intervals[key]?.[label];
  const path = ["items", place];
  return el(
    "div",
    { class: "cell" },
    bar(share, label, interval),
    num([...path, "distributions", key, label], share, 2),
    interval && el("span", { class: "ends" }, num([...path, "intervals", key, label, 0], interval[0], 2), " to ", num([...path, "intervals", key, label, 1], interval[1], 2)),
  );
}

function ordersOf(place) {
  const found = Object.entries(items[place].orders);
  if (!found.length) return null;
  return titled("Does the order of reasons and options matter?", found.map(([key, orders]) => orderSentence(place, key, orders)));
}

function orderSentence(place, key, orders) {
  const path = ["items", place, "orders", key];
  const parts = [el("b", {}, bdi(setOf.get(key)?.name || key)), ": ", num([...path, "orders"], orders.orders, 0), orders.orders === 1 ? " order. " : " orders. "];
  const most = (values) => (values || []).reduce((best, value, at) => (value !== null && (best < 0 || value > values[best]) ? at : best), -1);
  const label = most(orders.spread);
  if (label >= 0) {
    const spread = orders.spread[label];
    const how = spread < NOTICED[0] ? "little" : spread < NOTICED[1] ? "noticeably" : "much";
    parts.push(`It matters ${how}: the share of `, bdi(short(labels[label], 40)), " varies most, by ", num([...path, "spread", label], spread, 3), " (standard deviation). ");
  }
  const error = most(orders.standard_error);
  if (error >= 0 && orders.standard_error[error] === 0) parts.push("All orders were asked, so the means are exact.");
  else if (error >= 0) parts.push("The means are known to ", num([...path, "standard_error", error], orders.standard_error[error], 3), " (standard error) or better.");
  return el("p", {}, parts);
}

function reasonsOf(item) {
  if (!item.explanations.length) return null;
  const made = item.explanations.map(reason);
  const list = (some) => el("ul", { class: "reasons" }, some);
  const more = made.length > MOST_REASONS ? el("details", {}, el("summary", {}, `${made.length - MOST_REASONS} more`), list(made.slice(MOST_REASONS))) : null;
  return titled("Explanations", list(made.slice(0, MOST_REASONS)), more);
}

function reason(one) {
  const models = one.shown_to.map((key) => setOf.get(key)?.name || key);
  const seen = models.length ? ["seen by ", bdi(models.join(", "))] : ["seen by no model"];
  return el("li", {}, chip(one.label), el("p", {}, el("span", { class: "hidden" }, `For ${labels[one.label]}: `), bdi(one.text)), el("span", { class: "by" }, "for ", bdi(short(labels[one.label], 60)), " · by ", bdi(one.source), " · ", seen));
}

function promptsOf(item) {
  const prompts = Object.entries(item.prompts);
  if (!prompts.length) return null;
  return titled("Prompts", prompts.map(([key, text]) => el("details", {}, el("summary", {}, "One prompt of ", bdi(setOf.get(key)?.name || key)), el("pre", { tabindex: 0 }, bdi(text)))));
}
