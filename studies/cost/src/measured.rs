//! The values of all rounds, by place and subject.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::File;

/// Less than this share of the elapsed time on a processor, and threads did not run beside each other.
const SHARE_MIN: f64 = 0.9;

/// Who was measured: name and `SAMPLER_TRUTH`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// A scheme, `PLAIN`, or a peer.
    pub name: String,
    /// None for those that count nothing.
    pub truth: Option<bool>,
}

/// Which loop, with how many threads, and how often sampled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A loop or a program.
    pub name: String,
    /// Threads; 0 where it is a program, which has as many as it likes.
    pub threads: u64,
    /// `usual`, `nothing` or `often`.
    pub rate: String,
}

/// One timed run.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// Processor nanoseconds of one operation, over all its threads.
    pub ns: f64,
    /// Operations a second of all threads, of elapsed time.
    pub throughput: f64,
    /// The smallest share of the elapsed time that a thread was on a processor.
    pub share: f64,
    /// Whether threads that were to run beside each other did not.
    pub is_void: bool,
    /// The time of the halves of a batch.
    pub halves_ns: Option<[f64; 2]>,
    /// Samples a counted allocation.
    pub sampled_share: Option<f64>,
    /// Estimated over counted allocations.
    pub estimated_share: Option<f64>,
}

/// Exact counts of one operation.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub instructions: f64,
    pub misses_d1: f64,
    pub misses_last: f64,
    /// Samples an operation.
    pub sampled_share: Option<f64>,
}

/// Resident bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Before the first block.
    pub fixed: f64,
    /// What one more block takes.
    pub block: f64,
    /// What one more idle thread takes.
    pub thread: f64,
}

/// Everything that was read.
#[derive(Default)]
pub struct Measured {
    /// In the order of reports.
    pub subjects: Vec<Subject>,
    /// By place, then subject, then round.
    pub times: BTreeMap<Place, BTreeMap<Subject, BTreeMap<u64, Time>>>,
    pub counts: BTreeMap<Place, BTreeMap<Subject, Counts>>,
    /// By block size.
    pub memory: BTreeMap<u64, BTreeMap<Subject, Memory>>,
    /// Peers that are not installed, and what was left out.
    pub left_out: Vec<String>,
}

/// Sorts what the files hold.
pub fn collect(files: &[File]) -> Result<Measured, String> {
    let mut measured = Measured::default();
    for file in files {
        for (i, value) in file.content["measurements"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let reader = Reader {
                value,
                context: format!("{} measurement {}", file.path.display(), i + 1),
            };
            add(&mut measured, file, &reader)?;
        }
        let missing = file.content["missing"].as_array().into_iter().flatten();
        let missing = missing.filter_map(|name| Some(format!("{}: not installed", name.as_str()?)));
        let skipped = file.content["skipped"].as_array().into_iter().flatten();
        let skipped = skipped.filter_map(|line| line.as_str().map(String::from));
        for line in missing.chain(skipped) {
            if !measured.left_out.contains(&line) {
                measured.left_out.push(line);
            }
        }
    }
    measured.subjects.sort_by_key(order);
    Ok(measured)
}

/// `PLAIN`, `NONE`, `COUNT`, then schemes by tracking, then peers.
fn order(subject: &Subject) -> (usize, String, bool) {
    let groups = [
        "PLAIN",
        "NONE",
        "COUNT",
        "HEADER_",
        "SAMPLE_HEADERS_",
        "STATELESS_",
    ];
    let group = groups
        .iter()
        .position(|group| subject.name.starts_with(group));
    (
        group.unwrap_or(groups.len()),
        subject.name.clone(),
        subject.truth == Some(false),
    )
}

