//! Runs the real binary over the committed example: 28 paths of set comparison, two runs of each. Its cost.csv was made up for these tests: nothing in it
//! was measured.
//!
//! After a wanted change of the output: `UPDATE_GOLDEN=1 cargo test -p comparison golden`, then read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_file::example::{damages, sample};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: [&str; 3] = [
    "comparison.csv",
    "comparison.txt",
    "comparison-findings.json",
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example")
}

/// A copy of the example that a test may break.
struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        copy(&example(), directory.path());
        Fixture { directory }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    fn run(&self) -> Output {
        let path = |relative| self.path(relative).into_os_string();
        Command::new(env!("CARGO_BIN_EXE_comparison"))
            .args([
                "--raw".into(),
                path("raw"),
                "--cost".into(),
                path("cost.csv"),
            ])
            .args([
                "--lines".into(),
                path("lines-of-tracking.csv"),
                "--out".into(),
                path("out"),
            ])
            .output()
            .unwrap()
    }

    /// The report, on one line, and the table.
    #[track_caller]
    fn succeeds(&self) -> [String; 2] {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let [report, table] = ["out/comparison.txt", "out/comparison.csv"]
            .map(|file| fs::read_to_string(self.path(file)).unwrap());
        // Where a line is broken depends on every word before.
        let words: Vec<&str> = report.split_whitespace().collect();
        [words.join(" "), table]
    }

    /// Its one line; and an earlier report stays as it was.
    #[track_caller]
    fn fails(&self) -> String {
        fs::create_dir_all(self.path("out")).unwrap();
        fs::write(self.path("out/comparison.txt"), "earlier").unwrap();
        let output = self.run();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let files: Vec<_> = fs::read_dir(self.path("out")).unwrap().collect();
        assert_eq!(files.len(), 1, "nothing else is written");
        assert_eq!(
            fs::read_to_string(self.path("out/comparison.txt")).unwrap(),
            "earlier"
        );
        stderr
    }

    fn edit(&self, run: &str, edit: impl Fn(&mut Value)) {
        let path = self.path("raw").join(run);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

/// A row's cells by column.
fn row<'a>(table: &'a str, start: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no row {start}"))
        .split(',')
        .collect()
}

const VALUE: usize = 6;

#[test]
fn golden_files_of_the_example_are_reproduced() {
    let fixture = Fixture::new();
    fixture.succeeds();
    for name in FILES {
        let found = fs::read_to_string(fixture.path("out").join(name)).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(example().join(name), &found).unwrap();
        }
        let expected = fs::read_to_string(example().join(name)).unwrap();
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(found, expected, "{name}: other number of lines");
    }
}

#[test]
fn memory_is_compared_with_the_none_run_of_the_same_number() {
    let fixture = Fixture::new();
    for (scheme, number, bytes) in [
        ("NONE", 1, 100_000_000),
        ("NONE", 2, 200_000_000),
        ("HEADER_POISSON_BYTES", 1, 116_000_000),
        ("HEADER_POISSON_BYTES", 2, 216_000_000),
    ] {
        fixture.edit(&format!("live-1m-64/{scheme}/run-0{number}.json"), |run| {
            run["peak_rss_bytes"] = json!(bytes);
        });
    }
    let [report, table] = fixture.succeeds();
    let value = |metric: &str| -> Vec<f64> {
        let row = row(
            &table,
            &format!("comparison,live-1m-64,HEADER_POISSON_BYTES,memory,{metric},"),
        );
        row[VALUE..VALUE + 4]
            .iter()
            .map(|cell| cell.parse().unwrap())
            .collect()
    };
    assert_eq!(value("more_than_none_bytes"), [16e6, 16e6, 16e6, 2.0]);
    assert_eq!(
        value("more_than_none_bytes_per_block"),
        [16.0, 16.0, 16.0, 2.0]
    );
    assert_eq!(value("peak_rss_over_none"), [1.12, 1.08, 1.16, 2.0]);
    assert!(
        report.contains("10000000 live blocks of 4096 B: not run. It needs 41.3 GB"),
        "{report}"
    );
}

