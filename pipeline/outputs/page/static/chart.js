// The charts, drawn as SVG. Each mark that stands for records is a link to them, by pointer and by
// keyboard: a chart is one stop of the Tab key, arrows move from mark to mark, Enter opens.
const SVG = "http://www.w3.org/2000/svg";
function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const asOfYear = Number(data.as_of_date.slice(0, 4));
const markedYear = (year) => (year === null ? "undated" : year > asOfYear ? `${year}+` : year === asOfYear ? `${year}*` : year === asOfYear - 1 ? `${year}~` : `${year}`);
const bandCodes = (band) => data.types.filter((type) => type.band === band).map((type) => type.code);
const words = (count, one = "record") => `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;

// whole numbers for an axis, at most six, from 0 to what holds the largest
function ticks(largest, isWhole = true) {
  const raw = largest / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw && (!isWhole || size >= 1)) ?? 1;
  const list = [];
  for (let value = 0; value < largest + step; value += step) list.push(Number(value.toPrecision(12)));
  return list;
}
// to ask for a width lays the whole page out, so it is asked for once until the window changes
let widths = new Map();
function widthOf(place) {
  const width = widths.get(place) ?? place.clientWidth;
  if (width) widths.set(place, width);
  return width;
}
function frame(place, height, labels, scaleMax) {
  const width = Math.max(widthOf(place), 260);
  const left = 10 + 7.5 * Math.max(...labels.map((label) => String(label).length));
  const [top, bottom] = [12, 26];
  const y = (value) => top + (height - top - bottom) * (1 - value / scaleMax);
  const drawing = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group" });
  for (const label of labels) {
    drawing.append(
      shape("line", { x1: left, x2: width - 4, y1: y(label), y2: y(label), class: label ? "grid" : "axis" }),
      shape("text", { x: left - 6, y: y(label) + 4, "text-anchor": "end" }, grouped(label)),
    );
  }
  return { drawing, left, y, plot: width - left - 8 };
}
// labels of years: as many as fit beside each other
function yearLabels(drawing, years, x, step, height) {
  const every = Math.max(1, Math.ceil(42 / step));
  years.forEach((year, i) => {
    if ((years.length - 1 - i) % every) return;
    const isLast = i === years.length - 1;
    drawing.append(shape("text", { x: Math.max(20, x(i)), y: height - 8, "text-anchor": isLast && years.length > 1 ? "end" : "middle", ...(isLast && years.length > 1 ? { x: x(i) + Math.min(step / 2, 20) } : {}) }, markedYear(year)));
  });
}
function markLink(href, told, place, order, ...shapes) {
  return shape("a", { href, class: "mark", tabindex: "-1", "aria-label": told, "data-place": place, "data-order": order }, shape("title", {}, told), ...shapes);
}

function bandCells(found) {
  const cells = new Map();
  for (const r of found) {
    const { band } = types.get(r.type);
    const key = `${r.year}/${band}`;
    const cell = cells.get(key) ?? cells.set(key, { year: r.year, band, count: 0 }).get(key);
    cell.count += 1;
  }
  return [...cells.values()];
}
function drawYears(figure, state, found) {
  const search = searches.get(state.search);
  const place = figure.querySelector(".chart");
  const cells = bandCells(found);
  figure.cells = cells;
  const bands = data.bands.filter((band) => cells.some((cell) => cell.band === band));
  const wanted = new Set(partsOf(state.type));
  const isOn = (band) => !wanted.size || bandCodes(band).some((code) => wanted.has(code));
  drawLegend(figure, bands, state, wanted);
  const dated = cells.filter((cell) => cell.year !== null).map((cell) => cell.year);
  const caption = figure.querySelector("figcaption");
  if (!dated.length) {
    place.replaceChildren();
    caption.textContent = search.is_known ? "The complete search found no dated record." : "Not known: no dated record is held, and no complete search was made.";
    return;
  }
  const last = Math.max(asOfYear, ...dated);
  const height = widthOf(place) < 480 ? 210 : 270;
  const room = Math.floor((Math.max(widthOf(place), 260) - 50) / 15);
  const first = Math.max(Math.min(...dated), last - Math.min(room, 40) + 1);
  const years = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const totals = new Map();
  for (const { year, count } of cells) totals.set(year, (totals.get(year) ?? 0) + count);
  const labels = ticks(Math.max(...years.map((year) => totals.get(year) ?? 0)));
  const { drawing, left, y, plot } = frame(place, height, labels, labels.at(-1));
  const step = plot / years.length;
  const x = (i) => left + 4 + step * (i + 0.5);
  const thick = Math.min(step * 0.76, 44);
  drawing.setAttribute("aria-label", `Bars of records by year and kind of study, ${search.label}. Arrow keys move from bar to bar, Enter opens the records. The table below has the same numbers.`);
  drawing.prepend(
    shape("defs", {}, shape("pattern", { id: `hatch-${state.search}`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, shape("rect", { width: 3, height: 6, class: "hatch" }))),
  );
  years.forEach((year, i) => {
    let sum = 0;
    bands.forEach((band, order) => {
      const count = cells.find((cell) => cell.year === year && cell.band === band)?.count ?? 0;
      if (!count) return;
      const box = { x: x(i) - thick / 2, width: thick, y: y(sum + count), height: Math.max(y(sum) - y(sum + count) - 1, 1) };
      const made = [shape("rect", { ...box, class: `band${data.bands.indexOf(band)}${isOn(band) ? "" : " off"}` })];
      if (year === asOfYear) made.push(shape("rect", { ...box, fill: `url(#hatch-${state.search})` }));
      drawing.append(markLink(fragment({ ...state, type: bandCodes(band).join(","), years: String(year), record: "", at: "", sort: "" }), `${band}, ${markedYear(year)}: ${words(count)}`, i, order, ...made));
      sum += count;
    });
  });
  yearLabels(drawing, years, x, step, height);
  place.replaceChildren(drawing);
  operable(place);
  const parts = [];
  const earlier = found.filter((r) => r.year !== null && r.year < first).length;
  const undated = found.filter((r) => r.year === null).length;
  if (earlier) parts.push(["before ", { years: `-${first - 1}` }, earlier, String(first)]);
  if (undated) parts.push(["undated", { years: "undated" }, undated, ""]);
  caption.replaceChildren(`${search.is_known && search.is_pubmed ? "Records in PubMed" : "Records held"}, search “${search.label}”, by primary study type.${search.is_known ? "" : " An empty year is not known, and not a zero."} ${years.includes(asOfYear) ? `${asOfYear} is hatched: it is not over.` : ""}`);
  for (const [before, selected, count, after] of parts) {
    caption.append(` ${grouped(count)} `, element("a", `${before}${after}`, { href: fragment({ ...state, ...selected, record: "", at: "" }) }), ".");
  }
  const listedNow = found.filter(chosen(state));
  if (listedNow.length < found.length || parts.length || state.type) {
    caption.append(" ", element("a", `${state.type || state.years ? "Chosen" : "All"}: ${words(listedNow.length)}`, { href: fragment({ ...state, record: "", at: "records" }) }), ".");
  }
}
function drawLegend(figure, bands, state, wanted) {
  figure.querySelector(".legend").replaceChildren(
    ...bands.map((band) => {
      const codes = bandCodes(band).join(",");
      const isPressed = state.type === codes;
      const made = element("button", null, { type: "button", ariaPressed: String(isPressed), className: wanted.size && !bandCodes(band).some((code) => wanted.has(code)) ? "off" : "" });
      made.append(swatch(band), band);
      made.addEventListener("click", () => go({ ...state, type: isPressed ? "" : codes, record: "", at: "" }, false));
      return made;
    }),
  );
}

