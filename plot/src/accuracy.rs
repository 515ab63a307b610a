//! The figures of accuracy.csv: how wrong each scheme is at equal budget.
//!
//! Everything is drawn as the table has it, with its 95 % intervals; quantiles of errors as boxes.

mod blind;
mod curves;
mod errors;
mod groups;
mod table;

use std::path::Path;

use gnuplot::DashType::{self, Dash, Dot, DotDash, Solid};
use gnuplot::Figure;

use crate::Plan;
use table::Table;

/// The set at equal numbers of samples: all figures are of it.
const SET: &str = "accuracy";
/// The estimator that the schemes' own probabilities give.
const HORVITZ_THOMPSON: &str = "horvitz-thompson";

/// What the figures say of each scheme. The colours are Okabe and Ito's, which keep apart under the common colour blindnesses.
struct Look {
    scheme: &'static str,
    color: &'static str,
    fill: &'static str,
    marker: char,
    dash: DashType,
}

const LOOKS: [Look; 6] = [
    look("HEADER_POISSON_BYTES", "#009E73", "#73CAB2", 'T', Solid),
    look("HEADER_BERNOULLI", "#000000", "#9A9A9A", 'D', Solid),
    look("HEADER_HYBRID", "#CC79A7", "#E3B5CF", 'R', DotDash),
    look("HEADER_HASH_SPLITMIX", "#56B4E9", "#B0DCF4", 't', Dash),
    look("HEADER_HASH", "#0072B2", "#73B1D5", 'O', Dash),
    look("HEADER_PAGE_HASH", "#E69F00", "#F1CA73", 'S', Dot),
];

const fn look(
    scheme: &'static str,
    color: &'static str,
    fill: &'static str,
    marker: char,
    dash: DashType,
) -> Look {
    Look {
        scheme,
        color,
        fill,
        marker,
        dash,
    }
}

/// The workloads of most figures, in their order, with what they are.
const WORKLOADS: [&str; 9] = [
    "monotonic-5",
    "monotonic-50",
    "monotonic-300",
    "reuse-5",
    "reuse-50",
    "reuse-400",
    "steady-50",
    "steady-300",
    "steady-t4",
];

/// All figures, or what is missing to draw them.
pub fn plans(data: &Path) -> Result<Vec<Plan>, String> {
    let table = Table::read(data)?;
    let plan = |name: String, figure: Option<Figure>| Plan {
        name,
        figure: figure.ok_or("accuracy.csv has no row for it"),
    };
    let mut plans = vec![
        plan(
            "coverage_plain_bytes.png".into(),
            errors::coverage(&table, "plain"),
        ),
        plan(
            "coverage_score_bytes.png".into(),
            errors::coverage(&table, "score"),
        ),
        plan(
            "coverage_against_expected_samples.png".into(),
            errors::coverage_against_samples(&table),
        ),
        plan("bias_bytes.png".into(), errors::bias(&table)),
        plan("rmse_bytes.png".into(), errors::rmse(&table)),
        plan(
            "error_distribution_bytes.png".into(),
            errors::distribution(&table),
        ),
        plan("estimators_bytes.png".into(), errors::estimators(&table)),
        plan(
            "dead_zones_against_design.png".into(),
            blind::dead_zones(&table),
        ),
    ];
    for size_bytes in blind::leak_sizes(&table) {
        plans.push(plan(
            format!("leak_power_{size_bytes}B.png"),
            blind::leak_power(&table, size_bytes),
        ));
    }
    for workload in ["monotonic-300", "reuse-400", "steady-300"] {
        plans.push(plan(
            format!("gap_distribution_{workload}.png"),
            blind::gaps(&table, workload),
        ));
    }
    Ok(plans)
}
