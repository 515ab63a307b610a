//! The parts as they are used, a hundredth of their size: real programs, the real library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Where the release programs are, as users have them.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(3)
            .unwrap();
        let built = Command::new(root.join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(built.success());
        root.join("target/release")
    })
}

fn measure(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(programs().join("measure-cost"))
        .args(arguments)
        .args(["--effort", "1", "--out"])
        .arg(directory.join("found.json"))
        // What a user's shell may hold must change nothing.
        .env("SAMPLER_TRUTH", "0")
        .output()
        .unwrap()
}

fn measured(arguments: &[&str]) -> Value {
    let directory = TempDir::new().unwrap();
    let output = measure(directory.path(), arguments);
    assert!(output.status.success(), "{output:?}");
    let names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(names, ["found.json"], "and no temporary file is left");
    serde_json::from_slice(&fs::read(directory.path().join("found.json")).unwrap()).unwrap()
}

fn of<'a>(found: &'a Value, subject: &str, key: &str, name: &str) -> &'a Value {
    let mut all = found["measurements"].as_array().unwrap().iter();
    all.find(|one| one["subject"] == subject && one[key] == name)
        .unwrap_or_else(|| panic!("{subject} {name}"))
}

#[test]
fn a_round_of_loops_has_every_loop_and_the_library_in_it() {
    let found = measured(&[
        "loops",
        "--subject",
        "COUNT",
        "--subject",
        "HEADER_BERNOULLI",
    ]);
    for name in ["tight", "window", "batch", "mixed", "realloc", "cross"] {
        for subject in ["PLAIN", "NONE", "COUNT", "HEADER_BERNOULLI"] {
            let one = of(&found, subject, "loop", name);
            assert!(one["threads"][0]["cpu_ns"].as_u64().unwrap() > 0);
        }
        let counted = of(&found, "COUNT", "loop", name)["record"]["total_allocs"].as_u64();
        assert!(counted.unwrap() > 1000, "{name}: {counted:?}");
    }
    // One in 256 usually, everything in the runs that show what a sample costs.
    let bernoulli = found["measurements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["subject"] == "HEADER_BERNOULLI" && one["loop"] == "window");
    for one in bernoulli {
        let (sampled, all) = (
            &one["record"]["sampled_allocs"],
            &one["record"]["total_allocs"],
        );
        let share = sampled.as_f64().unwrap() / all.as_f64().unwrap();
        match one["rate"].as_str().unwrap() {
            // 20,000 allocations: 78 samples, standard deviation 9.
            "usual" => assert!((0.001..0.007).contains(&share), "{share}"),
            _ => assert_eq!(share, 1.0),
        }
    }
}

#[test]
fn instructions_are_exact_and_forwarding_takes_few() {
    let [first, second] = [0, 1].map(|_| measured(&["instructions", "--subject", "COUNT"]));
    let window = |found: &Value, subject: &str| {
        of(found, subject, "loop", "window")["instructions"]
            .as_f64()
            .unwrap()
    };
    for subject in ["PLAIN", "NONE", "COUNT"] {
        // Start and end are the same in both; what an environment's length moves is far below an instruction a pair.
        assert!(
            (window(&first, subject) - window(&second, subject)).abs() < 0.5,
            "{subject}"
        );
    }
    let over = window(&first, "NONE") - window(&first, "PLAIN");
    assert!((0.5..8.0).contains(&over), "{over}");
    assert!(window(&first, "COUNT") - window(&first, "NONE") > 5.0);
}

#[test]
fn live_blocks_are_weighed_with_and_without_a_header() {
    // A scheme without keys: what a hash keeps of each is apart from headers.
    let found = measured(&["memory", "--subject", "HEADER_BERNOULLI"]);
    let block = |subject: &str, size: u64| {
        let all = found["measurements"].as_array().unwrap();
        let one = all
            .iter()
            .find(|one| one["subject"] == subject && one["numbers"]["size_bytes"] == size);
        let number = |key: &str| one.unwrap()["numbers"][key].as_f64().unwrap();
        (number("anonymous_after_bytes") - number("anonymous_before_bytes")) / number("operations")
    };
    // 10,000 blocks; a header of 16 bytes in each, and a page more or less at either end of the heap.
    let over = block("HEADER_BERNOULLI", 64) - block("NONE", 64);
    assert!((15.0..17.0).contains(&over), "{over}");
}

#[test]
fn programs_say_the_same_under_every_subject() {
    let found = measured(&["programs", "--subject", "HEADER_HASH"]);
    for name in ["redis", "python3", "sqlite3"] {
        let one = of(&found, "HEADER_HASH", "program", name);
        assert!(one["cpu_ns"].as_u64().unwrap() > 0);
        assert!(
            one["record"]["total_allocs"].as_u64().unwrap() > 1000,
            "{one}"
        );
    }
    assert!(
        of(&found, "PLAIN", "program", "redis")["requests_per_s"]
            .as_f64()
            .unwrap()
            > 0.0
    );
}

#[test]
fn a_wrong_option_is_one_line_and_leaves_nothing() {
    for (arguments, expected) in [
        (
            vec!["lops"],
            "measure-cost: part: found 'lops', expected loops, programs, instructions or memory\n",
        ),
        (
            vec!["loops", "--subject", "HEADER_HASHED"],
            "measure-cost: --subject is 'HEADER_HASHED'; accepted: PLAIN, NONE, COUNT, HEADER_HASH, ",
        ),
    ] {
        let directory = TempDir::new().unwrap();
        let output = measure(directory.path(), &arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.starts_with(expected) && said.lines().count() == 1,
            "{said}"
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
