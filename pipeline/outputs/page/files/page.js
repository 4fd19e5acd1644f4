// The page's program. The address fragment is its only state: every number is a link that sets
// it, the filters set it, and whoever opens an address with it sees the same records.
// Texts of records are only ever set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const spec = JSON.parse(document.getElementById("spec").textContent);
const $ = (id) => document.getElementById(id);
const form = $("filters");
const STEP = 25;
const COUNTED = { record: "record", retracted: "retracted article", preprint: "preprint", notice: "notice", all: "member" };
const number = (count, counted) => `${count.toLocaleString("en")} ${COUNTED[counted]}${count === 1 ? "" : "s"}`;
const MARKS = { corrected: "with a correction or concern", unexplained: "found by PubMed without a word the local rules know", new_in_pubmed: "new in PubMed since the last set", newly_matched: "matched for the first time since the last set" };

const types = new Map(data.types.map((type, order) => [type.code, { ...type, order }]));
const searches = new Map(data.searches.map((search) => [search.name, search]));
const said = (position) => (position === null ? null : data.pool[position]);
const records = data.rows.map((row) => {
  const record = Object.fromEntries(data.columns.map((name, i) => [name, row[i]]));
  for (const name of ["year_source", "type", "counted", "decided", "conflict", "funding", "reason"])
    record[name] = said(record[name]);
  for (const name of ["searches", "proof", "words", "marks"]) record[name] = record[name].map(said);
  return record;
});
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const haystack = (record) =>
  (record.folded ??= folded([record.title, record.citation, ...record.proof, ...record.words, record.pmid, record.doi].join(" ")));

const firstSearch = data.searches[0]?.name ?? "";
function readState() {
  const asked = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const known = (value, names, otherwise) => (names.has(value) ? value : otherwise);
  return {
    search: known(asked.get("search"), searches, firstSearch),
    type: (asked.get("type") ?? "").split(",").every((code) => types.has(code)) ? asked.get("type") : "",
    counted: COUNTED[asked.get("counted")] ? asked.get("counted") : "record",
    years: /^(undated|\d{4}|\d{4}-(\d{4})?|-\d{4})$/.test(asked.get("years")) ? asked.get("years") : "",
    text: asked.get("text") ?? "",
    mark: asked.get("mark") ?? "",
    reason: asked.get("reason") ?? "",
  };
}
function fragment(state) {
  const given = Object.entries(state).filter(([name, value]) => value && !(name === "counted" && value === "record"));
  return `#${new URLSearchParams(given)}`;
}
function span(years) {
  if (!years || years === "undated") return [null, null];
  const [from, to] = years.includes("-") ? years.split("-") : [years, years];
  return [from ? Number(from) : null, to ? Number(to) : null];
}

function matching(state) { // all but type and years, which the chart shows by shade
  const words = folded(state.text).split(/\s+/).filter(Boolean);
  const mark = state.mark && !/^(baseline|search_changed):/.test(state.mark) ? state.mark : "";
  return records.filter(
    (r) =>
      r.searches.includes(state.search) &&
      (state.counted === "all" || r.counted === state.counted) &&
      (!state.reason || r.reason === state.reason) &&
      (!mark || r.marks.includes(mark)) &&
      words.every((word) => haystack(r).includes(word)),
  );
}
function chosen(state) {
  const [from, to] = span(state.years);
  const wanted = state.type.split(",");
  return (r) =>
    (!state.type || wanted.includes(r.type)) &&
    (state.years === "undated" ? r.year === null : (from === null || (r.year !== null && r.year >= from)) && (to === null || (r.year !== null && r.year <= to)));
}

