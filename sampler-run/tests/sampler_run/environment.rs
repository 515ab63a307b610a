//! What the command gets: the library, and else all as without it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::*;

const SCHEMES: [&str; 7] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
    "COUNT",
    "NONE",
    "PLAIN",
];

fn variables(output: &[u8]) -> BTreeMap<String, String> {
    let lines = output
        .split(|&byte| byte == 0)
        .filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let line = text(line);
            let (name, value) = line.split_once('=').unwrap();
            (name.to_string(), value.to_string())
        })
        .collect()
}

#[test]
fn only_the_library_and_its_variables_differ() {
    for scheme in SCHEMES {
        let place = Place::new();
        // What the user happens to have set is not for this run.
        let output = place.finish(
            place
                .prepare(scheme, &["--mask", "1", "--truth", "0"], &["env", "-0"])
                .env("SAMPLER_HASH_MASK", "0xFFFF")
                .env("SAMPLER_STATS_FILE", "/nonexistent"),
        );
        place.succeeded(&output);
        let mut inside = variables(&output.stdout);
        if scheme != "PLAIN" {
            let mut take = |name: &str| inside.remove(name).unwrap();
            assert_eq!(take("LD_PRELOAD"), library().to_str().unwrap());
            assert_eq!(take("SAMPLER_SCHEME"), scheme);
            assert_eq!(take("SAMPLER_HASH_MASK"), "0x1");
            assert_eq!(take("SAMPLER_TRUTH"), "0");
            for name in [
                "HASH_SALT",
                "POISSON_MEAN_BYTES",
                "WINDOW",
                "SEED",
                "STATS_FILE",
            ] {
                take(&format!("SAMPLER_{name}"));
            }
        }
        let outside = Command::new("env")
            .arg("-0")
            .env("TMPDIR", place.path("tmp"))
            .env_remove("LD_PRELOAD")
            .output()
            .unwrap();
        assert_eq!(inside, variables(&outside.stdout), "{scheme}");
    }
}

