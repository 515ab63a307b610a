//! Asks a JSON value for its fields, and says in one line what is wrong with one.

use serde_json::Value;

/// A value and the name of its field, for errors.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    value: &'a Value,
    name: &'a str,
}

impl<'a> Node<'a> {
    /// The whole file.
    pub fn root(value: &'a Value) -> Node<'a> {
        Node { value, name: "" }
    }

    /// A field, which must be there.
    pub fn field(&self, name: &'a str) -> Result<Node<'a>, String> {
        let value = self.value.get(name);
        let value = value.ok_or_else(|| format!("{name}: found nothing, expected this field"))?;
        Ok(Node { value, name })
    }

    /// The same, or `None` where it is null.
    pub fn known(&self, name: &'a str) -> Result<Option<Node<'a>>, String> {
        Ok(Some(self.field(name)?).filter(|field| !field.value.is_null()))
    }

    /// The elements of an array.
    pub fn elements(&self) -> Result<Vec<Node<'a>>, String> {
        let elements = self
            .value
            .as_array()
            .ok_or_else(|| self.wrong("an array"))?;
        let name = self.name;
        Ok(elements.iter().map(|value| Node { value, name }).collect())
    }

    /// The fields of an object.
    pub fn fields(&self) -> Result<Vec<(&'a str, Node<'a>)>, String> {
        let object = self
            .value
            .as_object()
            .ok_or_else(|| self.wrong("an object"))?;
        let fields = object.iter().map(|(name, value)| {
            let name = name.as_str();
            (name, Node { value, name })
        });
        Ok(fields.collect())
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str, String> {
        self.value.as_str().ok_or_else(|| self.wrong("text"))
    }

    /// An exact count.
    pub fn count(&self) -> Result<u64, String> {
        self.value.as_u64().ok_or_else(|| self.wrong("a count"))
    }

    /// A count above 0.
    pub fn count_above_zero(&self) -> Result<u64, String> {
        match self.count()? {
            0 => Err(self.wrong("a count above 0")),
            count => Ok(count),
        }
    }

    /// A number.
    pub fn number(&self) -> Result<f64, String> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    /// A count that may be null.
    pub fn count_or_null(&self, name: &'a str) -> Result<Option<u64>, String> {
        self.known(name)?.map(|field| field.count()).transpose()
    }

    /// The value as it stands, without quotes.
    pub fn shown(&self) -> String {
        self.value
            .as_str()
            .map_or_else(|| self.value.to_string(), String::from)
    }

    /// The value must be this text.
    pub fn expect(&self, expected: &str) -> Result<(), String> {
        match self.text()? {
            found if found == expected => Ok(()),
            _ => Err(self.wrong(&format!("{expected:?}"))),
        }
    }

    /// What is wrong with this field.
    pub fn wrong(&self, expected: &str) -> String {
        const SHOWN_CHARS: usize = 60;
        let found: String = self.value.to_string().chars().take(SHOWN_CHARS).collect();
        format!("{}: found {found}, expected {expected}", self.name)
    }
}

/// Whether two values are equal.
pub fn are_equal(one: &Node, other: &Node) -> bool {
    one.value == other.value
}
