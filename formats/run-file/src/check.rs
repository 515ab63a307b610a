//! What has to hold inside one run: records speak of their run's scheme and parameters, what was not counted is `null`, and
//! numbers that are told twice agree.

use sampler_core::bins::BIN_NAMES;
use sampler_core::decision::HYBRID_THRESHOLD_BYTES;
use sampler_core::gaps::HISTOGRAM;
use sampler_core::windows::{SCALE_FACTORS, SCALES};
use sampler_core::{DecisionName, TrackingName};
use serde::Serialize;

use crate::error::wrong;
use crate::record::{Gaps, Record, SizeBin};
use crate::run::{Parameters, Run};
use crate::scheme::Scheme;
use crate::value::Nullable;
use crate::{FORMAT, FORMAT_VERSION, RECORD_FORMAT};

type Checked = Result<(), String>;

/// Checks a whole run.
pub fn run(run: &Run) -> Checked {
    expect("format", &run.format, &FORMAT)?;
    expect("format_version", &run.format_version, &FORMAT_VERSION)?;
    // The largest window is 100 times the base and has to fit its field.
    let largest_base = u64::MAX / SCALE_FACTORS[SCALES - 1];
    let base = run.parameters.window_base;
    if !(1..=largest_base).contains(&base) {
        let expected = format_args!("1 to {largest_base} allocations");
        return Err(wrong("parameters.window_base", &base, expected));
    }
    match (run.scheme, run.processes.len()) {
        (Scheme::Plain, 0) => {}
        (Scheme::Plain, records) => {
            return Err(format!(
                "processes: found {records} records, expected none under PLAIN"
            ));
        }
        (scheme, 0) => {
            return Err(format!(
                "processes: found no record, expected at least one under {}",
                scheme.name()
            ));
        }
        _ => {}
    }
    for (index, record) in run.processes.iter().enumerate() {
        check_record(run, record).map_err(|error| format!("processes[{index}].{error}"))?;
    }
    Ok(())
}

fn check_record(run: &Run, record: &Record) -> Checked {
    expect("format", &record.format, &RECORD_FORMAT)?;
    expect("format_version", &record.format_version, &FORMAT_VERSION)?;
    check_configuration(run, record)?;
    let null = Nulls::of(run.scheme, &run.parameters);
    check_nulls(record, &null)?;
    check_bins(record, &null)?;
    check_counts(record)?;
    check_rates(record)?;
    check_windows(record, &null, run.parameters.window_base)?;
    check_gaps("gaps_allocs", &record.gaps_allocs, &null)?;
    check_gaps("gaps_bytes", &record.gaps_bytes, &null)?;
    check_samples(run.scheme, record, &null)
}

/// The record must be of the same build, scheme and parameters as its run.
fn check_configuration(run: &Run, record: &Record) -> Checked {
    let (scheme, parameters) = (run.scheme, &run.parameters);
    if record.library_version != run.runner_version {
        let expected = format_args!("{:?}, the build of the runner", run.runner_version);
        return Err(wrong("library_version", &record.library_version, expected));
    }
    expect("scheme", &record.scheme, &scheme.name())?;
    expect("tracking", &record.tracking, &scheme.tracking().name())?;
    expect("decision", &record.decision, &scheme.decision().name())?;
    expect("truth", &record.truth, &parameters.truth)?;
    expect("hash_mask", &record.hash_mask, &parameters.hash_mask)?;
    if record.hash_salt != parameters.hash_salt {
        return Err(wrong("hash_salt", &record.hash_salt, "the run's"));
    }
    expect(
        "poisson_mean_bytes",
        &record.poisson_mean_bytes,
        &parameters.poisson_mean_bytes,
    )?;
    let is_hybrid = scheme.decision() == DecisionName::Hybrid;
    let threshold = Nullable(is_hybrid.then_some(HYBRID_THRESHOLD_BYTES));
    expect("hybrid_threshold", &record.hybrid_threshold, &threshold)?;
    let largest_window = parameters.window_base * SCALE_FACTORS[SCALES - 1];
    expect("window_size", &record.window_size, &largest_window)
}

