// The page's program: what follows a change of the address, and what changes it.
let tableOf = ""; // the search whose tables are open; readers may open and close others
function draw() {
  const state = readState();
  const found = matching(state);
  const listed = found.filter(chosen(state));
  for (const name of ["search", "claim", "type", "counted"]) form[name].value = state[name];
  const [from, to] = span(state.years);
  form.from.value = from ?? "";
  form.to.value = to ?? "";
  if (document.activeElement !== form.text) form.text.value = state.text;
  $("count").textContent = `${counted(state, listed)}: ${selection(state)}`;
  $("sentence").textContent = sentence(state, listed);
  $("copied").textContent = "";
  $("chosen").replaceChildren(...parts(state).slice(1).map(([name, words]) => {
    const without = { ...state, [name]: "" };
    const made = element("li");
    made.append(element("a", `${words} ✕`, { href: fragment(without), ariaLabel: `Without: ${words}` }));
    return made;
  }));
  showList(listed);
  if (tableOf !== state.search) {
    tableOf = state.search;
    for (const details of document.querySelectorAll("details.search")) details.open = details.dataset.search === tableOf;
  }
  for (const chart of charts) chart(state, found);
}

function option(value, text) {
  return element("option", text, { value });
}
form.search.append(...data.searches.map((search) => option(search.name, search.label)));
form.claim.append(option("", "any or none"), ...data.claims.map((claim) => option(claim.code, claim.question)));
form.type.append(option("", "all types"));
for (const [group, members] of Map.groupBy(data.types, (type) => type.group)) {
  const part = element("optgroup", null, { label: group });
  if (members.length > 1) part.append(option(members.map((type) => type.code).join(","), `all: ${group}`));
  part.append(...members.map((type) => option(type.code, type.label)));
  form.type.append(part);
}
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  const { from, to, text, search, claim, type, counted } = form;
  const year = (field) => (/^\d{4}$/.test(field.value) ? field.value : "");
  const before = readState();
  const bounds = year(from) || year(to) ? (year(from) === year(to) ? year(from) : `${year(from)}-${year(to)}`) : "";
  const years = bounds || (before.years === "undated" ? "undated" : "");
  if ((from.value && !year(from)) || (to.value && !year(to))) return; // a year half typed
  const state = { ...before, search: search.value, claim: claim.value, type: type.value, counted: counted.value, years, text: text.value };
  if (!state.claim) state.how = ""; // says how a record tells of a claim
  state.mark = marksOf(state).map((mark) => (mark.endsWith(`:${before.search}`) ? `${mark.split(":")[0]}:${state.search}` : mark)).join(",");
  history.replaceState(null, "", fragment(state));
  draw();
});
form.addEventListener("reset", (event) => {
  event.preventDefault();
  form.text.value = "";
  location.hash = fragment({ search: form.search.value });
});
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
// links to parts of the page scroll and leave the state in the address as it is
document.addEventListener("click", (event) => {
  const href = event.target.closest?.("a")?.getAttribute("href") ?? "";
  if (!href.startsWith("#") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!href.includes("=")) {
    event.preventDefault();
    const part = $(href.slice(1));
    if (part.matches("details")) part.open = true;
    goTo(part.querySelector(":scope > :is(h2, summary)"));
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
await bars("bars", false);
await bars("summary-bars", true);
for (const place of document.querySelectorAll("[data-denominator]")) await shares(place);
performance.mark("ketum-charted");
document.documentElement.dataset.ready = "yes";
