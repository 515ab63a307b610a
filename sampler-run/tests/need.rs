//! tools/need, with programs of our own in place of the system's: nothing is installed here.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs tools/need with a PATH that has these programs, each a name and a line of shell, and nothing else that it looks for.
fn need(programs: &[(&str, &str)], things: &[&str]) -> (Output, String) {
    let path = TempDir::new().unwrap();
    let log = path.path().join("log");
    for name in ["bash", "env"] {
        let real = Path::new("/usr/bin").join(name);
        symlink(real, path.path().join(name)).unwrap();
    }
    let always = [("ldconfig", "true"), ("fc-match", "echo DejaVuSans.ttf")];
    for (name, line) in programs.iter().chain(&always) {
        let program = path.path().join(name);
        fs::write(&program, format!("#!/bin/sh\n{line}\n")).unwrap();
        make_executable(&program);
    }
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/need");
    let output = Command::new(tool)
        .args(things)
        .env("PATH", path.path())
        .env("LOG", &log)
        .output()
        .unwrap();
    (output, fs::read_to_string(log).unwrap_or_default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const APT: (&str, &str) = ("apt-get", "echo \"apt-get $*\" >> \"$LOG\"");
const USER: (&str, &str) = ("id", "echo 1000");
const ROOT: (&str, &str) = ("id", "echo 0");

#[test]
fn what_is_there_is_not_installed() {
    let (output, log) = need(&[APT, ROOT, ("gnuplot", "true")], &["gnuplot"]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(log, "");
}

#[test]
fn without_the_right_to_install_one_line_has_the_command() {
    let refusing = ("sudo", "echo 'a password is required' >&2; exit 1");
    for programs in [vec![APT, USER], vec![APT, USER, refusing]] {
        let (output, log) = need(&programs, &["gnuplot", "sqlite3"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            text(&output.stderr),
            "need: no right to install; run: sudo apt-get install gnuplot-nox sqlite3\n"
        );
        assert!(output.stdout.is_empty() && log.is_empty());
    }
}

#[test]
fn without_apt_get_one_line_has_the_names() {
    let (output, _) = need(&[ROOT], &["gnuplot", "jemalloc"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert_eq!(stderr.lines().count(), 1);
    assert!(stderr.ends_with("install what Debian calls: gnuplot-nox libjemalloc2\n"));
}

#[test]
fn root_and_sudo_install_what_is_missing() {
    let sudo = ("sudo", "shift; exec \"$@\"");
    for programs in [vec![APT, ROOT], vec![APT, USER, sudo, ("true", ":")]] {
        let (output, log) = need(&programs, &["gnuplot"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(log, "apt-get install -y -qq gnuplot-nox\n");
    }
}

#[test]
fn old_package_lists_are_read_anew_and_a_second_failure_is_an_error() {
    let failing = (
        "apt-get",
        "echo \"$1\" >> \"$LOG\"; [ \"$1\" = update ] || { echo 'E: no such package' >&2; exit 100; }",
    );
    let (output, log) = need(&[failing, ROOT], &["gnuplot"]);
    assert_eq!(log, "install\nupdate\ninstall\n");
    assert_eq!(output.status.code(), Some(100));
    assert_eq!(text(&output.stderr), "E: no such package\n");
}

/// Makes a file a program, by the hand of another process: what this one wrote may still be open in a child that another test just started, and a
/// program that is open for writing cannot be run.
fn make_executable(file: &Path) {
    let draft = file.with_extension("draft");
    fs::rename(file, &draft).unwrap();
    let mut install = Command::new("install");
    install.args(["-m", "755"]).arg(&draft).arg(file);
    assert!(install.status().unwrap().success());
    fs::remove_file(draft).unwrap();
}