/// Which fields must be `null`: they were not measured, and a number there would not be one.
struct Nulls {
    /// Nothing was counted at all.
    calls: bool,
    /// Unsampled calls were not counted.
    truth: bool,
    /// Freed sizes are not known.
    freed_sizes: bool,
    /// Which frees were of sampled blocks is not known.
    sampled_frees: bool,
}

impl Nulls {
    fn of(scheme: Scheme, parameters: &Parameters) -> Nulls {
        let calls = scheme == Scheme::NONE;
        let truth = calls || !parameters.truth;
        Nulls {
            calls,
            truth,
            freed_sizes: truth || scheme.tracking() != TrackingName::AllHeaders,
            sampled_frees: calls || !scheme.knows_sampled_frees(),
        }
    }
}

fn check_nulls(record: &Record, null: &Nulls) -> Checked {
    for (field, count, null_expected) in [
        ("threads", record.threads, null.calls),
        ("total_allocs", record.total_allocs, null.truth),
        ("total_bytes_alloc", record.total_bytes_alloc, null.truth),
        ("total_frees", record.total_frees, null.truth),
        (
            "total_bytes_freed",
            record.total_bytes_freed,
            null.freed_sizes,
        ),
        ("reallocs", record.reallocs, null.truth),
        ("failed_calls", record.failed_calls, null.truth),
        ("foreign_frees", record.foreign_frees, null.calls),
        ("foreign_reallocs", record.foreign_reallocs, null.calls),
        ("zero_size_allocs", record.zero_size_allocs, null.truth),
        ("sampled_allocs", record.sampled_allocs, null.calls),
        (
            "sampled_bytes_alloc",
            record.sampled_bytes_alloc,
            null.calls,
        ),
        ("sampled_frees", record.sampled_frees, null.sampled_frees),
        (
            "sampled_bytes_freed",
            record.sampled_bytes_freed,
            null.sampled_frees,
        ),
        ("windows_total", record.windows_total, null.truth),
        (
            "windows_zero_sampled",
            record.windows_zero_sampled,
            null.truth,
        ),
        (
            "window_remainder_allocs",
            record.window_remainder_allocs,
            null.truth,
        ),
    ] {
        check_null(field, count, null_expected, "an unsigned integer")?;
    }
    check_null(
        "sampled_live_allocs_estimate",
        record.sampled_live_allocs_estimate,
        null.sampled_frees,
        "an integer",
    )
}

fn check_null<T: Serialize>(
    field: &str,
    value: Nullable<T>,
    null_expected: bool,
    kind: &str,
) -> Checked {
    match (&value.0, null_expected) {
        (Some(_), true) => Err(wrong(field, &value, "null, since this was not counted")),
        (None, false) => Err(wrong(field, &value, kind)),
        _ => Ok(()),
    }
}

fn check_bins(record: &Record, null: &Nulls) -> Checked {
    check_bin_names(
        "size_bins",
        &record.size_bins,
        record.size_bins.iter().map(|bin| &bin.bin[..]),
    )?;
    for (index, bin) in record.size_bins.iter().enumerate() {
        let check = || {
            for (field, count, null_expected) in [
                ("total_allocs", bin.total_allocs, null.truth),
                ("total_bytes", bin.total_bytes, null.truth),
                ("sampled_allocs", bin.sampled_allocs, null.calls),
                ("sampled_bytes", bin.sampled_bytes, null.calls),
            ] {
                check_null(field, count, null_expected, "an unsigned integer")?;
            }
            check_at_most("sampled_allocs", bin.sampled_allocs, bin.total_allocs)?;
            check_at_most("sampled_bytes", bin.sampled_bytes, bin.total_bytes)
        };
        check().map_err(|error: String| format!("size_bins[{index}].{error}"))?;
    }
    Ok(())
}

fn check_bin_names<'a>(
    place: &str,
    found: &impl Serialize,
    names: impl ExactSizeIterator<Item = &'a str>,
) -> Checked {
    if names.len() != BIN_NAMES.len() {
        return Err(wrong(
            place,
            found,
            format_args!("{} size bins", BIN_NAMES.len()),
        ));
    }
    for (index, (name, expected)) in names.zip(BIN_NAMES).enumerate() {
        expect(&format!("{place}[{index}].bin"), &name, &expected)?;
    }
    Ok(())
}

