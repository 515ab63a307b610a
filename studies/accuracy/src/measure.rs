//! What is made of the runs: rows of one table, a module a question.

pub mod dead_zones;
pub mod estimates;
pub mod gaps;
pub mod leaks;
pub mod others;
pub mod ranking;
pub mod rates;

use crate::paths::{Cell, Workload};
use crate::rows::{Place, Rows};

/// All rows.
pub fn all(workloads: &[Workload]) -> Rows {
    let mut rows = Rows::default();
    for workload in workloads {
        let places: Vec<Place> = workload
            .cells
            .iter()
            .map(|cell| place(workload, cell))
            .collect();
        for (cell, place) in workload.cells.iter().zip(&places) {
            let first = rows.rows.len();
            rates::measure(workload, cell, place, &mut rows);
            estimates::measure(workload, cell, place, &mut rows);
            others::measure(workload, cell, place, &mut rows);
            leaks::measure(workload, cell, place, &mut rows);
            dead_zones::measure(workload, cell, place, &mut rows);
            // Runs that are all the same run say nothing of a spread.
            if !cell.is_random() {
                rows.rows[first..]
                    .iter_mut()
                    .for_each(|row| row.number.interval = None);
            }
        }
        ranking::measure(workload, &places, &mut rows);
    }
    gaps::measure(workloads, place, &mut rows);
    rows
}

/// Whose rows these are.
pub fn place(workload: &Workload, cell: &Cell) -> Place {
    Place {
        set: workload.set.clone(),
        workload: workload.name.clone(),
        scheme: cell.scheme.name,
        budget: workload.budget.name(),
    }
}
