//! Runs the real binary over a made-up counting run, and over every damage to it.

use std::fs;
use std::process::{Command, Output};

use run_file::example::{damages, run};
use serde_json::{Value, json};
use tempfile::TempDir;

fn budget(directory: &TempDir, run: &Value) -> Output {
    let path = directory.path().join("accuracy/reuse/SIZES/run-01.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, run.to_string()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_budget"))
        .arg("--sizes")
        .arg(path)
        .args(["--budget", "1/256", "--out"])
        .arg(directory.path().join("out"))
        .output()
        .unwrap()
}

fn counting_run() -> Value {
    let mut run = run("SIZES", 1, 2);
    run["set"] = json!("accuracy");
    run["sizes"] = json!({ "sizes": [[0, 3], [100, 2500]], "without_room": 0, "windows": null });
    run
}

#[test]
fn a_counting_run_gives_parameters() {
    let directory = TempDir::new().unwrap();
    let output = budget(&directory, &counting_run());
    assert!(output.status.success(), "{output:?}");
    let text = fs::read(directory.path().join("out/budget.json")).unwrap();
    let budget: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(budget["allocs"], 2500);
    assert_eq!(budget["bytes"], 250_000);
}

#[test]
fn no_damage_to_a_run_file_is_read() {
    let directory = TempDir::new().unwrap();
    let mut damages: Vec<(Value, String)> = damages(&counting_run())
        .into_iter()
        .map(|damage| (damage.run, damage.expected))
        .collect();
    for (pointer, value, expected) in [
        ("/sizes", json!(null), "sizes: found null"),
        (
            "/sizes/sizes",
            json!([]),
            "sizes.sizes: found no size above 0",
        ),
        ("/sizes/sizes/0", json!([1]), "sizes.sizes[0]: found [1]"),
        (
            "/sizes/without_room",
            json!(1),
            "sizes.without_room: found 1, expected 0",
        ),
        (
            "/sizes/windows",
            json!([[1, 2]]),
            "sizes.windows[0]: found [1,2]",
        ),
    ] {
        let mut run = counting_run();
        *run.pointer_mut(pointer).unwrap() = value;
        damages.push((run, expected.into()));
    }
    for (run, expected) in damages {
        let output = budget(&directory, &run);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{expected}: {line}");
        assert!(
            line.contains("SIZES/run-01.json: ") && line.contains(&expected),
            "{expected}: {line}"
        );
        assert!(!directory.path().join("out").exists());
    }
}