/// Every allocation is in exactly one bin, and every sampled one is one of all.
fn check_counts(record: &Record) -> Checked {
    let sum = |column: fn(&SizeBin) -> Nullable<u64>| -> Option<u128> {
        let columns = record.size_bins.iter().map(column);
        columns.map(|count| count.0.map(u128::from)).sum()
    };
    for (field, total, binned) in [
        ("total_allocs", record.total_allocs, sum(|b| b.total_allocs)),
        (
            "total_bytes_alloc",
            record.total_bytes_alloc,
            sum(|b| b.total_bytes),
        ),
        (
            "sampled_allocs",
            record.sampled_allocs,
            sum(|b| b.sampled_allocs),
        ),
        (
            "sampled_bytes_alloc",
            record.sampled_bytes_alloc,
            sum(|b| b.sampled_bytes),
        ),
    ] {
        if total.0.map(u128::from) != binned {
            let binned = binned.map_or("null".to_string(), |binned| binned.to_string());
            let expected = format_args!("{binned}, the sum over size_bins");
            return Err(wrong(field, &total, expected));
        }
    }
    for (field, sampled, total) in [
        ("sampled_allocs", record.sampled_allocs, record.total_allocs),
        (
            "sampled_bytes_alloc",
            record.sampled_bytes_alloc,
            record.total_bytes_alloc,
        ),
        ("sampled_frees", record.sampled_frees, record.total_frees),
        (
            "sampled_bytes_freed",
            record.sampled_bytes_freed,
            record.total_bytes_freed,
        ),
    ] {
        check_at_most(field, sampled, total)?;
    }
    Ok(())
}

fn check_at_most(field: &str, sampled: Nullable<u64>, total: Nullable<u64>) -> Checked {
    match (sampled.0, total.0) {
        (Some(found), Some(total)) if found > total => Err(wrong(
            field,
            &found,
            format_args!("at most {total}, the total"),
        )),
        _ => Ok(()),
    }
}

/// A rate is made of two counts again, and must be theirs; reading it may miss its last digit.
fn check_rates(record: &Record) -> Checked {
    const ROUNDING: f64 = 1e-9;
    for (field, found, sampled, total) in [
        (
            "sample_rate_allocs",
            record.sample_rate_allocs,
            record.sampled_allocs,
            record.total_allocs,
        ),
        (
            "sample_rate_bytes",
            record.sample_rate_bytes,
            record.sampled_bytes_alloc,
            record.total_bytes_alloc,
        ),
    ] {
        let total = total.0.filter(|&total| total > 0);
        match (sampled.0.zip(total), found.0) {
            (None, None) => {}
            (None, Some(_)) => return Err(wrong(field, &found, "null, a rate over nothing")),
            (Some(_), None) => return Err(wrong(field, &found, "a number")),
            (Some((sampled, total)), Some(rate)) => {
                let expected = sampled as f64 / total as f64;
                if (rate - expected).abs() > ROUNDING * expected {
                    let expected = format_args!("{expected}, which is {sampled} of {total}");
                    return Err(wrong(field, &rate, expected));
                }
            }
        }
    }
    Ok(())
}

fn check_windows(record: &Record, null: &Nulls, window_base: u64) -> Checked {
    let place = "windows";
    if null.truth {
        return match record.windows.0 {
            None => Ok(()),
            Some(_) => Err(wrong(
                place,
                &record.windows,
                "null, since this was not counted",
            )),
        };
    }
    let Some([scales @ .., largest]) = record
        .windows
        .0
        .as_deref()
        .filter(|windows| windows.len() == SCALES)
    else {
        return Err(wrong(
            place,
            &record.windows,
            format_args!("{SCALES} windows"),
        ));
    };
    let windows = scales.iter().chain([largest]);
    for ((index, window), factor) in windows.enumerate().zip(SCALE_FACTORS) {
        let field = |name| format!("windows[{index}].{name}");
        expect(&field("size"), &window.size, &(window_base * factor))?;
        if window.zero_sampled > window.total {
            return Err(wrong(
                field("zero_sampled"),
                &window.zero_sampled,
                format_args!("at most {}, the windows", window.total),
            ));
        }
    }
    for (name, found, told) in [
        ("total", largest.total, record.windows_total),
        (
            "zero_sampled",
            largest.zero_sampled,
            record.windows_zero_sampled,
        ),
        (
            "remainder_allocs",
            largest.remainder_allocs,
            record.window_remainder_allocs,
        ),
    ] {
        let field = format!("windows[{}].{name}", SCALES - 1);
        expect(&field, &Nullable(Some(found)), &told)?;
    }
    Ok(())
}