#[test]
fn arguments_input_and_output_pass_unchanged() {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(200_000).collect();
    for scheme in SCHEMES {
        let place = Place::new();
        let mut running = place
            .prepare(scheme, &[], &["cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = running.stdin.take().unwrap();
        let written = bytes.clone();
        let writer = std::thread::spawn(move || input.write_all(&written).unwrap());
        let output = running.wait_with_output().unwrap();
        writer.join().unwrap();
        place.succeeded(&output);
        assert!(output.stdout == bytes, "{scheme}");
        let arguments = ["printf", "%s|", "", "a b", "--help", "--", "--mean", "$x"];
        let output = place.run(scheme, &[], &arguments);
        assert_eq!(text(&output.stdout), "|a b|--help|--|--mean|$x|");
    }
}

#[test]
fn arguments_and_paths_that_are_not_utf_8_pass_unchanged() {
    let odd = OsStr::from_bytes(b"od\xffd \xc3");
    // A character by which the runner might have told odd bytes from text.
    let private = "\u{10ffff}\u{10fe41}";
    let mut place = Place::new();
    let directory = place.path("").join(odd);
    fs::create_dir(&directory).unwrap();
    let linked = directory.join("lib.so");
    std::os::unix::fs::symlink(library(), &linked).unwrap();
    // The path names the run.
    place.out = directory.join("own").join(odd).join("COUNT/run-03.json");
    for scheme in ["COUNT", "PLAIN"] {
        if scheme == "PLAIN" {
            place.out = directory.join("plain.json");
        }
        let output = place.finish(
            place
                .prepare(scheme, &[], &["printf", "%s|", private])
                .arg(odd)
                .env("TMPDIR", place.path("tmp")),
        );
        assert_eq!(
            output.stdout,
            [private.as_bytes(), b"|", odd.as_bytes(), b"|"].concat()
        );
        let run = place.succeeded(&output);
        let shown = json!(["printf", "%s|", private, "od\u{fffd}d \u{fffd}"]);
        assert_eq!(run["command"], shown);
        if scheme == "COUNT" {
            assert_eq!(run["processes"][0]["command"], shown);
            assert_eq!((&run["set"], &run["run"]), (&json!("own"), &json!(3)));
            assert_eq!(run["workload"], "od\u{fffd}d \u{fffd}");
        }
    }
    // The program, the library, the directory for temporary files, and an option that has nothing but a text's value.
    let program = directory.join("print");
    std::os::unix::fs::symlink("/usr/bin/printf", &program).unwrap();
    let run = |value: &OsStr| {
        Command::new(programs().join("sampler-run"))
            .args(["--scheme", "COUNT", "--library"])
            .arg(&linked)
            .arg("--out")
            .arg(directory.join("run.json"))
            .arg("--seed")
            .arg(value)
            .arg("--")
            .arg(&program)
            .arg("%s")
            .arg(odd)
            .env("TMPDIR", &directory)
            .output()
            .unwrap()
    };
    let output = run(OsStr::new("1"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(output.stdout, odd.as_bytes());
    let output = run(odd);
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(
        text(&output.stderr),
        "sampler-run: --seed is 'od\u{fffd}d \u{fffd}'; accepted: a decimal or 0x number up to 2^64 - 1\n"
    );
}

#[test]
fn a_library_that_the_user_preloads_stays_behind_ours() {
    let place = Place::new();
    let (source, users) = (place.path("users.c"), place.path("users.so"));
    fs::write(&source, "int users_own;\n").unwrap();
    compile(&source, &users, &["-shared", "-fPIC"]);
    let script = "echo \"$LD_PRELOAD\"; cat /proc/$$/maps";
    for (scheme, list) in [
        ("PLAIN", users.display().to_string()),
        (
            "HEADER_HASH",
            format!("{}:{}", library().display(), users.display()),
        ),
    ] {
        let output = place.finish(
            place
                .prepare(scheme, &[], &["bash", "-c", script])
                .env("LD_PRELOAD", &users),
        );
        place.succeeded(&output);
        let stdout = text(&output.stdout);
        assert_eq!(stdout.lines().next(), Some(&*list));
        assert!(
            stdout
                .lines()
                .skip(1)
                .any(|line| line.ends_with("/users.so"))
        );
    }
}

#[test]
fn a_library_works_from_a_path_with_a_blank_a_colon_or_a_dollar_sign() {
    for name in ["a b", "a:b", "a$ORIGIN", "a $b:c"] {
        let place = Place::new();
        let directory = place.path(name);
        fs::create_dir(&directory).unwrap();
        let copy = directory.join("libsampler_preload.so");
        fs::copy(library(), &copy).unwrap();
        let output = place.run("COUNT", &["--library", copy.to_str().unwrap()], &["true"]);
        let run = place.succeeded(&output);
        assert_eq!(run["processes"].as_array().unwrap().len(), 1, "{name}");
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        // Without the option: the one beside the program.
        let program = directory.join("sampler-run");
        // By another process: a copy that a child of another test still has open cannot be run.
        let mut copied = Command::new("cp");
        copied.arg(programs().join("sampler-run")).arg(&program);
        assert!(copied.status().unwrap().success());
        let mut beside = Command::new(&program);
        beside
            .args(["--scheme", "COUNT", "--out"])
            .arg(&place.out)
            .args(["--", "true"])
            .env("TMPDIR", place.path("tmp"));
        let run = place.succeeded(&place.finish(&mut beside));
        assert_eq!(run["processes"].as_array().unwrap().len(), 1, "{name}");
    }
}

#[test]
fn a_temporary_directory_with_a_blank_holds_records_but_no_link_to_the_library() {
    let place = Place::new();
    let blank = place.path("tmp dir");
    fs::create_dir(&blank).unwrap();
    let mut prepared = place.prepare("COUNT", &[], &["true"]);
    let run = place.succeeded(&place.finish(prepared.env("TMPDIR", &blank)));
    assert_eq!(run["processes"].as_array().unwrap().len(), 1);

    let copy = blank.join("libsampler_preload.so");
    fs::copy(library(), &copy).unwrap();
    let options = ["--library", copy.to_str().unwrap()];
    let mut prepared = place.prepare("COUNT", &options, &["touch", "started"]);
    prepared
        .env("TMPDIR", &blank)
        .current_dir(place.path("tmp"));
    let failed = place.failed(&place.finish(&mut prepared), 125);
    assert!(
        failed["failure"]
            .as_str()
            .unwrap()
            .contains("set TMPDIR to a path without blank")
    );
    assert_eq!(names(&blank), ["libsampler_preload.so"]);
}
