//! The figure of soak.csv, drawn by the real program from a short table that was made for this test.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use support::read_png;
use tempfile::TempDir;

const HEADER: &str = "time_s,live_bytes_exact,live_bytes_estimate,live_bytes_standard_error,live_blocks,rss_bytes,sampled_allocs,calls,requests,poisson_mean_bytes";

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    /// So many readings of live bytes that go up and down.
    fn new(readings: u32) -> Fixture {
        let row = |i: u32| {
            let live = 100_000_000 + 1_000_000 * (i % 20);
            let estimate = live + 2_000_000 * (i % 5) - 4_000_000;
            format!(
                "{i}.002,{live},{estimate},3000000,50000,{},{},{},{},524288",
                live + 30_000_000,
                i * 100,
                i * 1000,
                i * 500
            )
        };
        let rows: Vec<String> = (1..=readings).map(row).collect();
        let directory = TempDir::new().unwrap();
        fs::write(
            directory.path().join("soak.csv"),
            format!("{HEADER}\n{}\n", rows.join("\n")),
        )
        .unwrap();
        Fixture { directory }
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("plots")
    }

    fn plot(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_plot"))
            .args(["--subset", "soak", "--data"])
            .arg(self.directory.path())
            .arg("--out")
            .arg(self.out())
            .output()
            .unwrap()
    }
}

#[test]
fn the_figure_is_a_whole_png() {
    let fixture = Fixture::new(100);
    let output = fixture.plot();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let png = read_png(&fs::read(fixture.out().join("soak.png")).unwrap());
    assert_eq!((png.width, png.height), (3000, 1800));
    assert!(png.bytes > 60_000, "{} bytes", png.bytes);
}

#[test]
fn one_reading_is_no_figure() {
    let fixture = Fixture::new(1);
    let output = fixture.plot();
    assert!(output.status.success());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.contains("not drawn: soak.png: soak.csv has fewer than two readings"),
        "{stdout}"
    );
}

#[test]
fn a_table_that_goes_back_in_time_is_refused_in_one_line() {
    let fixture = Fixture::new(10);
    let path = fixture.directory.path().join("soak.csv");
    let table = fs::read_to_string(&path).unwrap();
    fs::write(&path, table.replacen("\n7.002,", "\n5.002,", 1)).unwrap();
    let output = fixture.plot();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr.ends_with(
            "soak.csv line 8, time_s: found '5.002', expected more than in the row before\n"
        ),
        "{stderr}"
    );
    assert!(!fixture.out().exists(), "nothing is written");
}
