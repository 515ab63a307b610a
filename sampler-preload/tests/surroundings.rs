//! Places where the files cannot be had, or not for long: the program runs on undisturbed, the loss is told, and nothing of others is touched.
//!
//! Each is a shell script that prepares the place, runs the program and prints what is left; mounts are in a namespace of the script's own.

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};

use serde_json::Value;
use support::harness::compile_once;
use support::*;
use tempfile::TempDir;

/// Allocations of the program's modes.
const ALLOCS: u64 = 300;

/// Runs `script` with PROGRAM to run (under the library, unless `scheme` is none), STATS to name records by, and PLACE, an empty directory.
fn run_in_place(script: &str, mode: &str, scheme: Option<&str>) -> (Output, TempDir) {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("place");
    fs::create_dir(&place).unwrap();
    let program = compile_once("surroundings.c", &[]);
    let preload = scheme.map_or(String::new(), |_| library().display().to_string());
    let program = format!(
        "timeout 60 env LD_PRELOAD={preload} {} {mode}",
        program.display()
    );
    // Elsewhere the rights of root are had in a namespace alone.
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let rights: &[&str] = if is_root { &[] } else { &["--map-root-user"] };
    let output = Command::new("unshare")
        .arg("--mount")
        .args(rights)
        .args(["bash", "-euc", script])
        .current_dir(&place)
        .env("PROGRAM", program)
        .env("PLACE", &place)
        .env("STATS", place.join("record"))
        .env("SAMPLER_STATS_FILE", place.join("record"))
        .env("SAMPLER_SCHEME", scheme.unwrap_or("NONE"))
        .env("SAMPLER_POISSON_MEAN_BYTES", "0")
        .output()
        .unwrap();
    (output, directory)
}

