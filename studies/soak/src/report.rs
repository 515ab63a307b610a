//! soak.csv, one row a reading, and soak.txt, what they amount to.

use statistics::intervals::LEVEL;

use crate::Options;
use crate::analysis::{Analysis, COVERAGE_MARGIN, CREEP, Coverage, Creep, Value};
use crate::load::Done;
use crate::reading::Second;

const COLUMNS: [&str; 10] = [
    "time_s",
    "live_bytes_exact",
    "live_bytes_estimate",
    "live_bytes_standard_error",
    "live_blocks",
    "rss_bytes",
    "sampled_allocs",
    "calls",
    "requests",
    "poisson_mean_bytes",
];

const MIB: f64 = 1048576.0;

/// The table's text.
pub fn csv(seconds: &[Second], options: &Options) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for second in seconds {
        let row = [
            format!("{:.3}", second.time_s),
            second.live_bytes.to_string(),
            format!("{:.0}", second.estimate_bytes),
            format!("{:.0}", second.standard_error_bytes),
            second.live_blocks.to_string(),
            second.rss_bytes.to_string(),
            second.sampled_allocs.to_string(),
            second.calls.to_string(),
            second.answered.to_string(),
            options.mean.to_string(),
        ];
        writer.write_record(row).expect(IN_MEMORY);
    }
    writer.into_inner().expect(IN_MEMORY)
}

/// The report.
pub fn text(options: &Options, seconds: &[Second], done: &Done, analysis: &Analysis) -> String {
    let mut lines = vec![
        format!(
            "redis-server under {}, mean gap {} B, for {} s; {} readings while it ran, by sampler-live --json.",
            options.scheme,
            options.mean,
            options.seconds,
            seconds.len()
        ),
        load(seconds, done),
        String::new(),
    ];
    lines.extend(estimate(analysis));
    lines.push(String::new());
    lines.extend(memory(options, analysis));
    lines.extend([
        String::new(),
        "[a, b] is a 95 % interval: over the means of stretches of readings, which follow each other and are not independent; of slopes over the means of whole cycles of the load. A large block that lives through the whole soak is sampled once or not at all, and shifts all readings alike: no interval here covers that.".into(),
    ]);
    lines.join("\n") + "\n"
}

fn load(seconds: &[Second], done: &Done) -> String {
    let live = |pick: fn(f64, f64) -> f64, start: f64| {
        let live = seconds.iter().map(|second| second.live_bytes as f64);
        live.fold(start, pick) / MIB
    };
    let last = seconds.last();
    format!(
        "{} requests (SET, APPEND, DEL, GET), each reply as expected, {} values compared byte by byte; {} allocations and frees, {} allocations sampled; live {:.1} to {:.1} MiB.",
        done.answered,
        done.read_back,
        last.map_or(0, |second| second.calls),
        last.map_or(0, |second| second.sampled_allocs),
        live(f64::min, f64::INFINITY),
        live(f64::max, 0.0),
    )
}

fn estimate(analysis: &Analysis) -> Vec<String> {
    let (Some(covered), Some(bias), Some(largest), Some(error)) = (
        analysis.covered,
        analysis.bias,
        analysis.largest_error,
        analysis.standard_error,
    ) else {
        return vec!["Live bytes: no reading had a sampled block alive.".into()];
    };
    let least = format!("{:.0} %", (LEVEL - COVERAGE_MARGIN) * 100.0);
    let due = format!("{:.0} % are due", LEVEL * 100.0);
    let verdict = match analysis.coverage {
        Coverage::Near => {
            format!("as it should be; {due}, and all of the interval is {least} or more")
        }
        Coverage::TooSeldom => {
            format!("TOO SELDOM: {due}, and all of the interval is below {least}")
        }
        Coverage::Undecided if covered.interval.is_none() => {
            format!("undecided: every stretch gave the same, or there are too few readings; {due}")
        }
        Coverage::Undecided => format!("undecided: {due}, and the interval holds {least}"),
    };
    vec![
        format!(
            "Live bytes: the estimate's own 95 % interval holds the truth in {} of {} readings: {verdict}.",
            percent(covered),
            analysis.readings
        ),
        format!(
            "Estimate over truth, less 1: {} on average, {:.2} % at most; its own standard error is {:.2} % on average.",
            percent(bias),
            largest * 100.0,
            error * 100.0
        ),
    ]
}

fn memory(options: &Options, analysis: &Analysis) -> Vec<String> {
    let minutes = |slope: Option<Value>| match slope {
        Some(Value {
            value,
            interval: Some((low, high)),
            n,
        }) => format!(
            "{:+.1} KiB a minute [{:+.1}, {:+.1}] over {n} cycles of {} s",
            value * 60.0 / 1024.0,
            low * 60.0 / 1024.0,
            high * 60.0 / 1024.0,
            options.cycle
        ),
        _ => "not known: fewer than three whole cycles of the load in the last two thirds".into(),
    };
    let allowed = CREEP * 100.0;
    let verdict = match analysis.creep {
        Creep::No => format!(
            "RSS does not creep: all of the interval is below {allowed} % of it over the soak."
        ),
        Creep::Yes => {
            format!("RSS CREEPS: all of the interval is above {allowed} % of it over the soak.")
        }
        Creep::Undecided => format!(
            "Whether RSS creeps is undecided: the interval holds {allowed} % of it over the soak."
        ),
        Creep::TooShort => "Whether RSS creeps cannot be told from so short a soak.".into(),
    };
    vec![
        format!(
            "RSS of the service: {:.1} MiB on average; in the last two thirds {}.",
            analysis.mean_rss_bytes / MIB,
            minutes(analysis.rss_slope)
        ),
        format!(
            "Live bytes in the same time: {}.",
            minutes(analysis.live_slope)
        ),
        verdict,
    ]
}

fn percent(value: Value) -> String {
    match value.interval {
        Some((low, high)) => format!(
            "{:.2} % [{:.2}, {:.2}]",
            value.value * 100.0,
            low * 100.0,
            high * 100.0
        ),
        None => format!("{:.2} %", value.value * 100.0),
    }
}
