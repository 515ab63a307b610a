//! One process's record: what is taken out of it, and everything that is refused.

use serde_json::json;

use crate::gaps::{BINS_MAX, Gaps, index_of};
use crate::json::Node;
use crate::run::{Bin, COUNTS, Count, Losses, Parameters, Process, SCALES, SIZE_BINS, Window};
use crate::schemes::Scheme;

/// The factors of the three windows over the base window.
const SCALE_FACTORS: [u64; SCALES] = [1, 10, 100];

/// What one record adds to its run, and the row that it keeps for itself.
pub struct Record {
    /// The row of processes.csv.
    pub process: Process,
    /// At the three scales; `None` where they were not counted.
    pub windows: Option<[Window; SCALES]>,
    /// In allocations.
    pub gaps_allocs: Option<Gaps>,
    /// In bytes.
    pub gaps_bytes: Option<Gaps>,
    /// In the order of [`SIZE_BINS`].
    pub bins: Vec<Bin>,
    /// Of this process.
    pub losses: Losses,
}

/// Reads a record of a run with this scheme and these parameters.
pub fn read(node: &Node, scheme: &Scheme, parameters: &Parameters) -> Result<Record, String> {
    node.field("format").expect(&json!("sampler-record"))?;
    node.field("format_version").expect(&json!(1))?;
    check_configuration(node, scheme, parameters)?;

    let null = Nulls::of(scheme, parameters);
    let mut counts = [None; COUNTS.len()];
    for (count, name) in COUNTS {
        counts[count as usize] = read_count(&node.field(name), null.is_expected_for(count))?;
    }
    let bins = read_bins(node, &null)?;
    check_counts(node, &counts, &bins)?;
    let process = read_process(node, &null, counts)?;
    let windows = read_windows(node, &null, parameters.window_base)?;
    let losses = node.field("losses");
    // Told again, summed, by the run's own losses.
    losses.field("children_without_record").count()?;
    Ok(Record {
        windows,
        gaps_allocs: read_gaps(&node.field("gaps_allocs"), &null)?,
        gaps_bytes: read_gaps(&node.field("gaps_bytes"), &null)?,
        bins,
        losses: Losses {
            calls_without_slot: losses.field("calls_without_slot").count()?,
            samples_in_reentry: losses.field("samples_in_reentry").count()?,
            pages_without_table: losses.field("pages_without_table").count()?,
            slots_outside_file: losses.field("slots_outside_file").count()?,
            samples_without_entry: losses.field("samples_without_entry").count()?,
        },
        process,
    })
}

/// The record must speak of the scheme and parameters of its run.
fn check_configuration(
    node: &Node,
    scheme: &Scheme,
    parameters: &Parameters,
) -> Result<(), String> {
    node.field("library_version").text()?;
    node.field("scheme").expect(&json!(scheme.name))?;
    node.field("tracking").expect(&json!(scheme.tracking))?;
    node.field("decision").expect(&json!(scheme.decision))?;
    node.field("peak_rss_bytes").count_or_null()?;
    node.field("header_size").count()?;
    node.field("truth").expect(&json!(parameters.truth))?;
    node.field("hash_mask")
        .expect(&json!(parameters.hash_mask))?;
    let salt = node.field("hash_salt");
    if salt.salt()? != parameters.hash_salt.as_deref() {
        return Err(salt.wrong("the run's"));
    }
    node.field("poisson_mean_bytes")
        .expect(&json!(parameters.poisson_mean_bytes))?;
    node.field("hybrid_threshold").count_or_null()?;
    node.field("window_size")
        .expect(&json!(parameters.window_base * SCALE_FACTORS[SCALES - 1]))?;
    node.field("seed").seed()?;
    Ok(())
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
    fn of(scheme: &Scheme, parameters: &Parameters) -> Nulls {
        let truth = scheme.is_none() || !parameters.truth;
        Nulls {
            calls: scheme.is_none(),
            truth,
            freed_sizes: truth || scheme.tracking != "all-headers",
            sampled_frees: scheme.is_none() || !scheme.knows_sampled_frees(),
        }
    }

    fn is_expected_for(&self, count: Count) -> bool {
        match count {
            Count::TotalBytesFreed => self.freed_sizes,
            Count::TotalAllocs | Count::TotalBytesAlloc | Count::TotalFrees => self.truth,
            Count::Reallocs | Count::ZeroSizeAllocs | Count::FailedCalls => self.truth,
            Count::SampledFrees | Count::SampledBytesFreed => self.sampled_frees,
            _ => self.calls,
        }
    }
}