#[test]
fn a_scheme_that_misses_frees_is_found_out() {
    let fixture = Fixture::new();
    // Advice needs a scheme whose consistency is known.
    set_samples(&fixture, "HEADER_POISSON_BYTES", STEADY);
    let [report, _] = fixture.succeeds();
    let claim = "- all-headers: \"100 %\": ";
    assert!(
        report.contains(&format!("{claim}RIGHT. every sampled free known")),
        "{report}"
    );
    let advice = "To know the frees of sampled blocks use HEADER_POISSON_BYTES";
    assert!(report.contains(advice), "{report}");
    fixture.edit("frees-plain/HEADER_POISSON_BYTES/run-02.json", |run| {
        let frees = &mut run["processes"][0]["sampled_frees"];
        *frees = json!(frees.as_u64().unwrap() - 40);
    });
    let [report, table] = fixture.succeeds();
    assert!(
        report.contains(&format!("{claim}WRONG. from -")),
        "{report}"
    );
    assert!(!report.contains(advice), "{report}");
    // What the runtime allocates in these bins may be alive: at most a dozen of the 40.
    let row = row(
        &table,
        "comparison,frees-plain,HEADER_POISSON_BYTES,frees,frees_miscounted,",
    );
    let low: f64 = row[VALUE + 1].parse().unwrap();
    assert!((-40.0..=-28.0).contains(&low), "{low}");
}

/// Ten runs of a path of returning addresses with so many samples each, whose estimates are 256 times that; a million allocations.
fn set_samples(fixture: &Fixture, scheme: &str, samples: [u64; 10]) {
    for workload in ["reuse-1m", "frees-reuse"] {
        let directory = fixture.path(&format!("raw/{workload}/{scheme}"));
        let template = fs::read(directory.join("run-01.json")).unwrap();
        for (samples, number) in samples.into_iter().zip(1..) {
            let mut run: Value = serde_json::from_slice(&template).unwrap();
            run["run"] = json!(number);
            let process = &mut run["processes"][0];
            let allocs = process["total_allocs"].as_u64().unwrap() as f64;
            assert!(allocs > 9e5);
            sample(process, samples);
            process["sampled_frees"] = json!(samples);
            process["estimates"]["allocs"] = json!(samples as f64 * 256.0 * allocs / 1e6);
            fs::write(
                directory.join(format!("run-{number:02}.json")),
                run.to_string(),
            )
            .unwrap();
        }
    }
}

/// What stands of a scheme's claim, up to its next.
#[track_caller]
fn claim_of<'a>(report: &'a str, claim: &str) -> &'a str {
    let start = report.find(claim);
    let text = &report[start.unwrap_or_else(|| panic!("{claim}: {report}"))..];
    text.split(" - ").next().unwrap()
}

/// About 3906 samples, as far apart as independent decisions are: standard deviation 62.
const STEADY: [u64; 10] = [3806, 3846, 3876, 3896, 3906, 3916, 3926, 3956, 3976, 3996];

#[test]
fn a_grade_needs_the_whole_interval() {
    let high = "- HEADER_POISSON_BYTES: \"consistency: high\": ";
    let fixture = Fixture::new();
    // Two runs, as far apart as chance has them, tell nothing: the interval of their spread ends at 32 times what was found.
    let [report, _] = fixture.succeeds();
    assert!(
        claim_of(&report, high).contains("UNDECIDED. samples"),
        "{report}"
    );
    set_samples(&fixture, "HEADER_POISSON_BYTES", STEADY);
    let [report, table] = fixture.succeeds();
    assert!(
        claim_of(&report, high).contains("RIGHT. high: "),
        "{report}"
    );
    let row = row(
        &table,
        "comparison,reuse-1m,HEADER_POISSON_BYTES,rates,spread_over_independent,",
    );
    // s = 58.1 over sqrt(10^6 / 256 x 255 / 256) = 62.4; times 0.688 and 1.826.
    let number = |index: usize| -> f64 { row[index].parse().unwrap() };
    let value = number(VALUE);
    assert!((0.92..0.98).contains(&value), "{value}");
    assert!((number(VALUE + 1) / value - 0.6878).abs() < 1e-3);
    assert!((number(VALUE + 2) / value - 1.8256).abs() < 1e-3);
    assert_eq!(*row.last().unwrap(), "interval");
    // Thirty times as far apart is low, whatever ten runs do not tell.
    let far = STEADY.map(|samples| (3906.0 + (samples as f64 - 3906.0) * 30.0).max(1.0) as u64);
    set_samples(&fixture, "HEADER_POISSON_BYTES", far);
    let [report, _] = fixture.succeeds();
    assert!(claim_of(&report, high).contains("WRONG. low: "), "{report}");
}

