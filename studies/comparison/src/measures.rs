//! Everything measured, in one table: a row is a number, of a metric, of a subject, on a workload.

use crate::spread::Spread;

/// What a row belongs to: a part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Memory,
    Frees,
    Rates,
    Cost,
    Complexity,
}

impl Part {
    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Part::Memory => "memory",
            Part::Frees => "frees",
            Part::Rates => "rates",
            Part::Cost => "cost",
            Part::Complexity => "complexity",
        }
    }
}

/// One number.
pub struct Row {
    pub part: Part,
    /// A workload of the set, a loop of the cost table, or empty.
    pub workload: String,
    /// A scheme, or a tracking.
    pub subject: String,
    pub metric: &'static str,
    pub unit: &'static str,
    pub spread: Spread,
}

/// All rows, in the order in which they were added.
#[derive(Default)]
pub struct Measures {
    pub rows: Vec<Row>,
}

impl Measures {
    /// Adds a number if there is one.
    pub fn add(
        &mut self,
        (part, workload, subject): (Part, &str, &str),
        (metric, unit): (&'static str, &'static str),
        spread: Option<Spread>,
    ) {
        self.rows.extend(spread.map(|spread| Row {
            part,
            workload: workload.to_string(),
            subject: subject.to_string(),
            metric,
            unit,
            spread,
        }));
    }

    /// A number, if it was measured.
    pub fn get(&self, part: Part, workload: &str, subject: &str, metric: &str) -> Option<Spread> {
        let is_it = |row: &&Row| {
            row.part == part
                && row.workload == workload
                && row.subject == subject
                && row.metric == metric
        };
        self.rows.iter().find(is_it).map(|row| row.spread)
    }
}
