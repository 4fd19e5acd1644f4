// The list of records, its facets, and the details of one. Texts of records are only ever set as
// text, never as HTML.
function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}
function link(text, href) {
  return element("a", text, { href, rel: "noreferrer", dir: "auto" });
}
const pubmedOf = (r) => (r.pmid > 0 ? `https://pubmed.ncbi.nlm.nih.gov/${r.pmid}/` : null);
const doiOf = (r) => (r.doi ? `https://doi.org/${r.doi.split("/").map(encodeURIComponent).join("/")}` : null);
function swatch(band) {
  return element("span", "", { className: `swatch band${data.bands.indexOf(band)}`, ariaHidden: "true" });
}
function flags(r) {
  const list = [];
  if (r.counted === "retracted") list.push("RETRACTED");
  if (r.counted === "preprint") list.push("preprint");
  if (r.counted === "notice") list.push("notice");
  if (r.marks.includes("corrected") && r.counted !== "retracted") list.push("corrected");
  return list;
}
function row(r) {
  const made = element("tr");
  made.dataset.pmid = r.pmid;
  made.append(element("td", r.year ?? "undated", { className: "year" }));
  const cell = element("th", null, { scope: "row" });
  const open = element("a", r.title || "[no title]", { href: fragment({ ...state, record: String(r.pmid), at: "" }), dir: "auto", className: "open" });
  cell.append(open, element("br"), element("small", null));
  cell.lastChild.append(element("bdi", r.citation));
  for (const flag of flags(r)) cell.lastChild.append(" ", element("span", flag, { className: "flag" }));
  const kind = element("td", null, { className: "kind" });
  kind.append(swatch(types.get(r.type).band), types.get(r.type).label);
  made.append(cell, kind);
  return made;
}

function described(list, name, ...values) {
  const value = element("dd");
  for (const part of values) value.append(typeof part === "string" ? element("bdi", part) : part);
  const both = element("div");
  both.append(element("dt", name), value);
  list.append(both);
}
function details(r) {
  const made = document.createDocumentFragment();
  const close = element("a", "Close", { href: fragment({ ...state, record: "", at: "" }), className: "close", id: "close" });
  const head = element("h3", r.title || "[no title]", { dir: "auto" });
  made.append(close, head);
  const list = element("dl");
  described(list, "Citation", r.citation);
  const authors = listed(r, "authors");
  if (authors.length) described(list, "Authors", authors.length > 12 ? `${authors.slice(0, 12).join("; ")} and ${authors.length - 12} more` : authors.join("; "));
  const [pubmed, doi] = [pubmedOf(r), doiOf(r)];
  const links = [];
  if (pubmed) links.push(link(`PMID ${r.pmid}`, pubmed), " ");
  if (doi) links.push(link(`doi ${r.doi}`, doi));
  if (links.length) described(list, "Read it", ...links);
  const proof = listed(r, "proof");
  described(list, "Study type", `${types.get(r.type).label}, by ${r.decided}${proof.length ? `: ${proof.join("; ")}` : ""}${r.reason ? `: ${r.reason}` : ""}`);
  const isCorrected = r.marks.includes("corrected");
  const standing = r.counted === "retracted" ? "RETRACTED" : isCorrected ? "not retracted; PubMed links a correction or concern" : "none stated in PubMed";
  described(list, "Retraction", element("span", standing, { className: r.counted === "retracted" || isCorrected ? "flag" : "" }));
  if (r.counted === "preprint") described(list, "Kind", element("span", "preprint", { className: "flag" }));
  const facets = Map.groupBy(facetsOf(r), ([facet]) => facet);
  for (const [facet, values] of facets) {
    described(list, data.facets[facet] ?? facet, values.map(([, value, words]) => `${valueLabel(`${facet}:${value}`)} (${words})`).join("; "));
  }
  const registrations = listed(r, "registrations");
  if (registrations.length) described(list, "Registrations", registrations.join("; "));
  const countries = listed(r, "countries");
  if (countries.length) described(list, "Countries of the authors", countries.join("; "));
  const ties = listed(r, "ties");
  if (ties.length) described(list, "Named together", ties.join("; "));
  for (const { code, how, finding, words } of claimsOf(r)) described(list, claims.get(code), `${how.replaceAll("_", " ")}${data.findings[finding] ? `, ${data.findings[finding]}` : ""}: ${words.map(said).join(", ")}`);
  described(list, "Search words", listed(r, "words").join("; ") || "none known to the local rules");
  if (r.year === null) described(list, "Year", `none: ${r.year_source.replaceAll("_", " ")}`);
  described(list, "Funding", r.funding ?? "not stated in PubMed");
  described(list, "Conflicts", r.conflict ?? "not stated in PubMed");
  made.append(list);
  for (const [label, text, isEnd] of abstracts[r.pmid] ?? []) {
    const words = element("p", null, { dir: "auto", className: isEnd ? "conclusion" : "" });
    if (label) words.append(element("strong", `${label}: `));
    words.append(text);
    made.append(words);
  }
  return made;
}
function showDetails() {
  const place = $("detail");
  const r = byPmid.get(Number(state.record));
  place.hidden = !r;
  document.body.classList.toggle("has-detail", !!r);
  place.replaceChildren(...(r ? [details(r)] : []));
  for (const made of document.querySelectorAll("#list tr")) made.classList.toggle("is-open", made.dataset.pmid === state.record);
}

