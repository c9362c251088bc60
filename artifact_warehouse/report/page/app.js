// The frame: header, search, pages by their address. A page is a function from an address to elements.
import { address, followLinks, to } from "./address.js";
import { changesPage } from "./changes.js";
import { costsPage } from "./costs.js";
import { D, S, fetchPart, scopeAddress, scopeName, shortName, unpackCore } from "./data.js";
import { add, foreign, h } from "./dom.js";
import { incidentsPage } from "./incidents.js";
import { lineagePage } from "./lineage.js";
import { nodePage } from "./node.js";
import { overviewPage } from "./overview.js";
import { rulesPage } from "./rules.js";
import { runPage } from "./run.js";
import { runsPage } from "./runs.js";
import { searchField } from "./search.js";
import { sourcesPage } from "./sources.js";
import { testsPage } from "./tests.js";
import { hideTip } from "./tips.js";
import { num, plural, stamp } from "./words.js";

/** The pages in the header: name and function. */
const PAGES = {
  overview: ["Overview", overviewPage],
  runs: ["Runs", runsPage],
  lineage: ["Lineage", lineagePage],
  tests: ["Tests", testsPage],
  sources: ["Sources", sourcesPage],
  incidents: ["Incidents", incidentsPage],
  changes: ["Changes", changesPage],
  costs: ["Costs", costsPage],
  rules: ["Rules", rulesPage],
};

/** The page of an address: its name in the header, its title and its function. */
function pageOf(here) {
  if (PAGES[here.page]) return { tab: here.page, title: PAGES[here.page][0], make: PAGES[here.page][1] };
  if (here.page === "run") return { tab: "runs", title: "Run", make: runPage };
  if (here.rest.length) return { tab: null, title: shortName(here.rest.join("/")), make: nodePage };
  return { tab: "overview", title: PAGES.overview[0], make: overviewPage };
}

const frame = {};

function makeFrame() {
  frame.select = h(
    "select",
    { "aria-label": "Project and environment", onchange: changeScope },
    D.scopes.map((_, scope) => h("option", { value: scope }, scopeName(scope))),
  );
  frame.nav = h("nav", { "aria-label": "Pages", tabindex: -1 });
  frame.main = h("main", { id: "main", tabindex: -1 });
  frame.foot = h("footer", {}, h("p", {}, footWords()));
  const scopes = D.scopes.length > 1 ? frame.select : h("span", { class: "quiet scope" }, foreign(scopeName()));
  const header = h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: "#/overview" }, foreign(D.about.title)),
    scopes,
    frame.nav,
    searchField(PAGES),
  );
  document.getElementById("app").replaceChildren(header, frame.main, frame.foot);
  document.querySelector(".skiplink").addEventListener("click", (event) => {
    event.preventDefault(); // the address stays that of the page
    frame.main.focus();
  });
}

function footWords() {
  const { latest, since, warehouse, written, wholeRuns } = D.about;
  const timelines =
    wholeRuns == null
      ? "Timelines of all runs are whole."
      : `Timelines are whole for the last ${num(wholeRuns)} runs of each job and for all failed runs; of other runs the file holds results and times of nodes.`;
  return [
    `All times UTC. ${plural(D.runs.length, "invocation")}${since ? ` from ${stamp(since)}` : ""} to ${stamp(latest)}, from `,
    foreign(warehouse),
    `, written ${stamp(written)}. ${timelines} The file holds its data and asks nothing of any network.`,
  ];
}

function changeScope() {
  S.scope = Number(frame.select.value);
  const here = address();
  location.hash = PAGES[here.page] ? to(here.page) : here.page === "run" ? to("runs") : to(here.page, here.rest);
}

/** Draw what the address names. */
function show() {
  hideTip();
  const here = address();
  const scope = D.scopes.findIndex((_, index) => scopeAddress(index) === here.query.get("in"));
  if (scope >= 0) S.scope = scope;
  S.isLogical = here.query.get("count") !== "invocations";
  const page = pageOf(here);
  const body = page.make(here);
  document.title = `${page.title} · ${D.about.title}`;
  frame.select.value = String(S.scope);
  frame.nav.replaceChildren(
    ...Object.entries(PAGES).map(([name, [words]]) =>
      h("a", { href: to(name), "aria-current": name === page.tab ? "page" : null }, words),
    ),
  );
  const isWide = page.tab === "lineage" && !Array.isArray(body);
  frame.main.className = isWide ? "wide" : "";
  frame.main.replaceChildren();
  add(frame.main, [body]);
  frame.foot.hidden = isWide;
  scrollTo(0, 0);
}

function nothingLoaded() {
  const words = "No artifact is in this warehouse. `artifact-warehouse load` loads the target folder of a dbt project.";
  frame.main.replaceChildren(h("h1", {}, "An empty warehouse"), h("p", { class: "sub" }, words));
}

async function start() {
  unpackCore(await fetchPart("core"));
  makeFrame();
  if (D.scopes.length) {
    addEventListener("hashchange", show);
    followLinks();
    show();
  } else nothingLoaded();
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      document.documentElement.dataset.ready = String(Math.round(performance.now()));
    }),
  );
}

start().catch((error) => {
  document.getElementById("app").textContent = `This report could not be drawn: ${error.message}`;
  throw error;
});
