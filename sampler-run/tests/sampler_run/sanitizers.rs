//! Programs that a sanitizer is built into: what works under the library works with every scheme and still finds faults; what cannot is said before it
//! is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::*;

const SCHEMES: [&str; 17] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
    "HEADER_BERNOULLI",
    "HEADER_HASH_SPLITMIX",
    "SAMPLE_HEADERS_POISSON",
    "SAMPLE_HEADERS_POISSON_MAP",
    "SAMPLE_HEADERS_HASH_MAP",
    "STATELESS_HASH_XOR",
    "STATELESS_HASH_SPLITMIX",
    "STATELESS_HASH_MURMURISH",
    "STATELESS_POISSON_BERNOULLI",
    "SIZES",
    "COUNT",
    "NONE",
    "PLAIN",
];

const VARIABLE: &str = "ASAN_OPTIONS";
const LET_RUN: &str = "verify_asan_link_order=0";

/// `tests/c/sanitized.c` with a sanitizer.
fn compiled(place: &Place, name: &str, flags: &[&str]) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/sanitized.c");
    let program = place.path(name);
    compile(&source, &program, flags);
    program.into_os_string().into_string().unwrap()
}

fn run(place: &Place, scheme: &str, options: Option<&str>, command: &[&str]) -> Output {
    let mut prepared = place.prepare(scheme, &["--mean", "64", "--mask", "1"], command);
    prepared.env_remove(VARIABLE);
    if let Some(options) = options {
        prepared.env(VARIABLE, options);
    }
    place.finish(&mut prepared)
}

/// The runner's only line; nothing was started or written.
#[track_caller]
fn refused(place: &Place, output: &Output) -> String {
    assert_eq!(output.status.code(), Some(125), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert!(!place.out.parent().unwrap().exists());
    let stderr = text(&output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_string()
}

#[test]
fn a_program_with_address_sanitizer_is_refused_with_what_lets_it_run() {
    let place = Place::new();
    let program = compiled(&place, "address", &["-fsanitize=address"]);
    let line = |options: &str| {
        format!(
            "sampler-run: {program} is built with AddressSanitizer, whose libasan.so.8 ends a program in which another library comes before it; ASAN_OPTIONS={options} in the environment lets it run"
        )
    };
    // Whatever version of the runtime the compiler has.
    let version_of = |line: &str| {
        let start = line.find("libasan.so.").unwrap() + "libasan.so.".len();
        line[start..].split(' ').next().unwrap().to_string()
    };
    for (options, needed) in [
        (None, LET_RUN.to_string()),
        (Some("detect_leaks=0"), format!("detect_leaks=0:{LET_RUN}")),
        (
            Some("verify_asan_link_order=1"),
            format!("verify_asan_link_order=1:{LET_RUN}"),
        ),
    ] {
        let found = refused(&place, &run(&place, "COUNT", options, &[&program]));
        let version = version_of(&found);
        assert_eq!(
            found.replace(&format!("libasan.so.{version}"), "libasan.so.8"),
            line(&needed)
        );
        // The user does as told.
        let output = run(&place, "COUNT", Some(&needed), &[&program, "fine"]);
        assert_eq!(text(&output.stdout), "fine\n");
        place.succeeded(&output);
        fs::remove_dir_all(place.out.parent().unwrap()).unwrap();
    }
    // Found on the search path, and behind a script.
    let script = place.path("script");
    fs::write(&script, format!("#! {program} fine\n")).unwrap();
    Command::new("chmod")
        .arg("755")
        .arg(&script)
        .status()
        .unwrap();
    for command in ["address", script.to_str().unwrap()] {
        let path = format!("/nowhere:{}:/usr/bin:/bin", place.path("").display());
        let mut prepared = place.prepare("COUNT", &[], &[command]);
        let output = place.finish(prepared.env_remove(VARIABLE).env("PATH", path));
        let line = refused(&place, &output);
        assert!(
            line.starts_with(&format!("sampler-run: {command} is built with Address")),
            "{line}"
        );
    }
}

#[test]
fn a_program_with_address_sanitizer_runs_and_finds_its_faults_under_every_scheme() {
    let place = Place::new();
    let program = compiled(&place, "address", &["-fsanitize=address"]);
    for scheme in SCHEMES {
        let output = run(&place, scheme, Some(LET_RUN), &[&program, "fine"]);
        assert_eq!(text(&output.stdout), "fine\n", "{scheme}");
        let found = place.succeeded(&output);
        if !["NONE", "PLAIN"].contains(&scheme) {
            let allocs = found["processes"][0]["total_allocs"].as_u64();
            assert!(allocs >= Some(2000), "{scheme}: {allocs:?}");
        }
        for (fault, said) in [
            ("overrun", "heap-buffer-overflow"),
            ("stale", "heap-use-after-free"),
            ("leak", "detected memory leaks"),
        ] {
            let output = run(&place, scheme, Some(LET_RUN), &[&program, fault]);
            assert_ne!(output.status.code(), Some(0), "{scheme} {fault}");
            let stderr = text(&output.stderr);
            assert!(stderr.contains(said), "{scheme} {fault}: {stderr}");
        }
    }
}

#[test]
fn a_program_that_brings_the_option_itself_runs() {
    let place = Place::new();
    let program = compiled(
        &place,
        "own",
        &["-fsanitize=address", "-DOWN_OPTIONS", "-rdynamic"],
    );
    let output = run(&place, "HEADER_HASH", None, &[&program, "fine"]);
    assert_eq!(text(&output.stdout), "fine\n");
    place.succeeded(&output);
}

#[test]
fn programs_with_other_sanitizers_run() {
    let place = Place::new();
    for sanitizer in ["thread", "leak", "undefined"] {
        let program = compiled(&place, sanitizer, &[&format!("-fsanitize={sanitizer}")]);
        // The runtime of leaks alone answers no question for a size while it starts, and these schemes ask one at every free.
        let is_left_out = |scheme: &str| sanitizer == "leak" && scheme.starts_with("STATELESS_");
        for scheme in SCHEMES {
            if is_left_out(scheme) {
                continue;
            }
            let output = run(&place, scheme, None, &[&program, "fine"]);
            assert_eq!(text(&output.stdout), "fine\n", "{sanitizer} {scheme}");
            place.succeeded(&output);
        }
    }
}

#[test]
fn a_program_with_the_runtime_inside_it_is_said_to_be_out_of_reach() {
    let place = Place::new();
    let flags = ["-fsanitize=address", "-static-libasan"];
    let program = compiled(&place, "inside", &flags);
    let output = run(&place, "COUNT", None, &[&program, "fine"]);
    let failed = place.failed(&output, 125);
    let failure = failed["failure"].as_str().unwrap();
    assert!(
        failure.starts_with(&format!("{program} brings a malloc of its own")),
        "{failure}"
    );
}

#[test]
fn a_command_that_is_no_program_is_not_waited_for() {
    let place = Place::new();
    let fifo: PathBuf = place.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let output = run(&place, "COUNT", None, &[fifo.to_str().unwrap()]);
    place.failed(&output, 126);
}
