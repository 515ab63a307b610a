//! The figures of accuracy.csv, drawn by the real program from the table that the crate `accuracy` keeps as its example.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::read_png;
use tempfile::TempDir;

const FIGURES: [&str; 16] = [
    "bias_bytes.png",
    "coverage_against_expected_samples.png",
    "coverage_plain_bytes.png",
    "coverage_score_bytes.png",
    "dead_zones_against_design.png",
    "error_distribution_bytes.png",
    "estimators_bytes.png",
    "gap_distribution_monotonic-300.png",
    "gap_distribution_reuse-400.png",
    "leak_power_10000B.png",
    "leak_power_3000B.png",
    "leak_power_40000B.png",
    "leak_power_400B.png",
    "leak_power_48B.png",
    "rmse_bytes.png",
    "gap_distribution_steady-300.png",
];

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        let example = "../studies/accuracy/tests/example/accuracy.csv";
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(example);
        fs::copy(original, directory.path().join("accuracy.csv")).unwrap();
        Fixture { directory }
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("plots")
    }

    fn plot(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_plot"))
            .args(["--subset", "accuracy", "--data"])
            .arg(self.directory.path())
            .arg("--out")
            .arg(self.out())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn edit(&self, edit: impl Fn(&str) -> String) {
        let path = self.directory.path().join("accuracy.csv");
        let before = fs::read_to_string(&path).unwrap();
        let after = edit(&before);
        assert_ne!(before, after, "nothing to edit");
        fs::write(path, after).unwrap();
    }

    #[track_caller]
    fn fails(&self) -> String {
        let output = self.plot();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(!self.out().exists(), "nothing is written");
        stderr
    }
}

#[test]
fn every_figure_with_data_is_a_whole_png_and_the_others_are_named() {
    let fixture = Fixture::new();
    let output = fixture.plot();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let (missing, drawn) = FIGURES.split_last().unwrap();
    let line = format!("not drawn: {missing}: accuracy.csv has no row for it\n");
    assert!(stdout.contains(&line), "{stdout}");
    assert!(stdout.contains("15 figures in "), "{stdout}");
    for name in drawn {
        let png = read_png(&fs::read(fixture.out().join(name)).unwrap());
        assert_eq!((png.width, png.height), (3000, 1800), "{name}");
        assert_eq!(png.resolution, Some((11_811, 11_811, 1)), "{name}");
        assert!(png.bytes > 50_000, "{name} has {} bytes", png.bytes);
    }
    assert_eq!(fs::read_dir(fixture.out()).unwrap().count(), 15);
}

#[test]
fn bad_tables_are_refused_in_one_line() {
    let fixture = Fixture::new();
    fixture.edit(|table| table.replacen("expected_samples,,300", "expected_samples,,x300", 1));
    assert!(fixture.fails().contains("line 2, value: found 'x300"));

    let fixture = Fixture::new();
    fixture.edit(|table| table.replacen(",estimator,", ",by,", 1));
    assert!(fixture.fails().contains("no column 'estimator'"));

    let fixture = Fixture::new();
    fixture.edit(|table| {
        let second = table.lines().nth(1).unwrap();
        format!("{table}{second}\n")
    });
    let expected = "one row a workload, scheme, estimator, metric and bin";
    assert!(fixture.fails().contains(expected));
}
