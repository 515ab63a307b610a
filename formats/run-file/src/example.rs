//! Runs made up for tests, small enough to check their numbers by hand, and the damages that every reader has to refuse.

use sampler_core::bins::BIN_NAMES;
use sampler_core::decision::HYBRID_THRESHOLD_BYTES;
use sampler_core::{DecisionName, TrackingName};
use serde_json::{Map, Value, json};

use crate::{FORMAT, FORMAT_VERSION, RECORD_FORMAT, Scheme};

const MEAN_BYTES: u64 = 4096;

fn scheme_of(name: &str) -> Scheme {
    Scheme::from_name(name).expect("the name of a scheme")
}

fn mask(decision: DecisionName) -> Option<u64> {
    decision.uses_mask().then_some(255)
}

fn mean_bytes(decision: DecisionName) -> Option<u64> {
    decision.uses_mean().then_some(MEAN_BYTES)
}

/// A run of set `seed`, workload `reuse`, with one record; 2 wall seconds, 1 under `NONE`.
pub fn run(scheme: &str, number: u64, sampled: u64) -> Value {
    let decision = scheme_of(scheme).decision();
    let processes = match scheme_of(scheme) {
        Scheme::Plain => json!([]),
        _ => json!([record(scheme, sampled)]),
    };
    json!({
        "format": FORMAT, "format_version": FORMAT_VERSION, "runner_version": "0.1.0",
        "set": "seed", "workload": "reuse", "scheme": scheme, "run": number,
        "command": ["bench-reuse"], "exit_status": 0,
        "parameters": {
            "hash_mask": mask(decision), "hash_salt": null, "poisson_mean_bytes": mean_bytes(decision),
            "window_base": 1000, "seed": "0x0000000000000001", "truth": true, "aslr": true,
        },
        "machine": {"cpu": "CPU", "cores": 2, "memory_bytes": 1 << 30, "kernel": "6.1", "libc": "glibc 2.36"},
        "wall_ns": if scheme == "NONE" { 1_000_000_000 } else { 2_000_000_000 },
        "user_ns": 500_000_000, "system_ns": 250_000_000,
        "peak_rss_bytes": 3 << 20, "peak_rss_floor_bytes": 2 << 20,
        "ground_truth": null,
        "losses": {"unfinished_records": 0, "descendants_alive": 0, "bypassed_programs": 0},
        "sizes": null,
        "processes": processes,
    })
}

