//! What a program may rely on beside its blocks: its floating-point environment, `errno` of a call that fails, the aids that find its faults.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::*;

const DEBUG_LIBRARY: &str = "libc_malloc_debug.so.0";

fn schemes() -> impl Iterator<Item = &'static str> {
    COUNTING.into_iter().chain(["NONE"])
}

/// Runs with these libraries alone, or with the sampler's before them under a scheme.
fn run_preloaded(
    program: &Path,
    arguments: &[&str],
    scheme: Option<&str>,
    others: &[&str],
    environment: &[(&str, &str)],
) -> Output {
    let mut preload: Vec<&str> = Vec::new();
    let mut command = Command::new(program);
    if let Some(scheme) = scheme {
        preload.push(library().to_str().unwrap());
        command.env("SAMPLER_SCHEME", scheme);
    }
    preload.extend(others);
    command
        .args(arguments)
        .env("LD_PRELOAD", preload.join(":"))
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// The record of the process that began first, which alone has three threads, without what differs from one run to the next.
fn first_record(ran: &Ran) -> Value {
    let first = ran.records.values().find(|record| record["threads"] == 3);
    let mut record = first.expect("a record with three threads").clone();
    for key in ["pid", "parent_pid", "peak_rss_bytes"] {
        record.as_object_mut().unwrap().remove(key);
    }
    record
}

#[test]
fn the_floating_point_environment_is_the_programs() {
    const ENVIRONMENTS: [&str; 8] = [
        "default",
        "traps",
        "trap_denormals",
        "up",
        "down",
        "to_zero",
        "flush",
        "flags",
    ];
    /// Those whose samples do not depend on addresses, which differ from one run to the next.
    const DRAWN: [&str; 5] = [
        "HEADER_POISSON_BYTES",
        "HEADER_BERNOULLI",
        "SAMPLE_HEADERS_POISSON",
        "SAMPLE_HEADERS_POISSON_MAP",
        "STATELESS_POISSON_BERNOULLI",
    ];
    let program = compile("floats", &["-lm"]);
    for scheme in schemes() {
        let mut usual = None;
        for environment in ENVIRONMENTS {
            let ran = run(
                &program,
                &[],
                &[
                    ("FLOATS", environment),
                    ("SAMPLER_SCHEME", scheme),
                    ("SAMPLER_SEED", "1"),
                    ("SAMPLER_POISSON_MEAN_BYTES", "1024"),
                    ("SAMPLER_HASH_MASK", "0xF"),
                ],
            );
            assert!(
                ran.output.status.success(),
                "{scheme}, {environment}: {:?} {}",
                ran.output.status,
                ran.stderr()
            );
            if DRAWN.contains(&scheme) {
                let record = first_record(&ran);
                assert!(record["sampled_allocs"].as_u64().unwrap() > 1000);
                let usual = usual.get_or_insert_with(|| record.clone());
                assert_eq!(&record, usual, "{scheme}, {environment}");
            }
        }
    }
}

/// What changes with the environment is one register, as long as floats are computed with SSE alone.
#[test]
fn no_x87_instruction_is_in_the_library() {
    let output = Command::new("objdump")
        .args(["-d", "--no-show-raw-insn"])
        .arg(library())
        .output()
        .expect("objdump, of the compiler's own binutils");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let instructions = || text.lines().filter_map(|line| line.split('\t').nth(1));
    assert!(instructions().any(|instruction| instruction.starts_with("mulsd")));
    let x87: Vec<&str> = instructions()
        .filter(|instruction| instruction.starts_with('f'))
        .collect();
    assert!(x87.is_empty(), "{x87:?}");
}

#[test]
fn a_failure_leaves_enomem_above_every_allocator() {
    let program = compile("failures", &[]);
    for allocator in [
        None,
        Some("libjemalloc.so.2"),
        Some("libmimalloc.so.2"),
        Some("libtcmalloc_minimal.so.4"),
    ] {
        let others: Vec<&str> = allocator.into_iter().collect();
        let plain = run_preloaded(&program, &[], None, &others, &[]);
        assert!(plain.status.success(), "{allocator:?} alone");
        let plain = String::from_utf8(plain.stdout).unwrap();
        for scheme in schemes() {
            let output = run_preloaded(&program, &[], Some(scheme), &others, &[]);
            assert!(output.status.success());
            let ours = String::from_utf8(output.stdout).unwrap();
            assert_eq!(ours.lines().count(), plain.lines().count());
            for (ours, plain) in ours.lines().zip(plain.lines()) {
                // Under NONE malloc, calloc and realloc are the next allocator's own.
                let is_right = ours.ends_with(": NULL, errno 12")
                    || ours == "errno 0"
                    || scheme == "NONE" && ours == plain;
                assert!(is_right, "{scheme} above {allocator:?}: {ours}; {plain}");
            }
        }
    }
}

#[test]
fn malloc_check_behind_the_library_finds_an_overrun() {
    let program = compile("overrun", &[]);
    let check = [("MALLOC_CHECK_", "3")];
    let found = |output: &Output| {
        use std::os::unix::process::ExitStatusExt;
        output.status.signal() == Some(libc::SIGABRT)
    };
    assert!(!found(&run_preloaded(&program, &[], None, &[], &check)));
    let alone = run_preloaded(&program, &[], None, &[DEBUG_LIBRARY], &check);
    assert!(found(&alone));
    for scheme in schemes() {
        let output = run_preloaded(&program, &[], Some(scheme), &[DEBUG_LIBRARY], &check);
        // There every block is 16 bytes longer than was asked for, header or not.
        let is_padded = scheme == "SAMPLE_HEADERS_HASH_MAP";
        assert_eq!(found(&output), !is_padded, "{scheme}: {output:?}");
    }
}

#[test]
fn mtrace_behind_the_library_writes_its_file() {
    let program = compile("overrun", &[]);
    let directory = tempfile::TempDir::new().unwrap();
    for scheme in schemes() {
        let path: PathBuf = directory.path().join(scheme);
        let trace = [("MALLOC_TRACE", path.to_str().unwrap())];
        let output = run_preloaded(
            &program,
            &["mtrace"],
            Some(scheme),
            &[DEBUG_LIBRARY],
            &trace,
        );
        assert!(output.status.success());
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = |mark: &str| text.lines().filter(|line| line.contains(mark)).count();
        // A block taken and given back, between the two marks of the trace itself.
        assert!(
            lines(" + 0x") >= 1 && lines(" - 0x") >= 1,
            "{scheme}: {text}"
        );
    }
}

#[test]
fn the_debugging_allocator_is_passed_over_where_a_program_would_not_reach_it() {
    let program = compile("overrun", &[]);
    for allocator in [
        "libjemalloc.so.2",
        "libmimalloc.so.2",
        "libtcmalloc_minimal.so.4",
    ] {
        let behind = [Path::new(allocator), Path::new(DEBUG_LIBRARY)];
        let ran = run_before(
            &program,
            // Without a fault of its own, over which mimalloc falls.
            &["mtrace"],
            &[("SAMPLER_SCHEME", "COUNT")],
            &behind,
        );
        let next = ran.record()["next_allocator"].as_str().unwrap();
        assert!(next.ends_with(allocator), "{next}");
        assert_eq!(ran.record()["bypassed"], false);
    }
    // Before the library it is what the program reaches, and nothing comes by.
    let directory = tempfile::TempDir::new().unwrap();
    let output = Command::new(&program)
        .env(
            "LD_PRELOAD",
            format!("{DEBUG_LIBRARY}:{}", library().display()),
        )
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (records, _) = read_records(directory.path());
    assert_eq!(records.values().next().unwrap()["bypassed"], true);
}

#[test]
fn a_bad_free_ends_as_it_does_under_glibc() {
    let program = compile("bad_frees", &[]);
    for arguments in [
        ["twice", "64"],
        ["twice", "3000"],
        ["realloc_twice", ""],
        // A pointer onto the stack, behind a word that is a pointer or that could be a chunk's size.
        ["stack", "0"],
        ["stack", "0x7ffe12345678"],
        ["stack", "0x21"],
        ["stack", "3000"],
        ["stack_realloc", "0x7ffe12345678"],
        ["stack_realloc", "1000001"],
    ] {
        let plain = run_preloaded(&program, &arguments, None, &[], &[]);
        for scheme in schemes() {
            let ours = run_preloaded(&program, &arguments, Some(scheme), &[], &[]);
            assert_eq!(ours.status, plain.status, "{scheme}, {arguments:?}");
            let says = |output: &Output| !output.stderr.is_empty();
            assert_eq!(says(&ours), says(&plain), "{scheme}, {arguments:?}");
        }
    }
}

#[test]
fn the_usable_size_of_what_is_no_block_is_answered() {
    let program = compile("no_blocks", &[]);
    for scheme in schemes() {
        for mean_bytes in ["4096", "0"] {
            let ran = run(
                &program,
                &[],
                &[
                    ("SAMPLER_SCHEME", scheme),
                    ("SAMPLER_POISSON_MEAN_BYTES", mean_bytes),
                    (
                        "SAMPLER_HASH_MASK",
                        if mean_bytes == "0" { "0" } else { "0xFF" },
                    ),
                ],
            );
            // A freed block that had been sampled is glibc's to answer there: no look at it is on the path of an unsampled one.
            if scheme.starts_with("SAMPLE_HEADERS") {
                continue;
            }
            assert_eq!(ran.succeeded().stdout(), "looked\n", "{scheme}");
        }
    }
}
