//! Markdown of plain texts.

use crate::findings::Table;

/// One item of a list.
pub fn item(text: &str) -> String {
    format!("- {}\n", escaped(text))
}

/// A table after an empty line.
pub fn table(table: &Table) -> String {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rows: String = table.rows.iter().map(|cells| row(cells)).collect();
    let line = "|---".repeat(table.header.len());
    format!("\n{}{line}|\n{rows}", row(&table.header))
}

/// A picture after an empty line.
pub fn figure(caption: &str, path: &str) -> String {
    format!("\n![{}]({path})\n", escaped(caption))
}

/// What Markdown would take for its own is preceded by a backslash. An underscore inside a word is none of it, nor is a bracket without a
/// link.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if "\\`*~<|".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown_as_they_are() {
        assert_eq!(
            item("frees-*: ~98 % [97, 99] | p <0.05, HEADER_HASH"),
            "- frees-\\*: \\~98 % [97, 99] \\| p \\<0.05, HEADER_HASH\n"
        );
        let strings = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let of = Table {
            header: strings(&["a", ""]),
            rows: vec![strings(&["1", "2 | 3"])],
        };
        assert_eq!(table(&of), "\n| a |  |\n|---|---|\n| 1 | 2 \\| 3 |\n");
    }
}
