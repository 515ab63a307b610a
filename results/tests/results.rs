//! Runs the real binary over what other stages' tests have as their golden output, and a summary of set seed; a part that is not there is cost.
//!
//! After a wanted change of the output: `UPDATE_GOLDEN=1 cargo test -p results golden`, then read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const STAGES: [&str; 3] = ["accuracy", "comparison", "real"];
const FIGURE: &str = "reuse_all_headers_sample_rate_allocs.png";

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn example() -> PathBuf {
    here().join("tests/example")
}

/// A directory of data that a test may break.
struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn empty() -> Fixture {
        Fixture {
            directory: TempDir::new().unwrap(),
        }
    }

    fn new() -> Fixture {
        let fixture = Fixture::empty();
        for stage in STAGES {
            let name = format!("{stage}-findings.json");
            let golden = here().join(format!("../studies/{stage}/tests/example/{name}"));
            fs::copy(golden, fixture.path(&name)).unwrap();
        }
        for name in ["summary.csv", "runs.csv"] {
            fs::copy(example().join(name), fixture.path(name)).unwrap();
        }
        fixture
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_results"))
            .arg("--data")
            .arg(self.directory.path())
            .args(options)
            .output()
            .unwrap()
    }

    #[track_caller]
    fn succeeds_with(&self, options: &[&str]) -> String {
        let output = self.run(options);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        fs::read_to_string(self.path("RESULTS.md")).unwrap()
    }

    #[track_caller]
    fn succeeds(&self) -> String {
        self.succeeds_with(&[])
    }

    /// Its one line; and an earlier document stays as it was, with nothing beside it.
    #[track_caller]
    fn fails(&self) -> String {
        self.write("RESULTS.md", "earlier");
        let count = || fs::read_dir(self.directory.path()).unwrap().count();
        let files = count();
        let output = self.run(&[]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert_eq!(count(), files);
        let kept = fs::read_to_string(self.path("RESULTS.md")).unwrap();
        assert_eq!(kept, "earlier");
        stderr
    }

    fn edit(&self, stage: &str, edit: impl Fn(&mut Value)) {
        let path = self.path(&format!("{stage}-findings.json"));
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    /// Changes cells of the row of summary.csv that begins so: column, value.
    #[track_caller]
    fn set(&self, start: &str, cells: &[(&str, &str)]) {
        let path = self.path("summary.csv");
        let text = fs::read_to_string(&path).unwrap();
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let mut changed = 0;
        let lines = text.lines().map(|line| {
            if !line.starts_with(start) {
                return line.to_string();
            }
            changed += 1;
            let mut row: Vec<&str> = line.split(',').collect();
            for (column, value) in cells {
                let index = header.iter().position(|name| name == column).unwrap();
                row[index] = value;
            }
            row.join(",")
        });
        let lines: Vec<String> = lines.collect();
        assert_eq!(changed, 1, "{start}");
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

/// A section with its heading.
#[track_caller]
fn section<'a>(document: &'a str, title: &str) -> &'a str {
    let start = document.find(&format!("\n## {title}\n"));
    let start = start.unwrap_or_else(|| panic!("no section {title}")) + 1;
    let length = document[start + 1..].find("\n## ");
    length.map_or(&document[start..], |length| {
        &document[start..start + length + 1]
    })
}

#[track_caller]
fn line<'a>(document: &'a str, start: &str) -> &'a str {
    let line = document.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no line {start}"))
}

#[test]
fn golden_document_of_the_example_is_reproduced() {
    let found = Fixture::new().succeeds();
    let golden = example().join("RESULTS.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap();
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", number + 1);
    }
    assert_eq!(found, expected, "other number of lines");
}

#[test]
fn every_sentence_and_verdict_of_a_stage_is_there_as_it_is() {
    let fixture = Fixture::new();
    let document = fixture.succeeds().replace('\\', "");
    for stage in STAGES {
        let path = fixture.path(&format!("{stage}-findings.json"));
        let findings: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for block in findings["blocks"].as_array().unwrap() {
            let said = section(&document, block["section"].as_str().unwrap());
            for sentence in block["sentences"].as_array().unwrap() {
                assert!(said.contains(&format!("- {}\n", sentence.as_str().unwrap())));
            }
            let rows = block["table"]["rows"].as_array();
            for row in rows.into_iter().flatten() {
                let cells = row.as_array().unwrap().iter();
                let cells: Vec<&str> = cells.map(|cell| cell.as_str().unwrap()).collect();
                assert!(said.contains(&format!("| {} |\n", cells.join(" | "))));
            }
        }
        let machine = findings["machines"][0].as_str().unwrap();
        let runs = findings["runs"].as_str().unwrap();
        assert!(document.contains(&format!("| {runs} | {machine} | `make ")));
    }
}