#[test]
fn what_single_runs_are_off_by_is_not_called_bias() {
    let claim = |scheme: &str, risk: &str| format!("- {scheme}: \"bias risk: {risk}\": ");
    let fixture = Fixture::new();
    // Right on average, and up to 2.6 times the truth in a run: neither none nor high can be told from ten such runs.
    let spread = [1435, 1500, 1600, 1700, 2000, 2500, 3600, 5800, 8700, 10_265];
    let mean = spread.iter().sum::<u64>() as f64 / 10.0;
    assert!((mean - 3906.0).abs() < 10.0, "{mean}");
    set_samples(&fixture, "HEADER_HASH", spread);
    set_samples(&fixture, "HEADER_POISSON_BYTES", STEADY);
    set_samples(
        &fixture,
        "HEADER_HYBRID",
        STEADY.map(|samples| samples * 8 / 5),
    );
    let [report, table] = fixture.succeeds();
    let found = claim_of(&report, &claim("HEADER_HASH", "high"));
    assert!(
        found.contains("UNDECIDED. the estimated") && found.contains("in single runs 0.36"),
        "{found}"
    );
    let found = claim_of(&report, &claim("HEADER_POISSON_BYTES", "none"));
    assert!(found.contains("RIGHT. none: "), "{found}");
    // 1.6 times the truth in every run is bias.
    let found = claim_of(&report, &claim("HEADER_HYBRID", "low"));
    assert!(
        found.contains("WRONG. high: ") && found.contains("on average 1.6"),
        "{found}"
    );
    let row = row(
        &table,
        "comparison,reuse-1m,HEADER_HASH,rates,mean_allocs_estimate_over_true,",
    );
    assert_eq!(*row.last().unwrap(), "interval");
    // A bias of 6 % that every run has is more than the margin of 5 %.
    set_samples(
        &fixture,
        "HEADER_POISSON_BYTES",
        STEADY.map(|samples| samples * 108 / 100),
    );
    let found = fixture.succeeds()[0].clone();
    let found = claim_of(&found, &claim("HEADER_POISSON_BYTES", "none"));
    assert!(found.contains("WRONG. low: "), "{found}");
}

#[test]
fn a_blind_scheme_has_no_grade_and_no_rank() {
    let fixture = Fixture::new();
    for scheme in ["HEADER_HASH", "HEADER_POISSON_BYTES", "HEADER_HYBRID"] {
        set_samples(&fixture, scheme, STEADY);
    }
    let mut found = [0; 10];
    found[9] = 100_000;
    for samples in [[0; 10], found] {
        set_samples(&fixture, "HEADER_PAGE_HASH", samples);
        let [report, _] = fixture.succeeds();
        let empty = samples.iter().filter(|samples| **samples == 0).count();
        let blind = format!("UNDECIDED. BLIND: no sample in {empty} of 10 runs");
        for claim in ["consistency: low", "bias risk: very high"] {
            let found = claim_of(&report, &format!("- HEADER_PAGE_HASH: \"{claim}\": "));
            assert!(found.contains(&blind), "{found}");
        }
        let answer =
            format!("- HEADER_PAGE_HASH: BLIND on reuse-1m, no sample in {empty} of 10 runs");
        assert!(report.contains(&answer), "{report}");
        assert!(report.contains(&format!(
            "HEADER_PAGE_HASH (blind, no sample in {empty} of 10 runs)"
        )));
        assert!(
            !report.contains("HEADER_PAGE_HASH: consistency"),
            "{report}"
        );
    }
}

#[test]
fn without_costs_the_report_says_what_gives_them() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("cost.csv")).unwrap();
    let [report, table] = fixture.succeeds();
    assert!(
        report.contains("Not measured: make bench gives it (data/cost.csv)"),
        "{report}"
    );
    assert!(
        report.contains("\"speed: 3 bolts\": NOT MEASURED. make bench gives it"),
        "{report}"
    );
    assert!(!table.contains(",cost,"), "{table}");
}

