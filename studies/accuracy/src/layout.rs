//! Text that lines up: numbers with as many digits as they deserve, aligned columns, lines that wrap.

use statistics::intervals::Interval;

use crate::rows::Number;

/// What stands where there is no number.
pub const NO_NUMBER: &str = "-";

/// No wrapped line is longer, in characters, unless one word is.
const LINE_CHARS: usize = 148;

/// A number with 3 significant digits; whole numbers up to a million in full.
pub fn number(value: f64) -> String {
    const SIGNIFICANT: i32 = 3;
    const DECIMALS_MAX: i32 = 9;
    if value == 0.0 || (value.fract() == 0.0 && value.abs() < 1e6) {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, DECIMALS_MAX);
    format!("{value:.*}", decimals as usize)
}

/// `2.03 [1.9, 2.1]`
pub fn plain(found: Option<Number>) -> String {
    written(found, 1.0, number)
}

/// A share or a relative error in percent: `95.5 [91.6, 97.9]`.
pub fn percent(found: Option<Number>) -> String {
    written(found, 100.0, one_decimal)
}

/// The same without its interval.
pub fn percent_alone(found: Option<Number>) -> String {
    let alone = found.map(|number| Number {
        interval: None,
        ..number
    });
    percent(alone)
}

/// A rate in percent, of which one decimal says nothing.
pub fn rate(found: Option<Number>) -> String {
    written(found, 100.0, |value| format!("{value:.3}"))
}

/// A p-value.
pub fn p_value(found: Option<Number>) -> String {
    match found {
        Some(Number { value, .. }) if value < 0.0001 => "<0.0001".to_string(),
        found => written(found, 1.0, |value| format!("{value:.4}")),
    }
}

fn one_decimal(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

fn written(found: Option<Number>, factor: f64, write: impl Fn(f64) -> String) -> String {
    match found {
        None => NO_NUMBER.to_string(),
        Some(Number {
            value,
            interval: None,
            ..
        }) => write(value * factor),
        Some(Number {
            value,
            interval: Some(Interval { low, high }),
            ..
        }) => format!(
            "{} [{}, {}]",
            write(value * factor),
            write(low * factor),
            write(high * factor)
        ),
    }
}

/// A table: its title, its header, its rows; nothing without rows.
pub fn table(title: &str, header: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let header = header.iter().map(ToString::to_string).collect();
    format!("\n{title}\n{}", align(&[vec![header], rows].concat()))
}

/// Lines up columns, the first to the left, all others to the right, two blanks between them.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => line.push_str(&format!("{cell:<width$}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A title over a line.
pub fn heading(title: &str) -> String {
    format!("\n\n{title}\n{}\n", "=".repeat(title.chars().count()))
}

/// A text as one item of a list, wrapped between words.
pub fn item(text: &str) -> String {
    wrapped(text, "- ", "  ")
}

/// Wraps a text between words: `first` before its first line, `others` before the rest.
pub fn wrapped(text: &str, first: &str, others: &str) -> String {
    let mut lines = first.to_string();
    let mut line_chars = first.chars().count();
    let mut is_line_begun = false;
    for word in text.split(' ') {
        let word_chars = word.chars().count();
        if is_line_begun && line_chars + 1 + word_chars > LINE_CHARS {
            lines.push('\n');
            lines.push_str(others);
            line_chars = others.chars().count();
            is_line_begun = false;
        }
        if is_line_begun {
            lines.push(' ');
            line_chars += 1;
        }
        lines.push_str(word);
        line_chars += word_chars;
        is_line_begun = true;
    }
    lines + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_they_deserve() {
        assert_eq!(number(76_800.0), "76800");
        assert_eq!(number(0.396_83), "0.397");
        assert_eq!(number(12_345.67), "12346");
        let share = Number {
            value: 0.955,
            interval: Some(Interval {
                low: 0.916,
                high: 0.979,
            }),
            n: 200,
        };
        assert_eq!(percent(Some(share)), "95.5 [91.6, 97.9]");
        assert_eq!(percent_alone(Some(share)), "95.5");
        assert_eq!(percent(None), NO_NUMBER);
        assert_eq!(p_value(Some(Number::exact(1e-9))), "<0.0001");
    }

    #[test]
    fn long_lines_wrap_below_their_text() {
        let text = item(&"word ".repeat(60));
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
