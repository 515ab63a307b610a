//! A driver is not measured: what it starts with SAMPLER_PRELOAD is.

use crate::support::*;

/// Starts one program under the library and one without, and says what memory the first took.
const DRIVER: &str = "\
    [ -z \"${LD_PRELOAD:-}\" ] || exit 9
    env
    LD_PRELOAD=$SAMPLER_PRELOAD sort /dev/null
    ls / > /dev/null
    echo '{\"server_peak_rss_bytes\": 12345678}'";

#[test]
fn only_what_the_driver_starts_under_the_library_is_in_the_run() {
    let place = Place::new();
    let output = place.run("COUNT", &["--driver"], &["bash", "-c", DRIVER]);
    let run = place.succeeded(&output);
    let processes = run["processes"].as_array().unwrap();
    assert_eq!(processes.len(), 1);
    assert_eq!(processes[0]["command"][0], "sort");
    assert!(processes[0]["total_allocs"].as_u64().unwrap() > 0);
    assert_eq!(run["command"][0], "bash");
    // What the driver says, and not what the kernel says of the driver.
    assert_eq!(run["peak_rss_bytes"], 12345678);
    assert_eq!(run["ground_truth"]["server_peak_rss_bytes"], 12345678);
}

#[test]
fn a_driver_without_the_library_is_told_of_none() {
    let place = Place::new();
    let driver = format!("[ -z \"${{SAMPLER_PRELOAD+set}}\" ] || exit 9; {DRIVER}");
    let output = place.finish(
        place
            .prepare("PLAIN", &["--driver"], &["bash", "-c", &driver])
            .env("SAMPLER_PRELOAD", "/left/from/another/run.so"),
    );
    let run = place.succeeded(&output);
    assert_eq!(run["processes"].as_array().unwrap().len(), 0);
}

#[test]
fn a_driver_that_measures_nothing_is_no_run() {
    let place = Place::new();
    let output = place.run("COUNT", &["--driver"], &["bash", "-c", "echo '{}'"]);
    let failed = place.failed(&output, 125);
    assert_eq!(
        failed["failure"],
        "bash started no program under the library: with --driver it must give the value of SAMPLER_PRELOAD as LD_PRELOAD to what is measured"
    );
}

#[test]
fn a_driver_that_says_nothing_is_no_run() {
    let place = Place::new();
    let driver = "LD_PRELOAD=$SAMPLER_PRELOAD sort /dev/null; echo done";
    let output = place.run("COUNT", &["--driver"], &["bash", "-c", driver]);
    let failed = place.failed(&output, 125);
    let failure = failed["failure"].as_str().unwrap();
    assert!(
        failure.contains("its last line of output is 'done'"),
        "{failure}"
    );
}
