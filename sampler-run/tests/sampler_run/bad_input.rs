//! Bad values: one line that names the option, what was found and what is accepted; nothing is started or written.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::*;

/// Runs with these arguments and a command that would leave a file; returns the only line of standard error.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let before = names(&place.path(""));
    let output = Command::new(programs().join("sampler-run"))
        .args(arguments)
        .args(["--", "touch", "started"])
        .current_dir(place.path(""))
        .env("TMPDIR", place.path("tmp"))
        .output()
        .unwrap();
    place.assert_clean();
    assert_eq!(output.status.code(), Some(125), "{arguments:?}");
    assert!(output.stdout.is_empty());
    assert_eq!(names(&place.path("")), before, "{arguments:?}");
    let stderr = text(&output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_string()
}

#[test]
fn a_bad_value_is_named_with_what_is_accepted() {
    let place = Place::new();
    let number = "a decimal or 0x number up to 2^64 - 1";
    let mean = "a number of bytes from 0 to 2^56, decimal or 0x";
    let window = "a number of allocations from 1 to 2^56, decimal or 0x";
    let scheme = "HEADER_HASH, HEADER_PAGE_HASH, HEADER_POISSON_BYTES, HEADER_HYBRID, \
                  HEADER_BERNOULLI, HEADER_HASH_SPLITMIX, SAMPLE_HEADERS_POISSON, SAMPLE_HEADERS_POISSON_MAP, \
                  SAMPLE_HEADERS_HASH_MAP, STATELESS_HASH_XOR, STATELESS_HASH_SPLITMIX, \
                  STATELESS_HASH_MURMURISH, STATELESS_POISSON_BERNOULLI, SIZES, COUNT, NONE, PLAIN";
    let seconds = "a number of seconds, 0 for never";
    let status = "an exit status from 0 to 255";
    for (option, value, accepted) in [
        ("--scheme", "HEADER_HUSH", scheme),
        ("--scheme", "", scheme),
        ("--scheme", "header_hash", scheme),
        ("--mean", "4k", mean),
        ("--mean", "-1", mean),
        ("--mean", "", mean),
        ("--mean", "72057594037927937", mean),
        ("--mask", "many", number),
        ("--mask", "0x", number),
        ("--mask", "0x1FFFFFFFFFFFFFFFF", number),
        ("--seed", "1.5", number),
        ("--seed", "+1", number),
        ("--window", "0", window),
        ("--window", "thousand", window),
        ("--truth", "yes", "0 or 1"),
        ("--truth", "2", "0 or 1"),
        ("--timeout", "1s", seconds),
        ("--timeout", "-1", seconds),
        ("--timeout", "", seconds),
        ("--timeout", "18446744073709551616", seconds),
        ("--ok-status", "256", status),
        ("--ok-status", "any", status),
    ] {
        let mut arguments = vec!["--out", "out/run.json", option, value];
        if option != "--scheme" {
            arguments.extend(["--scheme", "HEADER_HASH"]);
        }
        assert_eq!(
            refused(&place, &arguments),
            format!("sampler-run: {option} is '{value}'; accepted: {accepted}")
        );
    }
}

#[test]
fn an_option_that_is_unknown_missing_or_empty_is_one_line() {
    let place = Place::new();
    for (arguments, said) in [
        (&["--colour"][..], "Unrecognized argument: --colour"),
        (&["--scheme", "COUNT"], "--out"),
        (&["--out", "out/run.json"], "--scheme"),
    ] {
        let line = refused(&place, arguments);
        assert!(line.starts_with("sampler-run: ") && line.contains(said));
    }
    let output = Command::new(programs().join("sampler-run"))
        .args(["--scheme", "COUNT", "--out"])
        .arg(&place.out)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(
        text(&output.stderr),
        "sampler-run: no command; it goes after --\n"
    );
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    let place = Place::new();
    fs::write(place.path("file"), "precious").unwrap();
    // Not even root writes into the last one.
    for (out, why) in [
        ("tmp", "no file"),
        ("/", "no file"),
        ("", "no file"),
        ("/dev/null", "no file"),
        ("file/run.json", "not a directory"),
        ("file/below/run.json", "not a directory"),
        ("/proc/run.json", ""),
    ] {
        let line = refused(&place, &["--scheme", "COUNT", "--out", out]);
        let start = format!("sampler-run: --out is '{out}'");
        assert!(
            line.starts_with(&start) && line.to_lowercase().contains(why),
            "{line}"
        );
        assert!(line.contains("; accepted: a file"), "{line}");
    }
    assert_eq!(fs::read(place.path("file")).unwrap(), b"precious");
    assert!(!Path::new("/dev/null").is_file());
}

#[test]
fn a_path_of_another_scheme_is_refused() {
    let place = Place::new();
    let arguments = ["--scheme", "COUNT", "--out", "own/x/NONE/run-01.json"];
    let line = refused(&place, &arguments);
    assert!(line.contains("--out own/x/NONE/run-01.json is in the directory of scheme 'NONE'"));
}

#[test]
fn a_missing_library_is_refused() {
    let place = Place::new();
    for library in ["/nonexistent.so", "tmp"] {
        #[rustfmt::skip]
        let arguments = ["--scheme", "COUNT", "--out", "out/run.json", "--library", library];
        let line = refused(&place, &arguments);
        assert!(line.starts_with(&format!("sampler-run: --library is '{library}': ")));
        assert!(line.contains("accepted: the file libsampler_preload.so"));
    }
}

#[test]
fn a_missing_directory_for_temporary_files_is_said() {
    let place = Place::new();
    let mut prepared = place.prepare("COUNT", &[], &["true"]);
    let output = place.finish(prepared.env("TMPDIR", "/nonexistent"));
    assert_eq!(output.status.code(), Some(125));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("/nonexistent") && stderr.ends_with("; set TMPDIR\n"));
    assert_eq!(names(place.out.parent().unwrap()), [""; 0]);
}
