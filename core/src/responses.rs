//! The columns that are made from a result's `adapter_response` and `batch_results`.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::{self, Value};
use crate::times;

const INT64: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

/// The columns of an `adapter_response`.
#[derive(Default)]
pub struct Response {
    pub rows_affected: Option<i64>,
    pub bytes_processed: Option<i64>,
    pub bytes_billed: Option<i64>,
    pub query_id: Option<String>,
    pub json: Option<String>,
}

impl Response {
    /// None where the value is unusual.
    pub fn decode(raw: &RawValue) -> Option<Response> {
        let Value::Object(members) = Value::decode(raw.get())? else {
            return None;
        };
        if members.is_empty() {
            return Some(Response::default());
        }
        let member = |key: &str| members.iter().find(|(name, _)| name == key).map(|(_, item)| item.get());
        let mut json = String::new();
        json::write_object(&members, &mut json)?;
        let query_id = text(member("query_id"))?;
        Some(Response {
            rows_affected: bigint(member("rows_affected"))?,
            bytes_processed: bigint(member("bytes_processed"))?,
            bytes_billed: bigint(member("bytes_billed"))?,
            query_id: if query_id.is_some() { query_id } else { text(member("job_id"))? },
            json: Some(json),
        })
    }
}

/// `bigint` of Python's `values`: Some(None) where no integer can be made of the value; None where it is unusual.
fn bigint(raw: Option<&str>) -> Option<Option<i64>> {
    Some(match Value::decode(raw.unwrap_or("null"))? {
        Value::Int(value) => Some(value),
        Value::Float(value) => Some(value).filter(|value| value.fract() == 0.0 && INT64.contains(value)).map(|value| value as i64),
        Value::Text(text) => {
            if !text.is_ascii() {
                return None; // Python takes the digits of other scripts, too
            }
            let digits = text.strip_prefix('-').unwrap_or(&text);
            let is_number = (1..=19).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
            text.parse().ok().filter(|_| is_number)
        }
        _ => None,
    })
}

/// `text` of Python's `values`: Some(None) for null and for the empty text; None where the value is unusual.
fn text(raw: Option<&str>) -> Option<Option<String>> {
    let raw = raw.unwrap_or("null");
    Some(match Value::decode(raw)? {
        Value::Null => None,
        Value::Text(text) => Some(text.into_owned()).filter(|text| !text.is_empty()),
        _ => {
            let mut out = String::new();
            json::write(raw, &mut out)?;
            Some(out)
        }
    })
}

/// One window of a microbatch model.
#[derive(Clone, Copy)]
pub struct Batch {
    pub start_at: i64,
    pub end_at: Option<i64>,
    pub is_success: bool,
}

/// The batches of a result's `batch_results`, of which the last counts where a window repeats; and whether each part of
/// it has become a batch. None where the value is unusual.
pub fn batches(raw: &RawValue) -> Option<(Vec<Batch>, bool)> {
    let Value::Object(members) = Value::decode(raw.get())? else {
        return None;
    };
    let (mut found, mut places, mut is_whole) = (Vec::new(), HashMap::new(), true);
    for outcome in ["failed", "successful"] {
        let Some(windows) = members.iter().find(|(name, _)| name == outcome) else {
            continue;
        };
        let Value::List(windows) = Value::decode(windows.1.get())? else {
            is_whole = false;
            continue;
        };
        for window in &windows {
            match Value::decode(window.get())? {
                Value::List(ends) if ends.len() == 2 => {
                    let (start, new) = batch(&ends, outcome == "successful")?;
                    let place = *places.entry(start).or_insert(found.len());
                    match found.get_mut(place) {
                        Some(batch) => *batch = new,
                        None => found.push(new),
                    }
                }
                _ => is_whole = false,
            }
        }
    }
    is_whole &= members.iter().all(|(name, _)| name == "failed" || name == "successful");
    Some((found, is_whole))
}

/// A batch, and the text of its start.
fn batch(ends: &[&RawValue], is_success: bool) -> Option<(String, Batch)> {
    let Value::Text(start) = Value::decode(ends[0].get())? else {
        return None;
    };
    let end_at = match Value::decode(ends[1].get())? {
        Value::Null => None,
        Value::Text(end) if end.is_empty() => None,
        Value::Text(end) => Some(times::with_offset(&end)?),
        _ => return None,
    };
    let start_at = times::with_offset(&start)?;
    Some((start.into_owned(), Batch { start_at, end_at, is_success }))
}

/// The JSON of `extra`: the parts of a result that no column holds. None where a part is unusual; Some(None) where
/// there are none.
pub fn extra(batch_results: Option<&RawValue>, compiled: Option<bool>, timing: Option<&str>) -> Option<Option<String>> {
    let mut members: Vec<(&str, Cow<str>)> = Vec::new();
    if let Some(raw) = batch_results {
        let mut json = String::new();
        json::write(raw.get(), &mut json)?;
        members.push(("batch_results", json.into()));
    }
    if let Some(flag) = compiled {
        members.push(("compiled", if flag { "true" } else { "false" }.into()));
    }
    if let Some(timing) = timing {
        members.push(("timing", timing.into()));
    }
    if members.is_empty() {
        return Some(None);
    }
    let parts: Vec<String> = members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    Some(Some(format!("{{{}}}", parts.join(","))))
}
