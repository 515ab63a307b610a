//! The counted runs: found, checked against their paths and each other, and reduced to what is needed of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{PLAIN, Part, Run, SCHEMES};

/// Reads `WORKLOAD/SCHEME/run-NN.json` below a directory; in the order of workloads, schemes and numbers.
pub fn read_all(directory: &Path) -> Result<Vec<Run>, String> {
    let mut runs: Vec<Run> = Vec::new();
    for workload in entries(directory)?.iter().filter(|path| path.is_dir()) {
        for scheme in entries(workload)?.iter().filter(|path| path.is_dir()) {
            for file in entries(scheme)?.iter().filter(|path| is_run(path)) {
                let run = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
                runs.push(run);
            }
        }
    }
    if runs.is_empty() {
        return Err(format!(
            "{}: found no run file, expected WORKLOAD/SCHEME/run-NN.json below it",
            directory.display()
        ));
    }
    runs.sort_by(|a, b| (&a.workload, a.rank, a.number).cmp(&(&b.workload, b.rank, b.number)));
    runs.iter().try_for_each(|run| check(run, &runs))?;
    Ok(runs)
}

/// Runs that are compared were counted alike, on one machine; those of one path are repetitions.
fn check(run: &Run, runs: &[Run]) -> Result<(), String> {
    let mut of_workload = runs.iter().filter(|other| other.workload == run.workload);
    let Some(first) = of_workload.next() else {
        return Ok(());
    };
    let differs = |what: &str, found: &str, expected: &str, first: &Run| {
        Err(format!(
            "{}: {what}: found {found}, expected {expected} as in {}",
            run.file, first.file
        ))
    };
    let names = |run: &Run| {
        let names: Vec<&str> = run.parts.iter().map(|part| &part.name[..]).collect();
        format!("{} {}", run.unit, names.join(", "))
    };
    if run.machine != first.machine {
        return differs("machine", &run.machine, &first.machine, first);
    }
    if names(run) != names(first) {
        return differs("parts", &names(run), &names(first), first);
    }
    let mut of_path = runs
        .iter()
        .filter(|other| (&other.workload, other.rank) == (&run.workload, run.rank));
    match of_path.next() {
        Some(first) if first.parameters != run.parameters => {
            differs("parameters", &run.parameters, &first.parameters, first)
        }
        _ => Ok(()),
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error| {
        format!(
            "{}: {error}, expected a directory of runs",
            directory.display()
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    Ok(paths)
}

fn is_run(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"run-") && name.ends_with(b".json")
}

fn read(file: &Path) -> Result<Run, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("not JSON: {error}, expected a whole run file"))?;
    expect(&value, "format", &"sampler-run".into())?;
    expect(&value, "format_version", &1.into())?;
    let mut parts = file.iter().rev().skip(1).map(|part| part.to_string_lossy());
    for name in ["scheme", "workload"] {
        let expected = parts.next().unwrap_or_default();
        expect(&value, name, &expected.into())?;
    }
    let scheme = text(&value, "scheme")?;
    let rank = SCHEMES.iter().position(|known| *known == scheme);
    let rank = rank.ok_or_else(|| wrong(&value, "scheme", "a scheme"))?;
    let number = count(&value, "run")?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    if name.strip_prefix("run-").and_then(|text| text.parse().ok()) != Some(number) {
        return Err(wrong(&value, "run", "the number in the file's name"));
    }
    let truth = &value["ground_truth"];
    let parts = parts_of(truth)?;
    check_processes(&value, scheme, truth)?;
    let parameters = &value["parameters"];
    let machine = ["cpu", "cores", "memory_bytes", "kernel", "libc"];
    let machine = machine.map(|name| shown(&value["machine"][name]));
    let tool = text(truth, "counted_by")?;
    let named = ["hash_mask", "poisson_mean_bytes", "window_base", "truth"];
    let named = named.map(|name| format!("{name} {}", shown(&parameters[name])));
    // Each run has a salt of its own.
    let is_salted = !parameters["hash_salt"].is_null();
    Ok(Run {
        workload: text(&value, "workload")?.into(),
        rank,
        number,
        file: file.display().to_string(),
        parameters: format!("{}, salted {is_salted}", named.join(", ")),
        mean_bytes: count_or_null(parameters, "poisson_mean_bytes")?,
        machine: format!("{}; {tool}", machine.join("; ")),
        unit: text(truth, "unit")?.into(),
        verified: above_zero(truth, "verified")?,
        parts,
    })
}

