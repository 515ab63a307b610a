//! Runs the real binary over run files whose counts are made up, of the form in which `sampler-run` and `drive --instructions` write them.
//!
//! After a wanted change of the output: `UPDATE_GOLDEN=1 cargo test -p instructions golden`, then read the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_file::example::{self, damages};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Fixture {
    directory: TempDir,
}

/// A run of the set, with two records a process that ended: of the program, and of valgrind, which became it.
fn run(workload: &str, scheme: &str, number: u64, mean: &Value, ended: usize) -> Value {
    let mut run = example::run(scheme, number, 2);
    (run["set"], run["workload"]) = (json!("real"), json!(workload));
    run["parameters"]["poisson_mean_bytes"] = mean.clone();
    run["machine"] = json!({ "cpu": "a processor", "cores": 2, "memory_bytes": 8_000_000_000u64, "kernel": "6.1", "libc": "glibc 2.36" });
    let records = run["processes"].as_array_mut().unwrap();
    if let Some(mut record) = records.pop() {
        record["poisson_mean_bytes"] = mean.clone();
        for _ in 0..ended {
            for (how, command) in [("exec", "/usr/bin/valgrind.bin"), ("exit", workload)] {
                (record["ended"], record["command"]) = (json!(how), json!([command]));
                records.push(record.clone());
            }
        }
    }
    run
}

impl Fixture {
    /// nginx without the library and under two schemes, two runs each; a compilation once.
    fn new() -> Fixture {
        let fixture = Fixture {
            directory: TempDir::new().unwrap(),
        };
        for (scheme, mean, per_request) in [
            ("PLAIN", Value::Null, [16_000, 16_010]),
            ("NONE", Value::Null, [16_100, 16_105]),
            ("HEADER_POISSON_BYTES", 524_288.into(), [16_500, 16_520]),
        ] {
            for (number, per_request) in (1..).zip(per_request) {
                let start = 35_000_000;
                let parts = json!([{
                    "name": "mix", "units": 3000, "instructions": start + 3000 * per_request,
                    "less_units": 600, "less_instructions": start + 600 * per_request, "processes": 6,
                }]);
                fixture.write("nginx", scheme, number, &mean, "request", parts, 6);
            }
        }
        for (scheme, instructions) in [("PLAIN", 100_000_000), ("NONE", 101_000_000)] {
            let part = |name, instructions: u64| {
                json!({
                    "name": name, "units": 1, "instructions": instructions,
                    "less_units": null, "less_instructions": null, "processes": 3,
                })
            };
            let parts = json!([
                part("small.c", instructions),
                part("large.c", 2 * instructions)
            ]);
            fixture.write("curl", scheme, 1, &Value::Null, "compilation", parts, 6);
        }
        fixture
    }