#[test]
fn the_three_questions_come_first() {
    let document = Fixture::new().succeeds();
    let headings: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    let questions = [
        "## Does header overhead matter?",
        "## Is exact free tracking worth it?",
        "## Which sampling scheme is best with headers?",
        "## Which scheme to use when?",
        "## What the starting document expects",
    ];
    assert_eq!(headings[..5], questions);
}

#[test]
fn a_part_that_was_not_measured_is_named_with_its_command() {
    let fixture = Fixture::new();
    let title = "Headers on all blocks, on sampled ones, or none";
    let missing = format!("*{title}*: not measured yet; `make comparison` does it.");
    assert!(!fixture.succeeds().contains(&missing));
    fs::remove_file(fixture.path("comparison-findings.json")).unwrap();
    let document = fixture.succeeds();
    assert!(line(&document, &format!("| {title} |")).contains("**not measured yet**"));
    for question in [
        "Does header overhead matter?",
        "Is exact free tracking worth it?",
        "Which sampling scheme is best with headers?",
        "What the starting document expects",
    ] {
        assert!(
            section(&document, question).contains(&missing),
            "{question}"
        );
    }
    assert!(!document.contains("16 MB for 1M allocations"));
    // The others are there as before.
    assert!(
        section(&document, "Which sampling scheme is best with headers?")
            .contains("its worst error is the least")
    );
}

#[test]
fn a_report_whose_answers_were_not_kept_is_not_called_unmeasured() {
    let fixture = Fixture::empty();
    fixture.write("cost.txt", "a table");
    // Shared with other sets: it says nothing of set seed.
    fixture.write("summary.txt", "a table");
    let document = fixture.succeeds();
    let row = line(&document, "| What a call costs |");
    assert!(row.contains("only the report is here") && row.contains("[cost.txt](cost.txt)"));
    let said = "*What a call costs*: only its report is here, [cost.txt](cost.txt); `make bench` makes its answers anew.";
    assert!(section(&document, "Tables").contains(said));
    assert!(!document.contains("not measured yet; `make bench`"));
    assert!(document.contains("*: not measured yet; `make experiments aggregate plots`"));
}

#[test]
fn with_nothing_measured_every_part_is_named() {
    let document = Fixture::empty().succeeds();
    for command in [
        "experiments aggregate plots",
        "accuracy",
        "comparison",
        "experiments-real",
        "bench",
    ] {
        assert!(document.contains(&format!("not measured yet; `make {command}` does it.")));
    }
    // Tables of other sets alone are none of set seed.
    let fixture = Fixture::empty();
    fixture.write("summary.csv", "set,workload,scheme,metric\nown,a,b,c\n");
    let document = fixture.succeeds();
    assert!(document.contains("*: not measured yet; `make experiments aggregate plots`"));
}

#[test]
fn figures_are_linked_where_they_lie() {
    let fixture = Fixture::new();
    assert!(!fixture.succeeds().contains("!["));
    fixture.write(&format!("plots/{FIGURE}"), "");
    fixture.write("plots/accuracy/rmse_bytes.png", "");
    let document = fixture.succeeds();
    let expects = section(&document, "What the starting document expects");
    assert!(expects.contains(&format!("](plots/{FIGURE})")));
    let best = section(&document, "Which sampling scheme is best with headers?");
    assert!(best.contains("](plots/accuracy/rmse_bytes.png)"));
    assert!(document.contains("[accuracy.txt](accuracy.txt)"));
}

#[test]
fn in_the_reference_a_part_has_a_directory() {
    let fixture = Fixture::empty();
    for name in ["summary.csv", "runs.csv"] {
        fs::copy(example().join(name), fixture.path(name)).unwrap();
    }
    let golden = here().join("../studies/accuracy/tests/example/accuracy-findings.json");
    let findings = fs::read_to_string(golden).unwrap();
    fixture.write("accuracy/accuracy-findings.json", &findings);
    fixture.write("accuracy/rmse_bytes.png", "");
    fixture.write(&format!("plots/{FIGURE}"), "");
    let document = fixture.succeeds_with(&["--reference"]);
    assert!(document.contains("](accuracy/rmse_bytes.png)"));
    assert!(document.contains("[accuracy/accuracy.txt](accuracy/accuracy.txt)"));
    assert!(document.contains(&format!("](plots/{FIGURE})")));
    assert!(document.contains("[summary.txt](summary.txt)"));
}