/// A process with 2,500 allocations of 100 B, of which the first `sampled`, at most 2, of the second thousand were sampled.
pub fn record(scheme: &str, sampled: u64) -> Value {
    let (tracking, decision) = (scheme_of(scheme).tracking(), scheme_of(scheme).decision());
    let counts = scheme != "NONE";
    let known = |is_known: bool, value: Value| if is_known { value } else { Value::Null };
    let count = |value: u64| known(counts, json!(value));
    let headers = tracking == TrackingName::AllHeaders;
    let has_table = matches!(
        tracking,
        TrackingName::SampleHeaders | TrackingName::SampleMap
    );
    let knows_frees = scheme_of(scheme).knows_sampled_frees();
    let of_frees = |value: u64| known(counts && knows_frees, json!(value));
    let has_pages = decision == DecisionName::PageHash;
    let windows = json!([
        {"size": 1000, "total": 2, "zero_sampled": if sampled > 0 { 1 } else { 2 }, "remainder_allocs": 500},
        {"size": 10_000, "total": 0, "zero_sampled": 0, "remainder_allocs": 2500},
        {"size": 100_000, "total": 0, "zero_sampled": 0, "remainder_allocs": 2500},
    ]);
    // The first sample ends a gap of 1000 allocations (10 bits), the second one of 0.
    let gaps = |unit: u64, bits: usize| {
        let mut histogram = vec![0; if sampled > 0 { bits + 1 } else { 0 }];
        if sampled > 0 {
            histogram[bits] = 1;
            histogram[0] = sampled - 1;
        }
        let sum = if sampled > 0 { 1000 * unit } else { 0 };
        json!({
            "n": sampled, "sum": sum, "sum_squares": (sum * sum) as f64, "sum_lag1_products": 0.0, "max": sum,
            "unfinished_sum": (2500 - sampled) * unit - sum, "log2_histogram": histogram,
        })
    };
    let bin = |name: &str| {
        let here = u64::from(name == "65-128");
        json!({
            "bin": name, "total_allocs": count(2500 * here), "total_bytes": count(250_000 * here),
            "sampled_allocs": count(sampled * here), "sampled_bytes": count(100 * sampled * here),
        })
    };
    let rate = known(counts, json!(sampled as f64 / 2500.0));
    json!({
        "format": RECORD_FORMAT, "format_version": FORMAT_VERSION, "library_version": "0.1.0",
        "pid": 10, "parent_pid": 9, "image": 0, "command": ["bench-reuse", "--turns", "9"], "command_cut": false,
        "next_allocator": "libc.so.6", "bypassed": false, "ended": "exit", "peak_rss_bytes": 3 << 20,
        "scheme": scheme, "tracking": tracking.name(), "decision": decision.name(),
        "header_size": if headers || has_table { 16 } else { 0 }, "truth": true,
        "hash_mask": mask(decision), "hash_salt": null, "poisson_mean_bytes": mean_bytes(decision),
        "hybrid_threshold": (decision == DecisionName::Hybrid).then_some(HYBRID_THRESHOLD_BYTES),
        "window_size": 100_000, "seed": "0x0000000000000001",
        "threads": count(1), "total_allocs": count(2500), "total_bytes_alloc": count(250_000),
        "total_frees": count(2400), "total_bytes_freed": known(headers, json!(240_000)),
        "reallocs": count(0), "failed_calls": count(0), "foreign_frees": count(0), "foreign_reallocs": count(0),
        "zero_size_allocs": count(0), "sampled_allocs": count(sampled), "sampled_bytes_alloc": count(100 * sampled),
        "sampled_frees": of_frees(sampled / 2), "sampled_bytes_freed": of_frees(sampled / 2 * 100),
        "freed_sizes_are_usable_sizes": tracking == TrackingName::Stateless && knows_frees,
        "sampled_frees_estimate": known(!knows_frees, json!(0.5)),
        "sampled_frees_estimate_variance": known(!knows_frees, json!(0.25)),
        "sampled_live_allocs_estimate": of_frees(sampled - sampled / 2),
        "sample_rate_allocs": rate, "sample_rate_bytes": rate,
        "windows_total": count(0), "windows_zero_sampled": count(0), "window_remainder_allocs": count(2500),
        "windows": known(counts, windows),
        "gaps_allocs": known(counts, gaps(1, 10)),
        "gaps_bytes": known(counts, gaps(100, 17)),
        "approx_unique_pages": known(has_pages, json!(11)),
        "approx_sampled_pages": known(has_pages, json!(0)),
        "table": known(has_table, json!({
            "inserts": sampled, "lookups": 2400, "deletes": sampled / 2, "entries": sampled - sampled / 2,
            "entries_peak": sampled, "bytes": 131_072,
        })),
        "unused_header_bytes": known(scheme == "SAMPLE_HEADERS_HASH_MAP", json!((2500 - sampled) * 16)),
        "estimates": known(scheme_of(scheme).samples(), estimates(sampled)),
        "gap_samples": known(counts, json!([])),
        "size_bins": BIN_NAMES.map(bin),
        "losses": {"calls_without_slot": 0, "samples_in_reentry": 0, "pages_without_table": 0,
            "slots_outside_file": 0, "children_without_record": 0, "samples_without_entry": 0},
    })
}

fn estimates(sampled: u64) -> Value {
    let fields = |sampled: u64| -> Map<String, Value> {
        let mut fields = Map::new();
        for prefix in ["", "live_"] {
            for (name, each) in [
                ("allocs", 256),
                ("bytes", 25_600),
                ("allocs_variance", 65_280),
                ("bytes_variance", 652_800_000),
            ] {
                fields.insert(format!("{prefix}{name}"), ((sampled * each) as f64).into());
            }
        }
        fields
    };
    let mut whole = fields(sampled);
    whole.insert("samples_without_key".into(), 0.into());
    whole.insert("inherited_samples".into(), 0.into());
    whole.insert("independent_keys".into(), Value::Null);
    for other in ["tcmalloc", "draws", "draws_below_mean"] {
        for what in ["allocs", "bytes"] {
            whole.insert(format!("{other}_{what}"), Value::Null);
        }
    }
    let bin = |name: &str| {
        let mut bin = fields(if name == "65-128" { sampled } else { 0 });
        bin.insert("bin".into(), name.into());
        Value::Object(bin)
    };
    whole.insert("size_bins".into(), BIN_NAMES.map(bin).to_vec().into());
    Value::Object(whole)
}

