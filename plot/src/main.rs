//! Draws the tables of `aggregate` as PNG figures at 300 DPI, through gnuplot.
//!
//! Reading order: what is read ([`tables`], over [`csv_file`]); what stays the same in every figure ([`schemes`], [`text`]); how
//! a figure is made ([`canvas`], [`legend`], [`png`]) and the form that most share ([`bars`], with [`value_axis`], [`marks`] and
//! [`notes`]); then one module a figure.
//!
//! Nothing is computed here that a reader could not check in the tables: means, intervals and counts are drawn as they stand
//! there. All figures are drawn before the first is put in place, so that an error leaves the old ones as they were.
#![forbid(unsafe_code)]

mod csv_file;
mod tables;

mod schemes;
mod text;

mod bars;
mod canvas;
mod cost_file;
mod costs;
mod legend;
mod marks;
mod notes;
mod png;
mod value_axis;

mod dead_zones;
mod gaps;
mod pages;
mod rates;
mod sizes;

mod accuracy;
mod comparison;
mod real;
mod soak;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use argh::FromArgs;
use gnuplot::Figure;

use crate::tables::Tables;

/// Draw the tables of one set as PNG figures (300 DPI), through gnuplot.
#[derive(FromArgs)]
#[argh(
    example = "plot --data data --set seed --out data/plots",
    note = "Reads summary.csv, runs.csv, gaps.csv and size_bins.csv, as `aggregate` writes them (see FORMAT.md)."
)]
struct Args {
    /// directory of the tables (default: data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    data: PathBuf,
    /// set to draw (default: seed)
    #[argh(option, default = "String::from(\"seed\")")]
    set: String,
    /// instead of a set's figures, those of one table: accuracy (of accuracy.csv), comparison (of comparison.csv), cost (of cost.csv), real (of real.csv), real-instructions (of real-instructions.csv) or soak (of soak.csv)
    #[argh(option)]
    subset: Option<String>,
    /// directory of the figures, made if it is missing (default: data/plots)
    #[argh(option, default = "PathBuf::from(\"data/plots\")")]
    out: PathBuf,
}

/// One figure by its file name, or what is missing to draw it.
struct Plan {
    name: String,
    figure: Result<Figure, &'static str>,
}

fn main() {
    if let Err(message) = run(&argh::from_env()) {
        eprintln!("plot: {message}");
        std::process::exit(1);
    }
}

fn run(args: &Args) -> Result<(), String> {
    match args.subset.as_deref() {
        None => draw_set(args),
        Some("accuracy") => draw(accuracy::plans(&args.data)?, &args.out, None),
        Some("comparison") => draw(comparison::plans(&args.data)?, &args.out, None),
        Some("cost") => draw(costs::plans(&args.data)?, &args.out, None),
        Some("real") => draw(real::plans(&args.data)?, &args.out, None),
        Some("real-instructions") => draw(real::instruction_plans(&args.data)?, &args.out, None),
        Some("soak") => draw(soak::plans(&args.data)?, &args.out, None),
        Some(other) => Err(format!(
            "--subset is '{other}'; accepted: accuracy, comparison, cost, real, real-instructions, soak"
        )),
    }
}

fn draw_set(args: &Args) -> Result<(), String> {
    let tables = Tables::read(&args.data, &args.set)?;
    let plans = plan(&tables);
    if let Some(name) = first_duplicate(&plans) {
        return Err(format!(
            "{}: two workloads of set '{}' would both be drawn as {name}: rename one",
            args.data.join("summary.csv").display(),
            args.set
        ));
    }
    let names: Vec<_> = tables.other_schemes.iter().map(String::as_str).collect();
    let others = (!names.is_empty()).then(|| {
        format!(
            "schemes without a header on every block: {}",
            names.join(", ")
        )
    });
    draw(plans, &args.out, others)
}

/// Draws all figures, then puts them in place, and says what is not among them, which `others` adds to.
fn draw(mut plans: Vec<Plan>, out: &Path, others: Option<String>) -> Result<(), String> {
    let mut drawn = Vec::new();
    for plan in &mut plans {
        if let Ok(figure) = &mut plan.figure {
            drawn.push((plan.name.clone(), canvas::render(figure, &plan.name)?));
        }
    }

    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    for (name, bytes) in &drawn {
        png::install(&out.join(name), bytes)?;
    }
    for plan in &plans {
        if let Err(missing) = plan.figure {
            remove_stale(&out.join(&plan.name))?;
            println!("not drawn: {}: {missing}", plan.name);
        }
    }
    if let Some(others) = others {
        println!("not drawn: {others}");
    }
    println!("{} figures in {}", drawn.len(), out.display());
    Ok(())
}

fn plan(tables: &Tables) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut add = |name: String, figure: Option<Figure>, missing| {
        let figure = figure.ok_or(missing);
        plans.push(Plan { name, figure });
    };
    let no_rate = "no run of an all-headers scheme has this rate";
    for workload in &tables.workloads {
        let prefix = file_prefix(workload);
        for rate in [rates::ALLOCS, rates::BYTES] {
            let name = format!("{prefix}_all_headers_{}.png", rate.metric);
            add(name, rates::of_workload(tables, workload, rate), no_rate);
        }
        add(
            format!("{prefix}_sample_rate_by_size.png"),
            sizes::of_workload(tables, workload),
            "no run of an all-headers scheme counted allocations",
        );
        add(
            format!("{prefix}_dead_zones_by_scale.png"),
            dead_zones::of_workload(tables, workload),
            "no window finished under an all-headers scheme",
        );
        for clock in [gaps::ALLOCS, gaps::BYTES] {
            add(
                format!("{prefix}_gap_distribution_{}.png", clock.name),
                gaps::of_workload(tables, workload, clock),
                "no all-headers scheme has a gap above 0 between two samples",
            );
        }
    }
    add(
        "page_hash_page_coverage_all_headers.png".into(),
        pages::coverage(tables),
        "no run of HEADER_PAGE_HASH counted pages",
    );
    add(
        "comparison_across_workloads_sample_rate_allocs.png".into(),
        rates::across_workloads(tables, rates::ALLOCS),
        no_rate,
    );
    plans
}

/// The seed's figures call the workload `monotonic` `mono`; every other workload goes by its own name.
fn file_prefix(workload: &str) -> &str {
    match workload {
        "monotonic" => "mono",
        other => other,
    }
}

fn first_duplicate(plans: &[Plan]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let repeated = plans.iter().find(|plan| !seen.insert(&plan.name));
    repeated.map(|plan| plan.name.as_str())
}

/// A figure from an earlier run would claim data that the tables no longer hold.
fn remove_stale(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {e}", path.display()))
        }
        _ => Ok(()),
    }
}
