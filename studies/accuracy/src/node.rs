//! JSON with the name of each field, so that an error says which one was wrong, what was found, and what was expected.

use serde_json::Value;

/// A value and the name of its field.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub value: &'a Value,
    pub name: &'a str,
}

impl<'a> Node<'a> {
    /// The whole of a file.
    pub fn root(value: &'a Value) -> Node<'a> {
        Node {
            value,
            name: "the file",
        }
    }

    pub fn field(&self, name: &'a str) -> Result<Node<'a>, String> {
        let value = self.value.get(name);
        let value = value.ok_or_else(|| format!("{name}: found nothing, expected this field"))?;
        Ok(Node { value, name })
    }

    pub fn elements(&self) -> Result<Vec<Node<'a>>, String> {
        let elements = self.value.as_array();
        let elements = elements.ok_or_else(|| self.wrong("an array"))?;
        let name = self.name;
        Ok(elements.iter().map(|value| Node { value, name }).collect())
    }

    /// An array of exactly so many elements.
    pub fn tuple<const N: usize>(&self) -> Result<[Node<'a>; N], String> {
        let wrong = || self.wrong(&format!("an array of {N}"));
        self.elements()?.try_into().map_err(|_| wrong())
    }

    pub fn text(&self) -> Result<&'a str, String> {
        self.value.as_str().ok_or_else(|| self.wrong("text"))
    }

    pub fn truth(&self) -> Result<bool, String> {
        let value = self.value.as_bool();
        value.ok_or_else(|| self.wrong("true or false"))
    }

    pub fn count(&self) -> Result<u64, String> {
        self.value.as_u64().ok_or_else(|| self.wrong("a count"))
    }

    pub fn number(&self) -> Result<f64, String> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    /// `None` where the file says that there is no number.
    pub fn or_null<T>(
        &self,
        read: impl FnOnce(&Node<'a>) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        match self.value.is_null() {
            true => Ok(None),
            false => read(self).map(Some),
        }
    }

    pub fn expect_text(&self, expected: &str) -> Result<(), String> {
        match self.text()? {
            found if found == expected => Ok(()),
            _ => Err(self.wrong(&format!("{expected:?}"))),
        }
    }

    pub fn expect_count(&self, expected: u64) -> Result<(), String> {
        match self.count()? {
            found if found == expected => Ok(()),
            _ => Err(self.wrong(&expected.to_string())),
        }
    }

    pub fn wrong(&self, expected: &str) -> String {
        const SHOWN_CHARS: usize = 60;
        let found: String = self.value.to_string().chars().take(SHOWN_CHARS).collect();
        format!("{}: found {found}, expected {expected}", self.name)
    }
}
