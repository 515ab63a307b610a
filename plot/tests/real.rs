//! The figures of real.csv, drawn by the real program from the table that the crate `real` keeps as its example (whose costs are made up).

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::read_png;
use tempfile::TempDir;

const FIGURES: [&str; 3] = [
    "overhead_by_program.png",
    "across_workloads_sample_rate_allocs.png",
    "across_workloads_sample_rate_bytes.png",
];

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    /// The example, its lines changed.
    fn new(edit: impl Fn(&str) -> String) -> Fixture {
        let directory = TempDir::new().unwrap();
        let example =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../studies/real/tests/example/real.csv");
        let table = fs::read_to_string(example).unwrap();
        fs::write(directory.path().join("real.csv"), edit(&table)).unwrap();
        Fixture { directory }
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("plots")
    }

    fn plot(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_plot"))
            .args(["--subset", "real", "--data"])
            .arg(self.directory.path())
            .arg("--out")
            .arg(self.out())
            .output()
            .unwrap()
    }
}

#[test]
fn every_figure_is_a_whole_png() {
    let fixture = Fixture::new(|table| table.to_string());
    let output = fixture.plot();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    for name in FIGURES {
        let png = read_png(&fs::read(fixture.out().join(name)).unwrap());
        assert_eq!((png.width, png.height), (3000, 1800), "{name}");
        assert!(png.bytes > 60_000, "{name} has {} bytes", png.bytes);
    }
    assert_eq!(fs::read_dir(fixture.out()).unwrap().count(), 3);
}

#[test]
fn counted_instructions_are_drawn_from_their_own_table() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../studies/real/instructions/tests/example/real-instructions.csv");
    let example = fs::read_to_string(example).unwrap();
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("plots");
    let plot = |table: &str| {
        fs::write(directory.path().join("real-instructions.csv"), table).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_plot"))
            .args(["--subset", "real-instructions", "--data"])
            .arg(directory.path())
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let figure = out.join("real_instructions.png");
    let (succeeds, _, said) = plot(&example);
    assert!(succeeds, "{said}");
    let png = read_png(&fs::read(&figure).unwrap());
    assert_eq!((png.width, png.height), (3000, 1800));
    assert!(png.bytes > 60_000, "{} bytes", png.bytes);
    // A lowest run above the mean is none.
    let (succeeds, _, said) = plot(&example.replace("16102.5,16100,", "16102.5,16104,"));
    assert!(
        !succeeds && said.contains("expected a number from low to high"),
        "{said}"
    );
    assert!(figure.exists());
    // Without PLAIN there is nothing to draw, and an old figure goes.
    let lines = example.lines().filter(|line| !line.contains("PLAIN"));
    let (succeeds, printed, _) = plot(&lines.map(|line| format!("{line}\n")).collect::<String>());
    let line = "not drawn: real_instructions.png: no workload was counted both under a scheme and as PLAIN";
    assert!(succeeds && printed.contains(line), "{printed}");
    assert!(!figure.exists());
}

#[test]
fn without_a_base_the_overhead_is_not_drawn_and_an_old_figure_goes() {
    let fixture = Fixture::new(|table| {
        let lines = table.lines().filter(|line| !line.contains(",PLAIN,"));
        lines.map(|line| format!("{line}\n")).collect()
    });
    fs::create_dir(fixture.out()).unwrap();
    fs::write(fixture.out().join(FIGURES[0]), "old").unwrap();
    let output = fixture.plot();
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    let line =
        "not drawn: overhead_by_program.png: no workload ran both under a scheme and as PLAIN";
    assert!(stdout.contains(line), "{stdout}");
    assert!(!fixture.out().join(FIGURES[0]).exists());
}

#[test]
fn a_bad_table_is_refused_in_one_line() {
    for (from, to, expected) in [
        ("cpu_per_unit,ns,", "cpu_per_unit,ns,x", "value: found 'x"),
        (",metric,", ",name,", "no column 'metric'"),
    ] {
        let fixture = Fixture::new(|table| table.replacen(from, to, 1));
        let output = fixture.plot();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!fixture.out().exists(), "nothing is written");
    }
}