    #[allow(clippy::too_many_arguments)]
    fn write(
        &self,
        workload: &str,
        scheme: &str,
        number: u64,
        mean: &Value,
        unit: &str,
        parts: Value,
        ended: usize,
    ) {
        let mut run = run(workload, scheme, number, mean, ended);
        run["ground_truth"] = json!({ "workload": workload, "unit": unit, "verified": 100, "counted_by": "valgrind-3.19.0", "parts": parts });
        let path = self.raw(&format!("{workload}/{scheme}/run-{number:02}.json"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, run.to_string()).unwrap();
    }

    fn raw(&self, relative: &str) -> PathBuf {
        self.directory.path().join("raw").join(relative)
    }

    fn out(&self, name: &str) -> PathBuf {
        self.directory.path().join("out").join(name)
    }

    fn run(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_instructions"))
            .arg("--raw")
            .arg(self.raw(""))
            .arg("--out")
            .arg(self.out(""))
            .output()
            .unwrap()
    }

    /// Changes a field of a run, given as a JSON pointer; the one line that is said then.
    #[track_caller]
    fn fails_with(&self, run: &str, field: &str, value: Value) -> String {
        let path = self.raw(run);
        let before = fs::read(&path).unwrap();
        let mut file: Value = serde_json::from_slice(&before).unwrap();
        *file.pointer_mut(field).unwrap() = value;
        fs::write(&path, file.to_string()).unwrap();
        let output = self.run();
        fs::write(&path, before).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(!self.out("real-instructions.csv").exists());
        stderr
    }
}

#[test]
fn golden_files_are_reproduced() {
    let fixture = Fixture::new();
    let output = fixture.run();
    assert!(output.status.success(), "{output:?}");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example");
    for name in ["real-instructions.csv", "real-instructions.txt"] {
        let found = fs::read_to_string(fixture.out(name)).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(example.join(name), &found).unwrap();
        }
        let expected = fs::read_to_string(example.join(name)).unwrap();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_library_that_was_not_reached_is_no_count() {
    let fixture = Fixture::new();
    let run = "nginx/NONE/run-01.json";
    let said = fixture.fails_with(run, "/processes/1/ended", json!("exec"));
    assert!(
        said.contains("run-01.json: processes: found the library in 5 of them, expected 6 as callgrind counted"),
        "{said}"
    );
    let said = fixture.fails_with(run, "/processes/1/bypassed", json!(true));
    assert!(said.contains("the library saw no call of"), "{said}");
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    let fixture = Fixture::new();
    let run = "nginx/HEADER_POISSON_BYTES/run-01.json";
    let whole: Value = serde_json::from_slice(&fs::read(fixture.raw(run)).unwrap()).unwrap();
    for damage in damages(&whole) {
        let said = fixture.fails_with(run, "", damage.run);
        let expected = &damage.expected;
        assert!(
            said.contains(run) && said.contains(expected),
            "{expected}: {said}"
        );
    }
    for field in ["unit", "verified", "counted_by", "parts"] {
        let mut damaged = whole.clone();
        damaged["ground_truth"]
            .as_object_mut()
            .unwrap()
            .remove(field);
        let said = fixture.fails_with(run, "", damaged);
        let expected = format!("ground_truth.{field}: found nothing, expected ");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let fixture = Fixture::new();
    for (run, field, value, expected) in [
        (
            "nginx/NONE/run-02.json",
            "/machine/cpu",
            json!("another one"),
            "machine: found another one; 2; ",
        ),
        (
            "nginx/NONE/run-02.json",
            "/ground_truth/counted_by",
            json!("valgrind-3.20.0"),
            "machine: found a processor; 2; 8000000000; 6.1; glibc 2.36; valgrind-3.20.0, expected ",
        ),
        (
            "nginx/HEADER_POISSON_BYTES/run-02.json",
            "/parameters/aslr",
            json!(false),
            "parameters.aslr: found false, expected true as in ",
        ),
        (
            "nginx/HEADER_POISSON_BYTES/run-02.json",
            "/set",
            json!("bogus"),
            "set: found \"bogus\", expected \"real\"",
        ),
        (
            "nginx/NONE/run-02.json",
            "/ground_truth/parts/0/name",
            json!("static"),
            "parts: found request static, expected request mix as in ",
        ),
        (
            "nginx/NONE/run-02.json",
            "/ground_truth/parts/0/less_instructions",
            json!(900_000_000),
            "instructions: found 83315000, expected more than less_instructions, 900000000",
        ),
        (
            "nginx/NONE/run-02.json",
            "/run",
            json!(3),
            "run: found 3, expected the number in the file's name",
        ),
        (
            "curl/NONE/run-01.json",
            "/ground_truth",
            Value::Null,
            "ground_truth: found null, expected what callgrind counted",
        ),
    ] {
        let said = fixture.fails_with(run, field, value);
        assert!(said.contains(run) && said.contains(expected), "{said}");
    }
}

#[test]
fn no_run_is_said_in_one_line() {
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.raw("")).unwrap();
    fs::create_dir_all(fixture.raw("")).unwrap();
    let output = fixture.run();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("instructions: ") && said.contains("found no run file"),
        "{said}"
    );
}