fn read_count(node: &Node, null_expected: bool) -> Result<Option<u64>, String> {
    match null_expected {
        true if node.is_null() => Ok(None),
        true => Err(node.wrong("null, since this was not counted")),
        false => node.count().map(Some),
    }
}

fn read_process(
    node: &Node,
    null: &Nulls,
    counts: [Option<u64>; COUNTS.len()],
) -> Result<Process, String> {
    let live = node.field("sampled_live_allocs_estimate");
    let rate = |name, sampled, total| {
        read_rate(
            &node.field(name),
            counts[sampled as usize],
            counts[total as usize],
        )
    };
    node.field("command_cut").flag()?;
    Ok(Process {
        pid: node.field("pid").count()?,
        parent_pid: node.field("parent_pid").count()?,
        command: node.field("command").texts()?.join(" "),
        next_allocator: node
            .field("next_allocator")
            .text_or_null()?
            .unwrap_or_default()
            .to_string(),
        ended: node.field("ended").text()?.to_string(),
        threads: read_count(&node.field("threads"), null.calls)?,
        counts,
        sampled_live_allocs: if live.is_null() && null.sampled_frees {
            None
        } else {
            Some(live.integer()?)
        },
        sample_rate_allocs: rate(
            "sample_rate_allocs",
            Count::SampledAllocs,
            Count::TotalAllocs,
        )?,
        sample_rate_bytes: rate(
            "sample_rate_bytes",
            Count::SampledBytesAlloc,
            Count::TotalBytesAlloc,
        )?,
        windows_total: read_count(&node.field("windows_total"), null.truth)?,
        windows_zero_sampled: read_count(&node.field("windows_zero_sampled"), null.truth)?,
        unique_pages: node.field("approx_unique_pages").count_or_null()?,
        sampled_pages: node.field("approx_sampled_pages").count_or_null()?,
    })
}

/// A rate is made of two counts again, and must be theirs; `serde_json` alone may miss its last digit.
fn read_rate(node: &Node, sampled: Option<u64>, total: Option<u64>) -> Result<Option<f64>, String> {
    const ROUNDING: f64 = 1e-9;
    let total = total.filter(|&total| total > 0);
    let Some((sampled, total)) = sampled.zip(total) else {
        return if node.is_null() {
            Ok(None)
        } else {
            Err(node.wrong("null, a rate over nothing"))
        };
    };
    let rate = sampled as f64 / total as f64;
    if (node.number()? - rate).abs() > ROUNDING * rate {
        return Err(node.wrong(&format!("{rate}, which is {sampled} of {total}")));
    }
    Ok(Some(rate))
}

fn read_windows(
    node: &Node,
    null: &Nulls,
    window_base: u64,
) -> Result<Option<[Window; SCALES]>, String> {
    let remainder_allocs = read_count(&node.field("window_remainder_allocs"), null.truth)?;
    let windows = node.field("windows");
    if null.truth && windows.is_null() {
        return Ok(None);
    }
    let elements = windows.elements()?;
    if elements.len() != SCALES {
        return Err(windows.wrong("3 windows"));
    }
    let mut read = [Window::default(); SCALES];
    for ((window, element), factor) in read.iter_mut().zip(&elements).zip(SCALE_FACTORS) {
        element.field("size").expect(&json!(window_base * factor))?;
        window.total = element.field("total").count()?.into();
        window.zero_sampled = element.field("zero_sampled").count()?.into();
        window.remainder_allocs = element.field("remainder_allocs").count()?.into();
        if window.zero_sampled > window.total {
            return Err(element
                .field("zero_sampled")
                .wrong(&format!("at most {}, the windows", window.total)));
        }
    }
    let largest = &elements[SCALES - 1];
    largest
        .field("total")
        .expect(&json!(node.field("windows_total").count()?))?;
    largest
        .field("zero_sampled")
        .expect(&json!(node.field("windows_zero_sampled").count()?))?;
    largest
        .field("remainder_allocs")
        .expect(&json!(remainder_allocs))?;
    Ok(Some(read))
}

