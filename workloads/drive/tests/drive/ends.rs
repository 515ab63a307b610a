//! However a run ends, no process is left, no temporary file, and no half-written run.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::*;

/// The process of this program that the run has.
fn pid_of(place: &Place, program: &str) -> Pid {
    let mark = place.path("tmp").into_os_string().into_encoded_bytes();
    let found = fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let environment = fs::read(entry.path().join("environ")).ok()?;
        let command = text(&fs::read(entry.path().join("cmdline")).ok()?);
        let name = Path::new(command.split('\0').next()?).file_name()?;
        let is_ours = environment.windows(mark.len()).any(|part| part == mark);
        (is_ours && name == program)
            .then(|| entry.file_name())?
            .into_string()
            .ok()
    });
    Pid::from_raw(found.expect(program).parse().unwrap())
}

fn end(program: &str, busy: &str, whom: &str, signal: Signal) {
    end_driver(&[program], busy, whom, signal);
}

fn end_driver(driver: &[&str], busy: &str, whom: &str, signal: Signal) {
    let place = Place::new();
    let mut running = place
        .prepare("HEADER_HASH", driver)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    place.wait_for(busy);
    kill(pid_of(&place, whom), signal).unwrap();
    assert!(!running.wait().unwrap().success());
    if signal == Signal::SIGKILL {
        // Nobody waits for those whose parents are gone.
        place.wait_for_end();
    } else {
        place.assert_clean();
    }
    assert!(!place.path("run.json").exists());
}

#[test]
fn a_signal_to_the_runner_or_the_driver_ends_servers_and_load() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for whom in ["sampler-run", "drive"] {
            end("nginx", "wrk --threads", whom, signal);
        }
    }
    end("redis", "redis-benchmark -h", "drive", Signal::SIGHUP);
    end("python", "script.py", "sampler-run", Signal::SIGINT);
}

#[test]
fn even_a_killed_runner_or_driver_leaves_no_server() {
    for whom in ["sampler-run", "drive"] {
        end("nginx", "wrk --threads", whom, Signal::SIGKILL);
    }
}

#[test]
fn a_signal_ends_what_is_counted_too() {
    let counted = ["nginx", "--instructions"];
    for (whom, signal) in [
        ("sampler-run", Signal::SIGINT),
        ("drive", Signal::SIGTERM),
        ("drive", Signal::SIGKILL),
    ] {
        end_driver(&counted, "--tool=callgrind", whom, signal);
    }
}

#[test]
fn a_run_that_takes_too_long_is_stopped_with_all_that_it_started() {
    let place = Place::new();
    let mut command = place.prepare("COUNT", &["nginx"]);
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let at = arguments
        .iter()
        .position(|word| word == "--driver")
        .unwrap();
    let mut changed = std::process::Command::new("env");
    changed
        .args(&arguments[..at])
        .args(["--timeout", "1"])
        .args(&arguments[at..]);
    changed
        .env("TMPDIR", place.path("tmp"))
        .stdin(Stdio::null());
    command = changed;
    let line = place.fail(&mut command);
    assert!(line.contains("was stopped after 1 s"), "{line}");
    sleep(Duration::from_millis(50));
    place.assert_clean();
}
