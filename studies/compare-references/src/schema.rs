//! The tables that have 95 % intervals, and what their columns are. FORMAT.md describes them; tables without intervals (runs.csv, gaps.csv, soak.csv, ...) are raw, and not compared.

/// One table.
pub struct Schema {
    pub file: &'static str,
    /// Where it lies: in the directory itself, or, in a reference, in that of its part.
    pub part: &'static str,
    /// What a row is.
    pub key: &'static [&'static str],
    /// What it was measured with; must be the same in both.
    pub parameters: &'static [&'static str],
    pub value: &'static str,
    pub low: &'static str,
    pub high: &'static str,
    /// Rows of which these columns, of the key, are equal rest on the same runs, or on the same base.
    pub cluster: &'static [&'static str],
    pub rows: Rows,
}

/// Which rows are compared.
pub enum Rows {
    All,
    /// Those whose column has this text.
    Only(&'static [(&'static str, &'static str)]),
    /// All but those whose column has this text.
    Except(&'static str, &'static str),
}

/// How the names of metrics begin that depend on the machine, in any table: times, and memory.
const OF_MACHINE: [&str; 10] = [
    "wall_",
    "cpu_",
    "peak_rss",
    "startup_cpu",
    "throughput",
    "latency_",
    "ns",
    "time_",
    "sample_extra",
    "resident_",
];

/// Whether a metric is a time or memory, of which two machines have two.
pub fn is_of_machine(metric: &str) -> bool {
    OF_MACHINE.iter().any(|begin| metric.starts_with(begin))
}

/// In the order of the report.
pub const TABLES: [Schema; 5] = [
    Schema {
        file: "summary.csv",
        part: ".",
        key: &["set", "workload", "scheme", "metric", "unit"],
        parameters: &["hash_mask", "poisson_mean_bytes"],
        value: "mean",
        low: "ci95_low",
        high: "ci95_high",
        cluster: &["set", "workload", "scheme"],
        rows: Rows::All,
    },
    Schema {
        file: "accuracy.csv",
        part: "accuracy",
        key: &["set", "workload", "scheme", "estimator", "metric", "bin"],
        parameters: &["budget"],
        value: "value",
        low: "low",
        high: "high",
        cluster: &["set", "workload", "scheme"],
        // A closed form between two cases, whose ends are no interval.
        rows: Rows::Except("metric", "leak_seen_closed_form"),
    },
    Schema {
        file: "comparison.csv",
        part: "comparison",
        key: &["set", "workload", "scheme", "part", "metric", "unit"],
        parameters: &[],
        value: "value",
        low: "low",
        high: "high",
        cluster: &["workload", "scheme"],
        // Other ends are the lowest and the highest run; costs are those of cost.csv.
        rows: Rows::Only(&[("ends", "interval"), ("part", "rates")]),
    },
    Schema {
        file: "real.csv",
        part: "real",
        key: &[
            "set", "workload", "scheme", "phase", "over", "metric", "unit",
        ],
        parameters: &[],
        value: "value",
        low: "low",
        high: "high",
        // Ratios of all schemes are over the same runs without the library.
        cluster: &["workload"],
        // Claims repeat rows.
        rows: Rows::Only(&[("claim", "")]),
    },
    Schema {
        file: "cost.csv",
        part: ".",
        key: &["loop", "subject", "truth", "threads", "metric", "unit"],
        parameters: &[],
        value: "value",
        low: "low",
        high: "high",
        cluster: &["loop"],
        rows: Rows::All,
    },
];
