//! Numbers that are told twice: they have to agree.

use sampler_core::bins::BIN_NAMES;
use sampler_core::gaps::HISTOGRAM;
use sampler_core::windows::{SCALE_FACTORS, SCALES};
use serde::Serialize;

use super::{Checked, Nulls, check_null, expect, named};
use crate::error::wrong;
use crate::record::{Gaps, Record, SizeBin, Window};
use crate::value::Nullable;

/// Checks a record in which everything is there that has to be.
pub fn check(record: &Record, null: &Nulls, window_base: u64) -> Checked {
    check_bins(record, null)?;
    check_counts(record)?;
    check_rates(record)?;
    if let Some(windows) = &record.windows.0 {
        check_windows(record, windows, window_base)?;
    }
    for (place, gaps) in [
        ("gaps_allocs", &record.gaps_allocs),
        ("gaps_bytes", &record.gaps_bytes),
    ] {
        if let Some(gaps) = &gaps.0 {
            check_gaps(place, gaps)?;
        }
    }
    if let Some(estimates) = &record.estimates.0 {
        let bins = &estimates.size_bins;
        let names = bins.iter().map(|bin| &bin.bin[..]);
        check_bin_names("estimates.size_bins", bins, names)?;
    }
    Ok(())
}

fn check_bins(record: &Record, null: &Nulls) -> Checked {
    check_bin_names(
        "size_bins",
        &record.size_bins,
        record.size_bins.iter().map(|bin| &bin.bin[..]),
    )?;
    for (index, bin) in record.size_bins.iter().enumerate() {
        let check = || {
            for (fields, null_expected) in [
                (named!(bin, total_allocs, total_bytes), null.truth),
                (named!(bin, sampled_allocs, sampled_bytes), null.calls),
            ] {
                for &(field, count) in fields {
                    check_null(field, &count, null_expected, "an unsigned integer")?;
                }
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
    let totals = named!(
        record,
        total_allocs,
        total_bytes_alloc,
        sampled_allocs,
        sampled_bytes_alloc
    );
    let columns: [fn(&SizeBin) -> Nullable<u64>; 4] = [
        |bin| bin.total_allocs,
        |bin| bin.total_bytes,
        |bin| bin.sampled_allocs,
        |bin| bin.sampled_bytes,
    ];
    for (&(field, total), column) in totals.iter().zip(columns) {
        let binned = sum(column);
        if total.0.map(u128::from) != binned {
            let binned = binned.map_or("null".to_string(), |binned| binned.to_string());
            let expected = format_args!("{binned}, the sum over size_bins");
            return Err(wrong(field, &total, expected));
        }
    }
    let sampled = named!(
        record,
        sampled_allocs,
        sampled_bytes_alloc,
        sampled_frees,
        sampled_bytes_freed
    );
    let all = named!(
        record,
        total_allocs,
        total_bytes_alloc,
        total_frees,
        total_bytes_freed
    );
    for (&(field, sampled), &(_, total)) in sampled.iter().zip(all) {
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
    let rates = named!(record, sample_rate_allocs, sample_rate_bytes);
    let counts = [
        (record.sampled_allocs, record.total_allocs),
        (record.sampled_bytes_alloc, record.total_bytes_alloc),
    ];
    for (&(field, found), (sampled, total)) in rates.iter().zip(counts) {
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

fn check_windows(record: &Record, windows: &[Window], window_base: u64) -> Checked {
    if windows.len() != SCALES {
        return Err(wrong("windows", &windows, format_args!("{SCALES} windows")));
    }
    let largest = windows[SCALES - 1];
    for ((index, window), factor) in windows.iter().enumerate().zip(SCALE_FACTORS) {
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

fn check_gaps(place: &str, gaps: &Gaps) -> Checked {
    let field = |name| format!("{place}.{name}");
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
