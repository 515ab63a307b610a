//! The figures of comparison.csv: headers on all blocks, on sampled ones, or none.
//!
//! Spreads are drawn from the lowest to the highest run, as the table has them; costs as the table of costs gave them.

mod cost;
mod frees;
mod groups;
mod memory;
mod table;

use std::path::Path;

use gnuplot::DashType::{self, Dash, Dot, DotDash, Solid};
use gnuplot::Figure;

use crate::Plan;
use table::Table;

/// What the figures say of each scheme: its tracking decides the colour, its marker tells it from others of the same.
struct Look {
    scheme: &'static str,
    color: &'static str,
    /// The colour over white, for bars.
    fill: &'static str,
    marker: char,
    dash: DashType,
}

/// The trackings and their colours, which keep apart under the common colour blindnesses (Okabe and Ito's).
const TRACKINGS: [(&str, &str, &str); 5] = [
    ("no tracking", "#000000", "#9A9A9A"),
    ("a header on every block", "#0072B2", "#73B1D5"),
    ("on sampled blocks, by tag", "#009E73", "#73CAB2"),
    ("on sampled blocks, by table", "#E69F00", "#F1CA73"),
    ("none: decided again", "#CC79A7", "#E3B5CF"),
];

/// All schemes that can be in the table, in the order in which they are drawn.
const LOOKS: [Look; 13] = [
    look("NONE", 0, 'o', Solid),
    look("COUNT", 0, 'O', Solid),
    look("HEADER_HASH", 1, 'O', Solid),
    look("HEADER_PAGE_HASH", 1, 'S', Dot),
    look("HEADER_POISSON_BYTES", 1, 'T', Dash),
    look("HEADER_HYBRID", 1, 'R', DotDash),
    look("SAMPLE_HEADERS_POISSON", 2, 'S', Solid),
    look("SAMPLE_HEADERS_POISSON_MAP", 3, 'R', Solid),
    look("SAMPLE_HEADERS_HASH_MAP", 3, 't', Dash),
    look("STATELESS_HASH_XOR", 4, 'D', DotDash),
    look("STATELESS_HASH_SPLITMIX", 4, 'd', Dash),
    look("STATELESS_HASH_MURMURISH", 4, 'T', Dot),
    look("STATELESS_POISSON_BERNOULLI", 4, 'O', Solid),
];

const fn look(scheme: &'static str, tracking: usize, marker: char, dash: DashType) -> Look {
    let (_, color, fill) = TRACKINGS[tracking];
    Look {
        scheme,
        color,
        fill,
        marker,
        dash,
    }
}

/// All figures, or what is missing to draw them.
pub fn plans(data: &Path) -> Result<Vec<Plan>, String> {
    let table = Table::read(data)?;
    let plan = |name: String, figure: Option<Figure>, missing| Plan {
        name,
        figure: figure.ok_or(missing),
    };
    let no_costs = "no costs in comparison.csv: run make bench, then make comparison";
    let mut plans = Vec::new();
    for size_bytes in memory::SIZES_BYTES {
        plans.push(plan(
            format!("memory_against_live_blocks_{size_bytes}B.png"),
            memory::against_live_blocks(&table, size_bytes),
            "no run of live blocks of this size",
        ));
    }
    plans.extend([
        plan(
            "free_accuracy.png".into(),
            frees::accuracy(&table),
            "no run of the workloads of frees",
        ),
        plan(
            "cost_per_tracking_instructions.png".into(),
            cost::instructions(&table),
            no_costs,
        ),
        plan(
            "cost_per_tracking_time.png".into(),
            cost::times(&table),
            no_costs,
        ),
    ]);
    Ok(plans)
}
