//! Runs one behaviour, a mode of a program, without the library and under every scheme, and compares.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use sampler_core::{live, record};
use serde_json::Value;
use tempfile::TempDir;

use super::tally::{self, Tally, read_tallies};
use super::{COUNTING, assert_consistent, compile_source, is_out_of_memory, library};

/// A program that has not ended by then hangs.
const TIMEOUT_SECONDS: &str = "60";
/// In the stress test, which says itself how long it takes, a day.
const TIMEOUT_LONG_SECONDS: &str = "86400";

/// How a behaviour is run and judged.
#[derive(Clone, Copy)]
pub struct Behaviour {
    /// Source below `tests/c`.
    pub program: &'static str,
    /// Whether an allocator behind the library counts, since more allocates than the program's own lines; else the program counts.
    is_counted_behind: bool,
    /// A library to compile, whose path is in `HELPER`.
    helper: Option<&'static str>,
    /// Libraries to compile and to preload, with the library and without.
    preload: &'static [&'static str],
    /// Blocks that libc allocates and frees for the program's threads, and that it cannot count.
    libc_blocks: i128,
    /// Records of other programs than ours.
    others: usize,
    /// Whether standard error may differ: the program is ended for a fault of its own, by a line of the library or of glibc.
    is_fault: bool,
    /// Whether all threads are cut off in the middle of what they do: what is behind the library may have counted a call that the library had not yet.
    is_cut: bool,
    /// What is compared.
    keys: &'static [&'static str],
    /// What else must hold.
    checks: Option<fn(&Ran)>,
}

/// A program that counts its calls itself.
pub const fn own(program: &'static str) -> Behaviour {
    Behaviour {
        program,
        is_counted_behind: false,
        helper: None,
        preload: &[],
        libc_blocks: 0,
        others: 0,
        is_fault: false,
        is_cut: false,
        keys: tally::ALL,
        checks: None,
    }
}

/// A program in which others allocate too: an allocator behind the library counts.
pub const fn behind(program: &'static str) -> Behaviour {
    Behaviour {
        is_counted_behind: true,
        keys: tally::BEHIND,
        ..own(program)
    }
}

impl Behaviour {
    pub const fn helper(self, helper: &'static str) -> Behaviour {
        Behaviour {
            helper: Some(helper),
            ..self
        }
    }
    pub const fn preload(self, preload: &'static [&'static str]) -> Behaviour {
        Behaviour { preload, ..self }
    }
    pub const fn others(self, others: usize) -> Behaviour {
        Behaviour { others, ..self }
    }
    pub const fn libc_blocks(self, libc_blocks: i128) -> Behaviour {
        Behaviour {
            libc_blocks,
            ..self
        }
    }
    pub const fn fault(self) -> Behaviour {
        Behaviour {
            is_fault: true,
            keys: &[],
            ..self
        }
    }
    pub const fn cut(self) -> Behaviour {
        Behaviour {
            is_cut: true,
            ..self
        }
    }
    pub const fn only(self, keys: &'static [&'static str]) -> Behaviour {
        Behaviour { keys, ..self }
    }
    pub const fn checks(self, checks: fn(&Ran)) -> Behaviour {
        Behaviour {
            checks: Some(checks),
            ..self
        }
    }
}

/// What one run left.
pub struct Ran {
    pub output: Output,
    /// Records by `<pid>[.<k>]`, from the live files.
    pub records: BTreeMap<String, Value>,
    /// The program's own counts.
    pub said: BTreeMap<String, Tally>,
    /// The counts of the allocator behind the library.
    pub behind: BTreeMap<String, Tally>,
    pub directory: TempDir,
}

impl Ran {
    /// The record of the process that began first.
    pub fn first(&self) -> &Value {
        let roots: Vec<&Value> = self
            .records
            .iter()
            .filter(|(name, record)| {
                let is_forked = self.said.get(*name).is_none_or(|said| said.is_forked);
                !is_forked && record["image"] == 0 && record["command"][1] != "leaf"
            })
            .map(|(_, record)| record)
            .collect();
        assert_eq!(roots.len(), 1, "{roots:?}");
        roots[0]
    }
}

