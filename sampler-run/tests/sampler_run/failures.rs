//! Runs that cannot be believed, and losses that a run survives.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::*;

fn failure(place: &Place, output: &std::process::Output, status: i32) -> String {
    let failed = place.failed(output, status);
    failed["failure"].as_str().unwrap().to_string()
}

#[test]
fn a_failing_command_leaves_what_was_gathered_and_passes_its_status_on() {
    let place = Place::new();
    let output = place.run("COUNT", &["--ok-status", "4"], &["bash", "-c", "exit 3"]);
    assert_eq!(text(&output.stderr).lines().count(), 1);
    let failed = place.failed(&output, 3);
    assert_eq!(failed["failure"], "bash ended with status 3");
    assert_eq!(failed["exit_status"], 3);
    assert_eq!(failed["processes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_command_that_a_signal_ends_has_status_128_and_the_signal() {
    let place = Place::new();
    let ends = place.ends(&[]);
    let output = place.run("HEADER_HASH", &[], &[&ends, "kill"]);
    assert_eq!(text(&output.stderr).lines().count(), 1);
    assert_eq!(
        failure(&place, &output, 137),
        format!("{ends} was ended by SIGKILL")
    );
    assert_eq!(place.failed(&output, 137)["exit_status"], 137);
}

#[test]
fn a_command_that_cannot_be_started_has_the_status_that_a_shell_gives() {
    let place = Place::new();
    let data = place.path("data");
    fs::write(&data, "no program").unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o644)).unwrap();
    for (command, status) in [
        ("no-such-program", 127),
        ("/nonexistent/program", 127),
        (data.to_str().unwrap(), 126),
        ("/", 126),
    ] {
        for scheme in ["PLAIN", "COUNT"] {
            let output = place.run(scheme, &[], &[command]);
            assert_eq!(text(&output.stderr).lines().count(), 1);
            let line = failure(&place, &output, status);
            assert!(line.starts_with(&format!("cannot start {command}: ")));
            assert!(place.failed(&output, status)["exit_status"].is_null());
        }
    }
}

/// For a shell to start its children and to set its traps, on a machine whose disk is busy too: the library's files are made on it.
const LONG_ENOUGH: [&str; 2] = ["--timeout", "5"];

#[test]
fn a_timeout_ends_the_command_and_its_descendants_also_stubborn_ones() {
    let place = Place::new();
    // The pids of the command, of a child, and of one that ignores SIGTERM.
    let script = "echo $$; sleep 1000 & echo $!; (trap '' TERM; exec sleep 1000) & echo $!; wait";
    let output = place.run("COUNT", &LONG_ENOUGH, &["bash", "-c", script]);
    let pids: Vec<Stray> = text(&output.stdout)
        .lines()
        .map(|line| Stray(line.parse().unwrap()))
        .collect();
    assert_eq!(pids.len(), 3);
    for pid in &pids {
        assert!(!is_running(pid.0), "{}", pid.0);
    }
    assert_eq!(failure(&place, &output, 124), "bash was stopped after 5 s");
    assert_eq!(text(&output.stderr).lines().count(), 1);
    let failed = place.failed(&output, 124);
    assert_eq!(failed["losses"]["descendants_alive"], 0);
}

#[test]
fn a_timeout_first_asks_the_command_to_end() {
    let place = Place::new();
    let script = "trap 'exit 9' TERM; sleep 1000 & wait";
    let output = place.run("COUNT", &LONG_ENOUGH, &["bash", "-c", script]);
    assert_eq!(place.failed(&output, 124)["exit_status"], 9);
}

#[test]
fn a_command_that_ignores_the_timeout_is_killed() {
    let place = Place::new();
    let script = "trap '' TERM; exec sleep 1000";
    let output = place.run("PLAIN", &["--timeout", "1"], &["bash", "-c", script]);
    assert_eq!(failure(&place, &output, 124), "bash was stopped after 1 s");
}

#[test]
fn a_timeout_that_is_not_reached_changes_nothing() {
    let place = Place::new();
    for seconds in ["1000", "18446744073709551615"] {
        let output = place.run("COUNT", &["--timeout", seconds], &["true"]);
        place.succeeded(&output);
    }
}

