//! Text that lines up: numbers with as many digits as they deserve, aligned columns, lines that wrap.

use crate::spread::{Ends, Spread};

/// What stands where there is no number.
pub const NO_NUMBER: &str = "-";

/// No wrapped line is longer, in characters, unless one word is.
const LINE_CHARS: usize = 148;

/// A number with 4 significant digits; whole numbers in full.
pub fn number(value: f64) -> String {
    const SIGNIFICANT: i32 = 4;
    const DECIMALS_MAX: i32 = 9;
    // Below 2^53 every whole number is exact.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, DECIMALS_MAX);
    format!("{value:.*}", decimals as usize)
}

/// `1.05 [1.04, 1.07]`: a number and its 95 % interval; `1.05 (1.04 to 1.07)`: the mean, and from the lowest to the highest run; the number alone where the ends are
/// equal.
pub fn spread(spread: Option<Spread>) -> String {
    spread.map_or(NO_NUMBER.to_string(), |spread| with_ends(spread, number))
}

fn with_ends(spread: Spread, show: impl Fn(f64) -> String) -> String {
    let [value, low, high] = [spread.value, spread.low, spread.high].map(show);
    match spread.ends {
        _ if spread.low == spread.high => value,
        Ends::Interval => format!("{value} [{low}, {high}]"),
        Ends::Range => format!("{value} ({low} to {high})"),
    }
}

/// Bytes in the seed's decimal units: `16.0 MB`, `62.5 KB`, `0 B`.
pub fn bytes(value: f64) -> String {
    let (unit, name) = match value.abs() {
        size if size >= 1e9 => (1e9, "GB"),
        size if size >= 1e6 => (1e6, "MB"),
        size if size >= 1e3 => (1e3, "KB"),
        _ => return format!("{value:.0} B"),
    };
    let decimals = if (value / unit).abs() < 100.0 { 1 } else { 0 };
    format!("{:.decimals$} {name}", value / unit)
}

/// The same with its ends.
pub fn sizes(size: Spread) -> String {
    with_ends(size, bytes)
}

/// A ratio less 1, as percent: `+5.9 %`.
pub fn growth(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    match percent.abs() {
        0.0 => "0 %".to_string(),
        small if small < 0.1 => format!("{percent:+.3} %"),
        small if small < 10.0 => format!("{percent:+.2} %"),
        _ => format!("{percent:+.1} %"),
    }
}

/// A growth with its ends.
pub fn growths(ratio: Option<Spread>) -> String {
    ratio.map_or(NO_NUMBER.to_string(), |ratio| with_ends(ratio, growth))
}

/// Lines up columns, the first to the left, all others to the right, two blanks between them.
pub fn align(rows: &[Vec<String>]) -> String {
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
    use statistics::intervals::Interval;

    use super::*;

    #[test]
    fn numbers_have_the_digits_they_deserve() {
        assert_eq!(number(100_000.0), "100000");
        assert_eq!(number(0.396_83), "0.3968");
        assert_eq!(number(12_345.67), "12346");
        assert_eq!(
            (bytes(16_000_480.0), bytes(62_500.0), bytes(0.0)),
            ("16.0 MB".into(), "62.5 KB".into(), "0 B".into())
        );
        assert_eq!(
            (growth(1.5), growth(1.0588), growth(1.0)),
            ("+50.0 %".into(), "+5.88 %".into(), "0 %".into())
        );
    }

    #[test]
    fn a_spread_of_equal_values_is_one_number() {
        assert_eq!(spread(Spread::of(&[2.0, 2.0])), "2");
        assert_eq!(spread(Spread::of(&[2.0, 3.0])), "2.500 (2 to 3)");
        let interval = Interval {
            low: 2.0,
            high: 3.0,
        };
        assert_eq!(spread(Some(Spread::with(2.5, interval, 9))), "2.500 [2, 3]");
        assert_eq!(spread(None), NO_NUMBER);
    }

    #[test]
    fn long_lines_wrap_below_their_text() {
        let text = wrapped(&"word ".repeat(60), "- ", "  ");
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
