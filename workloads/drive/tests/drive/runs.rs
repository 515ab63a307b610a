//! What a run says, of each program.

use serde_json::Value;

use crate::support::*;

const QUICK: [&str; 2] = ["--effort", "1"];

fn run(scheme: &str, program: &str) -> Value {
    Place::new().run(scheme, &[&[program], &QUICK[..]].concat())
}

fn names(run: &Value) -> Vec<&str> {
    let processes = run["processes"].as_array().unwrap().iter();
    processes
        .map(|process| process["command"][0].as_str().unwrap())
        .collect()
}

fn phase<'a>(run: &'a Value, name: &str) -> &'a Value {
    let mut phases = run["ground_truth"]["phases"].as_array().unwrap().iter();
    phases.find(|phase| phase["name"] == name).unwrap()
}

/// What holds of every server: only it is under the library, and the parts agree with the whole.
fn check_server(run: &Value, program: &str, phases: &[&str]) {
    assert!(names(run).iter().all(|name| name.contains(program)));
    let truth = &run["ground_truth"];
    assert_eq!(truth["unit"], "request");
    let sum = |key: &str| -> u64 {
        let counts = phases.iter().map(|name| phase(run, name)[key].as_u64());
        counts.map(Option::unwrap).sum()
    };
    for (key, of_phase) in [
        ("units", "units"),
        ("server_cpu_ns", "cpu_ns"),
        ("serving_wall_ns", "wall_ns"),
        ("serving_allocs", "allocs"),
    ] {
        assert_eq!(truth[key], sum(of_phase), "{key}");
    }
    let number = |key: &str| truth[key].as_f64().unwrap();
    assert!(number("server_cpu_ns") > 0.0 && number("startup_cpu_ns") > 0.0);
    assert!(number("startup_allocs") > 0.0 && number("verified") > 0.0);
    assert!(number("latency_p50_ns") <= number("latency_p99_ns"));
    assert!(number("generator_limit_per_second") > 1000.0);
    assert_eq!(run["peak_rss_bytes"], truth["server_peak_rss_bytes"]);
    if truth["server_cpus"] != "0" || truth["generator_cpus"] != "0" {
        assert_ne!(truth["server_cpus"], truth["generator_cpus"]);
    }
    // Counts during the load are among those of the whole run.
    let processes = run["processes"].as_array().unwrap().iter();
    let total: u64 = processes
        .map(|process| process["total_allocs"].as_u64().unwrap())
        .sum();
    assert!(number("startup_allocs") + number("serving_allocs") <= total as f64);
    assert_eq!(run["losses"]["descendants_alive"], 0);
    assert_eq!(run["losses"]["unfinished_records"], 0);
}

#[test]
fn nginx_allocates_for_every_request_in_both_workers() {
    let run = run("HEADER_POISSON_BYTES", "nginx");
    check_server(&run, "nginx", &["mix"]);
    assert_eq!(run["processes"].as_array().unwrap().len(), 3);
    let truth = &run["ground_truth"];
    assert_eq!(truth["verified"], 120);
    let generator = truth["generator"].as_str().unwrap();
    let version = generator.strip_prefix("wrk ").unwrap();
    assert!(
        version.starts_with(|first: char| first.is_ascii_digit()),
        "{generator}"
    );
    for kind in ["mix", "static-1k", "static-100k", "proxied"] {
        let phase = phase(&run, kind);
        assert!(phase["allocs"].as_u64() > phase["units"].as_u64(), "{kind}");
    }
}

#[test]
fn memcached_hardly_allocates_while_it_serves() {
    let run = run("SAMPLE_HEADERS_POISSON", "memcached");
    check_server(&run, "memcached", &["fill", "mixed"]);
    let truth = &run["ground_truth"];
    assert_eq!(truth["verified"], 500);
    let units = truth["units"].as_u64().unwrap();
    assert!(truth["serving_allocs"].as_u64().unwrap() < units / 10);
}

#[test]
fn redis_reaches_the_library_before_its_own_allocator() {
    let run = run("HEADER_HASH", "redis");
    check_server(
        &run,
        "redis-server",
        &["set", "get", "lpush", "hset", "append"],
    );
    let lpush = phase(&run, "lpush");
    assert!(lpush["allocs"].as_u64() > lpush["units"].as_u64());
    // 100 growing values read at the end, 1000 set and read, two sizes.
    assert_eq!(run["ground_truth"]["verified"], 1102);
}

#[test]
fn python_asks_malloc_for_more_without_its_arenas() {
    let run = run("HEADER_HYBRID", "python");
    assert_eq!(run["processes"].as_array().unwrap().len(), 2);
    assert!(names(&run).iter().all(|name| name.contains("python")));
    let allocs = |name: &str| phase(&run, name)["allocs"].as_u64().unwrap();
    assert!(allocs("malloc") > 2 * allocs("pymalloc"));
    assert_eq!(run["ground_truth"]["units"], 2);
    assert_eq!(run["ground_truth"]["unit"], "script");
    assert!(run["ground_truth"]["verified"].as_u64().unwrap() > 10);
}

#[test]
fn without_the_library_or_under_none_nothing_is_counted() {
    for (scheme, processes) in [("PLAIN", 0), ("NONE", 1)] {
        let run = run(scheme, "redis");
        assert_eq!(run["processes"].as_array().unwrap().len(), processes);
        let truth = &run["ground_truth"];
        for key in ["startup_allocs", "serving_allocs"] {
            assert!(truth[key].is_null(), "{scheme} {key}");
        }
        assert!(truth["server_cpu_ns"].as_u64().unwrap() > 0);
        assert_eq!(truth["verified"], 1102);
    }
}
