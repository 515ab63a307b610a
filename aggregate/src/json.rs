//! Asks a JSON value for its fields, and says in one line what is wrong with one: its place, what was found, what was expected.
//!
//! A missing field is an error for every question asked here; `null` is one but for those that say `or_null`.

use serde_json::Value;

/// A value with the way to it, such as `processes[1].gaps_bytes`. The way is only spelled out for an error.
pub struct Node<'a> {
    value: Option<&'a Value>,
    step: Step<'a>,
    parent: Option<&'a Node<'a>>,
}

enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Node<'a> {
    /// The whole file.
    pub fn root(value: &'a Value) -> Node<'a> {
        Node {
            value: Some(value),
            step: Step::Root,
            parent: None,
        }
    }

    /// The field `key`, which may turn out to be missing.
    pub fn field(&'a self, key: &'a str) -> Node<'a> {
        Node {
            value: self.value.and_then(|value| value.get(key)),
            step: Step::Key(key),
            parent: Some(self),
        }
    }

    /// Whether the value is there and `null`.
    pub fn is_null(&self) -> bool {
        self.value.is_some_and(Value::is_null)
    }

    /// Whether there is no such value.
    pub fn is_missing(&self) -> bool {
        self.value.is_none()
    }

    /// The elements of an array.
    pub fn elements(&'a self) -> Result<Vec<Node<'a>>, String> {
        let values = self
            .value
            .and_then(Value::as_array)
            .ok_or_else(|| self.wrong("an array"))?;
        let node = |(index, value)| Node {
            value: Some(value),
            step: Step::Index(index),
            parent: Some(self),
        };
        Ok(values.iter().enumerate().map(node).collect())
    }

    /// An exact count.
    pub fn count(&self) -> Result<u64, String> {
        self.value
            .and_then(Value::as_u64)
            .ok_or_else(|| self.wrong("an unsigned integer"))
    }

    /// An exact count, or `None` for `null`.
    pub fn count_or_null(&self) -> Result<Option<u64>, String> {
        if self.is_null() {
            return Ok(None);
        }
        self.value
            .and_then(Value::as_u64)
            .map(Some)
            .ok_or_else(|| self.wrong("an unsigned integer or null"))
    }

    /// An integer of either sign.
    pub fn integer(&self) -> Result<i64, String> {
        self.value
            .and_then(Value::as_i64)
            .ok_or_else(|| self.wrong("an integer"))
    }

    /// Any number.
    pub fn number(&self) -> Result<f64, String> {
        self.value
            .and_then(Value::as_f64)
            .ok_or_else(|| self.wrong("a number"))
    }

    /// A string.
    pub fn text(&self) -> Result<&'a str, String> {
        self.value
            .and_then(Value::as_str)
            .ok_or_else(|| self.wrong("a string"))
    }

    /// A string, or `None` for `null`.
    pub fn text_or_null(&self) -> Result<Option<&'a str>, String> {
        if self.is_null() {
            return Ok(None);
        }
        self.value
            .and_then(Value::as_str)
            .map(Some)
            .ok_or_else(|| self.wrong("a string or null"))
    }

    /// The strings of an array.
    pub fn texts(&self) -> Result<Vec<&'a str>, String> {
        let values = self
            .value
            .and_then(Value::as_array)
            .ok_or_else(|| self.wrong("an array of strings"))?;
        values
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| self.wrong("an array of strings"))
            })
            .collect()
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Result<bool, String> {
        self.value
            .and_then(Value::as_bool)
            .ok_or_else(|| self.wrong("true or false"))
    }

    /// A seed: a string of `0x` and 1 to 16 hex digits.
    pub fn seed(&self) -> Result<&'a str, String> {
        let digits = |text: &'a str| {
            text.strip_prefix("0x")
                .filter(|digits| u64::from_str_radix(digits, 16).is_ok())
        };
        let text = self
            .value
            .and_then(Value::as_str)
            .filter(|text| digits(text).is_some());
        text.ok_or_else(|| self.wrong("a string of 0x and up to 16 hex digits"))
    }

    /// As [`Node::seed`], or `None` where there is none: null, or a file from before salts.
    pub fn salt(&self) -> Result<Option<&'a str>, String> {
        if self.value.is_none_or(Value::is_null) {
            return Ok(None);
        }
        self.seed().map(Some)
    }

    /// Refuses everything but the given value.
    pub fn expect(&self, expected: &Value) -> Result<(), String> {
        if self.value == Some(expected) {
            Ok(())
        } else {
            Err(self.wrong(&expected.to_string()))
        }
    }

    /// The error about this value.
    pub fn wrong(&self, expected: &str) -> String {
        const SHOWN_CHARS: usize = 60;
        let mut found = self.value.map_or("nothing".to_string(), Value::to_string);
        if let Some((cut, _)) = found.char_indices().nth(SHOWN_CHARS) {
            found.truncate(cut);
            found.push_str("...");
        }
        format!("{}: found {found}, expected {expected}", self.place())
    }

    fn place(&self) -> String {
        let before = self.parent.map(Node::place).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Key(key) if before.is_empty() => key.to_string(),
            Step::Key(key) => format!("{before}.{key}"),
            Step::Index(index) => format!("{before}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_says_where_what_and_what_else() {
        let value = json!({"processes": [{"pid": -1, "seed": "0xg", "null": null}]});
        let root = Node::root(&value);
        let processes = root.field("processes");
        let process = &processes.elements().unwrap()[0];
        let error = |result: Result<u64, String>| result.unwrap_err();
        assert_eq!(
            error(process.field("pid").count()),
            "processes[0].pid: found -1, expected an unsigned integer"
        );
        assert_eq!(
            error(process.field("none").count()),
            "processes[0].none: found nothing, expected an unsigned integer"
        );
        assert_eq!(
            error(process.field("null").count()),
            "processes[0].null: found null, expected an unsigned integer"
        );
        assert_eq!(process.field("null").count_or_null(), Ok(None));
        assert!(process.field("none").count_or_null().is_err());
        assert!(process.field("seed").seed().is_err());
    }
}
