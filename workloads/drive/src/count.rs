//! Instructions in place of time: what is measured runs under callgrind, and is given a fixed load.
//!
//! Of a server the count of a short run is taken from that of a long one, so that start and end drop out, and what is left is of the requests that the
//! long run had more. Of a job, a program that runs to its end, everything counts. Runs are in pairs, side by side: counts do not disturb each other.
//!
//! Counts are of user space, of all processes that were started, those that a program becomes or forks too.

use std::fs;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::Bench;
use crate::processors::Processors;
use crate::start::{self, Role};

/// Where callgrind's closing lines go, in a run's own directory.
const COUNTS: &str = "counts";

/// What a run was asked.
pub struct Load {
    /// Requests that were answered, all of them alike in kind.
    pub units: u64,
    /// Checks by content that passed.
    pub verified: u64,
}

/// What callgrind counted of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    instructions: u64,
    /// Processes that said so: all that ended, but those that became another program.
    processes: u64,
}

/// One kind of work.
pub struct Part {
    name: String,
    units: u64,
    counted: Counted,
    /// Units and counts of the run that is taken away; none of a job.
    less: Option<(u64, Counted)>,
    verified: u64,
}

/// All that was counted of a program.
pub struct Counts {
    /// What `units` counts.
    pub unit: &'static str,
    /// In the order in which they are named.
    pub parts: Vec<Part>,
}

impl Bench {
    /// A command that is measured, not started yet: under callgrind if instructions are counted.
    pub fn command(&self, processors: &Processors, program: &str) -> Result<Command, String> {
        if !self.is_counted {
            return start::command(Role::Measured, processors, program);
        }
        self.place.write(&format!("{COUNTS}/here"), "")?;
        let mut command = start::command(Role::Measured, processors, callgrind::PROGRAM)?;
        command
            .args(callgrind::ARGUMENTS)
            .arg("--trace-children=yes");
        command.arg(format!("--log-file={}/%p.log", self.place.of(COUNTS)));
        command.arg(program);
        Ok(command)
    }

    /// The sum over the processes of this run, which ended.
    fn counted(&self) -> Result<Counted, String> {
        let directory = self.place.of(COUNTS);
        let fail = |error: std::io::Error| format!("{directory}: {error}");
        let mut said = String::new();
        for entry in fs::read_dir(&directory).map_err(fail)? {
            let text = fs::read(entry.map_err(fail)?.path()).map_err(fail)?;
            said += &String::from_utf8_lossy(&text);
        }
        sum(&said).ok_or_else(|| "callgrind says nothing of what it counted".into())
    }

    /// The same in a directory of its own.
    fn counting(&self, name: &str) -> Result<Bench, String> {
        Ok(Bench {
            place: self.place.inside(name)?,
            effort: self.effort,
            source: self.source.clone(),
            is_counted: true,
        })
    }
}

fn sum(said: &str) -> Option<Counted> {
    let all = callgrind::counts(said);
    (!all.is_empty()).then(|| Counted {
        instructions: all.iter().map(|one| one.instructions).sum(),
        processes: all.len() as u64,
    })
}

/// What requests take: `run` starts a server, asks it about so many requests, verifies, and stops it. `usual` are the short run's and the long one's.
pub fn requests(
    bench: &Bench,
    name: &str,
    usual: [u64; 2],
    run: impl Fn(&Bench, u64) -> Result<Load, String> + Sync,
) -> Result<Counts, String> {
    let [short, long] = side_by_side(["short", "long"], |which| {
        let bench = bench.counting(which)?;
        let asked = bench.count(usual[usize::from(which == "long")]);
        Ok((run(&bench, asked)?, bench.counted()?))
    })?;
    if long.0.units <= short.0.units {
        return Err(format!(
            "{} requests in the long run and {} in the short one: no difference to count; take a larger --effort",
            long.0.units, short.0.units
        ));
    }
    Ok(Counts {
        unit: "request",
        parts: vec![Part {
            name: name.into(),
            units: long.0.units,
            counted: long.1,
            less: Some((short.0.units, short.1)),
            verified: short.0.verified + long.0.verified,
        }],
    })
}

