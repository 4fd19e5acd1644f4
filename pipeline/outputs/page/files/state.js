// The records, and which of them an address asks for. The fragment is the page's only state:
// every number is a link that sets it, the filters set it, and whoever opens an address with it
// sees the same records.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const form = $("filters");
const COUNTED = { record: "record", retracted: "retracted article", preprint: "preprint", notice: "notice", all: "member" };
const HOW = { measured: "that measured it", beside: "that tell of it without measuring" };
// what a mark says of a record; behind.py gives them, the part after the colon is their value
const MARKS = {
  corrected: "with a correction or concern",
  unexplained: "found by PubMed without a word the local rules know",
  new_in_pubmed: "new in PubMed since the last set",
  newly_matched: "matched for the first time since the last set",
  baseline: "in the first set of this search",
  search_changed: "since the search changed",
  experiment: "reporting experiments on people",
  experiment_pain: "reporting experiments on people that measured pain",
  answer_study: "confirmed by a person to report trials or human laboratory studies",
  answer_pain: "confirmed by a person to report studies that measured pain",
  answer_provoked: "of provoked pain in volunteers",
  answer_patient: "of patients with pain",
  answer_unclear: "of pain, the people unclear from the abstract",
  answer_pain_unchecked: "of studies of which nobody has checked whether pain was measured",
  answer_unchecked: "of trials and human laboratory studies not yet checked by a person",
  experiment_mention: "reporting experiments on people that only mention kratom",
  study: "study",
  report: "reports of the study",
  not_report: "protocols, retracted reports, preprints and what NLM alone calls a trial",
  preclinical_pain: "animal and laboratory work on pain",
  preclinical_row: "animal and laboratory work on pain, PMID",
  concerns_pain: "with pain in title, major heading, results or conclusions",
  pain: "pain in",
  surveillance: "reporting routine data",
  source: "data of",
  shares_cases: "that may count cases of PMID",
  synthesis: "summing up",
};
const PAIN = { focus: "title or major heading", outcome: "results or conclusions", mention: "other places only" };

const types = new Map(data.types.map((type, order) => [type.code, { ...type, order }]));
const searches = new Map(data.searches.map((search) => [search.name, search]));
const claims = new Map(data.claims.map((claim) => [claim.code, claim.question]));
const said = (position) => data.pool[position];
const records = data.rows.map((row) => {
  const record = Object.fromEntries(data.columns.map((name, i) => [name, row[i]]));
  for (const name of data.pooled) record[name] = said(record[name]);
  for (const name of data.pooled_lists) record[name] = record[name].map(said);
  record.claims = record.claims.map(([claim, how, words]) => ({ code: data.claims[claim].code, how: said(how), words: words.map(said) }));
  return record;
});
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const haystack = (record) =>
  (record.folded ??= folded([record.title, record.citation, ...record.proof, ...record.words, ...record.facets, record.pmid, record.doi].join(" ")));

const firstSearch = data.searches[0]?.name ?? "";
function readState() {
  const asked = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const given = (name) => asked.get(name) ?? "";
  const known = (name, names, otherwise = "") => (names.has(given(name)) ? given(name) : otherwise);
  return {
    search: known("search", searches, firstSearch),
    claim: known("claim", claims),
    group: given("group"),
    how: HOW[given("how")] ? given("how") : "",
    type: given("type").split(",").every((code) => types.has(code)) ? given("type") : "",
    counted: COUNTED[given("counted")] ? given("counted") : "record",
    years: /^(undated|\d{4}|\d{4}-(\d{4})?|-\d{4})$/.test(given("years")) ? given("years") : "",
    entered: /^\d{4}$/.test(given("entered")) ? given("entered") : "",
    text: given("text"),
    mark: given("mark"),
    reason: given("reason"),
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

const marksOf = (state) => state.mark.split(",").filter(Boolean);
function matching(state) { // all but type and years, which the chart shows by shade
  const words = folded(state.text).split(/\s+/).filter(Boolean);
  const marks = marksOf(state);
  const looked = (how) => how === "measured" || how === "observed"; // counted in one cell
  const tells = (claim) => claim.code === state.claim && (!state.how || looked(claim.how) === (state.how === "measured"));
  return records.filter(
    (r) =>
      r.searches.includes(state.search) &&
      (state.counted === "all" || r.counted === state.counted) &&
      (!state.claim || r.claims.some(tells)) &&
      (!state.group || r.groups.includes(state.group)) &&
      (!state.entered || r.entered === Number(state.entered)) &&
      (!state.reason || r.reason === state.reason) &&
      marks.every((mark) => r.marks.includes(mark)) &&
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

function inWords(mark) {
  const [kind, ...rest] = mark.split(":");
  const value = rest.join(":");
  const words = MARKS[kind] ?? kind;
  if (!value || searches.has(value)) return words;
  return `${words} “${kind === "pain" ? PAIN[value] : (data.labels[mark] ?? data.labels[`surveillance_${mark}`] ?? value.replaceAll("_", " "))}”`;
}
// what is chosen, part by part: the name of each and its words
function parts(state) {
  const list = [["search", `search “${searches.get(state.search)?.label ?? ""}”`]];
  if (state.claim) list.push(["claim", `claim “${claims.get(state.claim)}”`]);
  if (state.how) list.push(["how", HOW[state.how]]);
  if (state.group) list.push(["group", `kind of study “${state.group}”`]);
  if (state.type) list.push(["type", `study type “${state.type.split(",").map((code) => types.get(code).label).join("” or “")}”`]);
  if (state.years) list.push(["years", state.years === "undated" ? "without a year" : `years ${state.years}`]);
  if (state.entered) list.push(["entered", `entered PubMed in ${state.entered}`]);
  if (state.reason) list.push(["reason", `reason “${state.reason}”`]);
  if (state.mark) list.push(["mark", marksOf(state).map(inWords).join(", ")]);
  if (state.text) list.push(["text", `words “${state.text}”`]);
  return list;
}
const selection = (state) => parts(state).map(([, words]) => words).join(", ");
// experiments are counted as studies too: reports that share a registration are one
function counted(state, found) {
  const counts = `${found.length.toLocaleString("en")} ${COUNTED[state.counted]}${found.length === 1 ? "" : "s"}`;
  if (!/(^|,)(experiment|study)/.test(state.mark)) return counts;
  const studies = new Set(found.map((r) => r.study)).size;
  return `${counts} in ${studies.toLocaleString("en")} ${studies === 1 ? "study" : "studies"}`;
}
function sentence(state, found) {
  const address = location.protocol === "file:" ? "index.html" : location.href.split("#")[0];
  const scope = data.statement.includes(data.scope) ? "" : `${data.scope} `;
  return (
    `${counted(state, found)} in PubMed as held by ketum (${selection(state)}), ` +
    `as of ${data.as_of_date}, set ${data.set_id}. ${data.statement} ${scope}${address}${fragment(state)}`
  );
}