#[test]
fn costs_are_differences_and_ratios_of_the_table() {
    let fixture = Fixture::new();
    let rows = "loop,subject,truth,threads,metric,unit,value,low,high,n
window,NONE,1,1,instructions,instructions,172,,,1
window,COUNT,1,1,instructions,instructions,195,,,1
window,HEADER_HASH,1,1,instructions,instructions,220,,,1
window,HEADER_HASH,0,1,instructions,instructions,200,,,1
window,NONE,1,2,time_ratio,ratio,1.25,1.2,1.3,9
window,HEADER_HASH,1,2,time_ratio,ratio,1.5,1.4,1.6,9
window,jemalloc,,2,time_ratio,ratio,1.5,1.4,1.6,9
start,HEADER_HASH,1,1,ns,ns,7,,,1
redis,HEADER_HASH,1,,time_ratio,ratio,1.1,1,1.2,9
live-64,HEADER_HASH,1,,resident_per_block,bytes,96,,,1
";
    fs::write(fixture.path("cost.csv"), rows).unwrap();
    let [_, table] = fixture.succeeds();
    for (start, expected) in [
        (
            "window-t1,HEADER_HASH,cost,instructions_more_than_none,instructions,",
            "48,48,48,1",
        ),
        (
            "window-t1,HEADER_HASH,cost,instructions_more_than_count,instructions,",
            "25,25,25,1",
        ),
        (
            "window-t1-no-truth,HEADER_HASH,cost,instructions_more_than_none,instructions,",
            "28,28,28,1",
        ),
        ("window-t2,HEADER_HASH,cost,time_over_none,ratio,", "1.2"),
    ] {
        let row = row(&table, &format!("comparison,{start}"));
        assert!(
            row[VALUE..].join(",").starts_with(expected),
            "{start}: {row:?}"
        );
    }
    assert!(
        !table.contains("jemalloc")
            && !table.contains(",redis")
            && !table.contains("no-truth,HEADER_HASH,cost,instructions_more_than_count")
    );
}

type Edit = fn(&mut Value);

#[test]
fn bad_runs_are_refused_in_one_line() {
    const RUN: &str = "frees-plain/HEADER_POISSON_BYTES/run-02.json";
    let edits: [(Edit, &str); 10] = [
        (
            |run| run["format"] = json!("other"),
            "format: found \"other\", expected \"sampler-run\"",
        ),
        (
            |run| run["format_version"] = json!(2),
            "format_version: found 2, expected 1",
        ),
        (
            |run| run["run"] = json!(3),
            "run: found 3, expected the number in the file's name",
        ),
        (
            |run| run["workload"] = json!("frees-reuse"),
            "workload: found \"frees-reuse\", expected \"frees-plain\"",
        ),
        (
            |run| {
                run["parameters"]["poisson_mean_bytes"] = json!(7);
                run["processes"][0]["poisson_mean_bytes"] = json!(7);
            },
            "parameters.poisson_mean_bytes: found 7, expected ",
        ),
        (
            |run| run["ground_truth"] = Value::Null,
            "ground_truth: found null, expected an object",
        ),
        (
            |run| {
                drop(
                    run["ground_truth"]
                        .as_object_mut()
                        .unwrap()
                        .remove("freed_bins"),
                )
            },
            "found no freed_bins",
        ),
        (
            |run| {
                let record = run["processes"][0].clone();
                run["processes"].as_array_mut().unwrap().push(record);
            },
            "processes: found 2 records, expected that of the one process",
        ),
        (
            |run| run["processes"][0]["sampled_frees"] = json!(-1),
            "processes[0].sampled_frees: found -1, expected an unsigned integer",
        ),
        (
            |run| run["ground_truth"]["frees"] = json!(1_u64 << 40),
            "fewer than the workload freed",
        ),
    ];
    for (edit, expected) in edits {
        let fixture = Fixture::new();
        fixture.edit(RUN, edit);
        let line = fixture.fails();
        assert!(
            line.contains(expected) && line.contains("frees-plain"),
            "{expected}: {line}"
        );
    }
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    for run in [
        "frees-plain/STATELESS_POISSON_BERNOULLI/run-01.json",
        "frees-plain/SAMPLE_HEADERS_POISSON_MAP/run-01.json",
    ] {
        let fixture = Fixture::new();
        let path = fixture.path("raw").join(run);
        let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for damage in damages(&whole) {
            fs::write(&path, damage.run.to_string()).unwrap();
            let line = fixture.fails();
            let expected = &damage.expected;
            assert!(
                line.contains(run) && line.contains(expected),
                "{expected}: {line}"
            );
        }
        for field in ["frees", "leaked_blocks"] {
            let mut damaged = whole.clone();
            damaged["ground_truth"]
                .as_object_mut()
                .unwrap()
                .remove(field);
            fs::write(&path, damaged.to_string()).unwrap();
            let line = fixture.fails();
            let expected = format!("ground_truth.{field}: found nothing, expected ");
            assert!(line.contains(&expected), "{line}");
        }
    }
}

