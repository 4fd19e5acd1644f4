// The charts, drawn by Vega. Each mark that stands for records opens them, by pointer and by
// keyboard: a chart is one stop of the Tab key, arrows move from mark to mark, Enter opens.
const specs = JSON.parse(document.getElementById("specs").textContent);
const charts = []; // called with the state and the records after each change
const asOfYear = Number(data.as_of_date.slice(0, 4));
const markedYear = (year) => (year === null ? "undated" : year > asOfYear ? `${year}+` : year === asOfYear ? `${year}*` : year === asOfYear - 1 ? `${year}~` : `${year}`);

// The bars: years between the first and the last are there even when empty.
function cells(state, found, isSummary) {
  const dated = found.filter((r) => r.year !== null).map((r) => r.year);
  const settled = (year) => (year === null || year < asOfYear - 1 ? 1 : year === asOfYear - 1 ? 0.8 : 0.6);
  const isChosen = chosen(state);
  const wanted = [...types.values()].filter((type) => type.is_summary === isSummary);
  const order = new Map(wanted.map((type) => [type.group, type.order]));
  const counts = new Map();
  const last = Math.max(asOfYear, dated[0] ?? asOfYear);
  const cell = (year, group, isIn) => {
    const key = `${year}/${group}/${isIn}`;
    if (!counts.has(key)) counts.set(key, { year, group, isIn, codes: new Set(), count: 0 });
    return counts.get(key);
  };
  for (let year = dated.at(-1) ?? asOfYear; year <= last; year++) cell(year, wanted[0].group, true);
  for (const r of found) {
    const type = types.get(r.type);
    if (type.is_summary !== isSummary) continue;
    const own = cell(r.year, type.group, isChosen(r)); // what is chosen of a group stands apart
    own.count += 1;
    own.codes.add(r.type);
  }
  return [...counts.values()].map(({ year, group, isIn, codes, count }) => {
    const years = year === null ? "undated" : String(year);
    return {
      year: markedYear(year), place: year ?? 9999, years, code: [...codes].join(","), group, order: order.get(group), count,
      shade: settled(year) * (isIn ? 1 : 0.25),
      told: `${group}, ${markedYear(year)}: ${count}`, opens: count ? { type: [...codes].join(","), years } : null,
    };
  });
}

const marksIn = (place) =>
  [...place.querySelectorAll(":is(.mark-rect, .mark-symbol).role-mark path")]
    .filter((path) => path.__data__?.datum.opens)
    .sort((a, b) => a.__data__.datum.place - b.__data__.datum.place || a.__data__.datum.order - b.__data__.datum.order);
function beside(paths, from, key) { // the mark an arrow leads to
  const at = from.__data__.datum;
  const [step, isAlong] = { ArrowRight: [1, true], ArrowLeft: [-1, true], ArrowUp: [-1, false], ArrowDown: [1, false] }[key] ?? [];
  if (key === "Home") return paths[0];
  if (key === "End") return paths.at(-1);
  if (!step) return null;
  const next = paths[paths.indexOf(from) + step];
  if (!isAlong) return next?.__data__.datum.place === at.place ? next : null;
  const further = paths.filter((path) => step * (path.__data__.datum.place - at.place) > 0);
  const place = (step > 0 ? further[0] : further.at(-1))?.__data__.datum.place;
  const there = further.filter((path) => path.__data__.datum.place === place);
  return there.find((path) => path.__data__.datum.order === at.order) ?? there[0];
}
function operable(place) { // Vega draws anew what changes, so this follows each drawing
  for (const group of place.querySelectorAll("g[role]")) for (const name of ["role", "aria-roledescription"]) group.removeAttribute(name);
  for (const path of place.querySelectorAll("[role=link]")) for (const name of ["role", "tabindex", "aria-label"]) path.removeAttribute(name);
  for (const part of place.querySelectorAll(".role-axis, .role-legend, .mark-line")) part.ariaHidden = "true";
  marksIn(place).forEach((path, i) => {
    path.setAttribute("role", "link");
    path.setAttribute("tabindex", i ? -1 : 0);
    path.setAttribute("aria-label", path.__data__.datum.told);
  });
}
async function chart(place, spec, dataNow) {
  const own = structuredClone(spec);
  own.datasets = { cells: dataNow(readState(), matching(readState())) };
  const encodings = [own, ...(own.layer ?? [])].map((part) => part.encoding);
  if (place.clientWidth < 640) for (const made of encodings) for (const name of ["color", "shape"]) if (made?.[name]) made[name].legend.columns = 1;
  const { view } = await vegaEmbed(place, own, { renderer: "svg", actions: false });
  const told = element("p", "", { className: "told", ariaHidden: "true" }); // what has the focus, for eyes
  place.after(told);
  const open = (mark) => {
    if (mark?.datum?.opens) location.hash = fragment({ ...readState(), ...mark.datum.opens });
  };
  view.addEventListener("click", (_event, mark) => open(mark));
  place.addEventListener("keydown", (event) => {
    const from = event.target.closest("path[role=link]");
    if (!from || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = beside(marksIn(place), from, event.key);
    if (next) {
      from.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") open(from.__data__);
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  });
  place.addEventListener("focusin", (event) => (told.textContent = event.target.__data__?.datum.told ?? ""));
  place.addEventListener("focusout", () => (told.textContent = ""));
  place.chart = view;
  operable(place);
  return view;
}
async function bars(id, isSummary) {
  const place = $(id);
  if (!place) return;
  const own = structuredClone(specs.bars);
  const groups = [...types.values()].filter((type) => type.is_summary === isSummary).map((type) => type.group);
  own.encoding.color.scale.domain = [...new Set(groups)];
  const view = await chart(place, own, (state, found) => cells(state, found, isSummary));
  charts.push(async (state, found) => {
    await view.data("cells", cells(state, found, isSummary)).runAsync();
    operable(place);
  });
}

// The shares: one chart a denominator, a line a search; a year without both counts has no point.
async function shares(place) {
  const points = data.shares.filter((point) => point.denominator === place.dataset.denominator);
  const kinds = { partial: "year not over *", provisional: "last year ~", settled: "settled" };
  await chart(place, specs.shares, () =>
    points.map(({ search, year, share, kind }) => {
      const label = searches.get(search)?.label ?? search;
      const order = data.searches.findIndex(({ name }) => name === search);
      const opens = { search, entered: String(year), counted: "all", type: "", years: "", claim: "", how: "", group: "", mark: "", reason: "", text: "" };
      return { label, year, place: year, order, share, kind: kinds[kind], told: `${label}, ${year}, ${kinds[kind]}: ${share?.toFixed(2)} per 100,000`, opens: share === null ? null : opens };
    }),
  );
}
