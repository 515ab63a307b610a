//! Whether a program survived: same output, same status, reached by the library, nothing lost.

use std::path::Path;

use serde_json::Value;

use crate::program::Program;
use crate::run::Ran;
use crate::setting::Setting;

/// One cell of the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It survived, with so many allocations if the scheme counts.
    Ok(Option<u64>),
    /// It survived, and its records say that it brings a malloc of its own.
    Bypassed,
    /// Why it did not.
    Failed(String),
}

/// What `sampler-run` says of a command that brings a malloc of its own.
const BYPASSED: &str = "brings a malloc of its own";

/// Compares a run with the one without the library, and reads its records.
pub fn judge(program: &Program, setting: &Setting, expected: &Ran, ran: &Ran) -> Outcome {
    find_failure(program, setting, expected, ran).unwrap_or_else(Outcome::Failed)
}

fn find_failure(
    program: &Program,
    setting: &Setting,
    expected: &Ran,
    ran: &Ran,
) -> Result<Outcome, String> {
    let run = ran.run_file.as_ref().ok_or_else(|| ran.how_it_ended())?;
    let failure = run["failure"].as_str();
    let says_bypassed = failure.is_some_and(|line| line.contains(BYPASSED));
    if run["exit_status"] != expected.status || ran.timed_out {
        return Err(ran.how_it_ended());
    }
    if ran.output != expected.output {
        return Err(first_difference(&expected.output, &ran.output));
    }
    if let Some(line) = failure
        && (program.bypassed.is_empty() || !says_bypassed)
    {
        return Err(line.into());
    }
    let errors = String::from_utf8_lossy(&ran.errors);
    if let Some(line) = errors
        .lines()
        .find(|line| line.contains("libsampler_preload"))
    {
        return Err(format!("standard error has: {line}"));
    }
    // That some of its programs are bypassed is no loss: each is declared, and its records are looked at. Nor are processes that outlive
    // the others, where nothing is counted anyway.
    let mut fine = vec!["bypassed_programs"];
    if program.counts.is_empty() {
        fine.push("descendants_alive");
    }
    check_losses(&run["losses"], "the run", &fine)?;
    let records = run["processes"]
        .as_array()
        .ok_or("the run file has no processes")?;
    for record in records {
        check_record(program, setting, record)?;
    }
    for name in &program.counts {
        let reached = |record: &&Value| {
            !setting.counts() || record["total_allocs"].as_u64().is_some_and(|n| n > 0)
        };
        if !of(records, name).any(|record| reached(&record)) {
            return Err(format!("no record of {name} with allocations"));
        }
    }
    if let Some(name) = program.bypassed.first()
        && !of(records, name).any(|record| record["bypassed"] == true)
    {
        return Err(format!(
            "no record of {name} says that it brings a malloc of its own"
        ));
    }
    if program.counts.is_empty() {
        return Ok(Outcome::Bypassed);
    }
    let allocs = records
        .iter()
        .filter_map(|record| record["total_allocs"].as_u64());
    Ok(Outcome::Ok(setting.counts().then(|| allocs.sum())))
}

fn check_record(program: &Program, setting: &Setting, record: &Value) -> Result<(), String> {
    let name = name(record);
    check_losses(&record["losses"], name, &[])?;
    if record["bypassed"] == true && !program.bypassed.iter().any(|known| known == name) {
        return Err(format!(
            "the record of {name} says it brings a malloc of its own; a program that does is declared as bypassed"
        ));
    }
    if !setting.counts() {
        return Ok(());
    }
    let count = |key: &str| {
        let value = record[key].as_u64();
        value.ok_or_else(|| format!("the record of {name} has no {key}"))
    };
    let (total, sampled) = (count("total_allocs")?, count("sampled_allocs")?);
    if setting.everything && sampled != total {
        return Err(format!(
            "{name}: {sampled} of {total} allocations were sampled, not all"
        ));
    }
    let bins = record["size_bins"].as_array().into_iter().flatten();
    let in_bins: u64 = bins.filter_map(|bin| bin["total_allocs"].as_u64()).sum();
    if in_bins != total {
        return Err(format!(
            "{name}: {in_bins} of {total} allocations are in bins"
        ));
    }
    Ok(())
}

