//! Flattens one run_results after the other into the columns of the tables.

use std::collections::{HashMap, HashSet};

use crate::columns::{Buffers, Column, Flags, Numbers, Texts};
use crate::document::{text, Document, RunResult, Step, Text};
use crate::hints::Hints;
use crate::json;
use crate::responses::{batches, extra, Response};
use crate::times::utc;

const MAX_BYTES: usize = 64 * 1024 * 1024;
const MAX_REMEMBERED_TEXTS: usize = 1_000_000;

/// What Python needs to know of a file to fill the rows of `artifacts` and `invocations`.
pub struct Facts {
    /// The JSON of the section `metadata`, as written.
    pub metadata: String,
    /// The JSON of the section `args`, as written.
    pub args: Option<String>,
    pub elapsed_time: Option<f64>,
    pub result_count: usize,
    pub main_package: Option<String>,
    /// The first start and the last completion in the timings, as written.
    pub first_started_at: Option<String>,
    pub last_completed_at: Option<String>,
    /// The number of dbt's threads; 0 where other threads are named.
    pub thread_count: usize,
    pub is_aborted_whole: bool,
    /// The distinct messages that may hold a secret. Python decides.
    pub suspicious: Vec<String>,
}

/// The rows of a table: of each column its name, its type and its buffers.
pub struct TableRows {
    pub table: &'static str,
    pub row_count: usize,
    pub columns: Vec<(&'static str, &'static str, Buffers)>,
}

/// The rows of usual run_results, by columns.
#[derive(Default)]
pub struct Core {
    executions: Executions,
    batches: Batches,
    texts: TextRows,
    hints: Option<Hints>,
    /// The number of rows of each table before the last file.
    before: [usize; 3],
}

impl Core {
    /// `hints` finds what may be a secret; without it, nothing is searched.
    pub fn new(hints: Option<Hints>) -> Core {
        Core { hints, ..Core::default() }
    }

    /// Adds the rows of a run_results. None, and no rows, where anything about it is unusual.
    pub fn add(&mut self, data: &[u8], artifact_key: i64) -> Option<Facts> {
        self.before = [self.executions.unique_id.len(), self.batches.unique_id.len(), self.texts.text.len()];
        self.texts.of_last_file.clear();
        let facts = self.flatten(data, artifact_key);
        if facts.is_none() {
            self.undo();
        }
        facts
    }

    /// Takes the rows of the last file out.
    pub fn undo(&mut self) {
        let [executions, batches, texts] = self.before;
        truncate(&mut self.executions.columns(), executions);
        truncate(&mut self.batches.columns(), batches);
        truncate(&mut self.texts.columns(), texts);
        for text_id in self.texts.of_last_file.drain(..) {
            self.texts.known.remove(&text_id);
        }
    }

    /// The rows since the last call.
    pub fn take(&mut self) -> [TableRows; 3] {
        self.before = [0; 3];
        self.texts.of_last_file.clear();
        if self.texts.known.len() > MAX_REMEMBERED_TEXTS {
            self.texts.known.clear();
        }
        [
            take("node_executions", &mut self.executions.columns()),
            take("batch_executions", &mut self.batches.columns()),
            take("texts", &mut self.texts.columns()),
        ]
    }

    fn flatten(&mut self, data: &[u8], artifact_key: i64) -> Option<Facts> {
        if data.len() > MAX_BYTES {
            return None;
        }
        let document: Document = serde_json::from_slice(data).ok()?;
        let mut summary = Summary::default();
        for result in &document.results {
            summary.see(result, self.hints.as_ref())?;
            self.add_result(result, artifact_key, &mut summary)?;
        }
        Some(Facts {
            metadata: document.metadata.get().to_owned(),
            args: document.args.as_ref().map(|args| args.get().to_owned()),
            elapsed_time: document.elapsed_time,
            result_count: document.results.len(),
            main_package: summary.main_package(),
            first_started_at: summary.span.first.map(|(_, text)| text.to_owned()),
            last_completed_at: summary.span.last.map(|(_, text)| text.to_owned()),
            thread_count: if summary.has_other_threads { 0 } else { summary.threads.len() },
            is_aborted_whole: is_aborted_whole(&document.results),
            suspicious: summary.suspicious.into_iter().map(str::to_owned).collect(),
        })
    }

