//! Signals reach the command, and end the runner only with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::*;

/// Waits for a trap in bash, at most a minute. In steps, since a signal just before bash begins to read runs its trap only after that.
const WAIT: &str = "for ((i = 0; i < 600; i++)); do read -r -t 0.1; done; exit 8";

/// Starts bash with a script that prints its pid when it is ready.
fn start(place: &Place, script: &str) -> (Child, i32) {
    let mut running = place
        .prepare("COUNT", &[], &["bash", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(running.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    (running, line.trim().parse().unwrap())
}

/// Sends the signal to the runner and waits for its end.
fn end(mut running: Child, signal: Signal) -> Output {
    // Open until then: a script that reads ends by the signal, and not for want of input.
    let _input = running.stdin.take();
    kill(Pid::from_raw(running.id() as i32), signal).unwrap();
    running.wait_with_output().unwrap()
}

#[test]
fn a_signal_to_the_runner_reaches_the_command() {
    for signal in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
    ] {
        let place = Place::new();
        let script = format!("trap 'exit 7' {signal}; echo $$; {WAIT}");
        let (running, _) = start(&place, &script);
        let output = end(running, signal);
        place.assert_clean();
        let failed = place.failed(&output, 7);
        assert_eq!(failed["failure"], "bash ended with status 7", "{signal}");
    }
}

#[test]
fn a_command_that_ends_well_after_a_signal_is_a_run() {
    let place = Place::new();
    let (running, _) = start(&place, &format!("trap 'exit 0' TERM; echo $$; {WAIT}"));
    let output = end(running, Signal::SIGTERM);
    place.assert_clean();
    place.succeeded(&output);
}

#[test]
fn a_runner_that_is_told_to_end_ends_with_its_command_and_leaves_nothing_temporary() {
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let place = Place::new();
        place.succeeded(&place.run("COUNT", &[], &["true"]));
        let (running, command) = start(&place, "echo $$; exec sleep 1000");
        let command = Stray(command);
        let output = end(running, signal);
        assert!(!is_running(command.0));
        place.assert_clean();
        let failed = place.failed(&output, status);
        assert_eq!(failed["failure"], format!("bash was ended by {signal}"));
    }
}

#[test]
fn the_command_starts_with_the_signals_of_a_command_without_the_runner() {
    let lines = |output: Output| {
        let status = text(&output.stdout);
        let lines = status.lines().filter(|line| line.starts_with("Sig"));
        lines
            .filter(|line| !line.starts_with("SigQ"))
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let command = ["cat", "/proc/self/status"];
    let place = Place::new();
    let under = place.run("PLAIN", &[], &command);
    // By env, as what is under the runner: a test that was started in the background inherits that some signals are ignored.
    let mut without = Command::new("env");
    let without = without.arg("--default-signal").args(command);
    let without = without.output().unwrap();
    assert_eq!(lines(under), lines(without));
}
