//! Errors in one line: the place, what was found there, what was expected.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::{Error, Segment};

use crate::{FORMAT, FORMAT_VERSION, RECORD_FORMAT};

/// The error about the field at `place`, such as `processes[1].gaps_bytes`.
pub fn wrong(place: impl Display, found: &impl Serialize, expected: impl Display) -> String {
    let found = serde_json::to_string(found).unwrap_or_default();
    format!("{place}: found {}, expected {expected}", shortened(&found))
}

/// Reads a `T` out of `value`, which lies at `place`; empty for the whole file.
pub fn typed<'a, T: Deserialize<'a>>(place: &str, value: &'a Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| describe(place, value, &error))
}

/// What is wrong with a text that could not be read as a run file. The way to the field is only looked for here, since it costs
/// more than reading.
pub fn explain(text: &[u8], error: &serde_json::Error) -> String {
    let value: Value = match serde_json::from_slice(text) {
        Ok(value) => value,
        Err(error) => return format!("not JSON: {error}, expected a whole run file"),
    };
    // Another format has other fields; to say which of them are missing would be beside the point.
    check_format("", &value, FORMAT)
        .and_then(|()| {
            let records = value["processes"].as_array();
            let mut records = records.into_iter().flatten().enumerate();
            records.try_for_each(|(index, record)| {
                check_format(&format!("processes[{index}]."), record, RECORD_FORMAT)
            })
        })
        .and_then(|()| typed::<crate::Run>("", &value).map(drop))
        .err()
        // A field that is there twice is lost in a `Value`.
        .unwrap_or_else(|| error.to_string())
}

fn check_format(before: &str, value: &Value, format: &str) -> Result<(), String> {
    for (field, expected) in [
        ("format", format.into()),
        ("format_version", FORMAT_VERSION.into()),
    ] {
        match value.get(field) {
            Some(found) if *found != Value::clone(&expected) => {
                return Err(wrong(format!("{before}{field}"), found, expected));
            }
            _ => {}
        }
    }
    Ok(())
}

fn describe(before: &str, value: &Value, error: &Error<serde_json::Error>) -> String {
    let mut place = before.to_string();
    let mut found = Some(value);
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => {
                place += &format!("[{index}]");
                found = found.and_then(|value| value.get(*index));
            }
            Segment::Map { key } => {
                join(&mut place, key);
                found = found.and_then(|value| value.get(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let message = error.inner().to_string();
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = missing {
        join(&mut place, field);
        return format!("{place}: found nothing, expected this field");
    }
    let found = found.map_or("nothing".to_string(), Value::to_string);
    let expected = match message.rsplit_once(", expected ") {
        Some((_, expected)) => in_words(expected),
        None => &message,
    };
    if place.is_empty() {
        place = "the file".into();
    }
    format!("{place}: found {}, expected {expected}", shortened(&found))
}

fn join(place: &mut String, field: &str) {
    if !place.is_empty() {
        place.push('.');
    }
    place.push_str(field);
}

/// serde's names of what it expects, as FORMAT.md calls them.
fn in_words(expected: &str) -> &str {
    match expected {
        "u64" => "an unsigned integer",
        "a nonzero u64" => "a count above 0",
        "i64" => "an integer",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

fn shortened(found: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    match found.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}...", &found[..cut]),
        None => found.to_string(),
    }
}

/// The fields of a struct of counts, in the order of their names.
pub fn named(counts: &impl Serialize) -> Vec<(String, u64)> {
    let value = serde_json::to_value(counts).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
        .collect()
}
