//! Programs that people use do the same under the library as without it, also when every block of theirs is a sample.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::*;

/// Options under which a program must not notice anything.
const CASES: [(&str, &[&str]); 4] = [
    ("HEADER_POISSON_BYTES", &[]),
    ("HEADER_POISSON_BYTES", &["--mean", "0"]),
    ("HEADER_HASH", &["--mask", "0"]),
    ("HEADER_HYBRID", &["--mean", "0", "--mask", "0"]),
];

/// Runs the command in an empty directory, without the library and then in every case; returns the run files.
/// `result` is what else must be equal, read from the directory afterwards.
fn assert_same(
    files: &[(&str, &str)],
    command: &[&str],
    result: impl Fn(&Path) -> Vec<u8>,
) -> Vec<Value> {
    let place = Place::new();
    let work = place.path("work");
    let run = |prepared: &mut Command| -> (Output, Vec<u8>) {
        fs::create_dir(&work).unwrap();
        for (name, content) in files {
            fs::write(work.join(name), content).unwrap();
        }
        let output = prepared.current_dir(&work).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found = result(&work);
        fs::remove_dir_all(&work).unwrap();
        (output, found)
    };
    let mut plain = Command::new(command[0]);
    plain.args(&command[1..]).env("TMPDIR", place.path("tmp"));
    let (expected, expected_result) = run(&mut plain);
    let mut runs = Vec::new();
    for (scheme, options) in CASES {
        let (output, found) = run(&mut place.prepare(scheme, options, command));
        place.assert_clean();
        assert_eq!(text(&output.stdout), text(&expected.stdout), "{scheme}");
        assert_eq!(text(&output.stderr), text(&expected.stderr), "{scheme}");
        assert!(found == expected_result, "{scheme} {options:?}");
        let run = place.run_file();
        for record in run["processes"].as_array().unwrap() {
            let (total, sampled) = (&record["total_allocs"], &record["sampled_allocs"]);
            assert!(total.is_u64() && (options.is_empty() || total == sampled));
        }
        runs.push(run);
    }
    runs
}

fn nothing_else(_: &Path) -> Vec<u8> {
    Vec::new()
}

#[test]
fn a_c_compiler_makes_the_same_program() {
    let source = "#include <stdio.h>\n#include <string.h>\nint main(void) { char a[9]; strcpy(a, \"hello\"); puts(a); return 0; }\n";
    let made = |work: &Path| {
        let output = Command::new(work.join("hello")).output().unwrap();
        assert_eq!(text(&output.stdout), "hello\n");
        fs::read(work.join("hello")).unwrap()
    };
    let command = ["cc", "-O2", "-g", "hello.c", "-o", "hello"];
    for run in assert_same(&[("hello.c", source)], &command, made) {
        // The driver, the compiler proper, the assembler, the linker.
        assert!(run["processes"].as_array().unwrap().len() > 3);
    }
}

#[test]
fn the_rust_compiler_makes_the_same_program() {
    let source = "fn main() { println!(\"{:?}\", (0..5).map(|n| n * n).collect::<Vec<u32>>()) }\n";
    let made = |work: &Path| {
        let output = Command::new(work.join("squares")).output().unwrap();
        assert_eq!(text(&output.stdout), "[0, 1, 4, 9, 16]\n");
        output.stdout
    };
    let command = ["rustc", "squares.rs"];
    for run in assert_same(&[("squares.rs", source)], &command, made) {
        assert!(run["processes"].as_array().unwrap().len() > 1);
    }
}

#[test]
fn git_makes_the_same_commits() {
    let script = "
        export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
        export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_AUTHOR_DATE='1700000000 +0000'
        export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_COMMITTER_DATE='1700000000 +0000'
        git init -q -b main . && git add . && git commit -q -m first
        for i in 1 2 3; do seq $i 1000 > numbers; git commit -q -a -m \"commit $i\"; done
        git gc -q && git fsck --strict && git log --stat && git diff HEAD~2 | tail -3
    ";
    let files = [("numbers", "1\n2\n"), ("text", "some text\n")];
    for run in assert_same(&files, &["bash", "-e", "-c", script], nothing_else) {
        assert!(run["processes"].as_array().unwrap().len() > 5);
    }
}

#[test]
fn python_computes_the_same() {
    let script = "
import json, threading
results = {}
def work(n):
    value = {str(k): list(range(k % 50)) for k in range(n)}
    results[n] = len(json.dumps(json.loads(json.dumps(value))))
threads = [threading.Thread(target=work, args=(500 + n,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(results.items()))
";
    for run in assert_same(&[], &["python3", "-c", script], nothing_else) {
        let processes = run["processes"].as_array().unwrap();
        assert!(
            processes
                .iter()
                .any(|record| record["threads"].as_u64() > Some(1))
        );
    }
}

#[test]
fn sqlite_stores_and_finds_the_same() {
    let script = "
        create table t(id integer primary key, name text, value real);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
            insert into t select i, hex(i * 7919), i / 7.0 from n;
        create index names on t(name);
        select count(*), sum(id), round(sum(value), 3), max(name) from t;
        select sum(length(list)) from (select group_concat(name) as list from t group by id % 97);
        pragma integrity_check;
    ";
    assert_same(&[], &["sqlite3", ":memory:", script], nothing_else);
}