function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}
function link(text, href) {
  return element("a", text, { href, rel: "noreferrer", dir: "auto" });
}
function described(list, name, ...values) {
  const value = element("dd");
  for (const part of values) value.append(typeof part === "string" ? element("bdi", part) : part);
  list.append(element("dt", name), value);
}
function item(r) {
  const made = element("li");
  const pubmed = r.pmid > 0 ? `https://pubmed.ncbi.nlm.nih.gov/${r.pmid}/` : null;
  const doi = r.doi ? `https://doi.org/${r.doi.split("/").map(encodeURIComponent).join("/")}` : null;
  made.append(pubmed || doi ? link(r.title || "[no title]", pubmed || doi) : element("bdi", r.title || "[no title]"));
  const list = element("dl");
  described(list, "Citation", r.citation);
  const links = [];
  if (pubmed) links.push(link(`PMID ${r.pmid}`, pubmed), "  ");
  if (doi) links.push(link(`doi ${r.doi}`, doi));
  described(list, "Links", ...links);
  described(list, "Study type", `${types.get(r.type).label}, by ${r.decided}${r.proof.length ? `: ${r.proof.join("; ")}` : ""}${r.reason ? `: ${r.reason}` : ""}`);
  described(list, "Matched words", r.words.join("; ") || "none known to the local rules");
  if (r.year === null) described(list, "Year", `none: ${r.year_source.replaceAll("_", " ")}`);
  const state = r.counted === "retracted" ? "RETRACTED" : r.marks.includes("corrected") ? "not retracted; PubMed links a correction or concern" : "none stated in PubMed";
  described(list, "Retraction", element("span", state, { className: r.counted === "retracted" || r.marks.includes("corrected") ? "flag" : "" }));
  if (r.counted === "preprint") described(list, "Kind", element("span", "preprint", { className: "flag" }));
  described(list, "Funding", r.funding ?? "not stated in PubMed");
  described(list, "Conflicts", r.conflict ?? "not stated in PubMed");
  made.append(list);
  const sections = data.abstracts?.[r.pmid];
  if (sections) {
    const ends = sections.filter((section) => section[2]);
    for (const section of ends) made.append(element("p", `Conclusion: ${section[1]}`, { dir: "auto" }));
    const whole = element("details");
    whole.append(element("summary", "Abstract"));
    for (const [label, text] of sections) whole.append(element("p", label ? `${label}: ${text}` : text, { dir: "auto" }));
    made.append(whole);
  }
  return made;
}

function selection(state) {
  const parts = [`search “${searches.get(state.search)?.label ?? ""}”`];
  if (state.type) parts.push(`study type “${state.type.split(",").map((code) => types.get(code).label).join("” or “")}”`);
  if (state.years) parts.push(state.years === "undated" ? "without a year" : `years ${state.years}`);
  if (state.reason) parts.push(`reason “${state.reason}”`);
  if (state.mark) parts.push(MARKS[state.mark.split(":")[0]] ?? "in the first set of this search");
  if (state.text) parts.push(`words “${state.text}”`);
  return parts.join(", ");
}
function sentence(state, count) {
  const address = location.protocol === "file:" ? "index.html" : location.href.split("#")[0];
  const scope = data.statement.includes(data.scope) ? "" : `${data.scope} `;
  return (
    `${number(count, state.counted)} in PubMed as held by ketum (${selection(state)}), ` +
    `as of ${data.as_of_date}, set ${data.set_id}. ${data.statement} ${scope}${address}${fragment(state)}`
  );
}

let tableOf = ""; // the search whose table is open; readers may open and close others
let shown = [];
function showMore() {
  const list = $("list");
  const from = list.childElementCount;
  list.append(...shown.slice(from, from + STEP).map(item));
  const left = shown.length - list.childElementCount;
  $("more").hidden = left <= 0;
  $("more").textContent = `Show ${Math.min(left, STEP)} more of ${left.toLocaleString("en")}`;
}
function draw() {
  const state = readState();
  const found = matching(state);
  shown = found.filter(chosen(state));
  form.search.value = state.search;
  form.type.value = state.type;
  form.counted.value = state.counted;
  const [from, to] = span(state.years);
  form.from.value = from ?? "";
  form.to.value = to ?? "";
  if (document.activeElement !== form.text) form.text.value = state.text;
  $("count").textContent = `${number(shown.length, state.counted)}: ${selection(state)}`;
  $("sentence").textContent = sentence(state, shown.length);
  $("copied").textContent = "";
  $("list").replaceChildren();
  showMore();
  if (tableOf !== state.search) {
    tableOf = state.search;
    for (const details of document.querySelectorAll("details.search")) details.open = details.dataset.search === tableOf;
  }
  for (const chart of charts) chart(state, found);
}

