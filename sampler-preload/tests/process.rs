//! The library in the life of a process: what it exports and needs, what it writes where, and what it says of bad values.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::*;
use tempfile::TempDir;

fn readelf(option: &str) -> String {
    let output = Command::new("readelf")
        .arg(option)
        .arg(library())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_needs_libc_alone_and_is_small() {
    let dynamic = readelf("--dynamic");
    let needed: Vec<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .collect();
    assert!(
        needed.len() == 1 && needed[0].contains("[libc.so.6]"),
        "{needed:?}"
    );
    assert!(dynamic.contains("INITFIRST"));
    let size = fs::metadata(library()).unwrap().len();
    // Each of the 16 schemes has functions of its own, with the truth and without; the 8 that hash addresses have them once more, with a salt.
    assert!(size < 416 * 1024, "{size}");
}

#[test]
fn it_exports_the_allocating_functions_and_nothing_else() {
    let symbols = readelf("--dyn-syms");
    let mut exported: Vec<&str> = symbols
        .lines()
        .filter(|line| line.contains(" GLOBAL DEFAULT ") && !line.contains(" UND "))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    exported.sort_unstable();
    let expected = [
        "aligned_alloc",
        "calloc",
        "cfree",
        "free",
        "free_aligned_sized",
        "free_sized",
        "malloc",
        "malloc_usable_size",
        "memalign",
        "posix_memalign",
        "pvalloc",
        "realloc",
        "reallocarray",
        "sdallocx",
        "valloc",
    ];
    assert_eq!(exported, expected);
}

#[test]
fn its_thread_state_is_reached_without_a_call() {
    let relocations = readelf("--relocs");
    assert!(relocations.contains("R_X86_64_TPOFF64"));
    assert!(!relocations.contains("DTPMOD") && !relocations.contains("__tls_get_addr"));
}

#[test]
fn without_a_stats_file_nothing_is_written() {
    let program = compile("tree", &[]);
    let directory = TempDir::new().unwrap();
    let output = Command::new(program)
        .current_dir(directory.path())
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "HEADER_HASH")
        .output()
        .unwrap();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_relative_stats_file_stays_where_it_was_at_the_start() {
    let directory = TempDir::new().unwrap();
    let output = Command::new("bash")
        .args(["-c", "cd /; /bin/true; cd /tmp"])
        .current_dir(directory.path())
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "COUNT")
        .env("SAMPLER_STATS_FILE", "record")
        .output()
        .unwrap();
    assert!(output.status.success());
    let (records, _) = read_records(directory.path());
    assert!(
        records
            .values()
            .any(|record| record["command"][0] == "bash"),
        "{records:?}"
    );
}

#[test]
fn records_are_private_and_never_written_through_a_link() {
    let directory = TempDir::new().unwrap();
    let victim = directory.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    // The pid is not known before: the shell plants the link and becomes the program.
    let script = "ln -s \"$VICTIM\" \"$STATS.$$\"; export SAMPLER_STATS_FILE=$STATS LD_PRELOAD=$LIBRARY; exec /bin/true";
    let status = Command::new("bash")
        .args(["-c", script])
        .env("VICTIM", &victim)
        .env("STATS", directory.path().join("record"))
        .env("LIBRARY", library())
        .env("SAMPLER_SCHEME", "COUNT")
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    let record = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "1"))
        .expect("the record of the image beside the link");
    assert_eq!(
        fs::metadata(&record).unwrap().permissions().mode() & 0o777,
        0o600
    );
    symlink("x", directory.path().join("y")).unwrap();
}

#[test]
fn two_programs_in_one_pid_leave_two_records() {
    let program = compile("tree", &[]);
    let ran = run(&program, &["exec"], &[("SAMPLER_SCHEME", "COUNT")]).succeeded();
    assert_eq!((ran.records.len(), ran.unfinished.len()), (1, 1));
    let first = &ran.unfinished[0];
    assert!(ran.records.contains_key(&format!("{first}.1")));
    assert_eq!(ran.records[&format!("{first}.1")]["command"][1], "leaf");
}

/// Whatever the process does that writes no record, there is one that any reader of JSON can read, and it claims nothing.
#[test]
fn a_process_that_ends_without_a_word_leaves_a_whole_record_that_counts_nothing() {
    let tree = compile("tree", &[]);
    let tree = tree.to_str().unwrap();
    let killed = "kill -9 $$; true";
    // The command, which of its records are never finished, and which are.
    let cases: [(&[&str], usize, usize); 8] = [
        (&["nice", tree, "leaf"], 1, 1),
        (&["env", "A=1", tree, "leaf"], 1, 1),
        (&["sh", "-c", "exec \"$0\" leaf", tree], 1, 1),
        (&["nice", "nice", "env", tree, "leaf"], 3, 1),
        (&["env", "-u", "LD_PRELOAD", "true"], 1, 0),
        (&["sh", "-c", killed], 1, 0),
        (
            &[
                "sh",
                "-c",
                "(kill -9 $(exec sh -c 'echo $PPID'); true); true",
            ],
            4,
            0,
        ),
        (&[tree, "abort"], 1, 0),
    ];
    for (command, unfinished, finished) in cases {
        for scheme in ["COUNT", "NONE", "SAMPLE_HEADERS_POISSON", "HEADER_HASH"] {
            let directory = TempDir::new().unwrap();
            Command::new(command[0])
                .args(&command[1..])
                .env("LD_PRELOAD", library())
                .env("SAMPLER_SCHEME", scheme)
                .env("SAMPLER_STATS_FILE", directory.path().join("record"))
                .output()
                .unwrap();
            let (whole, others) = read_records(directory.path());
            let told = (others.len(), whole.len());
            assert_eq!(told, (unfinished, finished), "{command:?} {scheme}");
            let live = read_live(directory.path());
            for name in others {
                let text = fs::read_to_string(directory.path().join(&name)).unwrap();
                let record: Value = serde_json::from_str(&text).unwrap();
                assert!(text.ends_with(" \n") && text.starts_with(" {\"format\":"));
                // Counts are in the live file, which says the same of all else.
                let counted = live[&format!("{name}.live")].as_object().unwrap();
                let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
                assert_eq!(keys, counted.keys().collect::<Vec<_>>(), "{scheme}");
                for key in ["pid", "image", "command", "scheme", "seed", "ended"] {
                    assert_eq!(record[key], counted[key], "{command:?} {scheme} {key}");
                }
                for key in ["total_allocs", "sampled_allocs", "size_bins", "losses"] {
                    assert_eq!(record[key], Value::Null, "{command:?} {scheme} {key}");
                }
            }
        }
    }
}

