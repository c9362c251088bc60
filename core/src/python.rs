//! The module of Python.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::columns::Buffers;
use crate::hints::Hints;

type Bytes = Cow<'static, [u8]>; // becomes `bytes` of Python

/// The facts of a file, in the order of the fields of Python's `Facts`.
type Facts = (
    Bytes,
    Option<Bytes>,
    Option<f64>,
    usize,
    Option<String>,
    Option<String>,
    Option<String>,
    usize,
    bool,
    Vec<String>,
);

/// The name and the type of a column, and its buffers of Arrow: validity, offsets of texts, data.
type Column = (&'static str, &'static str, Option<Bytes>, Option<Bytes>, Bytes);

/// Collects the rows of usual run_results.
#[pyclass]
struct Core(crate::Core);

#[pymethods]
impl Core {
    /// `alone` are words that hint at a secret, `pairs` those that only hint together; without words nothing is searched.
    #[new]
    fn new(alone: Vec<String>, pairs: Vec<(String, String)>) -> PyResult<Core> {
        if alone.is_empty() && pairs.is_empty() {
            return Ok(Core(crate::Core::new(None)));
        }
        let hints = Hints::new(&alone, &pairs).ok_or_else(|| PyValueError::new_err("too many hints"))?;
        Ok(Core(crate::Core::new(Some(hints))))
    }

    /// Adds the rows of a run_results, without the GIL. None, and no rows, where anything about it is unusual.
    fn add(&mut self, py: Python<'_>, data: &[u8], artifact_key: i64) -> Option<Facts> {
        let facts = py.detach(|| self.0.add(data, artifact_key))?;
        Some((
            facts.metadata.into_bytes().into(),
            facts.args.map(|args| args.into_bytes().into()),
            facts.elapsed_time,
            facts.result_count,
            facts.main_package,
            facts.first_started_at,
            facts.last_completed_at,
            facts.thread_count,
            facts.is_aborted_whole,
            facts.suspicious,
        ))
    }

    /// Takes the rows of the last file out.
    fn undo(&mut self) {
        self.0.undo();
    }

    /// The rows since the last call: of each table its name, the number of its rows, and its columns.
    fn take(&mut self) -> Vec<(&'static str, usize, Vec<Column>)> {
        let tables = self.0.take().into_iter();
        tables.map(|rows| (rows.table, rows.row_count, rows.columns.into_iter().map(column).collect())).collect()
    }
}

fn column((name, kind, buffers): (&'static str, &'static str, Buffers)) -> Column {
    (name, kind, buffers.validity.map(Bytes::from), buffers.offsets.map(Bytes::from), buffers.data.into())
}

#[pymodule]
mod artifact_warehouse_core {
    #[pymodule_export]
    use super::Core;
}