    fn add_result<'t>(&mut self, result: &'t RunResult, artifact_key: i64, summary: &mut Summary<'t>) -> Option<()> {
        let (mut compile, mut execute) = (Span::default(), Span::default());
        for step in &result.timing {
            let span = if text(&step.name) == Some("compile") { &mut compile } else { &mut execute };
            span.extend(step)?;
        }
        summary.span.join(&compile);
        summary.span.join(&execute);
        let response = match &result.adapter_response {
            Some(raw) => Response::decode(raw)?,
            None => Response::default(),
        };
        let are_suspicious = |json: Option<&str>| json.zip(self.hints.as_ref()).is_some_and(|(json, hints)| hints.are_in(json));
        if are_suspicious(response.json.as_deref()) {
            return None;
        }
        let (windows, are_all) = match &result.batch_results {
            Some(raw) if are_suspicious(Some(raw.get())) => return None,
            Some(raw) => batches(raw)?,
            None => (Vec::new(), true),
        };
        let unique_id = result.unique_id.as_str();
        for window in windows {
            self.batches.artifact_key.push(Some(artifact_key));
            self.batches.unique_id.push(Some(unique_id))?;
            self.batches.batch_start.push(Some(window.start_at));
            self.batches.batch_end.push(window.end_at);
            self.batches.is_success.0.push(window.is_success);
        }
        let code = text(&result.compiled_code).filter(|code| !code.is_empty());
        let extra = extra(
            result.batch_results.filter(|_| !are_all),
            result.compiled.filter(|flag| *flag != code.is_some()),
            timing_as_json(&result.timing).as_deref(),
        )?;
        let row = &mut self.executions;
        row.artifact_key.push(Some(artifact_key));
        row.unique_id.push(Some(unique_id))?;
        row.status.push(text(&result.status))?;
        row.execution_seconds.push_float(result.execution_time);
        row.compile_started_at.push(compile.first.map(|(time, _)| time));
        row.compile_completed_at.push(compile.last.map(|(time, _)| time));
        row.execute_started_at.push(execute.first.map(|(time, _)| time));
        row.execute_completed_at.push(execute.last.map(|(time, _)| time));
        row.thread_id.push(text(&result.thread_id))?;
        row.message.push(text(&result.message))?;
        row.failures.push(result.failures);
        row.rows_affected.push(response.rows_affected);
        row.bytes_processed.push(response.bytes_processed);
        row.bytes_billed.push(response.bytes_billed);
        row.query_id.push(response.query_id.as_deref())?;
        row.adapter_response.push(response.json.as_deref())?;
        row.relation_name.push(text(&result.relation_name))?;
        row.compiled_code_id.push(self.texts.id_of(code)?.as_deref())?;
        row.extra.push(extra.as_deref())
    }
}

/// All the timings of a result that has a step of another name than dbt's; None where it has none.
fn timing_as_json(timing: &[Step]) -> Option<String> {
    if timing.iter().all(|step| matches!(text(&step.name), Some("compile" | "execute"))) {
        return None;
    }
    let mut out = String::from("[");
    for (index, step) in timing.iter().enumerate() {
        json::separate(index, &mut out);
        let fields = [("{\"completed_at\":", &step.completed_at), (",\"name\":", &step.name), (",\"started_at\":", &step.started_at)];
        for (key, value) in fields {
            out.push_str(key);
            match text(value) {
                Some(value) => json::write_text(value, &mut out),
                None => out.push_str("null"),
            }
        }
        out.push('}');
    }
    out.push(']');
    Some(out)
}

/// Whether dbt 2.0 aborted the invocation, as far as the results tell: see `is_aborted_whole` of Python.
fn is_aborted_whole(results: &[RunResult]) -> bool {
    let is_error_without_time = |result: &RunResult| {
        text(&result.status) == Some("error") && result.execution_time.unwrap_or(0.0) == 0.0
    };
    results.len() > 1
        && results.iter().all(is_error_without_time)
        && results.windows(2).all(|pair| text(&pair[0].message) == text(&pair[1].message))
}

/// From the first start to the last completion: each in microseconds, and as written.
#[derive(Default)]
struct Span<'t> {
    first: Option<(i64, &'t str)>,
    last: Option<(i64, &'t str)>,
}

impl<'t> Span<'t> {
    /// None where a time is unusual.
    fn extend(&mut self, step: &'t Step) -> Option<()> {
        let span = Span { first: time(&step.started_at)?, last: time(&step.completed_at)? };
        self.join(&span);
        Some(())
    }

    fn join(&mut self, other: &Span<'t>) {
        self.first = [self.first, other.first].into_iter().flatten().min_by_key(|(time, _)| *time);
        self.last = self.last.max(other.last);
    }
}

/// A time and its text. Some(None) for no time; None for an unusual one.
fn time<'t>(field: &'t Option<Text>) -> Option<Option<(i64, &'t str)>> {
    match text(field) {
        None | Some("") => Some(None),
        Some(text) => Some(Some((utc(text)?, text))),
    }
}

/// What all results of a file say together.
#[derive(Default)]
struct Summary<'t> {
    unique_ids: HashSet<&'t str>,
    packages: HashMap<&'t str, usize>,
    threads: HashSet<&'t str>,
    has_other_threads: bool,
    span: Span<'t>,
    suspicious: HashSet<&'t str>,
}

impl<'t> Summary<'t> {
    /// None where the unique_id is repeated.
    fn see(&mut self, result: &'t RunResult, hints: Option<&Hints>) -> Option<()> {
        let unique_id = result.unique_id.as_str();
        if !self.unique_ids.insert(unique_id) {
            return None;
        }
        if let Some(package) = unique_id.split('.').nth(1).filter(|package| !package.is_empty()) {
            *self.packages.entry(package).or_default() += 1;
        }
        if let Some(thread) = text(&result.thread_id).filter(|thread| !matches!(*thread, "main" | "MainThread")) {
            self.threads.insert(thread);
            self.has_other_threads |= !thread.starts_with("Thread-");
        }
        if let Some((message, hints)) = text(&result.message).zip(hints) {
            if !self.suspicious.contains(message) && hints.are_in(message) {
                self.suspicious.insert(message);
            }
        }
        Some(())
    }

