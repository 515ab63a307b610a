//! What the kernel says that this process has in memory.
//!
//! `/proc/self/smaps_rollup` walks the page tables and is exact; the counters of `/proc/self/statm` lag behind by up to 64 pages
//! a thread. What was swapped out is the process's still.

use std::fs;

const FILE: &str = "/proc/self/smaps_rollup";

/// Resident and swapped bytes of this process.
pub fn bytes() -> Result<u64, String> {
    let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    Ok(field(&text, "Rss")? + field(&text, "Swap")?)
}

/// The bytes of a line such as `Rss:    1234 kB`.
fn field(text: &str, name: &str) -> Result<u64, String> {
    let wrong = || format!("{FILE}: expected a line '{name}: <number> kB'");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .ok_or_else(wrong)?;
    let kilobytes = line.trim().strip_suffix(" kB").ok_or_else(wrong)?;
    let kilobytes: u64 = kilobytes.trim().parse().map_err(|_| wrong())?;
    Ok(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_line_of_just_this_name() {
        let text = "Rss:                1000 kB\nPss:   7 kB\nSwap:  2 kB\nSwapPss: 9 kB\n";
        assert_eq!(
            (field(text, "Rss"), field(text, "Swap")),
            (Ok(1_024_000), Ok(2048))
        );
        assert!(field(text, "Anonymous").is_err());
        assert!(field("Rss: many kB\n", "Rss").is_err());
    }
}
