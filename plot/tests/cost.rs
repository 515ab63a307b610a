//! The figures of costs, drawn by the real program from the reference table.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use support::read_png;
use tempfile::TempDir;

const FIGURES: [&str; 5] = [
    "cost_instructions.png",
    "cost_memory.png",
    "cost_programs.png",
    "cost_sampled.png",
    "cost_time.png",
];

/// Draws what is left of the reference table after `keep`.
fn plot(directory: &TempDir, keep: impl Fn(&str) -> bool) -> Output {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/reference/cost.csv");
    let table = fs::read_to_string(reference).unwrap();
    let lines = table.lines().enumerate();
    let kept = lines.filter(|(number, line)| *number == 0 || keep(line));
    let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
    fs::write(directory.path().join("cost.csv"), kept.join("\n") + "\n").unwrap();
    Command::new(env!("CARGO_BIN_EXE_plot"))
        .args(["--subset", "cost", "--data"])
        .arg(directory.path())
        .arg("--out")
        .arg(directory.path().join("plots"))
        .output()
        .unwrap()
}

#[test]
fn every_figure_of_the_reference_is_a_whole_png() {
    let directory = TempDir::new().unwrap();
    let output = plot(&directory, |_| true);
    assert!(output.status.success(), "{output:?}");
    for name in FIGURES {
        let png = read_png(&fs::read(directory.path().join("plots").join(name)).unwrap());
        assert_eq!((png.width, png.height), (3000, 1800), "{name}");
        assert!(png.bytes > 60_000, "{name} has {} bytes", png.bytes);
    }
}

#[test]
fn what_was_not_measured_is_named_and_the_rest_drawn() {
    let directory = TempDir::new().unwrap();
    let output = plot(&directory, |line| {
        !line.contains(",instructions_over_plain,")
    });
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("not drawn: cost_instructions.png: cost.csv has no value for it"),
        "{said}"
    );
    let plots = directory.path().join("plots");
    assert!(!plots.join("cost_instructions.png").exists());
    assert!(plots.join("cost_time.png").exists());
}

#[test]
fn a_bad_number_is_refused_with_its_place_and_nothing_is_drawn() {
    let directory = TempDir::new().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/reference/cost.csv");
    let table = fs::read_to_string(reference).unwrap();
    let line = table.lines().nth(1).unwrap();
    let value = line.split(',').nth(6).unwrap();
    let bad = table.replacen(&format!(",{value},"), ",many,", 1);
    fs::write(directory.path().join("cost.csv"), bad).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plot"))
        .args(["--subset", "cost", "--data"])
        .arg(directory.path())
        .arg("--out")
        .arg(directory.path().join("plots"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("cost.csv") && said.contains("many"), "{said}");
    assert!(!directory.path().join("plots").exists());
}
