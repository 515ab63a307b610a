//! The counted runs: what is needed of each, and what is refused beyond the format of a run file.

use std::num::NonZeroU64;
use std::path::Path;

use run_file::{Below, Machines, Nullable, Scheme, read_all as read_runs, wrong};
use serde::Deserialize;

use crate::run::{Part, Run, SCHEMES};

/// Reads `WORKLOAD/SCHEME/run-NN.json` below a directory; in the order of workloads, schemes and numbers.
pub fn read_all(directory: &Path) -> Result<Vec<Run>, String> {
    const SET: &str = "real";
    // Another processor has other instructions for the same work.
    let machines = Machines::OnePerWorkload("runs of two machines are not compared");
    let mut runs: Vec<Run> = Vec::new();
    for run in read_runs(directory, Below::WorkloadsOf(SET), machines)? {
        let run = run?;
        let reduced = reduced(&run).map_err(|error| format!("{}: {error}", run.file.display()))?;
        runs.push(reduced);
    }
    runs.sort_by(|a, b| (&a.workload, a.rank, a.number).cmp(&(&b.workload, b.rank, b.number)));
    runs.iter().try_for_each(|run| check(run, &runs))?;
    Ok(runs)
}

/// Runs that are compared were counted alike.
fn check(run: &Run, runs: &[Run]) -> Result<(), String> {
    let mut of_workload = runs.iter().filter(|other| other.workload == run.workload);
    let Some(first) = of_workload.next() else {
        return Ok(());
    };
    let names = |run: &Run| {
        let names: Vec<&str> = run.parts.iter().map(|part| &part.name[..]).collect();
        format!("{} {}", run.unit, names.join(", "))
    };
    for (what, found, expected) in [
        ("machine", run.machine.clone(), first.machine.clone()),
        ("parts", names(run), names(first)),
    ] {
        if found != expected {
            return Err(format!(
                "{}: {what}: found {found}, expected {expected} as in {}",
                run.file, first.file
            ));
        }
    }
    Ok(())
}

/// What `drive --instructions` prints; FORMAT.md says what each field means.
#[derive(Deserialize)]
struct Printed {
    unit: String,
    verified: NonZeroU64,
    counted_by: String,
    parts: Vec<PrintedPart>,
}

#[derive(Deserialize)]
struct PrintedPart {
    name: String,
    units: NonZeroU64,
    instructions: NonZeroU64,
    less_units: Nullable<u64>,
    less_instructions: Nullable<u64>,
    processes: NonZeroU64,
}

fn reduced(run: &run_file::Run) -> Result<Run, String> {
    if run.ground_truth.0.is_none() {
        return Err(
            "ground_truth: found null, expected what callgrind counted (drive --instructions)"
                .into(),
        );
    }
    let printed: Printed = run.ground_truth()?;
    check_processes(run, &printed.parts)?;
    let name = run.scheme.name();
    let rank = SCHEMES.iter().position(|known| *known == name);
    Ok(Run {
        workload: run.workload.clone(),
        rank: rank.ok_or_else(|| format!("scheme: {name} has no place in tables"))?,
        number: run.run,
        file: run.file.display().to_string(),
        mean_bytes: run.parameters.poisson_mean_bytes.0,
        machine: format!("{}; {}", run.machine, printed.counted_by),
        unit: printed.unit,
        verified: printed.verified.get(),
        parts: parts_of(&printed.parts)?,
    })
}

/// Differences of the long run and the short one; of a job the whole.
fn parts_of(printed: &[PrintedPart]) -> Result<Vec<Part>, String> {
    if printed.is_empty() {
        let expected = "what callgrind counted (drive --instructions)";
        return Err(wrong("ground_truth.parts", &[0; 0], expected));
    }
    let part = |(index, part): (usize, &PrintedPart)| {
        let place = |field: &str| format!("ground_truth.parts[{index}].{field}");
        let more = |field: &str, all: NonZeroU64, less: Nullable<u64>| {
            let less = less.0.unwrap_or(0);
            all.get()
                .checked_sub(less)
                .filter(|more| *more > 0)
                .ok_or_else(|| {
                    wrong(
                        place(field),
                        &all,
                        format_args!("more than less_{field}, {less}"),
                    )
                })
        };
        if part.less_units.0.is_none() != part.less_instructions.0.is_none() {
            let expected = "null with less_instructions";
            return Err(wrong(place("less_units"), &part.less_units, expected));
        }
        Ok(Part {
            name: part.name.clone(),
            units: more("units", part.units, part.less_units)?,
            instructions: more("instructions", part.instructions, part.less_instructions)?,
        })
    };
    printed.iter().enumerate().map(part).collect()
}

/// The library was in each process that callgrind counted, and saw its calls. What became another program by `exec` is not a program that was counted:
/// valgrind's launcher and its shell.
fn check_processes(run: &run_file::Run, parts: &[PrintedPart]) -> Result<(), String> {
    let ended = run.processes.iter().filter(|record| record.ended != "exec");
    let expected = match run.scheme {
        Scheme::Plain => 0,
        _ => parts.iter().map(|part| part.processes.get()).sum(),
    };
    let found = ended.clone().count() as u64;
    if found != expected {
        return Err(format!(
            "processes: found the library in {found} of them, expected {expected} as callgrind counted: the library was not reached, or a process is lost"
        ));
    }
    for record in ended {
        if record.total_allocs.0 == Some(0) || record.bypassed {
            return Err(format!(
                "processes: the library saw no call of {:?}, expected some",
                record.command
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn printed(parts: Value) -> Vec<PrintedPart> {
        serde_json::from_value(parts).unwrap()
    }

    #[test]
    fn start_and_end_drop_out_of_a_servers_requests() {
        // A start of 1000 in both runs; 5 a request.
        let printed = printed(json!([
            { "name": "mix", "units": 300, "instructions": 2500, "less_units": 100, "less_instructions": 1500, "processes": 2 },
            { "name": "job", "units": 1, "instructions": 70, "less_units": null, "less_instructions": null, "processes": 1 },
        ]));
        let parts = parts_of(&printed).unwrap();
        assert_eq!((parts[0].units, parts[0].instructions), (200, 1000));
        assert_eq!(parts[0].per_unit(), 5.0);
        assert_eq!((parts[1].units, parts[1].instructions), (1, 70));
    }

    #[test]
    fn a_long_run_that_is_no_longer_is_no_difference() {
        let error = |units: u64, instructions: u64| {
            let parts = json!([
                { "name": "mix", "units": units, "instructions": instructions, "less_units": 100, "less_instructions": 1500, "processes": 2 },
            ]);
            parts_of(&printed(parts)).unwrap_err()
        };
        assert_eq!(
            error(100, 1600),
            "ground_truth.parts[0].units: found 100, expected more than less_units, 100"
        );
        assert_eq!(
            error(200, 1400),
            "ground_truth.parts[0].instructions: found 1400, expected more than less_instructions, 1500"
        );
        assert!(parts_of(&[]).is_err());
    }
}