fn check_losses(losses: &Value, whose: &str, fine: &[&str]) -> Result<(), String> {
    let losses = losses
        .as_object()
        .ok_or_else(|| format!("{whose} has no losses field"))?;
    let mut found = losses.iter().filter(|(_, count)| **count != 0);
    match found.find(|(name, _)| !fine.contains(&name.as_str())) {
        Some((name, count)) => Err(format!("{whose} lost something: {name} is {count}")),
        None => Ok(()),
    }
}

fn of<'a>(records: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |record| name(record) == wanted)
}

/// The last part of the path of the command.
fn name(record: &Value) -> &str {
    let path = record["command"][0].as_str().unwrap_or_default();
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.unwrap_or(path)
}

fn first_difference(expected: &[u8], found: &[u8]) -> String {
    let (expected, found) = (
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(found),
    );
    let (mut old, mut new) = (expected.lines(), found.lines());
    let mut line = 1;
    loop {
        match (old.next(), new.next()) {
            (None, None) => return "output differs in its line ends or in bytes".into(),
            (a, b) if a != b => {
                let [a, b] = [a, b].map(|text| {
                    let short = |text: &str| text.chars().take(60).collect::<String>();
                    text.map_or("nothing".into(), |text| format!("'{}'", short(text)))
                });
                return format!("line {line} of the output is {b}, without the library {a}");
            }
            _ => line += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ran(output: &str, run_file: Value) -> Ran {
        Ran {
            output: output.into(),
            errors: Vec::new(),
            status: 0,
            timed_out: false,
            run_file: Some(run_file),
        }
    }

    fn run_file(record: Value) -> Value {
        json!({"exit_status": 0, "losses": {"unfinished_records": 0, "descendants_alive": 0}, "processes": [record]})
    }

    fn record() -> Value {
        json!({
            "command": ["/usr/bin/node", "x.js"], "bypassed": false, "losses": {"calls_without_slot": 0},
            "total_allocs": 7, "sampled_allocs": 7, "size_bins": [{"total_allocs": 3}, {"total_allocs": 4}],
        })
    }

    fn verdict(program: &Program, run_file: Value) -> Outcome {
        let setting = &crate::setting::Setting::all(&[]).unwrap()[1];
        judge(
            program,
            setting,
            &ran("a\n", Value::Null),
            &ran("a\n", run_file),
        )
    }

    fn node() -> Program {
        Program {
            counts: vec!["node".into()],
            ..Program::default()
        }
    }

    #[test]
    fn a_run_that_is_as_it_should_be_survived() {
        assert_eq!(verdict(&node(), run_file(record())), Outcome::Ok(Some(7)));
    }

    #[test]
    fn every_fault_in_a_record_is_a_failure() {
        for (key, value, part) in [
            ("command", json!(["bash"]), "no record of node"),
            ("bypassed", json!(true), "malloc of its own"),
            (
                "losses",
                json!({"calls_without_slot": 1}),
                "calls_without_slot is 1",
            ),
            ("losses", json!(null), "no losses"),
            ("total_allocs", json!(null), "no total_allocs"),
            (
                "sampled_allocs",
                json!(6),
                "6 of 7 allocations were sampled",
            ),
            (
                "size_bins",
                json!([{"total_allocs": 3}]),
                "3 of 7 allocations are in bins",
            ),
        ] {
            let mut record = record();
            record[key] = value;
            match verdict(&node(), run_file(record)) {
                Outcome::Failed(reason) => assert!(reason.contains(part), "{key}: {reason}"),
                other => panic!("{key}: {other:?}"),
            }
        }
        let mut lost = run_file(record());
        lost["losses"]["unfinished_records"] = 1.into();
        assert!(matches!(verdict(&node(), lost), Outcome::Failed(_)));
    }

    #[test]
    fn a_program_with_a_malloc_of_its_own_must_say_so() {
        let program = Program {
            bypassed: vec!["node".into()],
            ..Program::default()
        };
        assert!(matches!(
            verdict(&program, run_file(record())),
            Outcome::Failed(_)
        ));
        let mut bypassed = record();
        bypassed["bypassed"] = true.into();
        assert_eq!(verdict(&program, run_file(bypassed)), Outcome::Bypassed);
    }

    #[test]
    fn the_first_line_that_differs_is_shown() {
        assert_eq!(
            first_difference(b"a\nb\n", b"a\nc\n"),
            "line 2 of the output is 'c', without the library 'b'"
        );
        assert_eq!(
            first_difference(b"a\n", b""),
            "line 1 of the output is nothing, without the library 'a'"
        );
    }
}
