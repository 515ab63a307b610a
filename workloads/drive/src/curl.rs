//! A build of curl from configured sources: a thousand short processes with pipes and chains of exec; then what was built fetches from a server of this
//! program, and every body must be what was served.
//!
//! Configure itself is done once, beforehand: it forks its shell six thousand times, which would be 30 MB of records a run.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::Bench;
use crate::count::{self, Counts};
use crate::load;
use crate::place::letters;
use crate::processors::Processors;
use crate::start::{self, Role};
use crate::truth::Truth;
use crate::whole::phase;

const FETCHES: u64 = 20;
const BODY_BYTES: usize = 1 << 20;

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let source = source(bench)?;
    let processors = Processors::all()?;
    let measured = |program: &str| start::command(Role::Measured, &processors, program);
    bench.place.write("build.mk", include_str!("curl.mk"))?;
    let mut make = measured("make")?;
    make.current_dir(bench.place.path());
    make.args(["-f", "build.mk", &format!("-j{}", processors.len())]);
    make.arg(format!("SOURCE={}", source.display()));
    let mut phases = vec![phase("make", 1, false, || {
        load::output(&mut make, "make").map(drop)
    })?];
    let peak_rss_bytes = load::children_peak_rss_bytes()?;

    let body = letters(1, BODY_BYTES);
    let port = serve(body.clone())?;
    let mut verified = 0;
    phases.push(phase("fetch", FETCHES, false, || {
        for number in 0..FETCHES {
            let mut curl = measured(&bench.place.of("curl"))?;
            curl.args(["-q", "-sS", "--noproxy", "*", "--fail"]);
            curl.arg(format!("http://127.0.0.1:{port}/{number}"));
            let found = load::output(&mut curl, "the built curl")?;
            if found != body {
                return Err(format!(
                    "the built curl fetched {} bytes that are not the {BODY_BYTES} served",
                    found.len()
                ));
            }
            verified += 1;
        }
        Ok(())
    })?);
    Ok(Truth {
        unit: "build",
        units: Some(1),
        measured: phases.len(),
        phases,
        latency_of: None,
        verified,
        startup_cpu_ns: None,
        startup_allocs: None,
        generator: None,
        peak_rss_bytes,
        server_cpus: processors.to_string(),
        generator_cpus: None,
    })
}

/// Files of its library that are compiled: a small one, of whose compiling most is the headers, and a larger one.
const COMPILED: [&str; 2] = ["curl_range.c", "strcase.c"];

/// Instructions of a compilation: of the driver, the compiler proper and the assembler, their starts included. Each object must be the one that is made
/// without the library.
pub fn count(bench: &Bench) -> Result<Counts, String> {
    let source = source(bench)?;
    let processors = Processors::all()?;
    let compile = |command: &mut Command, file: &str, object: &str| {
        command.args(["-c", "-O2", "-pipe", "-DHAVE_CONFIG_H"]);
        command.args(["-DCURL_STATICLIB", "-DBUILDING_LIBCURL"]);
        for directory in ["include", "lib", "src"] {
            command.arg("-I").arg(source.join(directory));
        }
        command.args(["-o", object]);
        command.arg(source.join("lib").join(file));
        load::output(command, "cc")?;
        fs::read(object).map_err(|error| format!("{object}: {error}"))
    };
    count::jobs(bench, "compilation", COMPILED, |bench, file| {
        let mut command = bench.command(&processors, "cc")?;
        let found = compile(&mut command, file, &bench.place.of("measured.o"))?;
        let mut command = start::command(Role::Helper, &processors, "cc")?;
        let expected = compile(&mut command, file, &bench.place.of("expected.o"))?;
        match found == expected {
            true => Ok(1),
            false => Err(format!(
                "the object of {file} is not the one that is made without the library"
            )),
        }
    })
}

fn source(bench: &Bench) -> Result<PathBuf, String> {
    let source = bench
        .source
        .as_deref()
        .ok_or("--source is missing; accepted: a directory that tools/curl-source made")?;
    Path::new(source)
        .canonicalize()
        .ok()
        .filter(|path| path.join("lib/curl_config.h").is_file())
        .ok_or_else(|| {
            format!("--source is '{source}'; accepted: a directory that tools/curl-source made")
        })
}

/// A server on loopback that gives everybody the same body, until this program ends.
fn serve(body: Vec<u8>) -> Result<u16, String> {
    let fail = |error: std::io::Error| format!("no port for a server: {error}");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let port = listener.local_addr().map_err(fail)?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // One that goes away gets nothing, and its curl says so.
            let _ = answer(stream, &body);
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&part[..length]),
        }
    }
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