function drawShares(figure, state) {
  const place = figure.querySelector(".chart");
  const search = searches.get(state.search);
  const points = data.shares.filter((point) => point.search === state.search && point.denominator === figure.dataset.denominator);
  const known = points.filter((point) => point.share !== null);
  figure.points = points;
  if (!known.length) return place.replaceChildren(element("p", "Not known: no year has both counts.", { className: "note" }));
  const years = Array.from({ length: points.at(-1).year - points[0].year + 1 }, (_, i) => points[0].year + i);
  const labels = ticks(Math.max(...known.map((point) => point.share)), false);
  const height = 200;
  const { drawing, left, y, plot } = frame(place, height, labels, labels.at(-1));
  const step = plot / years.length;
  const x = (i) => left + 4 + step * (i + 0.5);
  drawing.setAttribute("aria-label", `${figure.querySelector("h4").textContent}. Arrow keys move from point to point, Enter opens the records.`);
  let path = "";
  years.forEach((year, i) => {
    const share = known.find((point) => point.year === year)?.share;
    path += share === undefined ? " " : `${!path || path.endsWith(" ") ? "M" : "L"}${x(i).toFixed(1)},${y(share).toFixed(1)}`;
  });
  drawing.append(shape("path", { d: path, class: "line" }));
  for (const { year, share, kind } of known) {
    const i = year - years[0];
    const note = { partial: ", year not over", provisional: ", last year, still filling", settled: "" }[kind];
    drawing.append(markLink(fragment({ search: state.search, entered: String(year), counted: "all" }), `${search.label}, ${year}${note}: ${share.toFixed(2)} per 100,000`, i, 0, shape("circle", { cx: x(i), cy: y(share), r: 5, class: kind === "settled" ? "point" : "point open" })));
  }
  yearLabels(drawing, years, x, step, height);
  place.replaceChildren(drawing);
  operable(place);
}

