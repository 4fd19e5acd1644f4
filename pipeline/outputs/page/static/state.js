// The records, and which of them an address asks for. The fragment is the page's only state:
// every number is a link that sets it, the filters set it, and whoever opens an address with it
// sees the same records.
const $ = (id) => document.getElementById(id);
async function unpacked(place) {
  const inflated = new DecompressionStream("deflate");
  const writer = inflated.writable.getWriter();
  writer.write(bytesOf(place.textContent));
  writer.close();
  return JSON.parse(await new Response(inflated.readable).text());
}
function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const packed = atob(base64);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  return bytes;
}
const data = await unpacked($("data")); // while the rest of the page is still being read
if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
// what the start of the page does without: titles and details of records, and abstracts in
// index.private.html alone
let more = null;
let abstracts = {};
let unpacking = null;
const detailed = () =>
  (unpacking ??= (async () => {
    if ($("abstracts")) abstracts = await unpacked($("abstracts"));
    more = await unpacked($("details"));
    readable(more);
  })());
const form = $("filters");
const COUNTED = { record: "record", retracted: "retracted article", preprint: "preprint", notice: "notice", all: "listed record" };
const HOW = { measured: "that measured it", beside: "that mention it without measuring it" };
// what a mark says of a record; records.py gives them, the part after the colon is their value
const MARKS = {
  corrected: "with a correction or concern",
  unexplained: "found by PubMed without a word the local rules know",
  new_in_pubmed: "new in PubMed since the last set",
  newly_matched: "matched for the first time since the last set",
  baseline: "in the first set of this search",
  search_changed: "since the search changed",
  experiment: "reporting trials and human laboratory studies",
  experiment_pain: "reporting trials and human laboratory studies that measured pain",
  answer_study: "confirmed by a person to report trials or human laboratory studies",
  answer_pain: "confirmed by a person to report studies that measured pain",
  answer_provoked: "of provoked pain in volunteers",
  answer_patient: "of patients with pain",
  answer_unclear: "of pain, the people unclear from the abstract",
  answer_pain_unchecked: "of studies of which nobody has checked whether pain was measured",
  answer_unchecked: "of trials and human laboratory studies not yet checked by a person",
  experiment_mention: "reporting trials and human laboratory studies that only mention kratom",
  group: "study",
  study: "of studies that looked at the question",
  review: "of reviews on the question",
  map: "on the evidence map under",
  map_beside: "beside the studies on the evidence map, under",
  badge: "of studies marked",
  sized: "of studies that state how many people took part",
  report: "reports of the study",
  not_report: "protocols, retracted reports, preprints and what NLM alone calls a trial",
  preclinical_pain: "animal and laboratory work on pain",
  preclinical_row: "animal and laboratory work on pain, PMID",
  concerns_pain: "with pain in title, major heading, results or conclusions",
  surveillance: "reporting routine data",
  source: "data of",
  shares_cases: "that may count cases of PMID",
  synthesis: "summing up",
};

const types = new Map(data.types.map((type, order) => [type.code, { ...type, order }]));
const searches = new Map(data.searches.map((search) => [search.name, search]));
const claims = new Map(data.claims.map((claim) => [claim.code, claim.question]));
const groupNames = new Set(data.types.map((type) => type.group));
// a record reads its columns where they were unpacked
class Row {
  constructor(place) {
    this.place = place;
  }
}
function readable(part) {
  part.columns.forEach((name, i) => {
    const get = part.pooled.includes(name)
      ? function () { return part.pool[part.rows[this.place][i]]; }
      : function () { return part.rows[this.place][i]; };
    Object.defineProperty(Row.prototype, name, { get });
  });
}
readable(data);
const records = data.rows.map((_, place) => new Row(place));
const said = (position) => more.pool[position];
const listed = (record, name) => record[name].map(said);
const facetsOf = (record) => listed(record, "facets");
const claimsOf = (record) =>
  record.claims.map(([claim, how, finding, words]) => ({ code: data.claims[claim].code, how: said(how), finding: said(finding), words }));
