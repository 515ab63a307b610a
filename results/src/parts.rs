//! The parts of the document: what makes each, where its files lie, and which questions it bears on.

use std::path::PathBuf;

use crate::findings::{self, Findings};
use crate::seed;

/// The starting document's three questions.
pub const OVERHEAD: &str = "Does header overhead matter?";
/// See [`OVERHEAD`].
pub const EXACT: &str = "Is exact free tracking worth it?";
/// See [`OVERHEAD`].
pub const BEST: &str = "Which sampling scheme is best with headers?";
/// What follows from the answers.
pub const WHEN: &str = "Which scheme to use when?";
/// Its claims, with verdicts.
pub const EXPECTS: &str = "What the starting document expects";
/// Questions that it did not ask.
pub const FURTHER: &str = "Further answers";
/// Numbers without a question.
pub const TABLES: &str = "Tables";
/// What the runs lost, and what to beware of.
pub const ORIGIN: &str = "Where the numbers come from";

/// The sections of the document, in its order. A stage names one of them for everything that it found.
pub const SECTIONS: [&str; 8] = [
    OVERHEAD, EXACT, BEST, WHEN, EXPECTS, FURTHER, TABLES, ORIGIN,
];

/// A stage that finds something.
pub struct Part {
    /// As in file names.
    pub name: &'static str,
    pub title: &'static str,
    /// What measures it.
    pub command: &'static str,
    /// Whether its files are with those of set seed in data/reference, and its figures everywhere.
    is_with_seed: bool,
    /// Sections that lack something where it was not measured.
    pub sections: &'static [&'static str],
}

/// The one that is no stage's file: it is judged here, from summary.csv.
const SEED: &str = "seed";

/// In the order in which they speak.
pub const PARTS: [Part; 5] = [
    Part {
        name: SEED,
        title: "The starting document's own table",
        command: "make experiments aggregate plots",
        is_with_seed: true,
        sections: &[EXPECTS],
    },
    Part {
        name: "comparison",
        title: "Headers on all blocks, on sampled ones, or none",
        command: "make comparison",
        is_with_seed: false,
        sections: &[OVERHEAD, EXACT, BEST, WHEN, EXPECTS],
    },
    Part {
        name: "accuracy",
        title: "Estimates at equal budget",
        command: "make accuracy",
        is_with_seed: false,
        sections: &[BEST, WHEN, EXPECTS, FURTHER],
    },
    Part {
        name: "real",
        title: "Real programs",
        command: "make experiments-real",
        is_with_seed: false,
        sections: &[OVERHEAD, EXPECTS, TABLES],
    },
    Part {
        name: "cost",
        title: "What a call costs",
        command: "make bench",
        is_with_seed: true,
        sections: &[TABLES],
    },
];

/// Where files lie.
pub struct Layout {
    pub data: PathBuf,
    /// As in data/reference, where a part has a directory of its name, for its figures too.
    pub is_reference: bool,
}

impl Layout {
    /// A part's file, below the directory.
    pub fn file(&self, part: &Part, name: &str) -> String {
        match self.is_reference && !part.is_with_seed {
            true => format!("{}/{name}", part.name),
            false => name.to_string(),
        }
    }

    /// One of its figures, below the directory.
    pub fn figure(&self, part: &Part, name: &str) -> String {
        match (part.is_with_seed, self.is_reference) {
            (true, _) => format!("plots/{name}"),
            (false, true) => format!("{}/{name}", part.name),
            (false, false) => format!("plots/{}/{name}", part.name),
        }
    }

    /// Its report for reading, below the directory.
    pub fn report(&self, part: &Part) -> String {
        let name = match part.name {
            SEED => "summary",
            name => name,
        };
        self.file(part, &format!("{name}.txt"))
    }

    /// The report of a part whose findings are not there, if it is there itself: kept from a measurement whose answers were not.
    pub fn lone_report(&self, part: &Part) -> Option<String> {
        // Set seed is judged from tables that other sets share, its report too.
        let report = (part.name != SEED).then(|| self.report(part))?;
        self.data.join(&report).exists().then_some(report)
    }
}

/// What each part found, in their order; `None` where it was not measured.
pub fn read_all(layout: &Layout) -> Result<Vec<Option<Findings>>, String> {
    let read = |part: &Part| match part.name {
        SEED => seed::findings(&layout.data),
        name => {
            let file = layout.file(part, &format!("{name}-findings.json"));
            findings::read(&layout.data.join(file), name)
        }
    };
    PARTS.iter().map(read).collect()
}
