//! redis-server under redis-benchmark: SET, GET, LPUSH and HSET, 16 to a pipeline; then values that grow by APPEND.
//!
//! Redis brings an allocator of its own (Debian's is linked to libjemalloc, whose `malloc` a preload comes before): that it was reached is proved by
//! counts, each new list element and each value that grows being an allocation at least. Every appended value is compared with a model.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal;

use crate::Bench;
use crate::count::{self, Counts, Load};
use crate::load;
use crate::place::letters;
use crate::server::{Said, Server};
use crate::truth::{Latency, Truth};

const REQUESTS: u64 = 500_000;
const TESTS: [&str; 4] = ["set", "get", "lpush", "hset"];
const VALUE_BYTES: &str = "100";
const DISTINCT_KEYS: &str = "10000";
const PIPELINE: u64 = 16;
const GROWING: usize = 100;
const STEPS: u64 = 400;
/// All values are read back each time so many steps are done.
const READ_EVERY: u64 = 50;
const LARGEST_PIECE: u64 = 200;
const CHECKED: usize = 1000;

/// One run.
pub fn run(bench: &Bench) -> Result<Truth, String> {
    let server = start(bench)?;
    let mut client = Client::new(&server)?;
    // The benchmark fills its last pipeline up.
    let requests = bench.count(REQUESTS).next_multiple_of(PIPELINE);
    let benchmark = |test: &str, requests: u64| load(&server, test, requests);
    let mut phases = Vec::new();
    benchmark("set", (requests / 10).next_multiple_of(PIPELINE))?;
    for test in TESTS {
        phases.push(server.phase(test, || benchmark(test, requests))?);
    }
    let mut verified = check_sizes(&mut client, requests)?;
    let steps = bench.count(STEPS);
    let mut read_back = 0;
    phases.push(server.phase("append", || {
        read_back = append(&mut client, steps)?;
        Ok(Said {
            units: steps * GROWING as u64,
            latency: None,
        })
    })?);
    verified += read_back + check_values(&mut client)?;
    let written = phases
        .iter()
        .filter(|phase| phase.name == "lpush")
        .map(|phase| (phase.allocs, phase.units));
    for (allocs, units) in written {
        // A list packs small elements into larger blocks, but each command's words are blocks of their own.
        if allocs.is_some_and(|allocs| allocs < units) {
            return Err(format!(
                "the library saw {allocs:?} allocations during {units} commands: redis' allocator was not reached"
            ));
        }
    }
    let truth = Truth {
        unit: "request",
        units: None,
        measured: phases.len(),
        phases,
        latency_of: Some("get"),
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
    drop(client);
    server.stop(Signal::SIGTERM)?;
    Ok(truth)
}

/// Of each test; APPENDs are added in the proportion of a timed run.
const COUNTED: [u64; 2] = [1600, 6400];

/// Instructions of a command, in the mix of all.
pub fn count(bench: &Bench) -> Result<Counts, String> {
    count::requests(bench, "mix", COUNTED, |bench, requests| {
        let requests = requests.next_multiple_of(PIPELINE);
        let steps = (requests * STEPS).div_ceil(REQUESTS);
        let server = start(bench)?;
        for test in TESTS {
            load(&server, test, requests)?;
        }
        let mut client = Client::new(&server)?;
        let mut verified = check_sizes(&mut client, requests)?;
        verified += append(&mut client, steps)? + check_values(&mut client)?;
        drop(client);
        server.stop(Signal::SIGTERM)?;
        let units = requests * TESTS.len() as u64 + steps * GROWING as u64;
        Ok(Load { units, verified })
    })
}

fn start(bench: &Bench) -> Result<Server, String> {
    Server::start(bench, "redis-server", |command, port| {
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.args(["--dir", &bench.place.of("")]);
        Ok(())
    })
}

fn load(server: &Server, test: &str, requests: u64) -> Result<Said, String> {
    let mut benchmark = server.generator("redis-benchmark")?;
    benchmark.args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "--csv"]);
    benchmark.args(["-t", test, "-n", &requests.to_string()]);
    benchmark.args(["-P", &PIPELINE.to_string()]);
    benchmark.args(["-r", DISTINCT_KEYS, "-d", VALUE_BYTES]);
    let printed = load::output(&mut benchmark, "redis-benchmark")?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    // "test","rps","avg_latency_ms",...,"p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms", and a line of values.
    let mut lines = printed.lines().map(|line| {
        let cells = line.split("\",\"").map(|cell| cell.trim_matches('"'));
        cells.map(str::to_string).collect::<Vec<String>>()
    });
    let (names, values) = (lines.next(), lines.next());
    let number = |name: &str| {
        let column = names.iter().flatten().position(|cell| cell == name)?;
        values.as_ref()?.get(column)?.parse::<f64>().ok()
    };
    let latency = number("p50_latency_ms")
        .zip(number("p99_latency_ms"))
        .map(|(p50, p99)| Latency {
            p50_ns: (p50 * 1e6) as u64,
            p99_ns: (p99 * 1e6) as u64,
        });
    match number("rps") {
        Some(rate) if rate > 0.0 => Ok(Said {
            units: requests,
            latency,
        }),
        _ => Err(format!(
            "redis-benchmark printed '{}'; expected its table as CSV",
            printed.trim()
        )),
    }
}

