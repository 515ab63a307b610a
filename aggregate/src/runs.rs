//! All runs in the order of the tables, and what must hold between them: no run twice, one set of parameters a path, and one machine a path unless
//! several are asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::find;
use crate::read;
use crate::run::{Identity, Run};
use crate::schemes::SCHEMES;

/// Every run that was found.
pub struct Runs(BTreeMap<Identity, Run>);

impl Runs {
    /// Reads all run files below a directory.
    pub fn read(directory: &Path, several_machines: bool) -> Result<Runs, String> {
        let mut runs = Runs(BTreeMap::new());
        for file in find::run_files(directory)? {
            let add = |runs: &mut Runs| runs.add(read::run(&file, directory)?);
            add(&mut runs).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        for path in runs.paths() {
            check_parameters(&path)?;
            if !several_machines {
                check_machine(&path)?;
            }
        }
        Ok(runs)
    }

    fn add(&mut self, run: Run) -> Result<(), String> {
        if let Some(first) = self.0.get(&run.identity) {
            let Identity {
                set,
                workload,
                run: number,
                ..
            } = &run.identity;
            return Err(format!(
                "run: found a second {set}/{workload}/{}/{number}, expected it only in {}",
                run.identity.scheme().name,
                first.file.display()
            ));
        }
        self.0.insert(run.identity.clone(), run);
        Ok(())
    }

    /// All runs, by set, workload, scheme and number.
    pub fn all(&self) -> impl Iterator<Item = &Run> {
        self.0.values()
    }

    /// The runs of each set, workload and scheme; none of the slices is empty.
    pub fn paths(&self) -> Vec<Vec<&Run>> {
        let runs: Vec<&Run> = self.0.values().collect();
        runs.chunk_by(|a, b| path_of(a) == path_of(b))
            .map(<[&Run]>::to_vec)
            .collect()
    }

    /// The `NONE` run that `run`'s costs are compared with: same set, workload and number, and the same machine:
    /// a ratio of two machines would be one of the machines.
    pub fn none_of(&self, run: &Run) -> Option<&Run> {
        let scheme_rank = SCHEMES.iter().position(|scheme| scheme.is_none())?;
        let none = self.0.get(&Identity {
            scheme_rank,
            ..run.identity.clone()
        });
        none.filter(|none| none.machine == run.machine)
    }
}

fn path_of(run: &Run) -> (&str, &str, usize) {
    (
        &run.identity.set,
        &run.identity.workload,
        run.identity.scheme_rank,
    )
}

/// Nobody should average two machines without knowing.
fn check_machine(path: &[&Run]) -> Result<(), String> {
    let expected = path[0];
    match path.iter().find(|run| run.machine != expected.machine) {
        None => Ok(()),
        Some(run) => Err(format!(
            "{}: machine: found {}, expected {} as in {}: runs of two machines are averaged with --several-machines (make: MACHINES=several) only",
            run.file.display(),
            run.machine,
            expected.machine,
            expected.file.display()
        )),
    }
}

fn check_parameters(path: &[&Run]) -> Result<(), String> {
    let expected = path[0];
    let show = |value: Option<u64>| value.map_or("null".to_string(), |value| value.to_string());
    for run in path {
        let pairs = [&run.parameters, &expected.parameters].map(|parameters| {
            [
                ("hash_mask", show(parameters.hash_mask)),
                (
                    "hash_salt",
                    parameters
                        .hash_salt
                        .as_ref()
                        .map_or("null", |_| "a salt")
                        .to_string(),
                ),
                ("poisson_mean_bytes", show(parameters.poisson_mean_bytes)),
                ("window_base", parameters.window_base.to_string()),
                ("truth", parameters.truth.to_string()),
                ("aslr", parameters.aslr.to_string()),
            ]
        });
        for ((field, found), (_, expected_value)) in pairs[0].iter().zip(&pairs[1]) {
            if found != expected_value {
                return Err(format!(
                    "{}: parameters.{field}: found {found}, expected {expected_value} as in {}",
                    run.file.display(),
                    expected.file.display()
                ));
            }
        }
    }
    Ok(())
}
