//! nginx with two workers: files of 1 KiB and 100 KiB and a proxied location, under wrk.
//!
//! The totals are of the phase `mix`, which asks in fixed proportions, 8 small files to 1 large and 3 proxied ones: where the load is limited by time,
//! a sum over kinds of requests would follow their speed. Before and after the load every path is read 20 times, and each body must be the file.

use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use serde_json::Value;

use crate::count::{self, Counts, Load};
use crate::load;
use crate::place::letters;
use crate::server::{Said, Server};
use crate::truth::{Latency, Truth};
use crate::{Bench, http};

const KINDS: [(&str, &str, usize); 3] = [
    ("static-1k", "/1k.txt", 1024),
    ("static-100k", "/100k.txt", 100 * 1024),
    ("proxied", "/proxied/1k.txt", 1024),
];
/// How many of each kind the mix has in a cycle.
const MIX: [usize; 3] = [8, 1, 3];
const READS: usize = 20;
const CONNECTIONS: usize = 16;
const MIX_MS: u64 = 4000;
const KIND_MS: u64 = 1000;
const WARM_UP_MS: u64 = 1000;

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let server = start(bench)?;
    bench.place.write("load.lua", include_str!("load.lua"))?;
    let wrk = |milliseconds: u64, paths: &[&str]| load(bench, &server, milliseconds, paths);
    let all: Vec<&str> = mix().iter().map(|(path, _)| *path).collect();
    let mut verified = verify(&server)?;
    wrk(WARM_UP_MS, &all)?;
    let mut phases = vec![server.phase("mix", || wrk(MIX_MS, &all))?];
    for (kind, path, _) in KINDS {
        phases.push(server.phase(kind, || wrk(KIND_MS, &[path]))?);
    }
    verified += verify(&server)?;
    let truth = Truth {
        unit: "request",
        units: None,
        phases,
        measured: 1,
        latency_of: Some("mix"),
        verified,
        startup_cpu_ns: server.startup_cpu_ns(),
        startup_allocs: server.startup_allocs(),
        generator: Some(version(&server)?),
        peak_rss_bytes: server.peak_rss_bytes()?,
        server_cpus: server.processors.to_string(),
        generator_cpus: Some((
            server.load_processors.to_string(),
            server.load_processors.len(),
        )),
    };
    server.stop(Signal::SIGQUIT)?;
    Ok(truth)
}

/// In cycles of the mix, so that both runs have the same proportions.
const COUNTED: [u64; 2] = [50, 550];

/// Instructions of a request, in the mix of all kinds.
pub fn count(bench: &Bench) -> Result<Counts, String> {
    count::requests(bench, "mix", COUNTED, |bench, cycles| {
        let server = start(bench)?;
        let units = ask(&server, cycles)?;
        let verified = units + verify(&server)?;
        server.stop(Signal::SIGQUIT)?;
        Ok(Load { units, verified })
    })
}

/// Asks over as many connections as wrk has, in turn, and compares each body with the file. wrk is limited by time, which would give every run another
/// number of requests; and requests that wait at the same time are served in batches, whose sizes follow from the moment: two percent from run to run.
fn ask(server: &Server, cycles: u64) -> Result<u64, String> {
    let mix = mix();
    let mut connections = (0..CONNECTIONS)
        .map(|_| http::Connection::new(server.connect()?))
        .collect::<Result<Vec<_>, String>>()?;
    let files = KINDS.map(|(_, _, length)| letters(length as u64, length));
    let requests = (0..cycles).flat_map(|_| &mix);
    let mut answered = 0;
    for (number, (path, kind)) in requests.enumerate() {
        let connection = &mut connections[number % CONNECTIONS];
        connection.ask(path)?;
        expect_file(path, &connection.read(path)?, &files[*kind])?;
        answered += 1;
    }
    Ok(answered)
}

/// A cycle of the mix: paths, and which kind each is.
fn mix() -> Vec<(&'static str, usize)> {
    let kinds = KINDS.iter().zip(MIX).enumerate();
    kinds
        .flat_map(|(kind, ((_, path, _), times))| vec![(*path, kind); times])
        .collect()
}