/// Makes a run one whose unsampled calls were not counted.
pub fn forget_truth(run: &mut Value) {
    run["parameters"]["truth"] = false.into();
    for record in run["processes"].as_array_mut().into_iter().flatten() {
        record["truth"] = false.into();
        for field in [
            "total_allocs",
            "total_bytes_alloc",
            "total_frees",
            "total_bytes_freed",
            "reallocs",
            "failed_calls",
            "zero_size_allocs",
            "sample_rate_allocs",
            "sample_rate_bytes",
            "windows_total",
            "windows_zero_sampled",
            "window_remainder_allocs",
            "windows",
            "gaps_allocs",
            "gaps_bytes",
            "gap_samples",
        ] {
            record[field] = Value::Null;
        }
        for bin in record["size_bins"].as_array_mut().into_iter().flatten() {
            (bin["total_allocs"], bin["total_bytes"]) = (Value::Null, Value::Null);
        }
    }
}

/// Makes totals and rates of a record those of its size bins again, after a test has changed these.
pub fn settle(record: &mut Value) {
    for (total, of_bin) in [
        ("total_allocs", "total_allocs"),
        ("total_bytes_alloc", "total_bytes"),
        ("sampled_allocs", "sampled_allocs"),
        ("sampled_bytes_alloc", "sampled_bytes"),
    ] {
        let bins = record["size_bins"].as_array().into_iter().flatten();
        let sum: u64 = bins.filter_map(|bin| bin[of_bin].as_u64()).sum();
        record[total] = sum.into();
    }
    for (rate, sampled, total) in [
        ("sample_rate_allocs", "sampled_allocs", "total_allocs"),
        (
            "sample_rate_bytes",
            "sampled_bytes_alloc",
            "total_bytes_alloc",
        ),
    ] {
        let number = |field: &str| record[field].as_u64().unwrap_or(0) as f64;
        record[rate] = (number(sampled) / number(total)).into();
    }
}

/// Makes a record one of so many samples, all of them in its fullest size bin.
pub fn sample(record: &mut Value, samples: u64) {
    let Some(bins) = record["size_bins"].as_array_mut() else {
        return;
    };
    let allocs = |bin: &Value| bin["total_allocs"].as_u64().unwrap_or(0);
    let fullest = (0..bins.len()).max_by_key(|&index| allocs(&bins[index]));
    for (index, bin) in bins.iter_mut().enumerate() {
        let here = if fullest == Some(index) { samples } else { 0 };
        let bytes = bin["total_bytes"].as_u64().unwrap_or(0);
        let sampled_bytes = here * bytes / allocs(bin).max(1);
        (bin["sampled_allocs"], bin["sampled_bytes"]) = (here.into(), sampled_bytes.into());
    }
    settle(record);
}

/// A run file that has to be refused, and what the error has to say.
pub struct Damage {
    /// The run file.
    pub run: Value,
    /// Part of the one line.
    pub expected: String,
}

