//! PART-findings.json: the sentences, verdicts and tables of one stage.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use crate::parts::SECTIONS;

/// What one part found.
#[derive(Debug)]
pub struct Findings {
    /// How many runs there were.
    pub runs: String,
    /// What they ran on.
    pub machines: Vec<String>,
    pub blocks: Vec<Block>,
}

/// Sentences, or a table, or both.
#[derive(Debug)]
pub struct Block {
    /// One of [`SECTIONS`].
    pub section: &'static str,
    /// A heading, or empty.
    pub title: String,
    pub sentences: Vec<String>,
    pub table: Option<Table>,
}

/// Rows under a head, all of one length.
#[derive(Debug)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Reads the file of a part; `None` if it is not there.
pub fn read(path: &Path, part: &str) -> Result<Option<Findings>, String> {
    let in_file = |error: String| format!("{}: {error}", path.display());
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(in_file(error.to_string())),
    };
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|error| in_file(format!("not JSON: {error}")))?;
    findings(&value, part).map(Some).map_err(in_file)
}

fn findings(value: &Value, part: &str) -> Result<Findings, String> {
    for (name, expected) in [
        ("format", Value::from("sampler-findings")),
        ("format_version", Value::from(1)),
        ("part", Value::from(part)),
    ] {
        if value[name] != expected {
            return Err(wrong(name, &value[name], &expected.to_string()));
        }
    }
    let blocks = elements(value, "blocks")?.iter().map(block);
    Ok(Findings {
        runs: text(value, "runs")?.to_string(),
        machines: texts(value, "machines")?,
        blocks: blocks.collect::<Result<_, _>>()?,
    })
}

fn block(value: &Value) -> Result<Block, String> {
    let named = text(value, "section")?;
    let section = SECTIONS.into_iter().find(|section| *section == named);
    let section = section.ok_or_else(|| {
        let sections = SECTIONS.map(|section| format!("{section:?}")).join(", ");
        wrong("section", &value["section"], &format!("one of {sections}"))
    })?;
    let table = match value.get("table") {
        Some(Value::Null) => None,
        _ => Some(table(&value["table"])?),
    };
    Ok(Block {
        section,
        title: text(value, "title")?.to_string(),
        sentences: texts(value, "sentences")?,
        table,
    })
}

fn table(value: &Value) -> Result<Table, String> {
    let header = texts(value, "header")?;
    let mut rows = Vec::new();
    for row in elements(value, "rows")? {
        let cells = strings(row, "rows")?;
        if cells.len() != header.len() {
            let expected = format!("{} cells, as in the header", header.len());
            return Err(wrong("rows", row, &expected));
        }
        rows.push(cells);
    }
    Ok(Table { header, rows })
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    let field = &value[name];
    field.as_str().ok_or_else(|| wrong(name, field, "a text"))
}

fn elements<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    let field = &value[name];
    let elements = field.as_array().map(Vec::as_slice);
    elements.ok_or_else(|| wrong(name, field, "an array"))
}

fn texts(value: &Value, name: &str) -> Result<Vec<String>, String> {
    strings(&value[name], name)
}

fn strings(value: &Value, name: &str) -> Result<Vec<String>, String> {
    let elements = value
        .as_array()
        .ok_or_else(|| wrong(name, value, "an array of texts"))?;
    let string = |element: &Value| {
        let string = element.as_str().map(String::from);
        string.ok_or_else(|| wrong(name, element, "a text"))
    };
    elements.iter().map(string).collect()
}

fn wrong(name: &str, found: &Value, expected: &str) -> String {
    let found = match found {
        Value::Null => "nothing".to_string(),
        found => found.to_string(),
    };
    format!("{name}: found {found}, expected {expected}")
}