/// A scheme with its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Setting {
    scheme: &'static str,
    is_all_sampled: bool,
}

fn settings() -> impl Iterator<Item = Setting> {
    let usual = COUNTING.into_iter().chain(["NONE"]);
    let usual = usual.map(|scheme| Setting {
        scheme,
        is_all_sampled: false,
    });
    usual.chain(
        [
            "HEADER_HASH",
            "HEADER_POISSON_BYTES",
            "SAMPLE_HEADERS_POISSON",
            "SAMPLE_HEADERS_POISSON_MAP",
            "SAMPLE_HEADERS_HASH_MAP",
            "STATELESS_HASH_XOR",
        ]
        .map(|scheme| Setting {
            scheme,
            is_all_sampled: true,
        }),
    )
}

/// Runs the stress program under every scheme.
pub fn check_stress(arguments: &[&str], libc_blocks: i128) {
    let behaviour = Behaviour {
        libc_blocks,
        ..own("stress.c")
    };
    check_with(arguments, "stress", &behaviour, None);
}

/// Runs a behaviour, whose name is its mode, without and with the library, and asserts that all agrees.
pub fn check(name: &str, behaviour: &Behaviour) {
    check_above(name, behaviour, None);
}

/// As [`check`], with another allocator preloaded in all runs.
pub fn check_above(name: &str, behaviour: &Behaviour, allocator: Option<&Path>) {
    check_with(&[], name, behaviour, allocator);
}

fn check_with(arguments: &[&str], name: &str, behaviour: &Behaviour, allocator: Option<&Path>) {
    let plain = start(name, arguments, behaviour, None, allocator);
    let error = String::from_utf8_lossy(&plain.output.stderr);
    let code = plain.output.status.code();
    assert!(
        ![Some(97), Some(98), Some(99), Some(124)].contains(&code),
        "without the library: {:?} {error}",
        plain.output.status
    );
    // Above another allocator every second one is enough: the schemes are the same code there.
    let step = if allocator.is_some() { 2 } else { 1 };
    for setting in settings().step_by(step) {
        let sampled = if setting.is_all_sampled {
            " with all sampled"
        } else {
            ""
        };
        let what = format!("{name}, {}{sampled}", setting.scheme);
        let ran = start(name, arguments, behaviour, Some(setting), allocator);
        let error = String::from_utf8_lossy(&ran.output.stderr);
        // Where a header is not on every block, glibc meets the faulty pointer itself, and may fall over it before it sees through it.
        let [ours, theirs] = [&ran, &plain].map(|ran| ran.output.status.signal());
        let falls = behaviour.is_fault
            && setting.scheme.starts_with("SAMPLE_HEADERS")
            && (ours, theirs) == (Some(libc::SIGSEGV), Some(libc::SIGABRT));
        assert!(
            falls || ran.output.status == plain.output.status,
            "{what}: {:?} for {:?}; stderr {error}",
            ran.output.status,
            plain.output.status
        );
        assert_eq!(
            String::from_utf8_lossy(&ran.output.stdout),
            String::from_utf8_lossy(&plain.output.stdout),
            "{what}: standard output"
        );
        if !behaviour.is_fault {
            assert_eq!(
                error,
                String::from_utf8_lossy(&plain.output.stderr),
                "{what}: standard error"
            );
        }
        judge(behaviour, setting, &ran, allocator, &what);
        if let Some(checks) = behaviour.checks
            && setting.scheme != "NONE"
        {
            checks(&ran);
        }
    }
}