/// Differences of the long run and the short one; of a job the whole.
fn parts_of(truth: &Value) -> Result<Vec<Part>, String> {
    let parts = truth["parts"].as_array().filter(|parts| !parts.is_empty());
    let parts = parts.ok_or_else(|| {
        wrong(
            truth,
            "parts",
            "what callgrind counted (drive --instructions)",
        )
    })?;
    let part = |value: &Value| {
        let more = |name, less_name| {
            let less = count_or_null(value, less_name)?.unwrap_or(0);
            let all = above_zero(value, name)?;
            all.checked_sub(less)
                .filter(|more| *more > 0)
                .ok_or_else(|| wrong(value, name, &format!("more than {less_name}, {less}")))
        };
        if value["less_units"].is_null() != value["less_instructions"].is_null() {
            return Err(wrong(value, "less_units", "null with less_instructions"));
        }
        Ok::<_, String>(Part {
            name: text(value, "name")?.into(),
            units: more("units", "less_units")?,
            instructions: more("instructions", "less_instructions")?,
        })
    };
    parts.iter().map(part).collect()
}

/// The library was in each process that callgrind counted, and saw its calls. What became another program by `exec` is not a program that was counted:
/// valgrind's launcher and its shell.
fn check_processes(value: &Value, scheme: &str, truth: &Value) -> Result<(), String> {
    let records = value["processes"].as_array();
    let records = records.ok_or_else(|| wrong(value, "processes", "an array"))?;
    let ended = records.iter().filter(|record| record["ended"] != "exec");
    let ended: Vec<&Value> = ended.collect();
    let parts = truth["parts"].as_array().into_iter().flatten();
    let counted: Result<Vec<u64>, String> =
        parts.map(|part| above_zero(part, "processes")).collect();
    let expected = match scheme {
        PLAIN => 0,
        _ => counted?.iter().sum(),
    };
    if ended.len() as u64 != expected {
        return Err(format!(
            "processes: found the library in {} of them, expected {expected} as callgrind counted: the library was not reached, or a process is lost",
            ended.len()
        ));
    }
    for record in ended {
        expect(record, "scheme", &scheme.into())?;
        let saw_nothing = record["total_allocs"] == 0 || record["bypassed"] == true;
        if saw_nothing {
            return Err(format!(
                "processes: the library saw no call of {}, expected some",
                shown(&record["command"])
            ));
        }
    }
    Ok(())
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    let found = value[name].as_str();
    found.ok_or_else(|| wrong(value, name, "text"))
}

fn count(value: &Value, name: &str) -> Result<u64, String> {
    let found = value[name].as_u64();
    found.ok_or_else(|| wrong(value, name, "a count"))
}

fn above_zero(value: &Value, name: &str) -> Result<u64, String> {
    match count(value, name)? {
        0 => Err(wrong(value, name, "a count above 0")),
        count => Ok(count),
    }
}

/// A field that must be there, if only as null.
fn count_or_null(value: &Value, name: &str) -> Result<Option<u64>, String> {
    match value.get(name) {
        Some(Value::Null) => Ok(None),
        _ => count(value, name).map(Some),
    }
}

fn expect(value: &Value, name: &str, expected: &Value) -> Result<(), String> {
    match value[name] == *expected {
        true => Ok(()),
        false => Err(wrong(value, name, &expected.to_string())),
    }
}

fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), String::from)
}

fn wrong(value: &Value, name: &str, expected: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    let found = match value.get(name) {
        None => "nothing".into(),
        Some(found) => found
            .to_string()
            .chars()
            .take(SHOWN_CHARS)
            .collect::<String>(),
    };
    format!("{name}: found {found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn start_and_end_drop_out_of_a_servers_requests() {
        // A start of 1000 in both runs; 5 a request.
        let truth = json!({ "parts": [
            { "name": "mix", "units": 300, "instructions": 2500, "less_units": 100, "less_instructions": 1500, "processes": 2 },
            { "name": "job", "units": 1, "instructions": 70, "less_units": null, "less_instructions": null, "processes": 1 },
        ] });
        let parts = parts_of(&truth).unwrap();
        assert_eq!((parts[0].units, parts[0].instructions), (200, 1000));
        assert_eq!(parts[0].per_unit(), 5.0);
        assert_eq!((parts[1].units, parts[1].instructions), (1, 70));
    }

    #[test]
    fn a_long_run_that_is_no_longer_is_no_difference() {
        let error = |units: u64, instructions: u64| {
            let truth = json!({ "parts": [
                { "name": "mix", "units": units, "instructions": instructions, "less_units": 100, "less_instructions": 1500, "processes": 2 },
            ] });
            parts_of(&truth).unwrap_err()
        };
        assert_eq!(
            error(100, 1600),
            "units: found 100, expected more than less_units, 100"
        );
        assert_eq!(
            error(200, 1400),
            "instructions: found 1400, expected more than less_instructions, 1500"
        );
        assert_eq!(
            parts_of(&json!({ "units": 7 })),
            Err(
                "parts: found nothing, expected what callgrind counted (drive --instructions)"
                    .into()
            )
        );
    }
}
