//! memcached with two threads and 32 MB, under memcaslap: values of 100 B to 10 KiB, more keys than fit.
//!
//! The phase `fill` sets until memory is full, `mixed` sets and gets, with evictions; memcaslap compares one value in twenty that it gets. Then 500 values
//! are set and read back here, and each must be what was set.

use std::io::{BufRead, BufReader, Read, Write};
use std::iter;
use std::net::TcpStream;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::Bench;
use crate::count::{self, Counts, Load};
use crate::load;
use crate::place::letters;
use crate::server::{Said, Server};
use crate::truth::{Latency, Truth};

/// memcaslap: lengths of keys and values with their shares, then shares of sets (0) and gets (1).
const SIZES: &str = "key\n16 24 1\nvalue\n100 1024 0.7\n1025 10240 0.3\ncmd\n";
const SETS: &str = "0 1\n";
const SETS_AND_GETS: &str = "0 0.3\n1 0.7\n";
const MEGABYTES: &str = "32";
const CONNECTIONS: &str = "16";
/// Keys of each connection: all together some 70 MB.
const KEYS: &str = "2k";
const FILL: u64 = 100_000;
const OPERATIONS: u64 = 400_000;
const CHECKED: usize = 500;

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let server = start(bench)?;
    let phases = [("fill", FILL), ("mixed", OPERATIONS)]
        .map(|(name, usual)| server.phase(name, || load(bench, &server, name, bench.count(usual))))
        .into_iter()
        .collect::<Result<Vec<_>, String>>()?;
    let verified = verify(bench, &server)?;
    let truth = Truth {
        unit: "request",
        units: None,
        measured: phases.len(),
        phases,
        latency_of: Some("mixed"),
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
    server.stop(Signal::SIGTERM)?;
    Ok(truth)
}

/// Threads that look for work by the clock, up to a thousand times a second, whatever is asked: under callgrind, which is slow, most of the instructions
/// were theirs, and another number every time. The workers evict by themselves then.
const WITHOUT_CLOCK: &str = "no_lru_maintainer,no_lru_crawler";
/// Filled in both runs, then given so many operations. memcaslap sends other content every time, whose sizes decide what is evicted.
const COUNTED_FILL: u64 = 18_000;
const COUNTED: [u64; 2] = [1_000, 21_000];
const COUNTED_CONNECTIONS: usize = 16;
/// All connections' together, as under memcaslap.
const COUNTED_KEYS: u64 = 32_000;

/// memcached asks the kernel for as many files as it takes connections; valgrind, which keeps some for itself, grants only what was the limit when it
/// began.
const FILES: u64 = 1024;

/// Instructions of an operation of the phase `mixed`, on full memory.
pub fn count(bench: &Bench) -> Result<Counts, String> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(limit_failed)?;
    setrlimit(Resource::RLIMIT_NOFILE, FILES, most).map_err(limit_failed)?;
    count::requests(bench, "mixed", COUNTED, |bench, operations| {
        let server = start(bench)?;
        let mut clients = (0..COUNTED_CONNECTIONS)
            .map(|_| Client::new(&server))
            .collect::<Result<Vec<_>, String>>()?;
        let fill = (0..bench.count(COUNTED_FILL)).map(|key| (key, true));
        exchange(&mut clients, fill)?;
        let hits = exchange(&mut clients, mixed().take(operations as usize))?;
        let verified = hits + verify(bench, &server)?;
        drop(clients);
        let units = operations;
        server.stop(Signal::SIGTERM)?;
        Ok(Load { units, verified })
    })
}

/// As memcaslap's mix, but the same every time: keys, and whether they are set.
fn mixed() -> impl Iterator<Item = (u64, bool)> {
    let mut random = SplitMix64::seed_from_u64(1);
    iter::repeat_with(move || {
        let key = random.next_u64() % COUNTED_KEYS;
        (key, random.next_u64() % 10 < 3)
    })
}

/// A key's value, of memcaslap's sizes.
fn value_of(key: u64) -> Vec<u8> {
    let drawn = SplitMix64::seed_from_u64(key).next_u64();
    let length = match drawn % 10 < 7 {
        true => 100 + drawn / 10 % 925,
        false => 1025 + drawn / 10 % 9216,
    };
    letters(key, length as usize)
}