#[test]
fn a_program_that_the_library_cannot_enter_is_a_failure() {
    let place = Place::new();
    let ends = place.ends(&["-static"]);
    let output = place.run("HEADER_HASH", &[], &[&ends, "exit"]);
    let line = failure(&place, &output, 125);
    assert!(line.starts_with(&format!("the library did not load in {ends}: it is static")));
    place.succeeded(&place.run("PLAIN", &[], &[&ends, "exit"]));
}

/// Program, image, how it ended.
fn ends(run: &serde_json::Value) -> Vec<(String, u64, String)> {
    let processes = run["processes"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_string();
    processes
        .iter()
        .map(|process| {
            let image = process["image"].as_u64().unwrap();
            (text(&process["command"][0]), image, text(&process["ended"]))
        })
        .collect()
}

#[test]
fn a_command_that_ends_by_underscore_exit_or_a_signal_has_all_its_counts() {
    let place = Place::new();
    let program = place.ends(&[]);
    for (way, options, ended) in [
        ("exit", &[][..], "exit"),
        ("_exit", &[], "_exit"),
        ("kill", &["--ok-status", "137"], "SIGKILL"),
    ] {
        let output = place.run("COUNT", options, &[&program, way]);
        assert_eq!(
            output.status.code(),
            Some(if way == "kill" { 137 } else { 0 })
        );
        let run = place.run_file();
        assert_eq!(ends(&run), [(program.clone(), 0, ended.to_string())]);
        assert!(run["processes"][0]["total_allocs"].as_u64().unwrap() > 0);
        assert_eq!(run["losses"]["unfinished_records"], 0);
    }
}

#[test]
fn a_shell_that_becomes_the_program_leaves_the_counts_of_both() {
    let place = Place::new();
    let run = place.succeeded(&place.run("COUNT", &[], &["sh", "-c", "exec cat"]));
    let expected = [("sh", 0, "exec"), ("cat", 1, "exit")];
    let expected =
        expected.map(|(program, image, ended)| (program.to_string(), image, ended.to_string()));
    assert_eq!(ends(&run), expected);
    assert_eq!(run["losses"]["unfinished_records"], 0);
}

#[test]
fn children_have_records_however_they_end() {
    let place = Place::new();
    let program = place.ends(&[]);
    for (way, ended) in [("exit", "exit"), ("_exit", "unknown"), ("kill", "unknown")] {
        let run = place.succeeded(&place.run("COUNT", &[], &[&program, "child", way]));
        assert_eq!(ends(&run)[1].2, ended);
        assert_eq!(run["losses"]["unfinished_records"], 0, "{way}");
        assert_eq!(run["losses"]["descendants_alive"], 0, "{way}");
    }
}

#[test]
fn a_descendant_that_lives_on_is_counted_so_far_and_not_waited_for() {
    let place = Place::new();
    let program = place.ends(&[]);
    let output = place.run("COUNT", &[], &[&program, "child", "stay"]);
    let child = Stray(text(&output.stdout).trim().parse().unwrap());
    assert!(is_running(child.0));
    let run = place.succeeded(&output);
    assert_eq!(run["losses"]["descendants_alive"], 1);
    assert_eq!(run["losses"]["unfinished_records"], 0);
    assert_eq!(ends(&run)[1].2, "running");
}

#[test]
fn output_that_ends_in_no_json_object_is_no_ground_truth() {
    for (script, found) in [
        ("echo '{}'; echo done", "'done'"),
        ("echo '[1]'", "'[1]'"),
        ("true", "''"),
        ("printf '\\377'", "cannot be read"),
    ] {
        let place = Place::new();
        let output = place.run("COUNT", &["--ground-truth"], &["bash", "-c", script]);
        assert_eq!(text(&output.stderr).lines().count(), 1);
        let line = failure(&place, &output, 125);
        assert!(
            line.starts_with("bash: its ") && line.contains(found),
            "{line}"
        );
    }
}

#[test]
fn a_reader_that_is_gone_does_not_change_the_status() {
    let place = Place::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut prepared = place.prepare("COUNT", &[], &["bash", "-c", "exit 3"]);
    assert_eq!(prepared.stderr(full).status().unwrap().code(), Some(3));
    place.assert_clean();
}