fn judge(behaviour: &Behaviour, setting: Setting, ran: &Ran, allocator: Option<&Path>, what: &str) {
    let strangers: Vec<&String> = ran
        .records
        .iter()
        // Killed before it could say anything itself.
        .filter(|(_, record)| !(behaviour.is_cut && record["total_allocs"] == 0))
        .map(|(name, _)| name)
        .filter(|name| !ran.said.contains_key(*name))
        .collect();
    let is_none = setting.scheme == "NONE";
    let expected = strangers.len() == behaviour.others || is_none && behaviour.is_cut;
    assert!(expected, "{what}: {strangers:?} said nothing");
    for (name, tally) in &ran.said {
        // A child without fork handlers shows itself to the library by its first counted call.
        let is_known = ran.records.contains_key(name) || is_none && tally.is_forked;
        assert!(is_known, "{what}: {name} left no record");
    }
    if is_none {
        for record in ran.records.values() {
            assert!(record["total_allocs"].is_null(), "{what}");
        }
        return;
    }
    for (name, record) in &ran.records {
        assert_consistent(record, behaviour.is_cut);
        if setting.is_all_sampled {
            for [sampled, total] in [
                ["sampled_allocs", "total_allocs"],
                ["sampled_bytes_alloc", "total_bytes_alloc"],
            ] {
                // A thread that was cut off may have counted a call and not yet its sample.
                let is_lossy = is_out_of_memory(record)
                    && record["losses"]["samples_without_entry"].as_u64() > Some(0);
                let is_equal = record[sampled] == record[total] || behaviour.is_cut || is_lossy;
                assert!(is_equal, "{what}: {sampled}\n{record}");
            }
        }
        let tallies = match behaviour.is_counted_behind {
            true => &ran.behind,
            false => &ran.said,
        };
        if let Some(tally) = tallies.get(name) {
            let empty = (!tally.is_forked && !behaviour.is_counted_behind)
                .then(|| empty(behaviour.program, setting, allocator));
            let is_loose = behaviour.is_cut && behaviour.is_counted_behind;
            let tally = tally.with_libc_blocks(if tally.is_forked {
                0
            } else {
                behaviour.libc_blocks
            });
            let keys: Vec<&str> = behaviour
                .keys
                .iter()
                .copied()
                // What a request grew by depends on whether it was sampled.
                .filter(|key| {
                    let grows = setting.scheme.starts_with("SAMPLE_HEADERS");
                    !(grows && behaviour.is_counted_behind && key.contains("bytes"))
                })
                .collect();
            tally.assert_agrees(record, empty.as_deref(), &keys, is_loose, what);
        }
    }
}

/// The record of the empty program of the same language.
fn empty(program: &str, setting: Setting, allocator: Option<&Path>) -> Arc<Value> {
    type Cache = Mutex<HashMap<(String, Setting, Option<PathBuf>), Arc<Value>>>;
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let empty = format!("empty.{}", program.rsplit('.').next().unwrap());
    let key = (empty.clone(), setting, allocator.map(Path::to_owned));
    let cache = CACHE.get_or_init(Cache::default);
    if let Some(record) = cache.lock().unwrap().get(&key) {
        return record.clone();
    }
    let program: &'static str = Box::leak(empty.into_boxed_str());
    let ran = start("empty", &[], &own(program), Some(setting), allocator);
    assert!(ran.output.status.success());
    let record = Arc::new(ran.first().clone());
    cache.lock().unwrap().insert(key, record.clone());
    record
}