fn read_gaps(node: &Node, null: &Nulls) -> Result<Option<Gaps>, String> {
    if null.truth && node.is_null() {
        return Ok(None);
    }
    let histogram = node.field("log2_histogram");
    let elements = histogram.elements()?;
    if elements.len() > BINS_MAX {
        return Err(histogram.wrong(&format!("at most {BINS_MAX} entries")));
    }
    let counts: Result<Vec<u128>, String> = elements
        .iter()
        .map(|count| Ok(count.count()?.into()))
        .collect();
    let mut gaps = Gaps {
        n: node.field("n").count()?.into(),
        sum: node.field("sum").count()?.into(),
        max: node.field("max").count()?,
        histogram: counts?,
    };
    node.field("sum_squares").number()?;
    node.field("sum_lag1_products").number()?;
    node.field("unfinished_sum").count()?;
    let counted: u128 = gaps.histogram.iter().sum();
    if counted != gaps.n {
        return Err(node
            .field("n")
            .wrong(&format!("{counted}, the sum of log2_histogram")));
    }
    gaps.histogram.truncate(
        gaps.histogram
            .iter()
            .rposition(|&count| count > 0)
            .map_or(0, |last| last + 1),
    );
    if gaps.n > 0 && index_of(gaps.max) + 1 != gaps.histogram.len() {
        let last = gaps.histogram.len() - 1;
        return Err(node.field("max").wrong(&format!(
            "a gap of entry {last}, the last of log2_histogram"
        )));
    }
    Ok(Some(gaps))
}

fn read_bins(node: &Node, null: &Nulls) -> Result<Vec<Bin>, String> {
    let bins = node.field("size_bins");
    let elements = bins.elements()?;
    if elements.len() != SIZE_BINS.len() {
        return Err(bins.wrong("10 size bins"));
    }
    let mut read = Vec::with_capacity(SIZE_BINS.len());
    for (element, name) in elements.iter().zip(SIZE_BINS) {
        element.field("bin").expect(&json!(name))?;
        let count = |key, null_expected| read_count(&element.field(key), null_expected);
        let (total_allocs, total_bytes) = (
            count("total_allocs", null.truth)?,
            count("total_bytes", null.truth)?,
        );
        let (sampled_allocs, sampled_bytes) = (
            count("sampled_allocs", null.calls)?,
            count("sampled_bytes", null.calls)?,
        );
        check_at_most(
            &element.field("sampled_allocs"),
            sampled_allocs,
            total_allocs,
        )?;
        check_at_most(&element.field("sampled_bytes"), sampled_bytes, total_bytes)?;
        read.push(
            [total_allocs, total_bytes, sampled_allocs, sampled_bytes]
                .map(|count| count.map(u128::from)),
        );
    }
    Ok(read)
}

/// Every allocation is in exactly one bin, and every sampled one is one of all.
fn check_counts(node: &Node, counts: &[Option<u64>], bins: &[Bin]) -> Result<(), String> {
    let totals = [
        Count::TotalAllocs,
        Count::TotalBytesAlloc,
        Count::SampledAllocs,
        Count::SampledBytesAlloc,
    ];
    for (column, total) in totals.into_iter().enumerate() {
        let binned: Option<u128> = bins.iter().map(|bin| bin[column]).sum();
        if binned != counts[total as usize].map(u128::from) {
            let binned = binned.map_or("null".to_string(), |binned| binned.to_string());
            let field = node.field(COUNTS[total as usize].1);
            return Err(field.wrong(&format!("{binned}, the sum over size_bins")));
        }
    }
    for (sampled, total) in [
        (Count::SampledAllocs, Count::TotalAllocs),
        (Count::SampledBytesAlloc, Count::TotalBytesAlloc),
        (Count::SampledFrees, Count::TotalFrees),
        (Count::SampledBytesFreed, Count::TotalBytesFreed),
    ] {
        let field = node.field(COUNTS[sampled as usize].1);
        check_at_most(&field, counts[sampled as usize], counts[total as usize])?;
    }
    Ok(())
}

fn check_at_most(node: &Node, sampled: Option<u64>, total: Option<u64>) -> Result<(), String> {
    match (sampled, total) {
        (Some(sampled), Some(total)) if sampled > total => {
            Err(node.wrong(&format!("at most {total}, the total")))
        }
        _ => Ok(()),
    }
}
