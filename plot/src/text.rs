//! Numbers as they are printed in figures, and text that has to fit somewhere.

/// Three significant digits of a percentage: `0.391`, `12.5`, `100`; `0` only for zero itself.
///
/// ```text
/// percent(0.0039063) == "0.391"
/// ```
pub fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    if value == 0.0 {
        return "0".to_string();
    }
    // Scientific notation rounds first, so that 99.99 has the exponent of 100.
    let rounded = format!("{value:.2e}");
    let exponent = rounded.split('e').nth(1).and_then(|e| e.parse().ok());
    let decimals = 2 - exponent.unwrap_or(0i32);
    format!("{value:.*}", decimals.clamp(0, 12) as usize)
}

/// The same with its sign, which no line break may part from it.
pub fn percent_unbroken(ratio: f64) -> String {
    format!("{}\u{a0}%", percent(ratio))
}

/// `512 KiB` where that is exact, else bytes.
pub fn bytes(count: u64) -> String {
    const MIB: u64 = 1 << 20;
    match count {
        0 => "0 B".to_string(),
        _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        _ if count.is_multiple_of(1024) => format!("{} KiB", count / 1024),
        _ => format!("{} B", thousands(count)),
    }
}

/// `100 000`: digits in groups of three.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A mean of counts: whole where it is whole, else with one decimal.
pub fn mean_count(mean: f64) -> String {
    if mean.fract() == 0.0 && mean >= 0.0 {
        thousands(mean as u64)
    } else {
        format!("{mean:.1}")
    }
}

/// `10` or `9 to 10`.
pub fn range(counts: impl IntoIterator<Item = u64>) -> String {
    let counts: Vec<u64> = counts.into_iter().collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(low), Some(high)) if low == high => thousands(*low),
        (Some(low), Some(high)) => format!("{} to {}", thousands(*low), thousands(*high)),
        _ => "0".to_string(),
    }
}

/// `1 run`, `10 runs`, `9 to 10 runs`.
pub fn runs(counts: impl IntoIterator<Item = u64>) -> String {
    match range(counts).as_str() {
        "1" => "1 run".to_string(),
        range => format!("{range} runs"),
    }
}

/// Breaks a text at blanks into lines of at most `columns` characters, where words allow.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_three_digits() {
        let cases = [
            (0.0, "0"),
            (1.0 / 256.0, "0.391"),
            (0.00000123, "0.000123"),
            (0.3691, "36.9"),
            (0.9999, "100"),
            (0.09999, "10.0"),
            (1.0, "100"),
            (-0.0001, "-0.0100"),
        ];
        for (ratio, text) in cases {
            assert_eq!(percent(ratio), text, "{ratio}");
        }
    }

    #[test]
    fn sizes_are_exact() {
        assert_eq!(bytes(524288), "512 KiB");
        assert_eq!(bytes(1 << 20), "1 MiB");
        assert_eq!(bytes(1000), "1\u{a0}000 B");
        assert_eq!(bytes(0), "0 B");
    }

    #[test]
    fn lines_break_at_blanks_only() {
        assert_eq!(wrap("0 in 10 of 10 runs", 8), ["0 in 10", "of 10", "runs"]);
        assert_eq!(wrap("HEADER_HASH", 3), ["HEADER_HASH"]);
    }
}