fn start(
    mode: &str,
    arguments: &[&str],
    behaviour: &Behaviour,
    setting: Option<Setting>,
    allocator: Option<&Path>,
) -> Ran {
    let program = compile_once(behaviour.program, &[]);
    let directory = TempDir::new().unwrap();
    for part in ["said", "behind", "stats", "work"] {
        fs::create_dir(directory.path().join(part)).unwrap();
    }
    let mut preload: Vec<PathBuf> = Vec::new();
    if setting.is_some() {
        preload.push(library().into());
        if behaviour.is_counted_behind && allocator.is_none() {
            preload.push(shared("behind.c"));
        }
    }
    preload.extend(behaviour.preload.iter().map(|source| shared(source)));
    preload.extend(allocator.map(Path::to_owned));
    let preload: Vec<&str> = preload.iter().map(|path| path.to_str().unwrap()).collect();
    // The preload is for the program alone: `timeout` and `env` run without.
    let timeout = match arguments.is_empty() {
        true => TIMEOUT_SECONDS,
        false => TIMEOUT_LONG_SECONDS,
    };
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", timeout, "env"])
        .arg(format!("LD_PRELOAD={}", preload.join(":")))
        .arg(&program)
        .arg(mode)
        .args(arguments)
        .current_dir(directory.path().join("work"))
        .env("SAID", directory.path().join("said"));
    if let Some(helper) = behaviour.helper {
        command.env("HELPER", shared(helper));
    }
    if let Some(setting) = setting {
        let has_headers = setting.scheme.starts_with("HEADER")
            || ["SIZES", "SAMPLE_HEADERS_HASH_MAP"].contains(&setting.scheme);
        let header = has_headers.then_some("16");
        let (mean, mask) = match setting.is_all_sampled {
            true => ("0", "0"),
            false => ("4096", "0xFF"),
        };
        command
            .env("BEHIND", directory.path().join("behind"))
            .env("BEHIND_HEADER", header.unwrap_or("0"))
            .env("SAMPLER_SCHEME", setting.scheme)
            .env("SAMPLER_POISSON_MEAN_BYTES", mean)
            .env("SAMPLER_HASH_MASK", mask)
            .env("SAMPLER_STATS_FILE", directory.path().join("stats/record"));
    }
    let output = command.output().unwrap();
    Ran {
        output,
        records: read_live_files(&directory.path().join("stats")),
        said: read_tallies(&directory.path().join("said")),
        behind: read_tallies(&directory.path().join("behind")),
        directory,
    }
}

/// What the live files say, by `<pid>[.<k>]`; where a record was finished too, it says the same.
pub fn read_live_files(directory: &Path) -> BTreeMap<String, Value> {
    let mut records = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = name
            .strip_prefix("record.")
            .and_then(|rest| rest.strip_suffix(".live"))
        else {
            continue;
        };
        let (page, identity, totals) = match live::read(&fs::read(&path).unwrap()) {
            Ok(found) => found,
            // Killed while it began: it had counted nothing, and says so.
            Err(live::NotLive::Torn | live::NotLive::TooShort(0)) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let ended = match page.ending() {
            live::Ending::Exit => "exit",
            live::Ending::QuickExit => "quick_exit",
            live::Ending::Unsaid => "unknown",
        };
        let mut text = String::new();
        record::write(&mut text, &page, &identity, &totals, ended).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let finished = fs::read(directory.join(format!("record.{name}"))).unwrap();
        if finished.first().is_some_and(|&byte| byte != 0) {
            let finished: Value = serde_json::from_slice(&finished).unwrap();
            assert_eq!(finished["ended"], value["ended"]);
            // One that was only begun counts nothing.
            if ended == "unknown" {
                assert_eq!(finished["total_allocs"], Value::Null);
                records.insert(name.to_owned(), value);
                continue;
            }
            // Threads that outlive the exit handlers count on in the live file.
            if value["threads"] == 1 {
                assert_eq!(finished["total_allocs"], value["total_allocs"]);
            }
        } else {
            assert_eq!(ended, "unknown");
        }
        records.insert(name.to_owned(), value);
    }
    records
}

/// A shared library from a source below `tests/c`.
pub fn shared(source: &str) -> PathBuf {
    compile_once(source, &["-shared", "-fPIC"])
}

/// Compiles each source once.
pub fn compile_once(source: &str, flags: &[&str]) -> PathBuf {
    type Slot = Arc<OnceLock<PathBuf>>;
    static COMPILED: OnceLock<Mutex<HashMap<String, Slot>>> = OnceLock::new();
    let slot = COMPILED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap()
        .entry(source.to_owned())
        .or_default()
        .clone();
    slot.get_or_init(|| compile_source(source, flags)).clone()
}