const STEP = 50;
let shown = [];
const SORTED = {
  year: (r) => r.year ?? -1,
  title: (r) => (r.folded_title ??= folded(r.title ?? "").replace(/^[^\p{L}\p{N}]+/u, "")),
  kind: (r) => types.get(r.type).order,
};
function sorted(found, sort) {
  if (!sort || sort === "-year") return found; // newest first, as they come
  const key = SORTED[sort.replace("-", "")];
  const way = sort.startsWith("-") ? -1 : 1;
  return found.toSorted((a, b) => way * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
function drawHead() {
  const now = state.sort || "-year";
  const heads = [["year", "Year"], ["title", "Record"], ["kind", "Kind of study"]];
  $("list-head").replaceChildren(
    ...heads.map(([name, words]) => {
      const isNow = now.replace("-", "") === name;
      const isDown = now.startsWith("-");
      const head = element("th", null, { scope: "col" });
      if (isNow) head.ariaSort = isDown ? "descending" : "ascending";
      const button = element("button", `${words}${isNow ? (isDown ? " ↓" : " ↑") : ""}`, { type: "button" });
      button.addEventListener("click", () => go({ ...state, sort: isNow && !isDown ? `-${name}` : name === "year" && !isNow ? "-year" : name, record: "", at: "" }, false));
      head.append(button);
      return head;
    }),
  );
}
function showMore(upTo = 0) {
  const list = $("list");
  const from = list.childElementCount;
  list.append(...shown.slice(from, Math.max(from + STEP, upTo)).map(row));
  offerMore();
}
function offerMore() {
  const left = shown.length - $("list").childElementCount;
  $("more").hidden = left <= 0;
  $("more").textContent = `Show ${Math.min(left, STEP)} more of ${grouped(left)}`;
}
function showList(found) {
  shown = sorted(found, state.sort);
  drawHead();
  if (!more) return offerMore(); // the first rows came with the page
  $("list-scroll").scrollTop = 0;
  $("list").replaceChildren();
  showMore();
}
const readOn = () => detailed().then(() => showMore());
$("more").addEventListener("click", readOn);
new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && !$("more").hidden && readOn(), { root: $("list-scroll"), rootMargin: "400px" }).observe($("more"));

// facets: how many of the listed records have each value; a click narrows, another one takes back
const FACETS_SHOWN = ["substance", "species", "assay", "trial_purpose", "population", "trial_population", "comparator", "route", "antagonist", "harm", "survey_sampling", "surveillance_source", "study_country"];
const VALUES_SHOWN = 6;
function facetBox(name, values) {
  const box = element("details", null, { open: true });
  box.append(element("summary", name));
  const list = element("ul");
  values.forEach(({ words, count, href, isOn, band }, i) => {
    const item = element("li", null, { className: isOn ? "is-on" : "" });
    if (i >= VALUES_SHOWN && !isOn) item.hidden = true;
    const made = element("a", null, { href, className: "value" });
    if (isOn) made.ariaCurrent = "true";
    if (band) made.append(swatch(band));
    made.append(element("bdi", words), " ", element("span", isOn ? "✕" : grouped(count), { className: "n" }));
    if (isOn) made.ariaLabel = `Without: ${words}`;
    item.append(made);
    list.append(item);
  });
  box.append(list);
  if (values.filter(({ isOn }) => !isOn).length > VALUES_SHOWN) {
    const more = element("button", `${values.length - VALUES_SHOWN} more`, { type: "button", className: "plain" });
    more.addEventListener("click", () => {
      for (const item of list.children) item.hidden = false;
      more.remove();
    });
    box.append(more);
  }
  return box;
}
if (matchMedia("(max-width: 40rem)").matches) $("narrow").open = false; // on a phone the records come first
function drawFacets(found) {
  const counts = new Uint32Array(data.keys.length);
  const groups = new Map();
  for (const r of found) {
    const { group } = types.get(r.type);
    groups.set(group, (groups.get(group) ?? 0) + 1);
    for (const key of r.keys) counts[key] += 1;
  }
  const values = Map.groupBy(data.keys.filter((_, i) => counts[i]), (key) => key.slice(0, key.indexOf(":")));
  const clean = { ...state, record: "", at: "" };
  const boxes = [];
  const kinds = [...new Set(data.types.map((type) => type.group))].filter((group) => groups.has(group));
  const codesOf = (group) => data.types.filter((type) => type.group === group).map((type) => type.code).join(",");
  boxes.push(
    facetBox("Kind of study", kinds.sort((a, b) => groups.get(b) - groups.get(a)).map((group) => {
      const isOn = state.type === codesOf(group);
      return { words: group, count: groups.get(group), isOn, band: data.types.find((type) => type.group === group).band, href: fragment({ ...clean, type: isOn ? "" : codesOf(group) }) };
    })),
  );
  const on = partsOf(state.facet);
  for (const facet of FACETS_SHOWN.filter((name) => values.has(name))) {
    const keys = values.get(facet).map((key) => [key, counts[keyPlaces.get(key)]]);
    keys.sort(([a, n], [b, m]) => on.includes(b) - on.includes(a) || m - n);
    boxes.push(facetBox(data.facets[facet], keys.map(([key, count]) => {
      const isOn = on.includes(key);
      return { words: valueLabel(key), count, isOn, href: fragment({ ...clean, facet: (isOn ? on.filter((other) => other !== key) : [...on, key]).join(",") }) };
    })));
  }
  $("facets").replaceChildren(...boxes);
}
