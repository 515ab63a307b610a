//! All runs in the order of the tables, and what must hold between them: no run twice, one set of parameters a path, and one machine a path unless
//! several are asked for.

use std::collections::BTreeMap;
use std::path::Path;

use run_file::{Below, Machines, Scheme, read_all};

use crate::read;
use crate::run::{Identity, Run};

/// Every run that was found.
pub struct Runs(BTreeMap<Identity, Run>);

impl Runs {
    /// Reads all run files below a directory.
    pub fn read(directory: &Path, several_machines: bool) -> Result<Runs, String> {
        let mut runs = Runs(BTreeMap::new());
        // Nobody should average two machines without knowing.
        let machines = match several_machines {
            true => Machines::Any,
            false => Machines::OnePerPath(
                "runs of two machines are averaged with --several-machines (make: MACHINES=several) only",
            ),
        };
        for run in read_all(directory, Below::Sets, machines)? {
            let run = run?;
            let reduced =
                read::reduced(&run).map_err(|error| format!("{}: {error}", run.file.display()))?;
            runs.0.insert(reduced.identity.clone(), reduced);
        }
        Ok(runs)
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
        let none = self.0.get(&Identity {
            scheme: Scheme::NONE,
            ..run.identity.clone()
        });
        none.filter(|none| none.origin.machine == run.origin.machine)
    }
}

fn path_of(run: &Run) -> (&str, &str, Scheme) {
    (
        &run.identity.set,
        &run.identity.workload,
        run.identity.scheme,
    )
}
