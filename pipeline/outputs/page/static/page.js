// The page's program: what follows a change of the address, and what changes it.
let state = readState();
let drawn = ""; // the part of the state that the list was drawn for
const listState = (of) => fragment({ ...of, record: "", at: "" });
// whether an address needs no more than what the list begins with
const isStart = (of) => !of.record && listState(of) === fragment({ search: firstSearch });
// all of the page is laid out, also what nobody has scrolled to yet
const layOut = () => document.documentElement.classList.add("laid-out");

function draw() {
  state = readState();
  for (const part of document.querySelectorAll("[data-search]")) part.hidden = part.dataset.search !== state.search;
  for (const button of document.querySelectorAll("[data-switch]")) button.ariaPressed = String(button.dataset.switch === state.search);
  drawNotice();
  if (!more && !isStart(state)) return detailed().then(() => (draw(), state.record && arrive()));
  if (drawn !== listState(state)) {
    drawn = listState(state);
    const found = matching(state);
    const now = found.filter(chosen(state));
    for (const name of ["claim", "counted"]) form[name].value = state[name] ?? "";
    const [from, to] = span(state.years);
    form.from.value = from ?? "";
    form.to.value = to ?? "";
    if (document.activeElement !== form.text) form.text.value = state.text ?? "";
    $("count").textContent = `${counted(state, now)}: ${selection(state)}`;
    $("sentence").textContent = sentence(state, now);
    $("copied").textContent = "";
    const chips = parts(state).slice(1).map(([, words, without]) => {
      const made = element("li");
      made.append(element("a", `${words} ✕`, { href: fragment(without), ariaLabel: `Without: ${words}` }));
      return made;
    });
    if (chips.length > 1) {
      const all = element("li");
      all.append(element("a", "Clear all", { href: fragment({ search: state.search }) }));
      chips.push(all);
    }
    $("chosen").replaceChildren(...chips);
    showList(now);
    const rest = () => {
      drawFacets(now);
      drawCharts(state, found);
    };
    if (performance.getEntriesByName("ketum-listed").length) rest();
    else requestAnimationFrame(rest); // the first screen stands before they are counted
  }
  showDetails();
}
function drawNotice() {
  const place = $("notice");
  place.hidden = !oddParts.length;
  if (!oddParts.length) return place.replaceChildren();
  const label = searches.get(state.search)?.label ?? "";
  place.replaceChildren(
    element("p", `This page does not know what its address asks for: ${oddParts.join(", ")}. It is left out, and what remains is shown.`),
    element("p", null),
  );
  place.lastChild.append(
    element("a", `All records of “${label}”`, { href: fragment({ search: state.search, at: "records" }) }), " · ",
    element("a", "Start of the page", { href: "#top" }), " · ",
    element("a", "How the search was made", { href: "#method" }),
  );
}

