//! Runs the real binary over tables that are made here: two measurements of the same numbers by simulated runs, and what goes wrong.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const SUMMARY: &str = "set,workload,scheme,metric,unit,n,mean,std,min,p50,p95,p99,max,p95_is_max,p99_is_max,ci95_low,ci95_high,ci_method,hash_mask,poisson_mean_bytes";
const PATHS: u64 = 60;
const METRICS: u64 = 8;

/// Two directories of tables.
struct Fixture {
    directory: TempDir,
}

/// Numbers that look drawn: SplitMix64, of a seed and a place in it, uniform in (0, 1).
fn unit(seed: u64, place: u64) -> f64 {
    let mut z = seed
        .wrapping_mul(0xD134_2543_DE82_EF95)
        .wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Box and Muller's.
fn normal(seed: u64, place: u64) -> f64 {
    let (u, v) = (unit(seed, 2 * place), unit(seed, 2 * place + 1));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

impl Fixture {
    fn new() -> Fixture {
        let directory = TempDir::new().unwrap();
        for name in ["a", "b"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        Fixture { directory }
    }

    /// Both with summaries of the same true numbers, `shift` of their standard errors apart.
    fn measured(shift: f64) -> Fixture {
        let fixture = Fixture::new();
        fixture.write("a/summary.csv", &summary(1, 0.0));
        fixture.write("b/summary.csv", &summary(2, shift));
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

    fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_compare-references"))
            .arg(self.path("a"))
            .arg(self.path("b"))
            .arg("--csv")
            .arg(self.path("rows.csv"))
            .output()
            .unwrap()
    }

    #[track_caller]
    fn succeeds(&self) -> String {
        let output = self.run();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its one line; and nothing is written.
    #[track_caller]
    fn fails(&self) -> String {
        let output = self.run();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(output.stdout.is_empty() && !self.path("rows.csv").exists());
        stderr
    }
}

/// 60 paths of 8 metrics, each measured with a standard error of 1 and its right interval; and one exact number a path.
fn summary(seed: u64, shift: f64) -> String {
    let mut rows = vec![SUMMARY.to_string()];
    for path in 0..PATHS {
        for metric in 0..METRICS {
            let value = 100.0 + normal(seed, path * METRICS + metric) + shift;
            let (low, high) = (value - 1.96, value + 1.96);
            rows.push(format!(
                "seed,w{path},HEADER_HASH,m{metric},ratio,10,{value},1,,,,,,true,true,{low},{high},student-t,255,"
            ));
        }
        rows.push(format!(
            "seed,w{path},HEADER_HASH,total_allocs,allocations,10,1000,0,,,,,,true,true,,,,255,"
        ));
    }
    rows.join("\n") + "\n"
}

/// The cells of a table's line: rows, effective rows, apart, ...
#[track_caller]
fn counts<'a>(report: &'a str, table: &str) -> Vec<&'a str> {
    let line = report.lines().find(|line| line.starts_with(table));
    let line = line.unwrap_or_else(|| panic!("no {table}: {report}"));
    line[table.len()..].split_whitespace().collect()
}

#[test]
fn two_measurements_of_the_same_thing_agree() {
    let fixture = Fixture::measured(0.0);
    let report = fixture.succeeds();
    assert!(report.contains("AGREE: no more rows"), "{report}");
    let counts = counts(&report, "summary.csv");
    assert_eq!(counts[0], "480");
    // 5 % of 480 are 24, with a sigma of 4.8; outside 16.58 %, 79.6, sigma 8.1.
    let number = |index: usize| -> f64 { counts[index].parse().unwrap() };
    assert!((number(2) - 24.0).abs() < 4.0 * 4.8, "{report}");
    assert!((number(7) - 79.6).abs() < 4.0 * 8.1, "{report}");
    assert_eq!(counts[8], "79.6");
    assert_eq!(counts[9..], ["60", "0"]);
    // Every row is in the file, with what was found.
    let rows = fixture.read("rows.csv");
    let apart = rows.lines().skip(1).filter(|row| {
        let distance: f64 = row.split(',').rev().nth(1).unwrap().parse().unwrap();
        distance > 1.0
    });
    assert_eq!(rows.lines().count(), 481);
    assert_eq!(apart.count() as f64, number(2));
}

#[test]
fn the_same_runs_twice_are_no_second_measurement() {
    let fixture = Fixture::measured(0.0);
    fixture.write("b/summary.csv", &fixture.read("a/summary.csv"));
    let report = fixture.succeeds();
    assert!(report.contains("EQUAL: every number"), "{report}");
    assert_eq!(counts(&report, "summary.csv")[2], "0");
    assert!(!report.contains("differ most"), "{report}");
    // Where runs are shared in part: of eight metrics seven are the same, so that one row in 160 is apart.
    let (a, b) = (summary(1, 0.0), summary(2, 0.0));
    let mixed: Vec<&str> = a
        .lines()
        .zip(b.lines())
        .map(|(a, b)| if b.contains(",m3,") { b } else { a })
        .collect();
    fixture.write("b/summary.csv", &(mixed.join("\n") + "\n"));
    let report = fixture.succeeds();
    assert!(report.contains("CLOSER than chance"), "{report}");
}

#[test]
fn a_planted_shift_is_found_and_its_rows_are_named() {
    // Half a standard error in all rows: a share of P(|z + 0.5 / sqrt 2| > 1.96) = 6.5 % is no more than chance; two are P(|z + 1.41| > 1.96) = 29 %.
    assert!(
        Fixture::measured(2.0)
            .succeeds()
            .contains("DIFFERENT: more rows")
    );
    // In one metric of every path alone.
    let fixture = Fixture::measured(0.0);
    let shifted = |line: &str| {
        let mut cells: Vec<String> = line.split(',').map(String::from).collect();
        if cells[3] == "m3" {
            for index in [6, 15, 16] {
                cells[index] = (cells[index].parse::<f64>().unwrap() + 20.0).to_string();
            }
        }
        cells.join(",") + "\n"
    };
    let table: String = fixture.read("b/summary.csv").lines().map(shifted).collect();
    fixture.write("b/summary.csv", &table);
    let report = fixture.succeeds();
    assert!(report.contains("DIFFERENT"), "{report}");
    let named = report.split("differ most").nth(1).unwrap();
    assert_eq!(named.matches("summary.csv seed,w").count(), 20);
    assert_eq!(
        named.matches(",HEADER_HASH,m3,ratio").count(),
        20,
        "{report}"
    );
    let all: usize = counts(&report, "summary.csv")[2].parse().unwrap();
    assert!(all >= 60, "{report}");
}

#[test]
fn times_and_memory_are_judged_apart() {
    // Another machine: m3 is a time, and all of them are elsewhere.
    let fixture = Fixture::measured(0.0);
    let rename = |text: String| text.replace(",m3,ratio,", ",wall_s,seconds,");
    let shifted = |line: &str| {
        let mut cells: Vec<String> = line.split(',').map(String::from).collect();
        if cells[3] == "wall_s" {
            for index in [6, 15, 16] {
                cells[index] = (cells[index].parse::<f64>().unwrap() + 20.0).to_string();
            }
        }
        cells.join(",") + "\n"
    };
    fixture.write("a/summary.csv", &rename(fixture.read("a/summary.csv")));
    let b = rename(fixture.read("b/summary.csv"));
    fixture.write("b/summary.csv", &b.lines().map(shifted).collect::<String>());
    let report = fixture.succeeds();
    assert!(
        report.contains("Counts, rates and estimates: AGREE"),
        "{report}"
    );
    assert!(report.contains("machine's: DIFFERENT"), "{report}");
    assert_eq!(counts(&report, "summary.csv  ")[0], "420");
    let times = counts(&report, "summary.csv, times and memory");
    assert_eq!((times[0], times[2]), ("60", "60"), "{report}");
}

#[test]
fn rows_of_the_same_runs_count_as_fewer() {
    // All eight metrics of a path are one number: 60 rows that say something, not 480.
    let one_number = |seed: u64| {
        let mut rows = vec![SUMMARY.to_string()];
        for path in 0..PATHS {
            let value = 100.0 + normal(seed, path);
            let (low, high) = (value - 1.96, value + 1.96);
            rows.extend((0..METRICS).map(|metric| format!("seed,w{path},HEADER_HASH,m{metric},ratio,10,{value},1,,,,,,true,true,{low},{high},student-t,255,")));
        }
        rows.join("\n") + "\n"
    };
    let fixture = Fixture::new();
    fixture.write("a/summary.csv", &one_number(3));
    fixture.write("b/summary.csv", &one_number(4));
    let report = fixture.succeeds();
    let counts = counts(&report, "summary.csv");
    assert_eq!(counts[0], "480");
    let effective: f64 = counts[1].parse().unwrap();
    assert!((58.0..=62.0).contains(&effective), "{report}");
    assert!(report.contains("AGREE"), "{report}");
}

#[test]
fn rows_and_tables_that_one_alone_has_are_named() {
    let fixture = Fixture::measured(0.0);
    let table = fixture.read("b/summary.csv");
    let without: Vec<&str> = table
        .lines()
        .filter(|line| !line.contains(",w7,"))
        .collect();
    fixture.write("b/summary.csv", &(without.join("\n") + "\n"));
    fixture.write(
        "a/cost.csv",
        "loop,subject,truth,threads,metric,unit,value,low,high,n\n",
    );
    let report = fixture.succeeds();
    assert!(
        report.contains("summary.csv: 9 rows in A alone: seed,w7,HEADER_HASH,m0,ratio; "),
        "{report}"
    );
    assert!(
        report.contains("cost.csv: in A alone, not compared."),
        "{report}"
    );
    assert_eq!(counts(&report, "summary.csv")[0], "472");
}

#[test]
fn a_reference_has_its_parts_in_directories_and_only_intervals_are_compared() {
    let fixture = Fixture::new();
    let comparison = |value: f64| {
        format!(
            "set,workload,scheme,part,metric,unit,value,low,high,n,claim,verdict,ends\n\
             comparison,reuse-1m,HEADER_HASH,rates,mean_allocs_estimate_over_true,ratio,{value},{},{},10,,,interval\n\
             comparison,reuse-1m,HEADER_HASH,rates,sample_rate_allocs,ratio,{value},{},{},10,,,range\n\
             comparison,window-t1,HEADER_HASH,cost,time_over_plain,ratio,{value},{},{},10,,,interval\n",
            value - 0.1,
            value + 0.1,
            value - 0.1,
            value + 0.1,
            value - 0.1,
            value + 0.1
        )
    };
    fixture.write("a/comparison/comparison.csv", &comparison(1.0));
    fixture.write("b/comparison.csv", &comparison(1.2));
    let real = |value: f64| {
        format!(
            "set,workload,scheme,phase,over,metric,unit,value,low,high,n,detectable,bound,claim,verdict,p_holm\n\
             real,redis,NONE,,PLAIN,cpu_per_unit,ratio,{value},{},{},5,,,,,\n\
             real,redis,NONE,,PLAIN,cpu_per_unit,ratio,{value},{},{},5,,,overhead under 7 %,wrong,\n",
            value - 0.1,
            value + 0.1,
            value - 0.1,
            value + 0.1
        )
    };
    fixture.write("a/real/real.csv", &real(1.0));
    fixture.write("b/real.csv", &real(1.1));
    let report = fixture.succeeds();
    // Halves of 0.1 and 0.1 make 0.141: 0.2 is apart, 0.1 is not.
    assert_eq!(counts(&report, "comparison.csv")[..3], ["1", "1", "1"]);
    assert_eq!(
        counts(&report, "real.csv, times and memory")[..3],
        ["1", "1", "0"]
    );
    let named =
        "comparison.csv comparison,reuse-1m,HEADER_HASH,rates,mean_allocs_estimate_over_true,ratio";
    assert!(report.contains(named), "{report}");
    assert!(
        report.contains("1.41  1 [0.9000, 1.100]  10  1.200 [1.100, 1.300]  10"),
        "{report}"
    );
}

#[test]
fn what_cannot_be_compared_is_refused_in_one_line() {
    let runs = |base: u64| {
        format!("set,workload,scheme,window_base,machine\nseed,w1,HEADER_HASH,{base},one\n")
    };
    type Break = fn(String) -> String;
    let cases: [(&str, Break, &str); 7] = [
        (
            "a/summary.csv",
            |text| text.replace(",ci95_high,", ",high,"),
            "a/summary.csv: column ci95_high: found none, expected it in the header",
        ),
        (
            "b/summary.csv",
            |text| text.replacen(",student-t,255,", ",student-t,15,", 1),
            "summary.csv: seed,w0,HEADER_HASH,m0,ratio: hash_mask: found \"255\" in A and \"15\" in B, expected the same parameters",
        ),
        (
            "b/summary.csv",
            |text| text.replacen(",10,100", ",10,many", 1),
            "mean: found \"many",
        ),
        (
            "b/summary.csv",
            |text| text.replacen(",true,true,,,,255", ",true,true,1,,,255", 1),
            "ci95_low and ci95_high: found \"1\" and \"\", expected the ends of an interval, or neither",
        ),
        (
            "a/summary.csv",
            |text| text.clone() + text.lines().last().unwrap() + "\n",
            "found seed,w59,HEADER_HASH,total_allocs,allocations again, expected one row of it",
        ),
        (
            "b/summary.csv",
            |text| text + "seed,short\n",
            "b/summary.csv: CSV error",
        ),
        (
            "b/runs.csv",
            |text| text.replace(",1000,", ",100,"),
            "runs.csv: seed,w1,HEADER_HASH: window_base: found 1000 in A and 100 in B, expected the same parameters",
        ),
    ];
    for (file, breaks, expected) in cases {
        let fixture = Fixture::measured(0.0);
        fixture.write("a/runs.csv", &runs(1000));
        fixture.write("b/runs.csv", &runs(1000));
        assert!(fixture.succeeds().contains("(one)"));
        fs::remove_file(fixture.path("rows.csv")).unwrap();
        let text = fixture.read(file);
        let broken = breaks(text.clone());
        assert_ne!(broken, text, "{expected}");
        fixture.write(file, &broken);
        let line = fixture.fails();
        assert!(
            line.starts_with("compare-references: ") && line.contains(expected),
            "{line}"
        );
    }
    let fixture = Fixture::new();
    assert!(
        fixture
            .fails()
            .contains("found no table that both have, expected one of summary.csv")
    );
    fs::remove_dir(fixture.path("b")).unwrap();
    assert!(fixture.fails().contains("b: found no directory"));
}

#[test]
fn make_names_the_directory_that_is_missing() {
    let make = |variables: &[&str]| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let make = ["-n", "-C", root, "compare-references"];
        let output = Command::new("make").args(make).args(variables).output();
        output.unwrap()
    };
    let output = make(&["A=data/reference"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("B is not given; accepted: "), "{stderr}");
    let output = make(&["A=data/reference", "B=elsewhere"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let command = "compare-references 'data/reference' 'elsewhere' --csv data/compared.csv";
    assert!(
        output.status.success() && stdout.contains(command),
        "{stdout}"
    );
}