    /// The package that most unique_ids name; of several, the first by the alphabet.
    fn main_package(&self) -> Option<String> {
        let rank = |(package, count): &(&&'t str, &usize)| (std::cmp::Reverse(**count), **package);
        self.packages.iter().min_by_key(rank).map(|(package, _)| (*package).to_owned())
    }
}

/// The table node_executions.
#[derive(Default)]
struct Executions {
    artifact_key: Numbers,
    unique_id: Texts,
    status: Texts,
    execution_seconds: Numbers,
    compile_started_at: Numbers,
    compile_completed_at: Numbers,
    execute_started_at: Numbers,
    execute_completed_at: Numbers,
    thread_id: Texts,
    message: Texts,
    failures: Numbers,
    rows_affected: Numbers,
    bytes_processed: Numbers,
    bytes_billed: Numbers,
    query_id: Texts,
    adapter_response: Texts,
    relation_name: Texts,
    compiled_code_id: Texts,
    extra: Texts,
}

impl Executions {
    fn columns(&mut self) -> [Named<'_>; 19] {
        [
            ("artifact_key", "BIGINT", &mut self.artifact_key),
            ("unique_id", "VARCHAR", &mut self.unique_id),
            ("status", "VARCHAR", &mut self.status),
            ("execution_seconds", "DOUBLE", &mut self.execution_seconds),
            ("compile_started_at", "TIMESTAMP", &mut self.compile_started_at),
            ("compile_completed_at", "TIMESTAMP", &mut self.compile_completed_at),
            ("execute_started_at", "TIMESTAMP", &mut self.execute_started_at),
            ("execute_completed_at", "TIMESTAMP", &mut self.execute_completed_at),
            ("thread_id", "VARCHAR", &mut self.thread_id),
            ("message", "VARCHAR", &mut self.message),
            ("failures", "BIGINT", &mut self.failures),
            ("rows_affected", "BIGINT", &mut self.rows_affected),
            ("bytes_processed", "BIGINT", &mut self.bytes_processed),
            ("bytes_billed", "BIGINT", &mut self.bytes_billed),
            ("query_id", "VARCHAR", &mut self.query_id),
            ("adapter_response", "JSON", &mut self.adapter_response),
            ("relation_name", "VARCHAR", &mut self.relation_name),
            ("compiled_code_id", "VARCHAR", &mut self.compiled_code_id),
            ("extra", "JSON", &mut self.extra),
        ]
    }
}

/// The table batch_executions.
#[derive(Default)]
struct Batches {
    artifact_key: Numbers,
    unique_id: Texts,
    batch_start: Numbers,
    batch_end: Numbers,
    is_success: Flags,
}

impl Batches {
    fn columns(&mut self) -> [Named<'_>; 5] {
        [
            ("artifact_key", "BIGINT", &mut self.artifact_key),
            ("unique_id", "VARCHAR", &mut self.unique_id),
            ("batch_start", "TIMESTAMP", &mut self.batch_start),
            ("batch_end", "TIMESTAMP", &mut self.batch_end),
            ("is_success", "BOOLEAN", &mut self.is_success),
        ]
    }
}

type TextId = [u8; 16];

/// The table texts. A text is added once.
#[derive(Default)]
struct TextRows {
    text_id: Texts,
    text: Texts,
    known: HashSet<TextId>,
    of_last_file: Vec<TextId>,
}

impl TextRows {
    fn columns(&mut self) -> [Named<'_>; 2] {
        [("text_id", "VARCHAR", &mut self.text_id), ("text", "VARCHAR", &mut self.text)]
    }

    /// The id of a text: its BLAKE2b-128, in hex. Adds the text where it is new. None where the column is full.
    fn id_of(&mut self, text: Option<&str>) -> Option<Option<String>> {
        let Some(text) = text else {
            return Some(None);
        };
        let hash = blake2b_simd::Params::new().hash_length(16).hash(text.as_bytes());
        let text_id: TextId = hash.as_bytes().try_into().ok()?;
        let as_hex = hash.to_hex().to_string();
        if self.known.insert(text_id) {
            self.of_last_file.push(text_id);
            self.text_id.push(Some(&as_hex))?;
            self.text.push(Some(text))?;
        }
        Some(Some(as_hex))
    }
}

/// A column with its name and its type, both as in `schema/tables.py`.
type Named<'c> = (&'static str, &'static str, &'c mut dyn Column);

fn truncate(columns: &mut [Named], rows: usize) {
    for (_, _, column) in columns {
        column.truncate(rows);
    }
}

fn take(table: &'static str, columns: &mut [Named]) -> TableRows {
    let row_count = columns.first().map_or(0, |(_, _, column)| column.len());
    let columns = columns.iter_mut().map(|(name, kind, column)| (*name, *kind, column.take())).collect();
    TableRows { table, row_count, columns }
}
