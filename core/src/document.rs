//! The shape of a usual run_results: what every version of dbt since 0.19 writes.
//!
//! Another field, a repeated field or a value of another type is an error, and so an unusual file.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document<'a> {
    #[serde(borrow)]
    pub metadata: &'a RawValue,
    #[serde(borrow)]
    pub results: Vec<RunResult<'a>>,
    #[serde(default)]
    pub elapsed_time: Option<f64>,
    #[serde(default, borrow)]
    pub args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult<'a> {
    #[serde(borrow)]
    pub unique_id: Text<'a>,
    #[serde(default, borrow)]
    pub status: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub timing: Vec<Step<'a>>,
    #[serde(default, borrow)]
    pub thread_id: Option<Text<'a>>,
    #[serde(default)]
    pub execution_time: Option<f64>,
    #[serde(default, borrow)]
    pub adapter_response: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub message: Option<Text<'a>>,
    #[serde(default)]
    pub failures: Option<i64>,
    #[serde(default)]
    pub compiled: Option<bool>,
    #[serde(default, borrow)]
    pub compiled_code: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub relation_name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub batch_results: Option<&'a RawValue>,
}

/// One entry of a result's `timing`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step<'a> {
    #[serde(default, borrow)]
    pub name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub started_at: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub completed_at: Option<Text<'a>>,
}

/// A text of the document. It is borrowed where the document writes it without escapes.
#[derive(Deserialize)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of an optional field.
pub fn text<'t>(field: &'t Option<Text<'_>>) -> Option<&'t str> {
    field.as_ref().map(Text::as_str)
}