fn check_gaps(place: &str, gaps: &Nullable<Gaps>, null: &Nulls) -> Checked {
    let field = |name| format!("{place}.{name}");
    let gaps = match (&gaps.0, null.truth) {
        (None, true) => return Ok(()),
        (Some(_), true) => return Err(wrong(place, gaps, "null, since this was not counted")),
        (None, false) => return Err(wrong(place, gaps, "an object")),
        (Some(gaps), false) => gaps,
    };
    let histogram = &gaps.log2_histogram;
    if histogram.len() > HISTOGRAM {
        let expected = format_args!("at most {HISTOGRAM} entries");
        return Err(wrong(field("log2_histogram"), histogram, expected));
    }
    let counted: u128 = histogram.iter().map(|&count| u128::from(count)).sum();
    if counted != u128::from(gaps.n) {
        let expected = format_args!("{counted}, the sum of log2_histogram");
        return Err(wrong(field("n"), &gaps.n, expected));
    }
    let Some(last) = histogram.iter().rposition(|&count| count > 0) else {
        return Ok(());
    };
    let entry = ((u64::BITS - gaps.max.leading_zeros()) as usize).min(HISTOGRAM - 1);
    if entry != last {
        let expected = format_args!("a gap of entry {last}, the last of log2_histogram");
        return Err(wrong(field("max"), &gaps.max, expected));
    }
    Ok(())
}

/// What samples stand for is told just where there may be some.
fn check_samples(scheme: Scheme, record: &Record, null: &Nulls) -> Checked {
    let estimates = &record.estimates;
    match (&estimates.0, scheme.samples()) {
        (None, false) => {}
        (Some(_), false) => {
            return Err(wrong(
                "estimates",
                estimates,
                "null, since nothing is sampled",
            ));
        }
        (None, true) => return Err(wrong("estimates", estimates, "an object")),
        (Some(told), true) => check_bin_names(
            "estimates.size_bins",
            &told.size_bins,
            told.size_bins.iter().map(|bin| &bin.bin[..]),
        )?,
    }
    let has_table = matches!(
        scheme.tracking(),
        TrackingName::SampleHeaders | TrackingName::SampleMap
    );
    match (&record.table.0, has_table) {
        (None, true) => return Err(wrong("table", &record.table, "an object")),
        (Some(_), false) => {
            return Err(wrong(
                "table",
                &record.table,
                "null, since there is no table",
            ));
        }
        _ => {}
    }
    let samples = &record.gap_samples;
    match (&samples.0, null.truth) {
        (None, false) => return Err(wrong("gap_samples", samples, "an array")),
        (Some(_), true) => {
            return Err(wrong(
                "gap_samples",
                samples,
                "null, since this was not counted",
            ));
        }
        _ => {}
    }
    for (index, sample) in samples.0.iter().flatten().enumerate() {
        if !matches!(&sample.clock[..], "bytes" | "allocs") {
            return Err(wrong(
                format_args!("gap_samples[{index}].clock"),
                &sample.clock,
                "\"bytes\" or \"allocs\"",
            ));
        }
    }
    Ok(())
}

fn expect<A: Serialize + PartialEq<B>, B: Serialize>(
    place: &str,
    found: &A,
    expected: &B,
) -> Checked {
    if found == expected {
        return Ok(());
    }
    let expected = serde_json::to_string(expected).unwrap_or_default();
    Err(wrong(place, found, expected))
}