fn add(measured: &mut Measured, file: &File, reader: &Reader) -> Result<(), String> {
    let subject = Subject {
        name: reader.text("subject")?,
        truth: reader.value["truth"].as_bool(),
    };
    if !measured.subjects.contains(&subject) {
        measured.subjects.push(subject.clone());
    }
    match file.part.as_str() {
        "loops" => {
            let time = reader.time()?;
            let place = Place {
                name: reader.text("loop")?,
                threads: reader.value["threads"]
                    .as_array()
                    .map_or(0, |threads| threads.len() as u64),
                rate: reader.text("rate")?,
            };
            let of_place = measured.times.entry(place).or_default();
            of_place
                .entry(subject)
                .or_default()
                .insert(file.round, time);
        }
        "programs" => {
            let place = Place {
                name: reader.text("program")?,
                threads: 0,
                rate: "usual".into(),
            };
            let time = Time {
                ns: reader.number("cpu_ns")?,
                throughput: reader.value["requests_per_s"].as_f64().unwrap_or(f64::NAN),
                share: 1.0,
                is_void: false,
                halves_ns: None,
                sampled_share: None,
                estimated_share: None,
            };
            let of_place = measured.times.entry(place).or_default();
            of_place
                .entry(subject)
                .or_default()
                .insert(file.round, time);
        }
        "instructions" => {
            let place = Place {
                name: reader.text("loop")?,
                threads: 1,
                rate: reader.text("rate")?,
            };
            let counts = Counts {
                instructions: reader.number("instructions")?,
                misses_d1: reader.number("misses_d1")?,
                misses_last: reader.number("misses_last")?,
                sampled_share: reader.value["sampled_share"].as_f64(),
            };
            measured
                .counts
                .entry(place)
                .or_default()
                .insert(subject, counts);
        }
        _ => {
            let numbers = Reader {
                value: &reader.value["numbers"],
                context: reader.context.clone(),
            };
            let between = |key: &str| {
                let ends = [0, 1].map(|i| numbers.value[key][i].as_f64());
                match ends {
                    [Some(few), Some(many)] if few < many || key != "idle_threads" => {
                        Ok(many - few)
                    }
                    _ => Err(format!(
                        "{}: {key} is {}, expected two numbers",
                        numbers.context, numbers.value[key]
                    )),
                }
            };
            let memory = Memory {
                fixed: numbers.number("resident_before_bytes")?,
                block: (numbers.number("anonymous_after_bytes")?
                    - numbers.number("anonymous_before_bytes")?)
                    / numbers.number("operations")?,
                thread: between("dirty_with_threads_bytes")? / between("idle_threads")?,
            };
            let size = numbers.number("size_bytes")? as u64;
            measured
                .memory
                .entry(size)
                .or_default()
                .insert(subject, memory);
        }
    }
    Ok(())
}

/// One measurement, and where it stands.
struct Reader<'a> {
    value: &'a Value,
    context: String,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> Result<String, String> {
        let found = &self.value[key];
        let text = found.as_str().map(String::from);
        text.ok_or_else(|| format!("{}: {key} is {found}, expected a text", self.context))
    }

    fn number(&self, key: &str) -> Result<f64, String> {
        let found = &self.value[key];
        found
            .as_f64()
            .ok_or_else(|| format!("{}: {key} is {found}, expected a number", self.context))
    }

    fn time(&self) -> Result<Time, String> {
        let operations = self.number("operations")?;
        let threads = self.value["threads"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if threads.is_empty() {
            return Err(format!(
                "{}: threads is empty, expected at least one",
                self.context
            ));
        }
        let (mut cpu, mut elapsed, mut share) = (0.0, 0.0, f64::INFINITY);
        let mut halves_ns = None;
        for thread in &threads {
            let thread = Reader {
                value: thread,
                context: self.context.clone(),
            };
            let (cpu_ns, elapsed_ns) = (thread.number("cpu_ns")?, thread.number("elapsed_ns")?);
            cpu += cpu_ns;
            elapsed = f64::max(elapsed, elapsed_ns);
            share = f64::min(share, cpu_ns / elapsed_ns.max(1.0));
            if let [Some(first), Some(second)] =
                [0, 1].map(|i| thread.value["halves_ns"][i].as_f64())
            {
                halves_ns = Some([first / operations, second / operations]);
            }
        }
        let is_exchange = self.value["loop"] == "cross";
        // A block's way through both threads is one operation of the exchange.
        let of_all = operations * threads.len() as f64 / if is_exchange { 2.0 } else { 1.0 };
        // Half of the exchange waits for the other by design.
        let is_void = threads.len() > 1 && !is_exchange && share < SHARE_MIN;
        let record = &self.value["record"];
        let counted = record["total_allocs"].as_f64();
        let of_counted = |key: &str| Some(record[key].as_f64()? / counted?);
        Ok(Time {
            ns: cpu / of_all,
            throughput: of_all / elapsed * 1e9,
            share: share.min(1.0),
            is_void,
            halves_ns,
            sampled_share: of_counted("sampled_allocs"),
            estimated_share: of_counted("estimated_allocs"),
        })
    }
}
