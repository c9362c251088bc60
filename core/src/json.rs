//! Writes JSON values as Python's `json_text.encode` does: compact, with sorted keys.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

const MAX_DEPTH: usize = 40;

/// One JSON value. What is in it is still undecoded.
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above those of i64.
    UInt(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<&'a RawValue>),
    Object(Vec<(Cow<'a, str>, &'a RawValue)>),
}

impl<'a> Value<'a> {
    /// Decodes a value, and not what is in it. None where it is not JSON, where it repeats a key, and for numbers that
    /// need more than 64 bits.
    pub fn decode(raw: &'a str) -> Option<Value<'a>> {
        Some(match raw.as_bytes().first()? {
            b'n' if raw == "null" => Value::Null,
            b't' if raw == "true" => Value::Bool(true),
            b'f' if raw == "false" => Value::Bool(false),
            b'"' => Value::Text(serde_json::from_str::<Key>(raw).ok()?.0),
            b'[' => Value::List(serde_json::from_str(raw).ok()?),
            b'{' => Value::Object(sorted(serde_json::from_str::<Members>(raw).ok()?.0)?),
            b'-' | b'0'..=b'9' => number(raw)?,
            _ => return None,
        })
    }
}

fn number(raw: &str) -> Option<Value<'_>> {
    let float: f64 = serde_json::from_str(raw).ok()?; // also checks that it is a number of JSON
    if raw.contains(['.', 'e', 'E']) {
        return Some(Value::Float(raw.parse().ok().filter(|value: &f64| value.is_finite())?));
    }
    debug_assert!(float.is_finite());
    raw.parse().map(Value::Int).or_else(|_| raw.parse().map(Value::UInt)).ok()
}

fn sorted<'a>(mut members: Vec<(Cow<'a, str>, &'a RawValue)>) -> Option<Vec<(Cow<'a, str>, &'a RawValue)>> {
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members.windows(2).all(|pair| pair[0].0 != pair[1].0).then_some(members)
}

/// Appends a value as JSON text. None where `Value::decode` takes a part of it as unusual, or where it is too deep.
pub fn write(raw: &str, out: &mut String) -> Option<()> {
    write_within(raw, out, 0)
}

fn write_within(raw: &str, out: &mut String, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match Value::decode(raw)? {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Int(value) => write_integer(value.into(), out),
        Value::UInt(value) => write_integer(value.into(), out),
        Value::Float(value) => write_float(value, out)?,
        Value::Text(text) => write_text(&text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                write_within(item.get(), out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Object(members) => write_members(&members, out, depth)?,
    }
    Some(())
}

/// Appends an object, of decoded and sorted members.
pub fn write_object(members: &[(Cow<str>, &RawValue)], out: &mut String) -> Option<()> {
    write_members(members, out, 0)
}

fn write_members(members: &[(Cow<str>, &RawValue)], out: &mut String, depth: usize) -> Option<()> {
    out.push('{');
    for (index, (key, item)) in members.iter().enumerate() {
        separate(index, out);
        write_text(key, out);
        out.push(':');
        write_within(item.get(), out, depth + 1)?;
    }
    out.push('}');
    Some(())
}

pub fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn write_integer(value: i128, out: &mut String) {
    use fmt::Write;
    let _ = write!(out, "{value}");
}

/// The shortest digits that mean this float; with an exponent below 1e-5 and from 1e16 on, as msgspec writes it.
/// None for more than 15 digits: of two such texts that are as near to the float, Rust and msgspec choose differently.
fn write_float(value: f64, out: &mut String) -> Option<()> {
    use fmt::Write;
    let is_plain = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    let scientific = format!("{value:e}");
    let digits = scientific.split('e').next()?.bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 {
        return None;
    }
    let start = out.len();
    if is_plain {
        let _ = write!(out, "{value}");
    } else {
        out.push_str(&scientific);
    }
    if is_plain && !out[start..].contains('.') {
        out.push_str(".0");
    }
    Some(())
}

/// Appends a text in quotation marks, with the escapes that JSON needs.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[done..at]);
        done = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => {
                use fmt::Write;
                let _ = write!(out, "\\u{control:04x}");
            }
        }
    }
    out.push_str(&text[done..]);
    out.push('"');
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of an object in their order, repeated ones too.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, map.next_value()?));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    fn written(raw: &str) -> Option<String> {
        let mut out = String::new();
        super::write(raw, &mut out).map(|()| out)
    }

    #[test]
    fn keys_are_sorted_and_nothing_needless_is_written() {
        assert_eq!(written(r#"{ "b" : [1, -0, 1.50, true], "a\n": "\u0041\/\u0001\u007f" }"#).unwrap(), "{\"a\\n\":\"A/\\u0001\u{7f}\",\"b\":[1,0,1.5,true]}");
        assert_eq!(written("18446744073709551615").unwrap(), "18446744073709551615");
    }

    #[test]
    fn what_python_would_read_differently_is_unusual() {
        for raw in ["18446744073709551616", "1e400", "01", "NaN", r#"{"a":1,"a":1}"#, r#""\ud800""#, "[1,]", "", "nul"] {
            assert_eq!(written(raw), None, "{raw}");
        }
        assert_eq!(written(&("[".repeat(60) + &"]".repeat(60))), None);
    }
}
