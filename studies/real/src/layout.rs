//! Text that lines up: numbers with as many digits as they deserve, aligned columns, lines that wrap.

use crate::counted::Row;
use crate::over_runs::Value;

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

/// `1.03 [0.99, 1.07]`, or the ratio alone.
pub fn ratio(value: Value) -> String {
    match value.interval {
        Some((low, high)) => format!("{:.3} [{low:.3}, {high:.3}]", value.value),
        None => format!("{:.3}", value.value),
    }
}

/// A mean with its interval, in units of `unit`.
pub fn mean(value: Option<Value>, unit: f64) -> String {
    let Some(value) = value else {
        return NO_NUMBER.into();
    };
    match value.interval {
        Some((low, high)) => format!(
            "{} [{}, {}]",
            number(value.value / unit),
            number(low / unit),
            number(high / unit)
        ),
        None => number(value.value / unit),
    }
}

/// `1.098 (1.097 to 1.099)`: a count has no interval, but its lowest and its highest run.
pub fn spread(row: &Row) -> String {
    let shown = |number: f64| match row.over.is_empty() {
        true => format!("{number:.0}"),
        false => format!("{number:.3}"),
    };
    let [value, low, high] = [row.value, row.low, row.high].map(shown);
    match low == high {
        true => value,
        false => format!("{value} ({low} to {high})"),
    }
}

/// `0.031`
pub fn p_value(p: f64) -> String {
    match p {
        small if small < 0.001 => "<0.001".into(),
        p => format!("{p:.3}"),
    }
}

/// The unit in which times of this length are shown: its name, and its ns.
pub fn time_unit(ns: f64) -> (&'static str, f64) {
    match ns {
        short if short < 1e6 => ("us", 1e3),
        medium if medium < 1e9 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}

/// An effect that could have been seen, as the ratio that it makes of 1.
pub fn effect_ratio(effect: f64) -> String {
    format!("{:.3}", 1.0 + effect)
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

/// Wraps a text between words: `- ` before its first line, two blanks before the rest.
pub fn item(text: &str) -> String {
    let mut lines = vec![String::from("-")];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("it began with one");
        if line.chars().count() + 1 + word.chars().count() > LINE_CHARS && line.trim() != "-" {
            lines.push(format!("  {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_they_deserve() {
        assert_eq!(
            (number(100_000.0), number(0.396_83)),
            ("100000".into(), "0.3968".into())
        );
        assert_eq!(
            [0.2, 0.0004].map(p_value),
            ["0.200".to_string(), "<0.001".into()]
        );
    }

    #[test]
    fn long_items_wrap_below_their_text() {
        let text = item(&"word ".repeat(60));
        assert!(text.starts_with("- word"));
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