/// Operations over the connections in turn. Every value that is found must be the one that was set; gives how many were.
fn exchange(
    clients: &mut [Client],
    operations: impl Iterator<Item = (u64, bool)>,
) -> Result<u64, String> {
    let count = clients.len();
    let mut hits = 0;
    for (number, (key, is_set)) in operations.enumerate() {
        let client = &mut clients[number % count];
        let value = value_of(key);
        let name = format!("counted:{key:012}");
        if is_set {
            let text = String::from_utf8_lossy(&value);
            client.send(&format!("set {name} 0 0 {}\r\n{text}\r\n", value.len()))?;
            client.expect("STORED")?;
        } else {
            client.send(&format!("get {name}\r\n"))?;
            hits += u64::from(client.read_value(&name, &value)?);
        }
    }
    Ok(hits)
}

fn start(bench: &Bench) -> Result<Server, String> {
    bench.place.write("fill", format!("{SIZES}{SETS}"))?;
    bench
        .place
        .write("mixed", format!("{SIZES}{SETS_AND_GETS}"))?;
    Server::start(bench, "memcached", |command, port| {
        command.args(["-l", "127.0.0.1", "-p", &port.to_string(), "-U", "0"]);
        command.args(["-t", "2", "-m", MEGABYTES]);
        if bench.is_counted {
            command.args(["-o", WITHOUT_CLOCK]);
        }
        if geteuid().is_root() {
            let user = User::from_uid(geteuid()).ok().flatten();
            command.args(["-u", &user.map_or("root".into(), |user| user.name)]);
        }
        Ok(())
    })
}

/// That memory was full, and that values come back as they were set.
fn verify(bench: &Bench, server: &Server) -> Result<u64, String> {
    let mut client = Client::new(server)?;
    let evictions = client.statistic("evictions")?;
    // A quick look need not fill it.
    if evictions == 0 && bench.effort >= 100 {
        return Err("nothing was evicted: the load fits".into());
    }
    client.check_values()
}

fn load(bench: &Bench, server: &Server, name: &str, operations: u64) -> Result<Said, String> {
    let mut generator = server.generator("memcaslap")?;
    generator.args(["-s", &format!("127.0.0.1:{}", server.port)]);
    generator.args(["-F", &bench.place.of(name), "-T", "1", "-c", CONNECTIONS]);
    // Statistics are asked for more seldom than it runs: then it prints those of the whole.
    generator.args(["-w", KEYS, "-v", "0.05", "-S", "1000s"]);
    generator.args(["-x", &operations.to_string()]);
    let printed = load::output(&mut generator, "memcaslap")?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let number = |key: &str| {
        printed
            .lines()
            .filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':'))
            .find_map(|value| value.trim().parse::<u64>().ok())
            .ok_or_else(|| format!("memcaslap printed no {key}"))
    };
    if number("verify_failed")? > 0 {
        return Err("memcaslap got values that were not those it had set".into());
    }
    Ok(Said {
        units: number("cmd_get")? + number("cmd_set")?,
        latency: latency(&printed),
    })
}

/// Upper edges of the bins of `Total Statistics`: bin k holds times of k bits, in microseconds, four bins to a line that begins with its first.
fn latency(printed: &str) -> Option<Latency> {
    let (_, total) = printed.rsplit_once("Total Statistics (")?;
    let (_, lines) = total.split_once("Log2 Dist:\n")?;
    let mut bins: Vec<(u32, u64)> = Vec::new();
    for line in lines.lines().take_while(|line| !line.trim().is_empty()) {
        let (first, counts) = line.split_once(':')?;
        let first: u32 = first.trim().parse().ok()?;
        for (bin, count) in (first..).zip(counts.split_whitespace()) {
            bins.push((bin, count.parse().ok()?));
        }
    }
    let all: u64 = bins.iter().map(|(_, count)| count).sum();
    let upper_ns = |percent: u64| {
        let mut below = 0;
        let bin = bins.iter().find(|(_, count)| {
            below += count;
            below * 100 >= all * percent
        })?;
        Some((1u64 << bin.0) * 1000)
    };
    Some(Latency {
        p50_ns: upper_ns(50)?,
        p99_ns: upper_ns(99)?,
    })
}

