//! The figures of comparison.csv, drawn by the real program from the table that the crate `comparison` keeps as its example (whose costs are made up).

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::read_png;
use tempfile::TempDir;

const FIGURES: [&str; 5] = [
    "cost_per_tracking_instructions.png",
    "cost_per_tracking_time.png",
    "free_accuracy.png",
    "memory_against_live_blocks_16B.png",
    "memory_against_live_blocks_64B.png",
];

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        let example = "../studies/comparison/tests/example/comparison.csv";
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(example);
        fs::copy(original, directory.path().join("comparison.csv")).unwrap();
        Fixture { directory }
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("plots")
    }

    fn plot(&self, subset: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_plot"))
            .args(["--subset", subset, "--data"])
            .arg(self.directory.path())
            .arg("--out")
            .arg(self.out())
            .output()
            .unwrap()
    }

    fn edit(&self, edit: impl Fn(&str) -> String) {
        let path = self.directory.path().join("comparison.csv");
        let before = fs::read_to_string(&path).unwrap();
        let after = edit(&before);
        assert_ne!(before, after, "nothing to edit");
        fs::write(path, after).unwrap();
    }

    #[track_caller]
    fn fails(&self) -> String {
        let output = self.plot("comparison");
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
    let output = fixture.plot("comparison");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    // The example has no runs of 256 B and 4096 B.
    for size in ["256B", "4096B"] {
        let line = format!(
            "not drawn: memory_against_live_blocks_{size}.png: no run of live blocks of this size\n"
        );
        assert!(stdout.contains(&line), "{stdout}");
    }
    assert!(stdout.contains("5 figures in "), "{stdout}");
    for name in FIGURES {
        let png = read_png(&fs::read(fixture.out().join(name)).unwrap());
        assert_eq!((png.width, png.height), (3000, 1800), "{name}");
        assert_eq!(png.resolution, Some((11_811, 11_811, 1)), "{name}");
        assert!(png.bytes > 60_000, "{name} has {} bytes", png.bytes);
    }
    assert_eq!(fs::read_dir(fixture.out()).unwrap().count(), 5);
}

#[test]
fn without_costs_their_figures_are_removed_and_named() {
    let fixture = Fixture::new();
    fixture.edit(|table| {
        let lines = table.lines().filter(|line| !line.contains(",cost,"));
        lines.map(|line| format!("{line}\n")).collect()
    });
    fs::create_dir(fixture.out()).unwrap();
    fs::write(fixture.out().join(FIGURES[0]), "old").unwrap();
    let output = fixture.plot("comparison");
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains("run make bench, then make comparison"),
        "{stdout}"
    );
    assert!(!fixture.out().join(FIGURES[0]).exists());
}

#[test]
fn bad_tables_and_options_are_refused_in_one_line() {
    let fixture = Fixture::new();
    fixture.edit(|table| table.replacen("peak_rss_bytes,bytes,", "peak_rss_bytes,bytes,x", 1));
    assert!(fixture.fails().contains("line 2, value: found 'x"));

    let fixture = Fixture::new();
    fixture.edit(|table| table.replacen(",metric,", ",name,", 1));
    assert!(fixture.fails().contains("no column 'metric'"));

    let fixture = Fixture::new();
    fixture.edit(|table| {
        let second = table.lines().nth(1).unwrap();
        format!("{table}{second}\n")
    });
    assert!(
        fixture
            .fails()
            .contains("one row a workload, scheme and metric")
    );

    let output = Fixture::new().plot("seed");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("plot: --subset is 'seed'; accepted: accuracy, "),
        "{stderr}"
    );
}
