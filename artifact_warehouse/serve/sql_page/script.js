// The SQL page: sends the query, shows the rows, and lists the views. Every text of an answer becomes text, never HTML.

const by = (id) => document.getElementById(id);
const FIRST =
  "SELECT name, executed_count, failure_count, failure_rate\nFROM v1.test_failure_rates\nWHERE failure_count > 0\nORDER BY failure_rate DESC\nLIMIT 20";
let last = [];

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(isPlan) {
  const sql = by("sql").value.trim();
  if (!sql) return;
  history.replaceState(null, "", `#${encodeURIComponent(sql)}`);
  by("error").hidden = by("result").hidden = by("downloads").hidden = true;
  by("status").textContent = "The query runs.";
  const answer = await fetch("/sql/run", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql, plan: isPlan }),
  }).then(
    (response) => response.json(),
    () => ({ error: "The server does not answer; is it still running?" }),
  );
  if (answer.error) {
    by("status").textContent = "";
    by("error").textContent = answer.error;
    by("error").hidden = false;
    return;
  }
  const cut = answer.is_cut ? `, the first ${answer.rows.length} are shown` : "";
  const rows = answer.row_count === 1 ? "1 row" : `${answer.row_count} rows`;
  by("status").textContent = isPlan ? "The plan." : `${rows} in ${answer.seconds.toFixed(1)} seconds${cut}.`;
  last = answer.rows;
  by("result").replaceChildren(isPlan ? plan(answer.rows) : table(answer.rows));
  by("result").hidden = answer.rows.length === 0;
  by("downloads").hidden = isPlan || answer.rows.length === 0;
}

function plan(rows) {
  return element("pre", rows.map((row) => row.explain_value).join("\n"));
}

function table(rows) {
  const made = element("table");
  const columns = Object.keys(rows[0] ?? {});
  const head = made.createTHead().insertRow();
  for (const column of columns) {
    const cell = element("th", column);
    cell.scope = "col";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const column of columns) line.append(cellOf(row[column]));
  }
  return made;
}

function cellOf(value) {
  if (value === null) return element("td", "NULL", "none");
  if (typeof value === "number") return element("td", String(value), "number");
  return element("td", typeof value === "object" ? JSON.stringify(value) : String(value));
}

function save(name, type, text) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// RFC 4180.
function csv(rows) {
  const columns = Object.keys(rows[0]);
  const field = (value) => {
    const text = value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => line.map(field).join(","))
    .join("\r\n");
}

async function listViews() {
  const views = await fetch("/sql/views").then((response) => response.json());
  for (const view of views) {
    const details = element("details");
    details.append(element("summary", view.name), element("p", view.summary));
    details.addEventListener("toggle", () => showColumns(details, view.name), { once: true });
    details.dataset.text = `${view.name} ${view.summary}`.toLowerCase();
    by("views").append(details);
  }
}

async function showColumns(details, name) {
  const view = await fetch(`/sql/views/${encodeURIComponent(name)}`).then((response) => response.json());
  const list = element("dl");
  for (const column of view.columns) {
    list.append(element("dt", `${column.name} ${column.type}`), element("dd", column.comment ?? ""));
  }
  details.append(list);
}

by("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask(false);
});
by("plan").addEventListener("click", () => ask(true));
by("sql").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(false);
});
by("csv").addEventListener("click", () => save("result.csv", "text/csv", csv(last)));
by("json").addEventListener("click", () => save("result.json", "application/json", JSON.stringify(last, null, 1)));
by("find").addEventListener("input", () => {
  const wanted = by("find").value.toLowerCase();
  for (const details of by("views").children) details.hidden = !details.dataset.text.includes(wanted);
});

by("sql").value = decodeURIComponent(location.hash.slice(1)) || FIRST;
listViews();
if (location.hash.length > 1) ask(false);
