//! The real program over the real library and redis-server, for a few seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The release library and `sampler-live`, as users have them, built once.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
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

fn soak(out: &Path, options: &[&str]) -> Command {
    // A test in the background of a shell inherits that SIGINT is ignored.
    let mut command = Command::new("env");
    command
        .arg("--default-signal")
        .arg(env!("CARGO_BIN_EXE_soak"))
        .args(["--programs".as_ref(), programs()])
        .args(["--out".as_ref(), out])
        .args(["--interval", "100", "--cycle", "6", "--stored", "2097152"])
        .args(options)
        .stdin(Stdio::null());
    command
}

/// Its one line on stderr; nothing is written.
#[track_caller]
fn refused(output: &Output, out: &Path, status: i32) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!out.exists(), "nothing is written");
    stderr
}

/// The server, once it serves: a child of the process whose live file is there.
fn server_of(soak: &Child) -> Pid {
    let children = format!("/proc/{0}/task/{0}/children", soak.id());
    let start = Instant::now();
    loop {
        for pid in fs::read_to_string(&children).unwrap_or_default().split(' ') {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
            if name.starts_with("redis") && maps.contains(".live") {
                return Pid::from_raw(pid.parse().unwrap());
            }
        }
        assert!(start.elapsed() < Duration::from_secs(20), "no server");
        sleep(Duration::from_millis(20));
    }
}

fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

#[test]
fn a_service_is_watched_and_its_estimate_follows_the_truth() {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    let output = soak(&out, &["--seconds", "6", "--mean", "4096"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);

    let table = fs::read_to_string(out.join("soak.csv")).unwrap();
    let rows: Vec<Vec<f64>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), 60);
    for pair in rows.windows(2) {
        // Time, samples, calls and requests go on.
        assert!(
            [0, 6, 7, 8]
                .iter()
                .all(|column| pair[0][*column] <= pair[1][*column])
        );
        assert!(pair[0][0] < pair[1][0]);
    }
    // From when the load has filled the store, however long that takes here: 2 MiB of values over the server's own 1.5 MB.
    let filled = rows.iter().position(|row| row[1] > 3e6);
    let filled = &rows[filled.expect("the load stores what it is told to")..];
    for row in filled {
        let [_, exact, estimate, error, blocks, rss, ..] = row[..] else {
            panic!("{row:?}");
        };
        // A quarter less is stored at the bottom of the cycle, and every byte of it is resident.
        assert!(exact > 2.5e6 && rss > exact && blocks > 1000.0, "{row:?}");
        // Some 500 samples are alive; of 60 readings none is off by 6 standard errors.
        assert!(
            error > 0.0 && (estimate - exact).abs() < 6.0 * error,
            "{row:?}"
        );
    }
    // What is stored swings from a quarter over its mean to a quarter below, from 4.7 to 3.2 MB with the server's own. So small a store in so slow a cycle needs a
    // few dozen batches of commands for that, which a busy machine has time for too.
    let live = |rows: &[Vec<f64>], pick: fn(f64, f64) -> f64| {
        let live = rows.iter().map(|row| row[1]);
        live.reduce(pick).expect("a reading")
    };
    let most = live(filled, f64::max);
    let top = filled
        .iter()
        .position(|row| row[1] == most)
        .expect("it is one");
    let least = live(&filled[top..], f64::min);
    assert!(most > least * 1.15, "{most} B fall to {least} B alone");

    let report = fs::read_to_string(out.join("soak.txt")).unwrap();
    for words in [
        "60 readings",
        "each reply as expected",
        "RSS of the service",
        "holds the truth in",
    ] {
        assert!(report.contains(words), "{report}");
    }
}

#[test]
fn an_interrupted_soak_leaves_no_server_and_no_file() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = TempDir::new().unwrap();
        let out = directory.path().join("out");
        let child = soak(&out, &["--seconds", "600"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let server = server_of(&child);
        // Into the middle of the watching.
        sleep(Duration::from_millis(300));
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let line = refused(&output, &out, 128 + signal as i32);
        assert_eq!(
            line,
            "soak: interrupted; the service is stopped and nothing is written\n"
        );
        assert!(is_gone(server));
    }
}

#[test]
fn a_server_that_dies_ends_the_soak_in_one_line() {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    let child = soak(&out, &["--seconds", "600"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let server = server_of(&child);
    sleep(Duration::from_millis(300));
    kill(server, Signal::SIGKILL).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = refused(&output, &out, 1);
    assert!(line.starts_with("soak: redis-server"), "{line}");
}

#[test]
fn what_is_not_accepted_is_said_in_one_line() {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    for (option, value, expected) in [
        ("--seconds", "0", "--seconds is '0'; accepted: 1 to 1000000"),
        (
            "--interval",
            "1",
            "--interval is '1'; accepted: 50 to 60000 milliseconds",
        ),
        (
            "--scheme",
            "SAMPLE_HEADERS_POISSON",
            "accepted: HEADER_POISSON_BYTES, ",
        ),
        (
            "--stored",
            "5",
            "--stored is '5'; accepted: 1048576 to 1073741824 bytes",
        ),
        (
            "--seed",
            "x",
            "--seed is 'x'; accepted: a number of 64 bits, decimal or 0x hex",
        ),
        (
            "--programs",
            "/nonexistent",
            "--programs names its directory",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_soak"))
            .args([option, value, "--out"])
            .arg(&out)
            .output()
            .unwrap();
        let line = refused(&output, &out, 1);
        assert!(line.contains(expected), "{line}");
    }
}
