//! Runs the real program around scripts that survive and scripts that do not.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Where sampler-run and the library are, as users have them.
fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
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

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/programs")
}

fn prepare(programs: &Path, failures: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_survive"));
    command
        .arg("--programs")
        .arg(programs)
        .arg("--runner")
        .arg(release().join("sampler-run"))
        .arg("--failures")
        .arg(failures)
        .args(arguments);
    command
}

/// The status, standard output and standard error.
fn survive(arguments: &[&str]) -> (Option<i32>, String, String) {
    let failures = TempDir::new().unwrap();
    let output = prepare(&cases(), failures.path(), arguments)
        .output()
        .unwrap();
    said(output)
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_program_that_prints_the_same_survives_all_settings() {
    let (status, table, _) = survive(&["fine"]);
    assert_eq!(status, Some(0), "{table}");
    let row = table.lines().find(|line| line.starts_with("fine")).unwrap();
    // All settings but one count: NONE does not.
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words.iter().filter(|&&word| word == "ok").count(), 28);
    let counts = words.iter().filter_map(|word| word.parse::<u64>().ok());
    assert_eq!(counts.filter(|&count| count > 100).count(), 27, "{table}");
}

#[test]
fn a_program_whose_output_differs_failed_and_what_it_printed_is_kept() {
    let failures = TempDir::new().unwrap();
    let arguments = ["--scheme", "NONE", "differs"];
    let output = prepare(&cases(), failures.path(), &arguments).output();
    let (status, table, _) = said(output.unwrap());
    assert_eq!(status, Some(1));
    assert!(
        table.contains("differs NONE: line 2 of the output is 'preload: /"),
        "{table}"
    );
    assert!(table.contains("without the library 'preload: none'"));
    assert!(table.contains("0 programs survived, 1 failed"));
    let kept = failures.path().join("differs/NONE");
    let kept_output = fs::read_to_string(kept.join("output")).unwrap();
    assert!(kept_output.contains("libsampler_preload.so"));
    assert!(kept.join("run.json").exists());
}

#[test]
fn a_program_whose_own_check_fails_failed() {
    let (status, table, _) = survive(&["--scheme", "COUNT", "fails"]);
    assert_eq!(status, Some(1));
    assert!(
        table.contains("fails COUNT: status 1: my own check"),
        "{table}"
    );
}

#[test]
fn a_program_that_the_library_does_not_reach_failed() {
    let (status, table, _) = survive(&["--scheme", "COUNT", "unreached"]);
    assert_eq!(status, Some(1));
    assert!(
        table.contains("unreached COUNT: no record of ls with allocations"),
        "{table}"
    );
}

#[test]
fn a_program_that_never_prints_the_same_is_told_apart() {
    let (status, table, _) = survive(&["--scheme", "NONE", "unsteady"]);
    assert_eq!(status, Some(1));
    assert!(
        table.contains("(and it differs between two runs without the library)"),
        "{table}"
    );
}

#[test]
fn a_program_that_is_not_installed_is_named_and_fails_unless_told_otherwise() {
    let missing = "missing: no-such-program";
    let (status, table, _) = survive(&["uninstalled"]);
    assert_eq!(status, Some(1));
    assert!(table.contains(&format!("FAILED {missing}")), "{table}");
    let (status, table, _) = survive(&["--skip-missing", "uninstalled"]);
    assert_eq!(status, Some(0));
    assert!(
        table.contains(missing) && table.contains("1 missing"),
        "{table}"
    );
}

#[test]
fn an_unknown_program_is_one_line() {
    let (status, _, errors) = survive(&["nobody"]);
    assert_eq!(status, Some(1));
    assert_eq!(
        errors,
        "survive: no program 'nobody'; accepted: differs fails fine uninstalled unreached unsteady\n"
    );
}

#[test]
fn told_to_end_it_ends_what_it_started() {
    let place = TempDir::new().unwrap();
    let programs = place.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("task.bash");
    fs::copy(driver, place.path().join("task.bash")).unwrap();
    let pipe = place.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let script = format!(
        "# what: tells its pid and that of a server, and waits\n# counts: bash\nsleep 1000 &\nservers+=($!)\necho $$ $! > {}\nwait\n",
        pipe.display()
    );
    fs::write(programs.join("waits.sh"), script).unwrap();
    let running = prepare(&programs, place.path(), &["--scheme", "NONE"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pids = String::new();
    BufReader::new(fs::File::open(&pipe).unwrap())
        .read_line(&mut pids)
        .unwrap();
    kill(Pid::from_raw(running.id() as i32), Signal::SIGTERM).unwrap();
    let (status, _, errors) = said(running.wait_with_output().unwrap());
    assert_eq!(status, Some(1));
    assert_eq!(
        errors.lines().last(),
        Some("survive: stopped by a signal; what it had started was ended")
    );
    for pid in pids.split_whitespace() {
        let pid = Pid::from_raw(pid.parse().unwrap());
        assert!(kill(pid, None).is_err(), "{pid} is still there");
    }
}