/// What each of two jobs takes; `run` gives the number of checks that passed.
pub fn jobs(
    bench: &Bench,
    unit: &'static str,
    names: [&str; 2],
    run: impl Fn(&Bench, &str) -> Result<u64, String> + Sync,
) -> Result<Counts, String> {
    let parts = side_by_side(names, |name| {
        let bench = bench.counting(name)?;
        Ok(Part {
            verified: run(&bench, name)?,
            name: name.into(),
            units: 1,
            counted: bench.counted()?,
            less: None,
        })
    })?;
    Ok(Counts {
        unit,
        parts: parts.into(),
    })
}

/// Both at a time. A thread starts and ends its own programs, which would be told of its end.
fn side_by_side<T: Send>(
    names: [&str; 2],
    run: impl Fn(&str) -> Result<T, String> + Sync,
) -> Result<[T; 2], String> {
    let [one, other] = thread::scope(|scope| {
        let run = &run;
        names
            .map(|name| scope.spawn(move || run(name)))
            .map(|thread| {
                let ended = thread.join();
                ended.unwrap_or_else(|_| Err("a thread ended before its time".into()))
            })
    });
    Ok([one?, other?])
}

impl Counts {
    /// One line of JSON: FORMAT.md, "Ground truth of counted programs".
    pub fn to_line(&self, workload: &str, tool: &str) -> String {
        let part = |part: &Part| {
            let less = part.less;
            let processes = part.counted.processes + less.map_or(0, |(_, less)| less.processes);
            json!({
                "name": part.name,
                "units": part.units,
                "instructions": part.counted.instructions,
                "less_units": less.map(|(units, _)| units),
                "less_instructions": less.map(|(_, less)| less.instructions),
                "processes": processes,
            })
        };
        let line = json!({
            "workload": workload,
            "unit": self.unit,
            "verified": self.parts.iter().map(|part| part.verified).sum::<u64>(),
            "counted_by": tool,
            "parts": self.parts.iter().map(part).collect::<Vec<Value>>(),
        });
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_summed_and_silence_is_no_count() {
        let said = "==1== Command: nginx\n==1== Collected : 100\n==2== Collected : 120\n";
        let expected = Counted {
            instructions: 220,
            processes: 2,
        };
        assert_eq!(sum(said), Some(expected));
        assert_eq!(sum("==1== Command: nginx\n"), None);
    }

    #[test]
    fn both_runs_are_written_so_that_the_difference_can_be_taken() {
        let counted = |instructions, processes| Counted {
            instructions,
            processes,
        };
        let part = |less| Part {
            name: "mix".into(),
            units: 30,
            counted: counted(700, 3),
            less,
            verified: 5,
        };
        let counts = Counts {
            unit: "request",
            parts: vec![part(Some((10, counted(300, 3)))), part(None)],
        };
        let line: Value = serde_json::from_str(&counts.to_line("nginx", "valgrind-1")).unwrap();
        let expected = json!({
            "workload": "nginx", "unit": "request", "verified": 10, "counted_by": "valgrind-1",
            "parts": [
                { "name": "mix", "units": 30, "instructions": 700, "less_units": 10, "less_instructions": 300, "processes": 6 },
                { "name": "mix", "units": 30, "instructions": 700, "less_units": null, "less_instructions": null, "processes": 3 },
            ],
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn two_things_go_on_at_a_time_and_keep_their_order() {
        let both = std::sync::Barrier::new(2);
        let names = side_by_side(["first", "second"], |name| {
            both.wait();
            Ok(name.to_string())
        });
        assert_eq!(names, Ok(["first".to_string(), "second".to_string()]));
        let failed = side_by_side(["first", "second"], |name| match name {
            "second" => Err("no room".to_string()),
            _ => Ok(()),
        });
        assert_eq!(failed, Err("no room".into()));
    }
}
