//! Instructions, by callgrind: exact enough to show the library in a server's requests, and of nothing but what was measured.

use serde_json::Value;

use crate::support::*;

fn run(scheme: &str) -> Value {
    Place::new().run(scheme, &["redis", "--instructions", "--effort", "20"])
}

/// Of a request: what the long run has more than the short one, over the requests that it has more.
fn per_request(run: &Value) -> f64 {
    let part = &run["ground_truth"]["parts"][0];
    let number = |key: &str| part[key].as_f64().unwrap();
    (number("instructions") - number("less_instructions"))
        / (number("units") - number("less_units"))
}

/// Records of programs that ran to their end, not of what became another one: a shell, valgrind's launcher.
fn ended(run: &Value) -> Vec<&Value> {
    let records = run["processes"].as_array().unwrap().iter();
    records.filter(|record| record["ended"] != "exec").collect()
}

#[test]
fn a_command_of_redis_takes_more_instructions_under_the_library() {
    let [plain, none, header] = ["PLAIN", "NONE", "HEADER_POISSON_BYTES"].map(run);
    for run in [&plain, &none, &header] {
        let truth = &run["ground_truth"];
        assert_eq!(truth["unit"], "request");
        assert_eq!(truth["parts"].as_array().unwrap().len(), 1);
        assert_eq!(truth["parts"][0]["processes"], 2);
        assert!(
            truth["counted_by"]
                .as_str()
                .unwrap()
                .starts_with("valgrind-")
        );
        assert!(truth["verified"].as_u64().unwrap() > 2000);
    }
    // Two servers were reached, by callgrind and by the library.
    assert_eq!(ended(&plain).len(), 0);
    for run in [&none, &header] {
        let names = ended(run);
        let names = names.iter().map(|record| &record["command"][0]);
        assert_eq!(names.collect::<Vec<_>>(), ["redis-server"; 2]);
    }
    for record in ended(&header) {
        assert!(
            record["total_allocs"].as_u64().unwrap() > 10_000,
            "{record}"
        );
    }
    let [plain, none, header] = [plain, none, header].map(|run| per_request(&run));
    // Some 5 pairs of malloc and free a command: 2 instructions each to forward them, 43 more with header and truth; 5,000 in all, and the server's own
    // clock, which ticks ten times a second, in some fifty.
    assert!((3_000.0..8_000.0).contains(&plain), "{plain}");
    assert!(none > plain - 50.0, "{none} under NONE, {plain} without");
    assert!(header > none + 100.0, "{header}, {none} under NONE");
    assert!(header < plain + 1_500.0, "{header}, {plain} without");
}
