//! The committed example, whole files compared byte by byte.
//!
//! After a wanted change of a table, or new runs in data/example/raw:
//! `UPDATE_GOLDEN=1 cargo test -p aggregate golden`, then read the difference before committing it.

use std::fs;
use std::path::Path;

use crate::fixture::{TABLES, aggregate, succeed};

#[test]
fn golden_tables_of_the_example_are_reproduced() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/example");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        succeed(aggregate(&example.join("raw"), &example));
    }
    let out = tempfile::tempdir().unwrap();
    succeed(aggregate(&example.join("raw"), out.path()));
    for name in TABLES {
        let expected = fs::read_to_string(example.join(name)).unwrap();
        let found = fs::read_to_string(out.path().join(name)).unwrap();
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(found, expected, "{name}: other number of lines");
    }
}

#[test]
fn no_line_of_the_report_is_too_long_for_a_screen() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/example/summary.txt");
    for line in fs::read_to_string(example).unwrap().lines() {
        assert!(line.chars().count() <= 150, "{line}");
    }
}

#[test]
fn help_names_units_and_an_example() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_aggregate"));
    let help = String::from_utf8(command.arg("--help").output().unwrap().stdout).unwrap();
    for expected in [
        "in seconds",
        "in bytes",
        "aggregate --raw data/raw/seed --out",
    ] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