#[test]
fn rates_of_set_seed_are_judged_by_their_interval() {
    let fixture = Fixture::new();
    let row = |document: &str| line(document, "| reuse | HEADER_HYBRID |").to_string();
    let is = |verdict: &str| {
        let row = row(&fixture.succeeds());
        assert!(row.contains(&format!(" | 10 | {verdict} | ")), "{row}");
    };
    let rate = "seed,reuse,HEADER_HYBRID,sample_rate_allocs,";
    is("wrong");
    fixture.set(rate, &[("ci95_low", "0.0023"), ("ci95_high", "0.0027")]);
    is("right");
    fixture.set(rate, &[("ci95_high", "0.0028")]);
    is("undecided");
    // 0.00251 is 10 times sqrt(0.0063...).
    fixture.set(rate, &[("std", "0.01")]);
    let row = row(&fixture.succeeds());
    assert!(row.ends_with(" | wrong |"), "{row}");
}

#[test]
fn ten_runs_without_a_sample_are_not_yet_a_rate_of_0() {
    let fixture = Fixture::new();
    let rate = "seed,reuse,HEADER_PAGE_HASH,sample_rate_allocs,";
    let pages = "seed,reuse,HEADER_PAGE_HASH,sampled_pages,";
    let verdicts = || {
        let document = fixture.succeeds();
        let of = |start: &str, cell: usize| {
            let cells: Vec<&str> = line(&document, start).split(" | ").collect();
            cells[cell].to_string()
        };
        let rate = of("| reuse | HEADER_PAGE_HASH |", 6);
        (rate, of("| reuse: 0/11 pages sampled", 1))
    };
    let both = |verdict: &str| (verdict.to_string(), verdict.to_string());
    assert_eq!(verdicts(), both("undecided"));
    let chance = "95.8 % of runs find none of so many pages, and 65.0 % of sets of 10 runs";
    assert!(fixture.succeeds().contains(chance));
    // Seventy of seventy come by chance in 4.9 % of such sets.
    for start in [rate, pages] {
        fixture.set(start, &[("n", "70")]);
    }
    assert_eq!(verdicts(), both("right"));
    for start in [rate, pages] {
        fixture.set(start, &[("n", "10")]);
    }
    for start in [rate, pages] {
        fixture.set(start, &[("max", "1"), ("mean", "0.1"), ("std", "0.3")]);
        fixture.set(start, &[("ci95_low", "-0.1"), ("ci95_high", "0.3")]);
    }
    assert_eq!(verdicts(), both("not as stated"));
    for start in [rate, pages] {
        fixture.set(start, &[("p50", "1")]);
    }
    assert_eq!(verdicts(), both("wrong"));
}

#[test]
fn dead_zones_are_judged_at_the_documents_own_window() {
    let fixture = Fixture::new();
    let row = || line(&fixture.succeeds(), "| monotonic: near-zero dead zones |").to_string();
    // One finished window of 100,000 a run, none of them dead: 0 of 10 may be a share of up to 30.8 %.
    let found = row();
    assert!(
        found.contains("| undecided | Finished windows of 100000"),
        "{found}"
    );
    assert!(
        found.contains("HEADER_HASH 0.0 [0.0, 30.8] of 10"),
        "{found}"
    );
    // A thousand windows of each scheme tell.
    let schemes = ["HASH", "PAGE_HASH", "POISSON_BYTES", "HYBRID"];
    let number = |scheme: &str, metric: &str| format!("seed,monotonic,HEADER_{scheme},{metric},");
    for scheme in schemes {
        fixture.set(&number(scheme, "windows_finished_100x"), &[("mean", "100")]);
    }
    assert!(row().contains("| right |"), "{}", row());
    let dead = number("HASH", "dead_zone_rate_100x");
    fixture.set(&dead, &[("mean", "0.02")]);
    let found = row();
    assert!(
        found.contains("| wrong |") && found.contains("HEADER_HASH 2.0 [1.2, 3.1] of 1000"),
        "{found}"
    );
    // Windows of 1000 that are dead do not matter, and others than its own decide nothing.
    fixture.set(&dead, &[("mean", "0")]);
    fixture.set(&number("HASH", "dead_zone_rate_1x"), &[("mean", "0.9")]);
    assert!(row().contains("| right |"), "{}", row());
    let runs = fs::read_to_string(fixture.path("runs.csv")).unwrap();
    fixture.write("runs.csv", &runs.replace(",1000,true,", ",700,true,"));
    let found = row();
    assert!(
        found.contains(
            "| undecided | Its windows had 100000 allocations; these runs have none of that length."
        ),
        "{found}"
    );
}

