//! One round of the real programs: the processor time of each under the subjects that a reader would choose between.
//!
//! Each program's output must be the same under every subject: a benchmark that does not check its answer times mistakes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Bench;
use crate::command;
use crate::server;
use crate::subject::{Rate, Subject};

/// What is measured on real programs: too long a list would only make the rounds longer.
const SUBJECTS: [(&str, Option<bool>); 11] = [
    ("PLAIN", None),
    ("NONE", None),
    ("COUNT", Some(true)),
    ("HEADER_POISSON_BYTES", Some(true)),
    ("HEADER_POISSON_BYTES", Some(false)),
    ("HEADER_HASH", Some(true)),
    ("SAMPLE_HEADERS_POISSON", Some(true)),
    ("STATELESS_HASH_XOR", Some(true)),
    ("jemalloc", None),
    ("jemalloc sampling", None),
    ("heaptrack", None),
];

const PYTHON: &str = r#"
import hashlib, json
digest = hashlib.sha256()
for turn in range(6):
    objects = [{"i": i, "text": "x" * (i % 50), "list": [i, i / 2, None]} for i in range(15000)]
    text = json.dumps(objects)
    assert json.loads(text) == objects
    words = {}
    for i in range(40000):
        words[f"word{i * 7919 % 10007}"] = str(i)
    digest.update(text.encode() + "".join(sorted(words.values())).encode())
print(digest.hexdigest())
"#;

const SQL: &str = "
create table t(id integer primary key, a int, b text);
create index by_a on t(a);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 150000)
  insert into t select i, i * 7919 % 1009, hex(i * i) || substr('xxxxxxxxxxxxxxxxxxxxxxxx', 1, i % 24) from n;
commit;
select count(*), sum(length(b)), max(a) from t;
";

/// The programs' names, the executables they need, and how they are run.
const PROGRAMS: [(&str, &[&str], Run); 4] = [
    ("python3", &["python3"], python),
    ("sqlite3", &["sqlite3"], sqlite),
    ("gcc", &["gcc"], gcc),
    (
        "redis",
        &["redis-server", "redis-benchmark", "taskset"],
        server::redis,
    ),
];

type Run = fn(&Bench, &Subject, &Path) -> Result<Answer, String>;

/// What a program took and said.
pub struct Answer {
    /// The same under every subject, or it is wrong.
    pub output: Vec<u8>,
    /// Processor time.
    pub cpu_ns: u64,
    /// Requests served in a second of elapsed time, of servers.
    pub requests_per_s: Option<f64>,
    /// Of the library.
    pub record: Value,
}

/// All measurements of a round, and a line for each program that is not installed.
pub fn measure(bench: &Bench) -> Result<(Vec<Value>, Vec<String>), String> {
    let mut measurements = Vec::new();
    let mut skipped = Vec::new();
    for (name, needed, run) in PROGRAMS {
        if let Some(missing) = needed.iter().find(|program| !is_installed(program)) {
            skipped.push(format!("{name}: {missing} is not installed"));
            continue;
        }
        let directory = TempDir::new().map_err(|error| format!("temporary directory: {error}"))?;
        let mut answers = BTreeMap::new();
        for subject in bench
            .in_order()
            .into_iter()
            .filter(|subject| is_among(subject))
        {
            let answer = run(bench, subject, directory.path())?;
            let mut measurement = subject.describe();
            measurement["program"] = json!(name);
            measurement["cpu_ns"] = json!(answer.cpu_ns);
            measurement["requests_per_s"] = json!(answer.requests_per_s);
            measurement["record"] = answer.record;
            measurements.push(measurement);
            answers.insert(answer.output, subject.name.clone());
        }
        let mut different = answers.into_values();
        if let (Some(one), Some(other)) = (different.next(), different.next()) {
            return Err(format!(
                "{name} said one thing under {one} and another under {other}"
            ));
        }
    }
    Ok((measurements, skipped))
}

fn is_among(subject: &Subject) -> bool {
    SUBJECTS.contains(&(subject.name.as_str(), subject.truth))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn python(bench: &Bench, subject: &Subject, _: &Path) -> Result<Answer, String> {
    let (mut command, records) = command::prepare(bench, subject, Rate::Usual, python_itself()?)?;
    command
        .args(["-c", PYTHON])
        .env("PYTHONMALLOC", "malloc")
        .env("PYTHONHASHSEED", "0");
    finish(command, &records, subject)
}

/// The interpreter: what is called python3 may be a script that looks for it.
fn python_itself() -> Result<String, String> {
    let mut command = Command::new("python3");
    command::clean(&mut command);
    let output = command
        .args(["-I", "-c", "import sys; print(sys.executable)"])
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn sqlite(bench: &Bench, subject: &Subject, _: &Path) -> Result<Answer, String> {
    let (mut command, records) = command::prepare(bench, subject, Rate::Usual, "sqlite3")?;
    command.args(["-batch", ":memory:", SQL]);
    finish(command, &records, subject)
}

/// Functions with loops, switches and structures, many of them: a translation unit of a second of compiling.
fn gcc(bench: &Bench, subject: &Subject, directory: &Path) -> Result<Answer, String> {
    let source = directory.join("unit.c");
    if !source.exists() {
        let function = |i: u64| {
            format!(
                "struct s{i} {{ long a[{}]; int b; }};\nlong f{i}(struct s{i} *p, long n) {{\n  long sum = {i};\n  for (long k = 0; k < n; k++) switch ((p->a[k % {}] + k) % 5) {{\n    case 0: sum += p->b * {i}; break;\n    case 1: sum ^= sum << {}; break;\n    case 2: p->a[0] = sum % 1009; break;\n    default: sum -= k; }}\n  return sum; }}\n",
                i % 7 + 1,
                i % 7 + 1,
                i % 13 + 1
            )
        };
        let text: String = (0..100).map(function).collect();
        std::fs::write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    let (mut command, records) = command::prepare(bench, subject, Rate::Usual, "gcc")?;
    command.args(["-O2", "-S", "-o", "-"]).arg(source);
    finish(command, &records, subject)
}

fn finish(
    command: Command,
    records: &command::Records,
    subject: &Subject,
) -> Result<Answer, String> {
    let measured = command::run(command, records, subject)?;
    Ok(Answer {
        output: measured.stdout,
        cpu_ns: measured.cpu_ns,
        requests_per_s: None,
        record: measured.record,
    })
}
