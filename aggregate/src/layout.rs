//! Text that lines up: numbers with as many digits as they deserve, tables with aligned columns, notes that wrap.

use crate::stats::Stat;

/// What stands where there is no number.
pub const NO_NUMBER: &str = "-";

/// No line is longer, in characters, unless one cell or word is.
const LINE_CHARS: usize = 148;

/// A number with 4 significant digits; whole numbers in full.
pub fn number(value: f64) -> String {
    const SIGNIFICANT: i32 = 4;
    // Below 2^53 every whole number is exact.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return format!("{value:.0}");
    }
    format!("{value:.*}", decimals(value, SIGNIFICANT))
}

/// A mean and half of its 95 % interval, both times `factor`: the half has 2 significant digits, the mean the same decimals.
/// Without an interval the mean stands alone.
pub fn mean(stat: Option<&Stat>, factor: f64) -> String {
    const SIGNIFICANT_OF_HALF: i32 = 2;
    let Some(stat) = stat else {
        return NO_NUMBER.to_string();
    };
    let mean = stat.mean * factor;
    let Some(interval) = stat.interval else {
        return number(mean);
    };
    let half = (interval.high - interval.low) / 2.0 * factor;
    let decimals = decimals(half, SIGNIFICANT_OF_HALF);
    format!("{mean:.decimals$} ± {half:.decimals$}")
}

/// One number of a metric, times `factor`.
pub fn value(stat: Option<&Stat>, factor: f64, pick: fn(&Stat) -> f64) -> String {
    stat.map_or(NO_NUMBER.to_string(), |stat| number(pick(stat) * factor))
}

/// In how many runs a metric has a value.
pub fn runs(stat: Option<&Stat>) -> String {
    stat.map_or("0".to_string(), |stat| stat.n.to_string())
}

/// Decimals that show `significant` digits of a number, at most 9.
fn decimals(value: f64, significant: i32) -> usize {
    const DECIMALS_MAX: i32 = 9;
    if value == 0.0 {
        return 0;
    }
    let magnitude = value.abs().log10().floor() as i32;
    (significant - 1 - magnitude).clamp(0, DECIMALS_MAX) as usize
}

/// Lines up columns, the first to the left, all others to the right, two blanks between them.
pub fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let chars =
        |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let width = |column| rows.iter().map(|row| chars(row, column)).max().unwrap_or(0);
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

/// A note as `- text`, wrapped between words.
pub fn note(text: &str) -> String {
    let mut wrapped = String::from("-");
    let mut line_chars = wrapped.len();
    for word in text.split(' ') {
        let word_chars = word.chars().count() + 1;
        if line_chars + word_chars > LINE_CHARS {
            wrapped.push_str("\n ");
            line_chars = 1;
        }
        wrapped.push(' ');
        wrapped.push_str(word);
        line_chars += word_chars;
    }
    wrapped + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_they_deserve() {
        assert_eq!(number(100_000.0), "100000");
        assert_eq!(number(0.396_83), "0.3968");
        assert_eq!(number(12_345.67), "12346");
        assert_eq!(number(0.0), "0");
    }

    #[test]
    fn a_mean_has_the_decimals_of_its_interval() {
        let stat = Stat::of(&[0.39, 0.41, 0.40], false).unwrap();
        // 4.303 * 0.01 / sqrt(3) = 0.0248
        assert_eq!(mean(Some(&stat), 1.0), "0.400 ± 0.025");
        assert_eq!(mean(Some(&stat), 100.0), "40.0 ± 2.5");
        assert_eq!(mean(Stat::of(&[7.0], false).as_ref(), 1.0), "7");
        assert_eq!(mean(None, 1.0), NO_NUMBER);
    }

    #[test]
    fn columns_line_up_by_characters() {
        let rows = [["a", "± 1", "x"], ["bbb", "2", ""]].map(|row| row.map(String::from).to_vec());
        assert_eq!(align(&rows), "a    ± 1  x\nbbb    2\n");
    }

    #[test]
    fn notes_wrap_below_their_text() {
        let text = note(&"word ".repeat(60));
        assert!(text.lines().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }
}