const keyPlaces = new Map(data.keys.map((key, place) => [key, place]));
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const haystack = (record) =>
  (record.folded ??= folded(
    [record.title, record.citation, record.journal, ...listed(record, "authors"), ...listed(record, "proof"), ...listed(record, "words"), ...listed(record, "registrations"), ...listed(record, "countries"), ...facetsOf(record).flat(), record.pmid, record.doi].join(" "),
  ));
const byPmid = new Map(records.map((record) => [record.pmid, record]));
const valueLabel = (key) => data.labels[key] ?? key.slice(key.indexOf(":") + 1).replaceAll("_", " ");

const firstSearch = data.searches[0]?.name ?? "";
const NAMES = ["search", "claim", "group", "how", "type", "counted", "years", "entered", "facet", "text", "mark", "reason", "sort", "record", "at"];
const SORTS = ["year", "title", "kind"];
let oddParts = []; // what the address asks for and this page does not know
const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch { // an address cut in the middle of a character, as mail programs do
    return text;
  }
};
function readState() {
  oddParts = [];
  const raw = location.hash.slice(1);
  if (raw && !raw.includes("=")) {
    const at = decoded(raw);
    const isKnown = at === "top" || !!document.getElementById(at);
    if (!isKnown) oddParts.push(at);
    return { search: firstSearch, counted: "record", at: isKnown ? at : "" };
  }
  const asked = new URLSearchParams(raw);
  for (const name of asked.keys()) if (!NAMES.includes(name)) oddParts.push(name);
  const one = (name, isKnown, otherwise = "") => {
    const value = asked.get(name) ?? "";
    if (!value) return otherwise;
    if (isKnown(value)) return value;
    oddParts.push(`${name} “${value}”`);
    return otherwise;
  };
  const every = (isKnown) => (value) => value.split(",").every(isKnown);
  return {
    search: one("search", (value) => searches.has(value), firstSearch),
    claim: one("claim", (value) => claims.has(value)),
    group: one("group", (value) => groupNames.has(value)),
    how: one("how", (value) => value in HOW),
    type: one("type", every((code) => types.has(code))),
    counted: one("counted", (value) => value in COUNTED, "record"),
    years: one("years", (value) => /^(undated|\d{4}|\d{4}-(\d{4})?|-\d{4})$/.test(value)),
    entered: one("entered", (value) => /^\d{4}$/.test(value)),
    facet: one("facet", every((key) => key.split(":")[0] in data.facets)),
    text: asked.get("text") ?? "",
    mark: one("mark", every((mark) => mark.split(":")[0] in MARKS)),
    reason: asked.get("reason") ?? "",
    sort: one("sort", (value) => SORTS.includes(value.replace("-", ""))),
    record: one("record", (value) => byPmid.has(Number(value))),
    at: one("at", (value) => value === "top" || !!document.getElementById(value)),
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

const partsOf = (text) => (text ?? "").split(",").filter(Boolean);
// all but type and years, which the chart shows itself
function matching(state) {
  const words = folded(state.text ?? "").split(/\s+/).filter(Boolean);
  const marks = partsOf(state.mark);
  const facets = partsOf(state.facet).map((key) => keyPlaces.get(key));
  const looked = (how) => how === "measured" || how === "observed"; // counted in one cell
  const addresses = ([claim, how]) => data.claims[claim].code === state.claim && (!state.how || looked(data.pool[how]) === (state.how === "measured"));
  return records.filter(
    (r) =>
      r.searches.includes(state.search) &&
      (state.counted === "all" || r.counted === state.counted) &&
      (!state.claim || r.asked.some(addresses)) &&
      (!state.group || r.groups.includes(state.group)) &&
      (!state.entered || r.entered === Number(state.entered)) &&
      (!state.reason || r.reason === state.reason) &&
      marks.every((mark) => r.marks.includes(mark)) &&
      facets.every((key) => r.keys.includes(key)) &&
      words.every((word) => haystack(r).includes(word)),
  );
}
function inYears(years) {
  const [from, to] = span(years);
  if (years === "undated") return (r) => r.year === null;
  return (r) => (from === null || (r.year !== null && r.year >= from)) && (to === null || (r.year !== null && r.year <= to));
}
function chosen(state) {
  const wanted = new Set(partsOf(state.type));
  const isIn = inYears(state.years);
  return (r) => (!wanted.size || wanted.has(r.type)) && isIn(r);
}

function inWords(mark) {
  const [kind, ...rest] = mark.split(":");
  const value = rest.join(":");
  const words = MARKS[kind] ?? kind;
  if (!value || searches.has(value)) return words;
  if (kind === "study" || kind === "review") {
    const [, ...code] = value.split(".");
    const finding = code.at(-1) in data.findings ? code.pop() : "";
    return `${words} “${claims.get(code.join("."))}”${finding ? `: ${data.findings[finding]}` : ""}`;
  }
  return `${words} “${data.labels[mark] ?? data.labels[`surveillance_${mark}`] ?? value.replaceAll("_", " ")}”`;
}
function kindWords(codes) {
  const wanted = codes.split(",");
  const same = (name) => {
    const all = data.types.filter((type) => type[name] === types.get(wanted[0])[name]).map((type) => type.code);
    return all.length === wanted.length && all.every((code) => wanted.includes(code)) ? types.get(wanted[0])[name] : null;
  };
  const whole = same("group") ?? same("band");
  return whole && wanted.length > 1 ? `kind of study “${whole}”` : `study type “${wanted.map((code) => types.get(code).label).join("” or “")}”`;
}
// what is chosen, part by part: the name of each, its words, and the state without it
function parts(state) {
  const list = [["search", `search “${searches.get(state.search)?.label ?? ""}”`]];
  const add = (name, words, without = "") => list.push([name, words, { ...state, [name]: without, record: "", at: "" }]);
  if (state.claim) add("claim", `question “${claims.get(state.claim)}”`);
  if (state.how) add("how", HOW[state.how]);
  if (state.group) add("group", `kind of study “${state.group}”`);
  if (state.type) add("type", kindWords(state.type));
  if (state.years) add("years", state.years === "undated" ? "without a year" : /^\d+$/.test(state.years) ? `year ${state.years}` : `years ${state.years}`);
  if (state.entered) add("entered", `entered PubMed in ${state.entered}`);
  for (const key of partsOf(state.facet)) add("facet", `${data.facets[key.split(":")[0]].toLowerCase()} “${valueLabel(key)}”`, partsOf(state.facet).filter((other) => other !== key).join(","));
  if (state.reason) add("reason", `reason “${state.reason}”`);
  if (state.mark) add("mark", partsOf(state.mark).map(inWords).join(", "));
  if (state.text) add("text", `words “${state.text}”`);
  return list;
}
const selection = (state) => parts(state).map(([, words]) => words).join(", ");
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
// experiments are counted as studies too: reports that share a registration are one
function counted(state, found) {
  const counts = `${grouped(found.length)} ${COUNTED[state.counted]}${found.length === 1 ? "" : "s"}`;
  if (!/(^|,)(experiment|group|study|review|answer|map|badge)/.test(state.mark ?? "")) return counts;
  const studies = new Set(found.map((r) => r.study ?? r.pmid)).size;
  return `${counts} in ${grouped(studies)} ${studies === 1 ? "study" : "studies"}`;
}
const address = (state) => `${location.protocol === "file:" ? "index.html" : location.href.split("#")[0]}${fragment(state)}`;
function sentence(state, found) {
  const scope = data.statement.includes(data.scope) ? "" : `${data.scope} `;
  return (
    `${counted(state, found)}${searches.get(state.search).is_pubmed ? " in PubMed as" : ""} held by ketum (${selection(state)}), ` +
    `as of ${data.as_of_date}, set ${data.set_id}. ${data.statement} ${scope}${address({ ...state, record: "", at: "", sort: "" })}`
  );
}