#[test]
fn a_scheme_that_did_not_run_is_not_judged() {
    let fixture = Fixture::new();
    let path = fixture.path("summary.csv");
    let text = fs::read_to_string(&path).unwrap();
    let is_other = |line: &&str| !line.starts_with("seed,monotonic,HEADER_HASH,");
    let lines: Vec<&str> = text.lines().filter(is_other).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let document = fixture.succeeds();
    let row = line(&document, "| monotonic | HEADER_HASH |");
    assert!(
        row.ends_with("| not measured | - | not measured |"),
        "{row}"
    );
    assert!(line(&document, "| monotonic: all schemes").contains("| not measured |"));
}

#[test]
fn bad_findings_are_one_line() {
    type Edit = fn(&mut Value);
    let cases: [(Edit, &str); 6] = [
        (
            |it| it["format"] = json!("other"),
            "format: found \"other\", expected \"sampler-findings\"",
        ),
        (
            |it| it["format_version"] = json!(2),
            "format_version: found 2, expected 1",
        ),
        (
            |it| it["part"] = json!("real"),
            "part: found \"real\", expected \"accuracy\"",
        ),
        (
            |it| it["blocks"][0]["section"] = json!("Who won?"),
            "section: found \"Who won?\", expected one of \"Does header overhead matter?\"",
        ),
        (
            |it| it["blocks"][0]["sentences"][0] = json!(7),
            "sentences: found 7, expected a text",
        ),
        (
            |it| it["blocks"][0]["table"] = json!({ "header": ["a"], "rows": [["1", "2"]] }),
            "rows: found [\"1\",\"2\"], expected 1 cells, as in the header",
        ),
    ];
    for (edit, expected) in cases {
        let fixture = Fixture::new();
        fixture.edit("accuracy", edit);
        let line = fixture.fails();
        assert!(
            line.starts_with("results: ")
                && line.contains("accuracy-findings.json: ")
                && line.contains(expected),
            "{line}"
        );
    }
    let fixture = Fixture::new();
    fixture.write("real-findings.json", "{");
    assert!(fixture.fails().contains("real-findings.json: not JSON: "));
    let fixture = Fixture::new();
    fixture.edit("real", |it| {
        drop(it.as_object_mut().unwrap().remove("runs"))
    });
    let line = fixture.fails();
    assert!(
        line.contains("runs: found nothing, expected a text"),
        "{line}"
    );
}

#[test]
fn a_bad_summary_is_one_line() {
    let fixture = Fixture::new();
    fixture.set(
        "seed,reuse,HEADER_HASH,sample_rate_allocs,",
        &[("mean", "much")],
    );
    let line = fixture.fails();
    assert!(
        line.contains("summary.csv: row ") && line.contains("mean: found much, expected a number"),
        "{line}"
    );
    let fixture = Fixture::new();
    fixture.set(
        "seed,reuse,HEADER_HASH,sample_rate_allocs,",
        &[("mean", "")],
    );
    assert!(
        fixture
            .fails()
            .contains("mean: found nothing, expected a number")
    );
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("runs.csv")).unwrap();
    let line = fixture.fails();
    assert!(
        line.contains("runs.csv: not there, expected beside summary.csv"),
        "{line}"
    );
    let fixture = Fixture::new();
    fixture.write("summary.csv", "set,workload\nseed,reuse\n");
    assert!(fixture.fails().contains("found no column scheme"));
}

#[test]
fn a_directory_that_is_not_there_is_one_line() {
    let path = Path::new("/nowhere/data");
    let output = Command::new(env!("CARGO_BIN_EXE_results"))
        .arg("--data")
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("results: /nowhere/data") && stderr.lines().count() == 1,
        "{stderr}"
    );
}

#[test]
fn help_has_an_example() {
    let output = Command::new(env!("CARGO_BIN_EXE_results"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for expected in ["results --data data", "--reference", "RESULTS.md"] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}