const marksIn = (place) =>
  [...place.querySelectorAll("a.mark")].sort((a, b) => a.dataset.place - b.dataset.place || a.dataset.order - b.dataset.order);
function beside(list, from, key) { // the mark an arrow leads to
  const [at, order] = [Number(from.dataset.place), Number(from.dataset.order)];
  const [step, isAlong] = { ArrowRight: [1, true], ArrowLeft: [-1, true], ArrowUp: [1, false], ArrowDown: [-1, false] }[key] ?? [];
  if (key === "Home") return list[0];
  if (key === "End") return list.at(-1);
  if (!step) return null;
  if (!isAlong) {
    const next = list[list.indexOf(from) + step];
    return next && Number(next.dataset.place) === at ? next : null;
  }
  const further = list.filter((mark) => step * (mark.dataset.place - at) > 0);
  const place = (step > 0 ? further[0] : further.at(-1))?.dataset.place;
  const there = further.filter((mark) => mark.dataset.place === place);
  return there.find((mark) => Number(mark.dataset.order) === order) ?? there[0];
}
function operable(place) {
  marksIn(place)[0]?.setAttribute("tabindex", 0);
  if (place.dataset.operable) return;
  place.dataset.operable = "yes";
  const told = element("p", "", { className: "told", ariaHidden: "true" }); // what has the focus, for eyes
  place.after(told);
  place.addEventListener("keydown", (event) => {
    const from = event.target.closest("a.mark");
    if (!from || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = beside(marksIn(place), from, event.key);
    if (next) {
      from.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    } else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  });
  const tell = (event) => (told.textContent = event.target.closest?.("a.mark")?.getAttribute("aria-label") ?? "");
  for (const kind of ["focusin", "pointerover"]) place.addEventListener(kind, tell);
  for (const kind of ["focusout", "pointerleave"]) place.addEventListener(kind, () => (told.textContent = ""));
}
function drawCharts(state, found) {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    if (figure.dataset.of !== state.search) continue;
    if (figure.dataset.chart === "years") drawYears(figure, state, found);
    else drawShares(figure, state);
  }
}
