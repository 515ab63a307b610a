//! The figures that the document shows, of those that `plot` makes.

use crate::parts::{BEST, EXACT, EXPECTS, FURTHER, OVERHEAD, Part, TABLES, WHEN};

/// One figure.
pub struct Figure {
    part: &'static str,
    section: &'static str,
    /// Its file.
    pub name: &'static str,
    pub caption: &'static str,
}

/// Of a part, in a section.
pub fn of(part: &Part, section: &str) -> impl Iterator<Item = &'static Figure> {
    FIGURES
        .iter()
        .filter(move |figure| figure.part == part.name && figure.section == section)
}

const FIGURES: [Figure; 16] = [
    figure(
        "seed",
        EXPECTS,
        "mono_all_headers_sample_rate_allocs.png",
        "Sampling rate of allocations, workload monotonic",
    ),
    figure(
        "seed",
        EXPECTS,
        "reuse_all_headers_sample_rate_allocs.png",
        "Sampling rate of allocations, workload reuse",
    ),
    figure(
        "seed",
        EXPECTS,
        "page_hash_page_coverage_all_headers.png",
        "Pages that the page hash samples",
    ),
    figure(
        "comparison",
        OVERHEAD,
        "memory_against_live_blocks_64B.png",
        "Memory of a process against its live blocks of 64 B",
    ),
    figure(
        "real",
        OVERHEAD,
        "overhead_by_program.png",
        "Processor time of real programs over that without the library",
    ),
    figure(
        "real",
        OVERHEAD,
        "real_instructions.png",
        "Instructions of real programs over those without the library",
    ),
    figure(
        "comparison",
        EXACT,
        "free_accuracy.png",
        "Reported over true frees of sampled blocks",
    ),
    figure(
        "accuracy",
        BEST,
        "rmse_bytes.png",
        "Root mean square error of estimated bytes at equal budget",
    ),
    figure(
        "comparison",
        WHEN,
        "cost_per_tracking_instructions.png",
        "Instructions of a pair of free and malloc by tracking",
    ),
    figure(
        "accuracy",
        FURTHER,
        "coverage_score_bytes.png",
        "How often 95 % intervals of bytes hold the truth",
    ),
    figure(
        "accuracy",
        FURTHER,
        "leak_power_100B.png",
        "Runs that saw a leak of blocks of 100 B",
    ),
    figure(
        "accuracy",
        FURTHER,
        "dead_zones_against_design.png",
        "Dead zones, measured and by design",
    ),
    figure(
        "real",
        TABLES,
        "across_workloads_sample_rate_allocs.png",
        "Sampling rate of allocations of real programs",
    ),
    figure(
        "real",
        TABLES,
        "across_workloads_sample_rate_bytes.png",
        "Sampling rate of bytes of real programs",
    ),
    figure(
        "cost",
        TABLES,
        "cost_time.png",
        "Time of a pair of free and malloc",
    ),
    figure(
        "cost",
        TABLES,
        "cost_memory.png",
        "Resident memory of a live block",
    ),
];

const fn figure(
    part: &'static str,
    section: &'static str,
    name: &'static str,
    caption: &'static str,
) -> Figure {
    Figure {
        part,
        section,
        name,
        caption,
    }
}
