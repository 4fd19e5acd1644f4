// What leaves the page as a file or through the clipboard: tables, charts, the list of records.
// A cell that a spreadsheet would run begins with an apostrophe, as in all tables of ketum.
const FORMULA = /^(?:[\t\r\n]|[\x00-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])/;
const csvCell = (value) => {
  const text = String(value ?? "");
  const safe = typeof value !== "number" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const csv = (rows) => `\ufeff${rows.map((cells) => cells.map(csvCell).join(",")).join("\r\n")}\r\n`;
function save(name, content, type) {
  const made = element("a", "", { href: content.startsWith?.("data:") ? content : URL.createObjectURL(new Blob([content], { type })), download: `ketum-${data.as_of_date}-${name}` });
  document.body.append(made);
  made.click();
  made.remove();
}
async function copy(text, place, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    place.textContent = "Copied.";
  } catch {
    if (otherwise) getSelection().selectAllChildren(otherwise);
    place.textContent = otherwise ? "Selected: copy it with your keyboard." : text;
  }
}
const cellText = (cell) => {
  if (cell.querySelector(":scope > .unknown")) return "";
  const clone = cell.cloneNode(true);
  for (const card of clone.querySelectorAll("details")) card.replaceWith(card.querySelector("summary").textContent);
  for (const gap of clone.querySelectorAll("br")) gap.replaceWith(" ");
  return clone.textContent.trim().replace(/\s+/g, " ");
};
const isNumber = (text) => /^\d[\d,]*(\.\d+)?$/.test(text);
const rowsOf = (table) =>
  [...table.rows].map((line) => [...line.cells].map(cellText).map((text) => (isNumber(text) ? Number(text.replaceAll(",", "")) : text)));

// a chart as a file of its own: with its title, legend and source, and colours that stand in it
function standalone(figure) {
  const drawn = figure.querySelector("svg");
  const made = drawn.cloneNode(true);
  const [from, to] = [drawn, made].map((place) => [place, ...place.querySelectorAll("*")]);
  to.forEach((node, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of ["fill", "stroke", "stroke-width", "opacity", "font-size", "font-family"]) {
      const given = from[i].getAttribute(name);
      if (given?.startsWith("url(") || !(node instanceof SVGElement)) continue;
      node.setAttribute(name, style.getPropertyValue(name));
    }
    node.removeAttribute("class");
  });
  for (const mark of made.querySelectorAll("a")) mark.replaceWith(...mark.querySelectorAll("rect, circle"));
  const [width, height] = [Number(drawn.getAttribute("width")), Number(drawn.getAttribute("height"))];
  const style = getComputedStyle(document.body);
  const line = (text, y, size, weight = "normal") => shape("text", { x: 8, y, "font-size": size, "font-weight": weight, "font-family": style.fontFamily, fill: style.color }, text);
  const whole = shape("svg", { xmlns: SVG });
  whole.append(shape("rect", { width: "100%", height: "100%", fill: style.backgroundColor }), line(figure.querySelector("h2, h4").textContent, 22, 15, "bold"));
  let y = 32;
  for (const button of figure.querySelectorAll(".legend button")) {
    whole.append(shape("rect", { x: 8, y: y + 3, width: 11, height: 11, fill: getComputedStyle(button.querySelector(".swatch")).backgroundColor }));
    const label = line(button.textContent, y + 13, 12);
    label.setAttribute("x", 25);
    whole.append(label);
    y += 18;
  }
  made.setAttribute("y", y);
  whole.append(made);
  const end = y + height + 18;
  whole.append(line(`${searches.get(state.search).is_pubmed ? "PubMed only, as" : "As"} of ${data.as_of_date}; ketum, set ${data.set_id}.`, end, 11));
  for (const [name, value] of Object.entries({ width, height: end + 12, viewBox: `0 0 ${width} ${end + 12}` })) whole.setAttribute(name, value);
  return new XMLSerializer().serializeToString(whole);
}
async function picture(figure) {
  const text = standalone(figure);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  const brush = canvas.getContext("2d");
  brush.scale(2, 2);
  brush.drawImage(image, 0, 0);
  return canvas.toDataURL("image/png");
}
function tools(figure) {
  const bar = element("div", null, { className: "tools" });
  const told = element("span", "", { role: "status" });
  const add = (words, what, act) => {
    const made = element("button", words, { type: "button", ariaLabel: `${words}: ${what}` });
    made.addEventListener("click", act);
    bar.append(made);
  };
  const own = [...figure.children];
  const chart = own.find((child) => child.matches(".chart"));
  const name = figure.id;
  const table = figure.querySelector("table");
  const title = chart ? figure.querySelector("h2, h4").textContent : table.caption.textContent;
  const rows = () => rowsOf(table);
  if (chart) {
    add("SVG", title, () => figure.querySelector("svg") && save(`${name}.svg`, standalone(figure), "image/svg+xml"));
    add("PNG", title, async () => figure.querySelector("svg") && save(`${name}.png`, await picture(figure), "image/png"));
  }
  add("CSV", title, () => save(`${name}.csv`, csv(rows()), "text/csv"));
  add("Copy", title, () => copy(rows().map((cells) => cells.join("\t")).join("\n"), told));
  add("Link", title, () => copy(address({ ...state, at: name, record: "" }), told));
  bar.append(told);
  (chart ? figure.querySelector("figcaption") : figure.firstElementChild).after(bar);
}