/// What can be wrong with a run file, whatever it is of: `run` is a good one with at least one record, in which something was
/// counted. Each reader is held to all of it.
pub fn damages(run: &Value) -> Vec<Damage> {
    let mut damages = Vec::new();
    for place in ["", "/parameters", "/machine", "/losses"] {
        remove_each(run, place, &mut damages);
    }
    for place in [
        "",
        "/losses",
        "/size_bins/2",
        "/windows/1",
        "/gaps_allocs",
        "/gaps_bytes",
        "/table",
        "/estimates",
        "/estimates/size_bins/3",
    ] {
        remove_each(run, &format!("/processes/0{place}"), &mut damages);
    }
    let mut set = |pointer: &str, value: Value, expected: &str| {
        let mut damaged = run.clone();
        *damaged.pointer_mut(pointer).expect("a field of every run") = value;
        let place = place_of(pointer);
        damages.push(Damage {
            run: damaged,
            expected: format!("{place}: found {expected}"),
        });
    };
    set(
        "/format",
        json!("other"),
        "\"other\", expected \"sampler-run\"",
    );
    set("/format_version", json!(2), "2, expected 1");
    set("/set", json!("bogus"), "\"bogus\", expected \"");
    set("/workload", json!("bogus"), "\"bogus\", expected \"");
    set(
        "/scheme",
        json!("HEADER_HUSH"),
        "\"HEADER_HUSH\", expected one of HEADER_HASH, ",
    );
    set(
        "/run",
        json!(98),
        "98, expected the number in the file's name",
    );
    set("/wall_ns", json!(1.5), "1.5, expected an unsigned integer");
    set(
        "/wall_ns",
        json!(null),
        "null, expected an unsigned integer",
    );
    set("/machine", json!(null), "null, expected an object");
    set(
        "/machine/cores",
        json!("two"),
        "\"two\", expected an unsigned integer",
    );
    set("/parameters/seed", json!(7), "7, expected a string of 0x");
    set(
        "/parameters/seed",
        json!("0x+1"),
        "\"0x+1\", expected a string of 0x",
    );
    set("/parameters/window_base", json!(0), "0, expected 1 to ");
    set("/parameters/truth", json!(1), "1, expected true or false");
    set("/runner_version", json!(1), "1, expected a string");
    set("/processes", json!({}), "{}, expected an array");
    set(
        "/processes",
        json!([]),
        "no record, expected at least one under ",
    );
    set("/processes/0", json!(3), "3, expected an object");
    set(
        "/processes/0/format",
        json!("x"),
        "\"x\", expected \"sampler-record\"",
    );
    set("/processes/0/format_version", json!(0), "0, expected 1");
    set(
        "/processes/0/library_version",
        json!("0.0.1"),
        "\"0.0.1\", expected ",
    );
    set("/processes/0/scheme", json!("x"), "\"x\", expected \"");
    set("/processes/0/tracking", json!("x"), "\"x\", expected \"");
    set("/processes/0/decision", json!("x"), "\"x\", expected \"");
    set("/processes/0/hash_mask", json!(77), "77, expected ");
    set("/processes/0/window_size", json!(1), "1, expected ");
    set(
        "/processes/0/hash_salt",
        json!("0x07"),
        "\"0x0000000000000007\", expected the run's",
    );
    set(
        "/processes/0/pid",
        json!(-1),
        "-1, expected an unsigned integer",
    );
    set(
        "/processes/0/total_allocs",
        json!(null),
        "null, expected an unsigned integer",
    );
    set("/processes/0/total_allocs", json!(1), "1, expected ");
    set(
        "/processes/0/sampled_allocs",
        json!(u64::MAX),
        "18446744073709551615, expected ",
    );
    set("/processes/0/windows", json!([]), "[], expected 3 windows");
    set(
        "/processes/0/size_bins",
        json!([]),
        "[], expected 10 size bins",
    );
    set(
        "/processes/0/size_bins/0/bin",
        json!("0-31"),
        "\"0-31\", expected \"0-32\"",
    );
    set(
        "/processes/0/sample_rate_allocs",
        json!(0.99),
        "0.99, expected ",
    );
    set(
        "/processes/0/gaps_allocs/n",
        json!(u64::MAX),
        "18446744073709551615, expected ",
    );
    damages
}

/// Every field of the object at `pointer`, each missing once; none where the object is `null`.
fn remove_each(run: &Value, pointer: &str, damages: &mut Vec<Damage>) {
    let object = run.pointer(pointer).and_then(Value::as_object);
    for field in object.into_iter().flat_map(Map::keys) {
        // Only schemes that hash write these.
        if field.ends_with("_by_key") {
            continue;
        }
        let mut damaged = run.clone();
        let object = damaged.pointer_mut(pointer).and_then(Value::as_object_mut);
        object.expect("it was just found").remove(field);
        let place = place_of(&format!("{pointer}/{field}"));
        damages.push(Damage {
            run: damaged,
            expected: format!("{place}: found nothing, expected "),
        });
    }
}

/// `/processes/0/pid` as errors have it: `processes[0].pid`.
fn place_of(pointer: &str) -> String {
    let mut place = String::new();
    for step in pointer.split('/').skip(1) {
        match step.parse::<usize>() {
            Ok(index) => place += &format!("[{index}]"),
            Err(_) if place.is_empty() => place += step,
            Err(_) => place += &format!(".{step}"),
        }
    }
    place
}
