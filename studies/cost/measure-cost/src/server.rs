//! redis-server under redis-benchmark: processor time of the server alone, and requests a second.
//!
//! Server and load share the machine, so each is kept on one half of the processors. The server listens on loopback at a free
//! port and is stopped by its own process id.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{available_parallelism, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Bench;
use crate::command;
use crate::programs::Answer;
use crate::subject::{Rate, Subject};

const REQUESTS: u64 = 300_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Stopped when it is dropped, whatever happened.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id() as i32), Signal::SIGTERM);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// SET and GET, 16 to a pipeline, over 10,000 keys.
pub fn redis(bench: &Bench, subject: &Subject, directory: &Path) -> Result<Answer, String> {
    let port = free_port()?.to_string();
    let (server_core, load_core) = match available_parallelism().map_or(1, |cores| cores.get()) {
        1 => ("0", "0"),
        _ => ("0", "1"),
    };
    let (mut command, records) = command::prepare(bench, subject, Rate::Usual, "taskset")?;
    command
        .args([
            "-c",
            server_core,
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
        ])
        .args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
            "--dir",
        ])
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command
        .spawn()
        .map_err(|error| format!("redis-server: {error}"))?;
    let mut server = Server(child);
    wait_until_ready(&mut server, &port)?;

    let requests = bench.operations(REQUESTS);
    let pid = server.0.id();
    load(load_core, &port, requests / 10)?;
    let (cpu, elapsed) = (cpu_ns(pid)?, Instant::now());
    load(load_core, &port, requests)?;
    let (cpu_ns, elapsed_s) = (cpu_ns(pid)? - cpu, elapsed.elapsed().as_secs_f64());
    let output = ask(&port, "GET", &["check"])?;
    drop(server);
    Ok(Answer {
        output,
        cpu_ns,
        // SET and GET are two tests of as many requests each.
        requests_per_s: Some(2.0 * requests as f64 / elapsed_s),
        record: records.read(subject)?,
    })
}

fn load(core: &str, port: &str, requests: u64) -> Result<(), String> {
    let mut command = Command::new("taskset");
    command::clean(&mut command);
    let output = command
        .args([
            "-c",
            core,
            "redis-benchmark",
            "-h",
            "127.0.0.1",
            "-p",
            port,
            "-q",
        ])
        .args(["-t", "set,get", "-P", "16", "-r", "10000", "-d", "100"])
        .args(["-n", &requests.max(1).to_string()])
        .output()
        .map_err(|error| format!("redis-benchmark: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "redis-benchmark ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

fn wait_until_ready(server: &mut Server, port: &str) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if ask(port, "SET", &["check", "a value that was set"])
            .is_ok_and(|answer| answer == b"+OK\r\n")
        {
            return Ok(());
        }
        if let Ok(Some(status)) = server.0.try_wait() {
            return Err(format!("redis-server ended with {status} before it served"));
        }
        if Instant::now() > deadline {
            return Err("redis-server did not answer within 20 s".into());
        }
        sleep(Duration::from_millis(10));
    }
}

/// One command in redis' protocol; the answer as it comes.
fn ask(port: &str, command: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| format!("redis-server: {error}");
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).map_err(fail)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
    let mut text = format!(
        "*{}\r\n${}\r\n{command}\r\n",
        arguments.len() + 1,
        command.len()
    );
    for argument in arguments {
        text += &format!("${}\r\n{argument}\r\n", argument.len());
    }
    stream.write_all(text.as_bytes()).map_err(fail)?;
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).map_err(fail)?;
    answer.truncate(length);
    Ok(answer)
}

/// Processor time of all threads of a process, by the scheduler's own account.
fn cpu_ns(pid: u32) -> Result<u64, String> {
    let directory = format!("/proc/{pid}/task");
    let fail = |error: std::io::Error| format!("{directory}: {error}");
    let mut sum = 0;
    for thread in fs::read_dir(&directory).map_err(fail)? {
        let text =
            fs::read_to_string(thread.map_err(fail)?.path().join("schedstat")).map_err(fail)?;
        let first = text
            .split_whitespace()
            .next()
            .and_then(|word| word.parse::<u64>().ok());
        sum += first.ok_or_else(|| format!("{directory}: schedstat is '{}'", text.trim()))?;
    }
    Ok(sum)
}

fn free_port() -> Result<u16, String> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("no free port: {error}"))?;
    Ok(address.port())
}