const CSV_COLUMNS = ["pmid", "title", "authors", "journal", "year", "citation", "doi", "study_type", "kind_of_study", "counted_as", "decided_by", "what_was_studied", "registrations", "author_countries", "funding", "conflicts", "pubmed_url"];
function listCsv(found) {
  return csv([
    CSV_COLUMNS,
    ...found.map((r) => [
      r.pmid > 0 ? r.pmid : "", r.title, listed(r, "authors").join("; "), r.journal, r.year, r.citation, r.doi, types.get(r.type).label, types.get(r.type).group, r.counted, r.decided,
      facetsOf(r).map(([facet, value]) => `${data.facets[facet] ?? facet}: ${valueLabel(`${facet}:${value}`)}`).join("; "), listed(r, "registrations").join("; "), listed(r, "countries").join("; "), r.funding, r.conflict, pubmedOf(r),
    ]),
  ]);
}
const oneLine = (text) => String(text).replace(/[\x00-\x20\x7f-\x9f\u2028\u2029]+/g, " ").trim();
function listRis(found) {
  const lines = [];
  const add = (tag, value) => value !== null && value !== undefined && oneLine(value) && lines.push(`${tag}  - ${oneLine(value)}`);
  for (const r of found) {
    lines.push(`TY  - ${r.counted === "preprint" ? "UNPB" : r.journal ? "JOUR" : "GEN"}`);
    add("TI", r.title);
    for (const author of listed(r, "authors")) add("AU", author);
    add("T2", r.journal);
    add("PY", r.year);
    add("VL", r.volume);
    add("IS", r.issue);
    const [first, last] = (r.pages ?? "").split("-");
    add("SP", first);
    add("EP", last);
    add("DO", r.doi);
    add("UR", pubmedOf(r) ?? doiOf(r));
    if (r.pmid > 0) {
      add("AN", r.pmid);
      add("M2", `PMID: ${r.pmid}`); // where Zotero looks for it
      add("DB", "PubMed");
    }
    add("DP", `ketum ${data.set_id}`);
    add("KW", types.get(r.type).label);
    if (r.counted !== "record") add("KW", r.counted === "retracted" ? "RETRACTED" : r.counted);
    for (const [, value] of facetsOf(r).filter(([facet]) => FACETS_SHOWN.includes(facet))) add("KW", value.replaceAll("_", " "));
    add("AB", (abstracts[r.pmid] ?? []).map(([label, text]) => (label ? `${label}: ${text}` : text)).join(" "));
    lines.push("ER  - ", "");
  }
  return lines.join("\r\n");
}