// -- going somewhere, and back to where one was
function goTo(place) {
  for (let part = place; part; part = part.parentElement) if (part.matches?.("details")) part.open = true;
  place.scrollIntoView({ block: "start" });
  const target = place.matches("section") ? place.querySelector("h2") : place;
  if (!target.hasAttribute("tabindex") && !target.matches("summary, a, button")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
function placeOf(of) { // where an address leads
  if (of.record) return $("detail");
  if (of.at === "top") return document.querySelector("main h1");
  if (of.at) return document.getElementById(of.at);
  return null;
}
function arrive() {
  const place = placeOf(state);
  if (state.record) {
    if (getComputedStyle($("detail")).position !== "fixed" && !isSeen($("count"))) $("count").scrollIntoView({ block: "start" });
    return $("close").focus({ preventScroll: true });
  }
  if (place && state.at !== "top") return goTo(place);
  if (state.at === "top") return scrollTo(0, 0);
  if (location.hash.includes("=")) goTo($("count"));
}
const isSeen = (place) => {
  const { top, bottom } = place.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};
function remember(focused) {
  const all = [...document.querySelectorAll("a, button, summary, select, input")];
  history.replaceState({ y: scrollY, list: $("list-scroll").scrollTop, drawn: $("list").childElementCount, focus: focused ? all.indexOf(focused) : -1 }, "");
}
// to a state of ours; `moves` says whether the reader is taken to it
function go(next, moves = true, focused = document.activeElement) {
  remember(focused);
  history.pushState({ back: true }, "", fragment(next));
  const key = focused?.textContent;
  draw();
  if (moves) arrive();
  else if (focused && !focused.isConnected) [...document.querySelectorAll("button, a")].find((made) => made.textContent.replace(/ [↑↓]$/, "") === key?.replace(/ [↑↓]$/, ""))?.focus({ preventScroll: true });
  $("back").hidden = !moves;
}
history.scrollRestoration = "manual";
async function comeBack(at) {
  if (at?.y === undefined) return arrive(); // an address typed or followed from elsewhere
  if (at.drawn > $("list").childElementCount) {
    await detailed();
    showMore(at.drawn);
  }
  scrollTo(0, at.y);
  $("list-scroll").scrollTop = at.list;
  if (at.focus >= 0) document.querySelectorAll("a, button, summary, select, input")[at.focus]?.focus({ preventScroll: true });
}
addEventListener("popstate", (event) => {
  draw();
  comeBack(event.state);
});
$("back").addEventListener("click", () => history.back());
document.addEventListener("click", (event) => {
  const made = event.target.closest?.("a");
  const href = made?.getAttribute("href") ?? "";
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (!href.startsWith("#")) return made && remember(made); // PubMed's Back leads here again
  event.preventDefault();
  if (!href.includes("=")) return go({ ...state, record: "", at: href.slice(1) }, true, made); // the view stays
  const isNarrowing = made.closest("#facets, #chosen, #list, #detail, .legend");
  if (made.id === "close" && history.state?.back) return history.back();
  remember(made);
  history.pushState({ back: true }, "", href);
  const key = made.getAttribute("aria-label") ?? made.textContent;
  const within = made.closest("#facets, #chosen");
  draw();
  $("back").hidden = !!isNarrowing;
  if (!isNarrowing || state.record) arrive();
  else if (within) ([...within.querySelectorAll("a")].find((other) => other.textContent.includes(key)) ?? $("count")).focus({ preventScroll: true });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.record) $("close").click();
});

// -- the filters, and the switch between searches
const option = (value, text) => element("option", text, { value });
form.claim.append(option("", "any or none"), ...data.claims.map((claim) => option(claim.code, claim.question)));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const { from, to, text, claim, counted } = form;
  const year = (field) => (/^\d{4}$/.test(field.value) ? field.value : "");
  if ((from.value && !year(from)) || (to.value && !year(to))) return; // a year half typed
  const bounds = year(from) || year(to) ? (year(from) === year(to) ? year(from) : `${year(from)}-${year(to)}`) : "";
  const next = { ...state, claim: claim.value, counted: counted.value, years: bounds || (state.years === "undated" ? "undated" : ""), text: text.value, record: "", at: "" };
  if (!next.claim) next.how = ""; // says how a record speaks of a question
  history.replaceState(history.state, "", fragment(next));
  draw();
});
for (const button of document.querySelectorAll("[data-switch]")) {
  button.addEventListener("click", () => {
    const search = button.dataset.switch;
    const own = new RegExp(`:${state.search}($|[.])`); // some marks name the search they are of
    const mark = partsOf(state.mark).map((one) => one.replace(own, `:${search}$1`)).join(",");
    const at = (state.at ?? "").replace(new RegExp(`-${state.search}($|-)`), `-${search}$1`);
    const place = document.getElementById(at) ? at : scrollY < innerHeight / 2 ? "top" : ""; // for who gets the address
    go({ ...state, search, mark, record: "", at: place }, false, button);
  });
}

// -- what leaves the page
const listNow = () => sorted(matching(state).filter(chosen(state)), state.sort);
$("copy").addEventListener("click", () => copy($("sentence").textContent, $("copied"), $("sentence")));
$("copy-link").addEventListener("click", () => copy(address({ ...state, record: "", at: "" }), $("copied")));
$("save-csv").addEventListener("click", () => detailed().then(() => save("records.csv", listCsv(listNow()), "text/csv")));
$("save-ris").addEventListener("click", () => detailed().then(() => save("records.ris", listRis(listNow()), "application/x-research-info-systems")));
for (const figure of document.querySelectorAll("figure.block")) tools(figure);
for (const figure of document.querySelectorAll("figure[data-fold]")) {
  const rows = [...figure.querySelectorAll("tbody > tr")];
  const left = rows.slice(Number(figure.dataset.fold));
  if (!left.length) continue;
  for (const one of left) one.hidden = true;
  const more = element("button", `Show all ${rows.length} rows`, { type: "button", className: "all" });
  more.addEventListener("click", () => {
    for (const one of left) one.hidden = false;
    more.remove();
  });
  figure.querySelector(".tools").before(more);
}
for (const [kind, isOpen] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(kind, () => {
    for (const details of document.querySelectorAll("details.behind")) details.open = isOpen; // paper has no clicks
  });
}
let width = innerWidth;
addEventListener("resize", () => {
  if (width === innerWidth) return;
  width = innerWidth;
  widths = new Map();
  drawCharts(state, matching(state));
});

if (!isStart(state)) await detailed();
draw();
performance.mark("ketum-listed");
const wasHere = history.state?.y !== undefined; // Back from another site
if (location.hash && !wasHere) {
  layOut();
  arrive();
}
requestAnimationFrame(() => requestAnimationFrame(async () => {
  performance.mark("ketum-charted");
  await detailed();
  layOut();
  if (wasHere) await comeBack(history.state);
  document.documentElement.dataset.ready = "yes";
  foldAhead(0);
}));
// the first search for words finds most texts folded
function foldAhead(from) {
  requestIdleCallback((deadline) => {
    let next = from;
    while (next < records.length && deadline.timeRemaining() > 2) haystack(records[next++]);
    if (next < records.length) foldAhead(next);
  });
}
