//! What is printed: FORMAT.md, "Ground truth of real programs".

use serde_json::{Value, json};

/// One part of the load.
pub struct Phase {
    /// What it was.
    pub name: String,
    /// Requests, or the run's other unit.
    pub units: u64,
    /// Processor time of what is measured.
    pub cpu_ns: u64,
    /// Elapsed time.
    pub wall_ns: u64,
    /// Latencies as the generator saw them.
    pub latency: Option<Latency>,
    /// Allocations of what is measured; none where nothing counts.
    pub allocs: Option<u64>,
    /// Processor time of the generator.
    pub generator_cpu_ns: Option<u64>,
}

/// Percentiles of the time to an answer.
#[derive(Clone, Copy)]
pub struct Latency {
    /// Median.
    pub p50_ns: u64,
    /// 99 in 100 were answered in this.
    pub p99_ns: u64,
}

/// A whole run.
pub struct Truth {
    /// What `units` counts.
    pub unit: &'static str,
    /// How many; if none, those of the phases.
    pub units: Option<u64>,
    /// In the order in which they ran.
    pub phases: Vec<Phase>,
    /// How many of them, from the first on, the totals are of.
    pub measured: usize,
    /// The phase whose latencies are the run's.
    pub latency_of: Option<&'static str>,
    /// Checks by content that passed.
    pub verified: u64,
    /// Before the program served.
    pub startup_cpu_ns: Option<u64>,
    /// Before the program served.
    pub startup_allocs: Option<u64>,
    /// Name and version.
    pub generator: Option<String>,
    /// Peak resident set.
    pub peak_rss_bytes: u64,
    /// Where what is measured ran.
    pub server_cpus: String,
    /// Where the load came from, and how many processors that are.
    pub generator_cpus: Option<(String, usize)>,
}

impl Truth {
    /// One line of JSON.
    pub fn to_line(&self, workload: &str) -> String {
        let measured = &self.phases[..self.measured];
        let sum = |of: fn(&Phase) -> u64| measured.iter().map(of).sum::<u64>();
        let sum_known =
            |of: fn(&Phase) -> Option<u64>| measured.iter().map(of).sum::<Option<u64>>();
        let latency = self
            .phases
            .iter()
            .find(|phase| Some(phase.name.as_str()) == self.latency_of)
            .and_then(|phase| phase.latency);
        // What the generator could do if it never had to wait: its requests over its own processor time, on as many processors as it has.
        let generated = measured
            .iter()
            .filter_map(|phase| phase.generator_cpu_ns.map(|cpu_ns| (phase.units, cpu_ns)))
            .fold((0, 0), |sum, phase| (sum.0 + phase.0, sum.1 + phase.1));
        let limit = self
            .generator_cpus
            .as_ref()
            .filter(|_| generated.1 > 0)
            .map(|(_, processors)| {
                generated.0 as f64 * *processors as f64 * 1e9 / generated.1 as f64
            });
        let phase = |phase: &Phase| {
            json!({
                "name": phase.name,
                "units": phase.units,
                "cpu_ns": phase.cpu_ns,
                "wall_ns": phase.wall_ns,
                "latency_p50_ns": phase.latency.map(|latency| latency.p50_ns),
                "latency_p99_ns": phase.latency.map(|latency| latency.p99_ns),
                "allocs": phase.allocs,
            })
        };
        let line: Value = json!({
            "workload": workload,
            "unit": self.unit,
            "units": self.units.unwrap_or(sum(|phase| phase.units)),
            "verified": self.verified,
            "server_cpu_ns": sum(|phase| phase.cpu_ns),
            "serving_wall_ns": sum(|phase| phase.wall_ns),
            "startup_cpu_ns": self.startup_cpu_ns,
            "latency_p50_ns": latency.map(|latency| latency.p50_ns),
            "latency_p99_ns": latency.map(|latency| latency.p99_ns),
            "generator": self.generator,
            "generator_limit_per_second": limit,
            "server_peak_rss_bytes": self.peak_rss_bytes,
            "startup_allocs": self.startup_allocs,
            "serving_allocs": sum_known(|phase| phase.allocs),
            "server_cpus": self.server_cpus,
            "generator_cpus": self.generator_cpus.as_ref().map(|(numbers, _)| numbers),
            "phases": self.phases.iter().map(phase).collect::<Vec<Value>>(),
        });
        line.to_string()
    }
}