/// What the benchmark must have left behind.
fn check_sizes(client: &mut Client, requests: u64) -> Result<u64, String> {
    let length = client.number(&[b"LLEN", b"mylist"])?;
    if length != requests {
        return Err(format!(
            "the list has {length} elements after {requests} LPUSH"
        ));
    }
    let fields = client.number(&[b"HLEN", b"myhash"])?;
    let most: u64 = DISTINCT_KEYS.parse().unwrap_or(u64::MAX);
    if fields == 0 || fields > requests.min(most) {
        return Err(format!("the hash has {fields} fields of {DISTINCT_KEYS}"));
    }
    Ok(2)
}

/// Values grow; each answer must be the length and each value read back the content that the model has. Gives the number of values read.
fn append(client: &mut Client, steps: u64) -> Result<u64, String> {
    let mut model = vec![Vec::new(); GROWING];
    let mut verified = 0;
    for step in 1..=steps {
        let pieces: Vec<Vec<u8>> = (0..GROWING as u64)
            .map(|key| {
                let length = 1 + (step * 31 + key * 17) % LARGEST_PIECE;
                letters(step << 32 | key, length as usize)
            })
            .collect();
        for (key, piece) in pieces.iter().enumerate() {
            client.ask(&[b"APPEND", name("growing", key).as_bytes(), piece]);
        }
        client.send()?;
        for (value, piece) in model.iter_mut().zip(&pieces) {
            value.extend_from_slice(piece);
            let length = client.read_number()?;
            if length != value.len() as u64 {
                return Err(format!(
                    "APPEND says {length} bytes where {} were written",
                    value.len()
                ));
            }
        }
        if step % READ_EVERY == 0 || step == steps {
            verified += compare(client, "growing", &model)?;
        }
    }
    Ok(verified)
}

/// Values of 1 byte to 10 KiB, set and read back.
fn check_values(client: &mut Client) -> Result<u64, String> {
    let model: Vec<Vec<u8>> = (0..CHECKED)
        .map(|key| letters(key as u64, 1 + key * 7919 % 10_240))
        .collect();
    for (keys, values) in model.chunks(100).enumerate() {
        for (key, value) in values.iter().enumerate() {
            let key = name("checked", keys * 100 + key);
            client.ask(&[b"SET", key.as_bytes(), value]);
        }
        client.send()?;
        for _ in values {
            let line = client.read_line()?;
            if line != "+OK" {
                return Err(format!("SET says '{line}'"));
            }
        }
    }
    compare(client, "checked", &model)
}

fn compare(client: &mut Client, prefix: &str, model: &[Vec<u8>]) -> Result<u64, String> {
    for key in 0..model.len() {
        client.ask(&[b"GET", name(prefix, key).as_bytes()]);
    }
    client.send()?;
    for (key, expected) in model.iter().enumerate() {
        let value = client.read_value()?;
        if value != *expected {
            return Err(format!(
                "GET {}: {} bytes that are not the {} written",
                name(prefix, key),
                value.len(),
                expected.len()
            ));
        }
    }
    Ok(model.len() as u64)
}

fn name(prefix: &str, key: usize) -> String {
    format!("{prefix}:{key}")
}

fn version(server: &Server) -> Result<String, String> {
    let mut benchmark = server.generator("redis-benchmark")?;
    let said = load::output_of_any_end(benchmark.arg("--version"), "redis-benchmark")?;
    let words: Vec<&str> = said.split_whitespace().take(2).collect();
    Ok(words.join(" "))
}

/// A connection that speaks redis' protocol, many commands at once.
struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
    asked: Vec<u8>,
}

impl Client {
    fn new(server: &Server) -> Result<Client, String> {
        let stream = server.connect()?;
        let other = stream.try_clone().map_err(failed)?;
        Ok(Client {
            stream,
            answers: BufReader::new(other),
            asked: Vec::new(),
        })
    }

    fn ask(&mut self, words: &[&[u8]]) {
        self.asked
            .extend(format!("*{}\r\n", words.len()).into_bytes());
        for word in words {
            self.asked
                .extend(format!("${}\r\n", word.len()).into_bytes());
            self.asked.extend_from_slice(word);
            self.asked.extend(b"\r\n");
        }
    }

    fn send(&mut self) -> Result<(), String> {
        let result = self.stream.write_all(&self.asked).map_err(failed);
        self.asked.clear();
        result
    }

    fn number(&mut self, words: &[&[u8]]) -> Result<u64, String> {
        self.ask(words);
        self.send()?;
        self.read_number()
    }

    fn read_line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(failed)?;
        Ok(line.trim_end().to_string())
    }

    fn read_number(&mut self) -> Result<u64, String> {
        self.read_after(':')
    }

    fn read_value(&mut self) -> Result<Vec<u8>, String> {
        let length = self.read_after('$')? as usize;
        let mut value = vec![0; length + 2];
        self.answers.read_exact(&mut value).map_err(failed)?;
        value.truncate(length);
        Ok(value)
    }

    fn read_after(&mut self, mark: char) -> Result<u64, String> {
        let line = self.read_line()?;
        line.strip_prefix(mark)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| format!("redis-server answers '{line}'; expected {mark} and a number"))
    }
}

fn failed(error: std::io::Error) -> String {
    format!("redis-server: {error}")
}
