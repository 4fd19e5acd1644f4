// A record as the list shows it. Texts of records are only ever set as text, never as HTML.
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
  if (r.facets.length) described(list, "What was studied", r.facets.join("; "));
  if (r.claims.length) described(list, "Claims", r.claims.map(({ code, how, words }) => `${claims.get(code)} ${how.replaceAll("_", " ")}: ${words.join(", ")}`).join("; "));
  if (r.year === null) described(list, "Year", `none: ${r.year_source.replaceAll("_", " ")}`);
  const isCorrected = r.marks.includes("corrected");
  const state = r.counted === "retracted" ? "RETRACTED" : isCorrected ? "not retracted; PubMed links a correction or concern" : "none stated in PubMed";
  described(list, "Retraction", element("span", state, { className: r.counted === "retracted" || isCorrected ? "flag" : "" }));
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

const STEP = 25;
let shown = [];
function showMore() {
  const list = $("list");
  const from = list.childElementCount;
  list.append(...shown.slice(from, from + STEP).map(item));
  const left = shown.length - list.childElementCount;
  $("more").hidden = left <= 0;
  $("more").textContent = `Show ${Math.min(left, STEP)} more of ${left.toLocaleString("en")}`;
}
function showList(found) {
  shown = found;
  $("list").replaceChildren();
  showMore();
}
$("more").addEventListener("click", showMore);