fn start(bench: &Bench) -> Result<Server, String> {
    let place = &bench.place;
    for (kind, path, length) in KINDS {
        if kind != "proxied" {
            place.write(&format!("www{path}"), letters(length as u64, length))?;
        }
    }
    Server::start(bench, "nginx", |command, port| {
        place.write("nginx.conf", configuration(bench, port)?)?;
        command.args(["-p", &place.of("")]);
        command.args(["-c", &place.of("nginx.conf"), "-e", &place.of("error.log")]);
        Ok(())
    })
}

/// The proxied location asks the same server over a socket of its own.
fn configuration(bench: &Bench, port: u16) -> Result<String, String> {
    let of = |name: &str| bench.place.of(name);
    let user = match geteuid().is_root() {
        true => {
            let user = User::from_uid(geteuid()).ok().flatten();
            format!("user {};", user.map_or("root".into(), |user| user.name))
        }
        false => String::new(),
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};", of(name)))
        .concat();
    Ok(format!(
        "daemon off; worker_processes 2; pid {}; {user}
events {{ worker_connections 256; }}
http {{
  access_log off; root {}; default_type text/plain; sendfile on; {temporary}
  upstream files {{ server unix:{}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port}; listen unix:{};
    location /proxied/ {{ proxy_pass http://files/; proxy_http_version 1.1; proxy_set_header Connection ''; }}
  }}
}}
",
        of("nginx.pid"),
        of("www"),
        of("files.socket"),
        of("files.socket")
    ))
}

/// Reads every path; gives the number of bodies, all of which were the file.
fn verify(server: &Server) -> Result<u64, String> {
    let mut verified = 0;
    for (_, path, length) in KINDS {
        let expected = letters(length as u64, length);
        for _ in 0..READS {
            let body = http::get(server.connect()?, path)?;
            expect_file(path, &body, &expected)?;
            verified += 1;
        }
    }
    Ok(verified)
}

fn expect_file(path: &str, body: &[u8], file: &[u8]) -> Result<(), String> {
    match body == file {
        true => Ok(()),
        false => Err(format!(
            "GET {path}: {} bytes that are not the file's {}",
            body.len(),
            file.len()
        )),
    }
}

fn load(bench: &Bench, server: &Server, milliseconds: u64, paths: &[&str]) -> Result<Said, String> {
    // wrk takes whole seconds.
    let seconds = bench.count(milliseconds).div_ceil(1000);
    let mut wrk = server.generator("wrk")?;
    wrk.args(["--threads", "1"]);
    wrk.args(["--connections", &CONNECTIONS.to_string()]);
    // A machine that is busy with something else is no error.
    wrk.args(["--timeout", "20s"]);
    wrk.args(["--duration", &format!("{seconds}s"), "--script"]);
    wrk.arg(bench.place.of("load.lua"));
    wrk.arg(format!("http://127.0.0.1:{}", server.port));
    wrk.arg("--").args(paths);
    let printed = String::from_utf8_lossy(&load::output(&mut wrk, "wrk")?).into_owned();
    let line = printed.lines().last().unwrap_or_default();
    let said: Value = serde_json::from_str(line)
        .map_err(|_| format!("wrk's last line is '{line}'; expected JSON of load.lua"))?;
    let number = |key: &str| {
        said[key]
            .as_u64()
            .ok_or_else(|| format!("wrk's last line is '{line}'; {key} is not there"))
    };
    if number("errors")? > 0 || number("requests")? == 0 {
        return Err(format!("wrk saw errors: {line}"));
    }
    Ok(Said {
        units: number("requests")?,
        latency: Some(Latency {
            p50_ns: number("p50_us")? * 1000,
            p99_ns: number("p99_us")? * 1000,
        }),
    })
}

/// wrk says it with a status that is not 0.
fn version(server: &Server) -> Result<String, String> {
    let mut wrk: Command = server.generator("wrk")?;
    wrk.arg("--version");
    let said = load::output_of_any_end(&mut wrk, "wrk")?;
    // "wrk debian/4.1.0-3+b2 [epoll] ...", or without the distribution's name.
    let version = said.split_whitespace().nth(1).unwrap_or_default();
    let version = version.rsplit('/').next().unwrap_or_default();
    let version = version.split('-').next().unwrap_or_default();
    Ok(format!("wrk {version}"))
}