fn version(server: &Server) -> Result<String, String> {
    let mut generator = server.generator("memcaslap")?;
    let said = load::output_of_any_end(generator.arg("-V"), "memcaslap")?;
    // It says memaslap, its name before Debian gave it another.
    let last = said.split_whitespace().last().unwrap_or_default();
    Ok(format!("memcaslap {}", last.trim_start_matches('v')))
}

/// A connection that speaks memcached's text protocol.
struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Client {
    fn new(server: &Server) -> Result<Client, String> {
        let stream = server.connect()?;
        let other = stream.try_clone().map_err(failed)?;
        Ok(Client {
            stream,
            answers: BufReader::new(other),
        })
    }

    fn send(&mut self, words: &str) -> Result<(), String> {
        self.stream.write_all(words.as_bytes()).map_err(failed)
    }

    fn read_line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(failed)?;
        Ok(line.trim_end().to_string())
    }

    fn expect(&mut self, expected: &str) -> Result<(), String> {
        let line = self.read_line()?;
        match line == expected {
            true => Ok(()),
            false => Err(format!("memcached answers '{line}'; expected '{expected}'")),
        }
    }

    fn statistic(&mut self, name: &str) -> Result<u64, String> {
        self.send("stats\r\n")?;
        let mut found = None;
        loop {
            let line = self.read_line()?;
            if line.is_empty() || line == "END" {
                return found.ok_or_else(|| format!("memcached has no statistic {name}"));
            }
            let value = line
                .strip_prefix("STAT ")
                .and_then(|rest| rest.strip_prefix(name));
            found = found.or_else(|| value?.trim().parse().ok());
        }
    }

    /// Each is read right after it was set: it is the last that would be evicted.
    fn check_values(&mut self) -> Result<u64, String> {
        for key in 0..CHECKED {
            let value = letters(key as u64, 100 + key * 7919 % 10_141);
            let text = String::from_utf8_lossy(&value);
            let length = value.len();
            self.send(&format!(
                "set checked{key} 0 0 {length}\r\n{text}\r\nget checked{key}\r\n"
            ))?;
            self.expect("STORED")?;
            if !self.read_value(&format!("checked{key}"), &value)? {
                return Err(format!("the value of checked{key} is gone"));
            }
        }
        Ok(CHECKED as u64)
    }

    /// The answer to a get; whether the value, which must be this one, is there.
    fn read_value(&mut self, key: &str, value: &[u8]) -> Result<bool, String> {
        let line = self.read_line()?;
        if line == "END" {
            return Ok(false);
        }
        let length = value.len();
        let expected = format!("VALUE {key} 0 {length}");
        if line != expected {
            return Err(format!("memcached answers '{line}'; expected '{expected}'"));
        }
        let mut found = vec![0; length + 2];
        self.answers.read_exact(&mut found).map_err(failed)?;
        if found[..length] != *value {
            return Err(format!("the value of {key} is not what was set"));
        }
        self.expect("END")?;
        Ok(true)
    }
}

fn limit_failed(error: nix::errno::Errno) -> String {
    format!("cannot limit open files to {FILES}: {error}")
}

fn failed(error: std::io::Error) -> String {
    format!("memcached: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_upper_edges_of_the_last_table() {
        let printed = "Get Statistics (9 events)\n   Log2 Dist:\n       4:        9        0        0        0\n\nTotal Statistics (200 events)\n   Min:         9\n   Log2 Dist:\n       4:       40       61       90        5\n       8:        2        1        0        1\n\ncmd_get: 1\n";
        let found = latency(printed).unwrap();
        // 40 and 61 are the half: 5 bits, below 32 us; with 90, 5 and 2 it is 198 of 200.
        assert_eq!((found.p50_ns, found.p99_ns), (32_000, 256_000));
        assert!(latency("cmd_get: 1\n").is_none());
    }
}