#[test]
fn bad_files_and_tables_are_refused_in_one_line() {
    let broken: [(&str, &str, &str); 8] = [
        (
            "raw/frees-plain/HEADER_POISSON_BYTES/run-01.json",
            "{",
            "not JSON",
        ),
        (
            "raw/frees-plain/HEADER_OTHER/run-01.json",
            "{\"format\":\"sampler-run\",\"format_version\":1,\"scheme\":\"HEADER_OTHER\",\"workload\":\"frees-plain\"}",
            "scheme: found \"HEADER_OTHER\", expected one of HEADER_HASH",
        ),
        ("cost.csv", "loop,subject\n", "column truth: found none"),
        (
            "cost.csv",
            "loop,subject,truth,threads,metric,unit,value,low,high,n\nwindow,NONE,1,1,ns,ns,fast,,,1\n",
            "line 2: value: found \"fast\", expected a number",
        ),
        (
            "cost.csv",
            "loop,subject,truth,threads,metric,unit,value,low,high,n\nwindow,NONE,yes,1,ns,ns,1,,,1\n",
            "truth: found \"yes\", expected 0 or 1",
        ),
        (
            "lines-of-tracking.csv",
            "tracking,kind,with,lines\nall-headers,own,,3\n",
            "no row of kind own of sample-headers",
        ),
        (
            "lines-of-tracking.csv",
            "tracking,kind,with,lines\nheaders,own,,3\n",
            "line 2: tracking: found \"headers\"",
        ),
        (
            "lines-of-tracking.csv",
            "a,b\n",
            "expected tracking,kind,with,lines",
        ),
    ];
    for (file, text, expected) in broken {
        let fixture = Fixture::new();
        fs::create_dir_all(fixture.path(file).parent().unwrap()).unwrap();
        fs::write(fixture.path(file), text).unwrap();
        let line = fixture.fails();
        assert!(
            line.contains(expected) && line.contains(file),
            "{expected}: {line}"
        );
    }
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("raw")).unwrap();
    assert!(
        fixture
            .fails()
            .contains("expected a directory of run files")
    );
    fs::create_dir(fixture.path("raw")).unwrap();
    assert!(fixture.fails().contains("found no run file"));
}

#[test]
fn runs_of_two_machines_are_not_compared() {
    let fixture = Fixture::new();
    fixture.edit("live-10m-64/NONE/run-02.json", |run| {
        run["machine"]["cores"] = json!(64);
    });
    let line = fixture.fails();
    assert!(
        line.contains("live-10m-64/NONE/run-02.json: machine: found "),
        "{line}"
    );
    assert!(
        line.contains("run-01.json: runs of two machines are not compared"),
        "{line}"
    );
}

#[test]
fn help_names_units_and_an_example() {
    let output = Command::new(env!("CARGO_BIN_EXE_comparison"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "in bytes",
        "in ns, instructions and ratios",
        "comparison --raw data/raw/comparison",
    ] {
        assert!(help.contains(expected), "{expected:?} in {help}");
    }
}

#[test]
fn no_line_of_the_report_is_too_long_for_a_screen() {
    for line in fs::read_to_string(example().join("comparison.txt"))
        .unwrap()
        .lines()
    {
        assert!(line.chars().count() <= 160, "{line}");
    }
}