#[test]
fn only_a_malloc_within_the_program_is_called_a_bypass() {
    for (flags, is_bypassed) in [
        (&["-DOWN", "-rdynamic"][..], true),
        (&["-pie", "-fPIE"], false),
        // Here the address of malloc is within the executable.
        (&["-no-pie", "-fno-pic"], false),
    ] {
        let ran = run_scheme(&compile("bypass", flags), "COUNT").succeeded();
        let record = ran.record();
        assert_eq!(record["bypassed"], is_bypassed, "{flags:?}");
        let allocs = record["total_allocs"].as_u64().unwrap();
        assert_eq!(allocs == 0, is_bypassed, "{flags:?}: {allocs}");
    }
}

#[test]
fn the_end_of_a_process_is_told_or_its_record_unfinished() {
    let program = compile("tree", &[]);
    let environment = [("SAMPLER_SCHEME", "HEADER_HASH")];
    let spawned = run(&program, &[], &environment).succeeded();
    assert_eq!((spawned.records.len(), spawned.unfinished.len()), (2, 0));
    assert!(
        spawned
            .records
            .values()
            .all(|record| record["ended"] == "exit")
    );
    let quick = run(&program, &["quick"], &environment).succeeded();
    assert_eq!(quick.record()["ended"], "quick_exit");
    for end in ["underscore", "abort"] {
        let ran = run(&program, &[end], &environment);
        assert_eq!((ran.records.len(), ran.unfinished.len()), (0, 1), "{end}");
    }
}

#[test]
fn an_unwritable_place_for_records_does_not_disturb_the_program() {
    let program = compile("contract", &[]);
    for place in ["/nonexistent/record", "/proc/record", "/dev/full/record"] {
        let output = Command::new(&program)
            .env("LD_PRELOAD", library())
            .env("SAMPLER_SCHEME", "HEADER_HASH")
            .env("SAMPLER_STATS_FILE", place)
            .output()
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{place}"
        );
    }
}

#[test]
fn a_small_file_size_limit_does_not_kill_the_program() {
    let directory = TempDir::new().unwrap();
    let status = Command::new("bash")
        .args(["-c", "ulimit -f 1; LD_PRELOAD=$LIBRARY exec /bin/true"])
        .env("LIBRARY", library())
        .env("SAMPLER_SCHEME", "HEADER_HASH")
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn a_malformed_value_is_one_line_and_status_127_before_main() {
    let program = compile("contract", &[]);
    for (variable, value) in [
        ("SAMPLER_SCHEME", "HEADER_HUSH"),
        ("SAMPLER_SCHEME", "PLAIN"),
        ("SAMPLER_SCHEME", ""),
        ("SAMPLER_HASH_MASK", "many"),
        ("SAMPLER_HASH_MASK", "-1"),
        ("SAMPLER_HASH_SALT", "seed"),
        ("SAMPLER_POISSON_MEAN_BYTES", "4k"),
        ("SAMPLER_TRUTH", "yes"),
        ("SAMPLER_WINDOW", "0"),
        ("SAMPLER_SEED", "1.5"),
    ] {
        let ran = run(&program, &[], &[(variable, value)]);
        assert_eq!(ran.output.status.code(), Some(127), "{variable}={value}");
        let stderr = ran.stderr();
        assert_eq!(stderr.lines().count(), 1);
        assert!(
            stderr.starts_with(&format!("sampler: {variable} is '{value}'; accepted: ")),
            "{stderr}"
        );
        assert!(ran.stdout().is_empty() && ran.records.is_empty());
    }
}

#[test]
fn a_child_that_changes_a_variable_runs_on() {
    let directory = TempDir::new().unwrap();
    let output = Command::new("bash")
        .args(["-c", "SAMPLER_HASH_MASK=bad /bin/echo fine; true"])
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "HEADER_HASH")
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_read_of_the_environment_later_does_not_matter() {
    // The variables are gone before the first record is written, as in servers that overwrite them with a process title.
    let directory = TempDir::new().unwrap();
    let status = Command::new("env")
        .args([
            "-u",
            "SAMPLER_STATS_FILE",
            "-u",
            "SAMPLER_SCHEME",
            "/bin/true",
        ])
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "HEADER_HASH")
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .status()
        .unwrap();
    assert!(status.success());
    // env itself began a record; the program that it became had no variables, and wrote none.
    let (records, unfinished) = read_records(directory.path());
    assert_eq!((records.len(), unfinished.len()), (0, 1));
}