// The bars. Years between the first and the last are there even when empty.
function cells(state, found, isSummary) {
  const asOfYear = Number(data.as_of_date.slice(0, 4));
  const dated = found.filter((r) => r.year !== null).map((r) => r.year);
  const name = (year) => (year === null ? "undated" : year > asOfYear ? `${year}+` : year === asOfYear ? `${year}*` : year === asOfYear - 1 ? `${year}~` : `${year}`);
  const settled = (year) => (year === null || year < asOfYear - 1 ? 1 : year === asOfYear - 1 ? 0.8 : 0.6);
  const counts = new Map();
  const wanted = [...types.values()].filter((type) => type.is_summary === isSummary);
  const last = Math.max(asOfYear, dated[0] ?? asOfYear);
  for (let year = dated.at(-1) ?? asOfYear; year <= last; year++) counts.set(`${year}/`, { year, type: wanted[0], count: 0 });
  for (const r of found) {
    const type = types.get(r.type);
    if (type.is_summary !== isSummary) continue;
    const key = `${r.year}/${r.type}`;
    if (!counts.has(key)) counts.set(key, { year: r.year, type, count: 0 });
    counts.get(key).count += 1;
  }
  const isChosen = chosen(state);
  return [...counts.values()].map(({ year, type, count }) => ({
    year: name(year), place: year ?? 9999, years: year === null ? "undated" : String(year), code: type.code, label: type.label,
    group: isSummary ? type.label : type.group, order: type.order, count, shade: settled(year) * (isChosen({ year, type: type.code }) ? 1 : 0.25),
  }));
}
const charts = [];
async function chart(id, isSummary) {
  const place = $(id);
  if (!place) return;
  const groups = [...types.values()].filter((type) => type.is_summary === isSummary && type.code !== "NOTICE").map((type) => (isSummary ? type.label : type.group));
  const own = structuredClone(spec);
  own.encoding.color.scale.domain = [...new Set(groups)];
  if (place.clientWidth < 640) own.encoding.color.legend.columns = 1;
  const state = readState();
  own.datasets = { cells: cells(state, matching(state), isSummary) };
  const { view } = await vegaEmbed(place, own, { renderer: "svg", actions: false });
  view.addEventListener("click", (_event, mark) => {
    if (mark?.datum?.code) location.hash = fragment({ ...readState(), type: mark.datum.code, years: mark.datum.years });
  });
  place.chart = view;
  place.querySelector("svg").ariaHidden = "true"; // the figure has a name, the table the numbers
  charts.push((now, found) => view.data("cells", cells(now, found, isSummary)).runAsync());
}

function option(value, text) {
  return element("option", text, { value });
}
form.search.append(...data.searches.map((search) => option(search.name, search.label)));
form.type.append(option("", "all types"));
for (const [group, members] of Map.groupBy(data.types, (type) => type.group)) {
  const part = element("optgroup", null, { label: group });
  if (members.length > 1) part.append(option(members.map((type) => type.code).join(","), `all: ${group}`));
  part.append(...members.map((type) => option(type.code, type.label)));
  form.type.append(part);
}
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const { from, to, text, search, type, counted } = form;
  const year = (field) => (/^\d{4}$/.test(field.value) ? field.value : "");
  const before = readState();
  const bounds = year(from) || year(to) ? (year(from) === year(to) ? year(from) : `${year(from)}-${year(to)}`) : "";
  const years = bounds || (before.years === "undated" ? "undated" : "");
  if ((from.value && !year(from)) || (to.value && !year(to))) return; // a year half typed
  const state = { ...before, search: search.value, type: type.value, counted: counted.value, years, text: text.value };
  history.replaceState(null, "", fragment(state));
  draw();
});
form.addEventListener("reset", (event) => {
  event.preventDefault();
  form.text.value = "";
  location.hash = fragment({ search: form.search.value });
});
$("more").addEventListener("click", showMore);
$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("sentence").textContent);
    $("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren($("sentence"));
    $("copied").textContent = "Selected: copy it with your keyboard.";
  }
});
function goTo(place) {
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}
// links to sections scroll and leave the state in the address as it is
document.addEventListener("click", (event) => {
  const href = event.target.closest?.("a")?.getAttribute("href") ?? "";
  if (!href.startsWith("#") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!href.includes("=")) {
    event.preventDefault();
    goTo(document.querySelector(`${href} > h2`));
  } else if (href === location.hash) {
    goTo($("count")); // no hashchange comes: the list is there already
  }
});
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.search")) details.open = true; // paper has no clicks
});
addEventListener("hashchange", () => {
  draw();
  goTo($("count"));
});
draw();
performance.mark("ketum-listed");
if (location.hash.includes("=")) goTo($("count"));
await chart("bars", false);
await chart("summary-bars", true);
performance.mark("ketum-charted");
document.documentElement.dataset.ready = "yes";
