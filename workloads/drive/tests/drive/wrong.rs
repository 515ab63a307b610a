//! Wrong answers, missing programs and bad options are said in one line.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::*;

fn drive(arguments: &[&str]) -> String {
    let place = Place::new();
    place.fail(
        Command::new(programs().join("drive"))
            .args(arguments)
            .env("TMPDIR", place.path("tmp")),
    )
}

/// With this program before those of the system.
fn with_program(name: &str, content: &str, driver: &[&str]) -> String {
    let place = Place::new();
    let directory = place.path("bin");
    fs::create_dir(&directory).unwrap();
    let program = directory.join(name);
    fs::write(&program, content).unwrap();
    make_executable(&program);
    let path = format!("{}:{}", directory.display(), env!("PATH"));
    place.fail(
        Command::new(programs().join("drive"))
            .args(driver)
            .env("PATH", path)
            .env("TMPDIR", place.path("tmp")),
    )
}

#[test]
fn bad_options_are_refused_in_one_line() {
    assert_eq!(
        drive(&["apache"]),
        "drive: program is 'apache'; accepted: nginx, memcached, redis, curl, python"
    );
    assert_eq!(
        drive(&["redis", "--effort", "0"]),
        "drive: --effort is 0; accepted: 1 to 10000 percent"
    );
    assert_eq!(
        drive(&["curl", "--source", "/nonexistent"]),
        "drive: curl: --source is '/nonexistent'; accepted: a directory that tools/curl-source made"
    );
}

#[test]
fn a_body_that_is_not_the_file_is_noticed() {
    let server = r#"#!/usr/bin/env python3
import http.server, re, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 1024)
    def log_message(self, *arguments): pass
port = re.search(r"127.0.0.1:(\d+)", open(sys.argv[sys.argv.index("-c") + 1]).read())[1]
http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
"#;
    assert_eq!(
        with_program("nginx", server, &["nginx"]),
        "drive: nginx: GET /1k.txt: 1024 bytes that are not the file's 1024"
    );
}

#[test]
fn a_script_that_prints_something_else_under_the_library_is_noticed() {
    // As it is called to be measured, there is a preload; as it is called for comparison, there is none.
    let python =
        "#!/bin/bash\n[ \"$1\" = -I ] && echo \"$0\" || echo \"preload ${LD_PRELOAD:-none}\"\n";
    let place = Place::new();
    fs::create_dir(place.path("bin")).unwrap();
    let program = place.path("bin/python3");
    fs::write(&program, python).unwrap();
    make_executable(&program);
    let path = format!("{}:{}", place.path("bin").display(), env!("PATH"));
    let said = place.fail(place.prepare("COUNT", &["python"]).env("PATH", path));
    assert!(
        said.starts_with("drive: python: with PYTHONMALLOC=pymalloc it printed something else than without the library\n"),
        "{said}"
    );
}

#[test]
fn a_server_that_does_not_start_and_one_that_is_missing_are_named() {
    assert_eq!(
        with_program("nginx", "#!/bin/sh\necho no room >&2\nexit 3\n", &["nginx"]),
        "drive: nginx: nginx did not start: no room"
    );
    let place = Place::new();
    let said = place.fail(
        Command::new(programs().join("drive"))
            .arg("redis")
            .env("PATH", "/nonexistent")
            .env("TMPDIR", place.path("tmp")),
    );
    assert!(said.starts_with("drive: redis: redis-server "), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn instructions_without_valgrind_are_refused_in_one_line() {
    let place = Place::new();
    let said = place.fail(
        Command::new(programs().join("drive"))
            .args(["redis", "--instructions"])
            .env("PATH", "/nonexistent")
            .env("TMPDIR", place.path("tmp")),
    );
    assert_eq!(
        said,
        "drive: redis: valgrind is not in PATH; it counts the instructions"
    );
}

#[test]
fn a_generator_that_saw_errors_is_no_load() {
    let wrk =
        "#!/bin/sh\necho '{\"requests\":10,\"bytes\":10,\"errors\":1,\"p50_us\":1,\"p99_us\":1}'\n";
    let said = with_program("wrk", wrk, &["nginx"]);
    assert!(said.starts_with("drive: nginx: wrk saw errors: "), "{said}");
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
