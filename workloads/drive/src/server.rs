//! A server under test: started on a free port of the loopback, measured under load, stopped by its own process id.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::Bench;
use crate::family::Member;
use crate::load::children_cpu_ns;
use crate::processors::Processors;
use crate::start::{self, Role};
use crate::truth::{Latency, Phase};
use crate::watch::{self, Taken};

/// Under callgrind a server takes seconds to start, and more where the machine is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Somebody else may take a port between our look and the server's.
const TRIES: u32 = 5;

/// A server that accepts connections.
pub struct Server {
    name: &'static str,
    member: Member,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// Where it runs.
    pub processors: Processors,
    /// Where its load comes from; this thread is kept there too.
    pub load_processors: Processors,
    /// What it took until it served; not known where instructions are counted in place of it.
    startup: Option<Taken>,
}

/// What a generator says of its load.
pub struct Said {
    /// Requests that were answered.
    pub units: u64,
    /// If it tells.
    pub latency: Option<Latency>,
}

impl Server {
    /// Starts it: `prepare` is given the command and the port.
    pub fn start(
        bench: &Bench,
        name: &'static str,
        prepare: impl Fn(&mut Command, u16) -> Result<(), String>,
    ) -> Result<Server, String> {
        // Where time does not matter all may be where they like.
        let (processors, load_processors) = match bench.is_counted {
            true => (Processors::all()?, Processors::all()?),
            false => Processors::halves()?,
        };
        load_processors.keep_this_thread()?;
        let log = bench.place.of(&format!("{name}.log"));
        let mut last = String::new();
        for _ in 0..TRIES {
            let port = free_port()?;
            let output = File::create(&log).map_err(|error| format!("{log}: {error}"))?;
            let errors = output.try_clone().map_err(|error| error.to_string())?;
            let mut command = bench.command(&processors, name)?;
            command.stdin(Stdio::null()).stdout(output).stderr(errors);
            command.current_dir(bench.place.path());
            prepare(&mut command, port)?;
            let mut member = Member::start(&mut command)?;
            if wait_until_it_listens(&mut member, port)? {
                let startup = match bench.is_counted {
                    true => None,
                    false => Some(Taken::by(member.pid())?),
                };
                return Ok(Server {
                    name,
                    member,
                    port,
                    processors,
                    load_processors,
                    startup,
                });
            }
            let text = fs::read_to_string(&log).unwrap_or_default();
            last = text.trim().lines().last().unwrap_or_default().to_string();
            if !text.contains("in use") {
                break;
            }
        }
        Err(format!("{name} did not start: {last}"))
    }

    /// One part of the load, which `generate` makes; it runs other programs or asks from this thread.
    pub fn phase(
        &self,
        name: &str,
        generate: impl FnOnce() -> Result<Said, String>,
    ) -> Result<Phase, String> {
        let before = Taken::by(self.member.pid())?;
        let generator_before = children_cpu_ns()?;
        let start = Instant::now();
        let said = generate()?;
        let wall_ns = start.elapsed().as_nanos() as u64;
        let generator_cpu_ns = children_cpu_ns()? - generator_before;
        let (cpu_ns, allocs) = Taken::by(self.member.pid())?.since(&before)?;
        Ok(Phase {
            name: name.to_string(),
            units: said.units,
            cpu_ns,
            wall_ns,
            latency: said.latency,
            allocs,
            generator_cpu_ns: (generator_cpu_ns > 0).then_some(generator_cpu_ns),
        })
    }

    /// Processor time until it served.
    pub fn startup_cpu_ns(&self) -> Option<u64> {
        self.startup.as_ref().map(|taken| taken.cpu_ns)
    }

    /// Allocations until then.
    pub fn startup_allocs(&self) -> Option<u64> {
        self.startup.as_ref()?.allocs
    }

    /// A load generator on the load's processors, not started yet.
    pub fn generator(&self, program: &str) -> Result<Command, String> {
        start::command(Role::Helper, &self.load_processors, program)
    }

    /// So far.
    pub fn peak_rss_bytes(&self) -> Result<u64, String> {
        watch::peak_rss_bytes(self.member.pid())
    }

    /// Stops it; it must end well.
    pub fn stop(mut self, signal: Signal) -> Result<(), String> {
        let status = self.member.stop(signal)?;
        match status.success() {
            true => Ok(()),
            false => Err(format!(
                "{} ended with {status} when it was stopped",
                self.name
            )),
        }
    }

    /// A connection to it.
    pub fn connect(&self) -> Result<TcpStream, String> {
        connect(self.port).map_err(|error| format!("{}: {error}", self.name))
    }
}

/// A port that nobody listens at.
pub fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether it did, or ended.
fn wait_until_it_listens(member: &mut Member, port: u16) -> Result<bool, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listens = connect(port).is_ok();
        // After a look at the port: what answers there may be somebody else.
        if member.ended()?.is_some() {
            return Ok(false);
        }
        if listens {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(5));
    }
}