/// Runs it without and with the library, which must not show, and returns what was left, for each scheme. What the script prints after a line `---` is not compared.
fn undisturbed(script: &str, mode: &str) -> Vec<(String, TempDir)> {
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let parts = |output: &Output| {
        let all = text(output);
        let (program, left) = all.split_once("---\n").unwrap_or((&all, ""));
        (program.to_owned(), left.to_owned())
    };
    let (plain, _) = run_in_place(script, mode, None);
    let error = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert!(plain.status.success(), "without the library: {error}");
    ["HEADER_POISSON_BYTES", "HEADER_HASH", "COUNT"]
        .into_iter()
        .map(|scheme| {
            let (output, directory) = run_in_place(script, mode, Some(scheme));
            assert_eq!(output.status, plain.status, "{scheme}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), error, "{scheme}");
            assert_eq!(parts(&output).0, parts(&plain).0, "{scheme}");
            (parts(&output).1, directory)
        })
        .collect()
}

/// The finished record in a text.
fn parse(text: &str) -> Value {
    serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn finished_records(directory: &TempDir) -> Vec<Value> {
    let (records, _) = read_records(&directory.path().join("place"));
    records.into_values().collect()
}

#[test]
fn a_full_disk_costs_the_record_alone() {
    let script = "mount -t tmpfs -o size=16k none $PLACE; $PROGRAM; echo ---; cat $PLACE/* 2> /dev/null | wc -c";
    for (left, _) in undisturbed(script, "works") {
        // An empty record tells of the loss.
        assert_eq!(left.trim(), "0");
    }
}

#[test]
fn a_disk_with_room_for_the_record_alone_keeps_it() {
    let script = "mount -t tmpfs -o size=48k none $PLACE; $PROGRAM; echo ---; for file in $STATS.*; do case $file in *.live) ;; *) [ ! -f $file ] || cat $file;; esac; done";
    for (left, _) in undisturbed(script, "works") {
        let record = parse(&left);
        assert_eq!(record["total_allocs"], ALLOCS);
        assert_eq!(record["ended"], "exit");
    }
}

#[test]
fn a_read_only_directory_costs_the_record_alone() {
    let script = "mount -t tmpfs -o size=1m none $PLACE; mount -o remount,ro $PLACE; $PROGRAM; echo ---; ls $PLACE";
    for (left, _) in undisturbed(script, "works") {
        assert_eq!(left, "");
    }
}

#[test]
fn a_link_planted_for_the_record_is_left_alone() {
    let script = "echo precious > victim; ln -s $PLACE/victim $STATS.$$; ln -s $PLACE/absent $STATS.$$.live; exec ${PROGRAM#timeout 60 }";
    for (_, directory) in undisturbed(script, "works") {
        let place = directory.path().join("place");
        assert_eq!(
            fs::read_to_string(place.join("victim")).unwrap(),
            "precious\n"
        );
        assert!(!place.join("absent").exists());
        let record = records_beside_links(&directory);
        assert_eq!(
            (&record["total_allocs"], &record["image"]),
            (&ALLOCS.into(), &1.into())
        );
    }
}

#[test]
fn a_link_planted_for_the_live_file_is_left_alone() {
    let script =
        "echo precious > victim; ln -s $PLACE/victim $STATS.$$.live; exec ${PROGRAM#timeout 60 }";
    for (_, directory) in undisturbed(script, "works") {
        let place = directory.path().join("place");
        assert_eq!(
            fs::read_to_string(place.join("victim")).unwrap(),
            "precious\n"
        );
        assert_eq!(records_beside_links(&directory)["total_allocs"], ALLOCS);
    }
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    for taken in [
        "echo precious > $STATS.$$",
        "echo precious > victim; ln victim $STATS.$$",
        "mkfifo $STATS.$$",
        "mkdir $STATS.$$",
    ] {
        let script = format!("{taken}; exec ${{PROGRAM#timeout 60 }}");
        for (_, directory) in undisturbed(&script, "works") {
            let record = records_beside_links(&directory);
            assert_eq!(
                (&record["total_allocs"], &record["image"]),
                (&ALLOCS.into(), &1.into())
            );
        }
    }
}

/// The one record, which is a file of its own.
fn records_beside_links(directory: &TempDir) -> Value {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory.path().join("place")).unwrap() {
        let path = entry.unwrap().path();
        if !fs::symlink_metadata(&path).unwrap().is_file()
            || path.extension().is_some_and(|end| end == "live")
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if text.starts_with(' ') {
            found.push(parse(&text));
        }
    }
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_file_size_limit_costs_what_is_beyond_it() {
    // Blocks of 1024 bytes: first too few for a record, then enough for both files but not for the live file to grow.
    for (_, directory) in undisturbed("ulimit -f 1; $PROGRAM", "seventy_threads") {
        assert!(finished_records(&directory).is_empty());
    }
    for (_, directory) in undisturbed("ulimit -f 300; $PROGRAM", "seventy_threads") {
        let records = finished_records(&directory);
        let record = &records[0];
        // 100 rounds of the program's own, and pthread's blocks.
        assert!(
            record["total_allocs"].as_u64().unwrap() >= ALLOCS,
            "{record}"
        );
        assert!(record["losses"]["slots_outside_file"].as_u64().unwrap() > 0);
        assert_eq!(record["losses"]["calls_without_slot"], 0);
    }
}

#[test]
fn a_child_that_gave_up_its_rights_is_told_by_its_parent() {
    // Only root has rights to give up. A file mode that lets nobody in does the same to the child of anyone else.
    let script = "if grep -q '^ *0 *0 *4294967295' /proc/self/uid_map; then $PROGRAM drops_rights; else $PROGRAM loses_its_place; fi";
    for (_, directory) in undisturbed(script, "") {
        let records = finished_records(&directory);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["total_allocs"], ALLOCS);
        assert_eq!(records[0]["losses"]["children_without_record"], 1);
    }
}

#[test]
fn a_child_with_another_root_is_told_by_its_parent() {
    for (_, directory) in undisturbed("mkdir ../root; cd ../root; $PROGRAM", "changes_root") {
        let records = finished_records(&directory);
        assert_eq!(records.len(), 1);
        // The child's calls are nobody's: they must not be its parent's.
        assert_eq!(records[0]["total_allocs"], ALLOCS);
        assert_eq!(records[0]["losses"]["children_without_record"], 1);
    }
}

#[test]
fn an_unlinked_live_file_changes_nothing() {
    for (_, directory) in undisturbed("$PROGRAM", "unlinks_its_live_file") {
        assert_eq!(finished_records(&directory)[0]["total_allocs"], ALLOCS);
    }
}
