//! What a process reports of itself, as one JSON object (FORMAT.md, "Record").
//!
//! Written through [`core::fmt::Write`], so that it needs no memory but the writer's. What was not counted is `null`, never 0.

use core::fmt::{self, Write};

use crate::bins::BIN_NAMES;
use crate::config::Config;
use crate::counter::Counter;
use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::estimates::Estimate;
use crate::gap_sample::{Clock, Gap, GapSamples};
use crate::gaps::GapTotals;
use crate::header::HEADER_BYTES;
use crate::live::{COMMAND_BYTES, Identity, Live, PATH_BYTES, VERSION_BYTES};
use crate::scheme::{DecisionName, Scheme, TrackingName};
use crate::slot::{BinTotals, Totals};
use crate::weight;
use crate::windows::{SCALE_FACTORS, SCALES, WindowTotals};

/// Version of the record's format.
pub const FORMAT_VERSION: u32 = 1;

/// Writes the record; `ended` is how the process ended, in a word (FORMAT.md).
pub fn write(
    out: &mut impl Write,
    live: &Live,
    identity: &Identity,
    totals: &Totals,
    ended: &str,
) -> fmt::Result {
    let mut object = Object::open(out)?;
    write_process(&mut object, live, identity, ended)?;
    write_totals(&mut object, live, &identity.config, totals)?;
    object.key("losses")?;
    let mut losses = Object::open(object.out)?;
    losses.number("calls_without_slot", live.calls_without_slot.get())?;
    losses.number("samples_in_reentry", totals.samples_in_reentry)?;
    losses.number("pages_without_table", live.pages_without_table.get())?;
    losses.number("slots_outside_file", live.slots_outside_file.get())?;
    losses.number(
        "children_without_record",
        live.children_without_record.get(),
    )?;
    losses.number("samples_without_entry", live.samples_without_entry.get())?;
    losses.close()?;
    object.close()
}

/// How a process ended that has not said so.
pub const UNSAID: &str = "unknown";

/// Writes the record of a process that has only begun: who it is, and `null` for all that it will have counted. It stays where the process never writes
/// another, because it became another program or was killed.
pub fn write_unfinished(out: &mut impl Write, live: &Live, identity: &Identity) -> fmt::Result {
    let mut object = Object::open(out)?;
    write_process(&mut object, live, identity, UNSAID)?;
    for name in COUNTED {
        object.raw(name, "null")?;
    }
    object.close()
}

/// What [`write`] writes after the process itself, in its order.
const COUNTED: [&str; 34] = [
    "threads",
    "total_allocs",
    "total_bytes_alloc",
    "total_frees",
    "total_bytes_freed",
    "reallocs",
    "failed_calls",
    "foreign_frees",
    "foreign_reallocs",
    "zero_size_allocs",
    "sampled_allocs",
    "sampled_bytes_alloc",
    "sampled_frees",
    "sampled_bytes_freed",
    "freed_sizes_are_usable_sizes",
    "sampled_frees_estimate",
    "sampled_frees_estimate_variance",
    "sampled_live_allocs_estimate",
    "sample_rate_allocs",
    "sample_rate_bytes",
    "windows_total",
    "windows_zero_sampled",
    "window_remainder_allocs",
    "windows",
    "gaps_allocs",
    "gaps_bytes",
    "approx_unique_pages",
    "approx_sampled_pages",
    "table",
    "unused_header_bytes",
    "estimates",
    "gap_samples",
    "size_bins",
    "losses",
];

fn write_process(
    object: &mut Object<impl Write>,
    live: &Live,
    identity: &Identity,
    ended: &str,
) -> fmt::Result {
    let config = &identity.config;
    let (tracking, decision) = (config.scheme.tracking(), config.scheme.decision());
    let header_bytes = match tracking {
        TrackingName::AllHeaders | TrackingName::SampleHeaders | TrackingName::SampleMap => {
            HEADER_BYTES
        }
        TrackingName::Stateless | TrackingName::None => 0,
    };
    let hybrid = decision == DecisionName::Hybrid;
    object.text("format", b"sampler-record")?;
    object.number("format_version", FORMAT_VERSION.into())?;
    object.text(
        "library_version",
        live.library_version(&mut [0; VERSION_BYTES]),
    )?;
    object.number("pid", identity.pid.into())?;
    object.number("parent_pid", identity.parent_pid.into())?;
    object.number("image", identity.image.into())?;
    object.key("command")?;
    write_command(object.out, live.command(&mut [0; COMMAND_BYTES]))?;
    object.raw("command_cut", live.is_command_cut())?;
    object.text("next_allocator", live.next_allocator(&mut [0; PATH_BYTES]))?;
    object.raw("bypassed", live.is_bypassed())?;
    object.text("ended", ended.as_bytes())?;
    let peak_rss_bytes = live.peak_rss_bytes.get();
    object.optional(
        "peak_rss_bytes",
        (peak_rss_bytes > 0).then_some(peak_rss_bytes),
    )?;
    object.text("scheme", config.scheme.name().as_bytes())?;
    object.text("tracking", tracking.name().as_bytes())?;
    object.text("decision", decision.name().as_bytes())?;
    object.number("header_size", header_bytes)?;
    object.raw("truth", config.truth)?;
    object.optional(
        "hash_mask",
        decision.uses_mask().then_some(config.hash_mask),
    )?;
    match config.salt() {
        Some(salt) => object.raw("hash_salt", format_args!("\"{salt:#018x}\""))?,
        None => object.optional("hash_salt", None)?,
    }
    let mean_bytes = decision.uses_mean().then_some(config.mean_bytes);
    object.optional("poisson_mean_bytes", mean_bytes)?;
    object.optional("hybrid_threshold", hybrid.then_some(HYBRID_THRESHOLD_BYTES))?;
    let largest_window = config
        .window_allocs
        .saturating_mul(SCALE_FACTORS[SCALES - 1]);
    object.number("window_size", largest_window)?;
    object.raw("seed", format_args!("\"{:#018x}\"", identity.seed))
}

fn write_totals(
    object: &mut Object<impl Write>,
    live: &Live,
    config: &Config,
    totals: &Totals,
) -> fmt::Result {
    let decision = config.scheme.decision();
    let counts = config.scheme != Scheme::None;
    let truth = counts && config.truth;
    let tracking = config.scheme.tracking();
    let headers = tracking == TrackingName::AllHeaders;
    let counted = |value: u64| counts.then_some(value);
    let true_count = |value: u64| truth.then_some(value);
    let all = totals.all();

    object.optional("threads", counted(totals.threads))?;
    object.optional("total_allocs", true_count(all.allocs))?;
    object.optional("total_bytes_alloc", true_count(all.bytes))?;
    object.optional("total_frees", true_count(totals.frees))?;
    let freed_bytes = (truth && headers).then_some(totals.freed_bytes);
    object.optional("total_bytes_freed", freed_bytes)?;
    object.optional("reallocs", true_count(totals.reallocs))?;
    object.optional("failed_calls", true_count(totals.failed_calls))?;
    object.optional("foreign_frees", counted(totals.foreign_frees))?;
    object.optional("foreign_reallocs", counted(totals.foreign_reallocs))?;
    object.optional("zero_size_allocs", true_count(totals.zero_size_allocs))?;
    object.optional("sampled_allocs", counted(all.sampled_allocs))?;
    object.optional("sampled_bytes_alloc", counted(all.sampled_bytes))?;
    let knows_frees = decision.knows_frees();
    let of_frees = |value: u64| counted(value).filter(|_| knows_frees);
    object.optional("sampled_frees", of_frees(totals.sampled_frees))?;
    object.optional("sampled_bytes_freed", of_frees(totals.sampled_bytes_freed))?;
    let are_usable_sizes = tracking == TrackingName::Stateless && knows_frees;
    object.raw("freed_sizes_are_usable_sizes", are_usable_sizes)?;
    let perhaps = |value: f64| (counts && !knows_frees).then_some(value);
    let probabilities = totals.free_probabilities;
    object.optional_f64("sampled_frees_estimate", perhaps(probabilities))?;
    let variance = probabilities - totals.free_probability_squares;
    object.optional_f64("sampled_frees_estimate_variance", perhaps(variance))?;
    // A process forked from one that sampled may free more sampled blocks than it allocated.
    let live_allocs = all.sampled_allocs.wrapping_sub(totals.sampled_frees) as i64;
    match of_frees(all.sampled_allocs) {
        Some(_) => object.raw("sampled_live_allocs_estimate", live_allocs)?,
        None => object.raw("sampled_live_allocs_estimate", "null")?,
    }
    let rate_allocs = truth
        .then(|| ratio(all.sampled_allocs, all.allocs))
        .flatten();
    let rate_bytes = truth.then(|| ratio(all.sampled_bytes, all.bytes)).flatten();
    object.optional_f64("sample_rate_allocs", rate_allocs)?;
    object.optional_f64("sample_rate_bytes", rate_bytes)?;
    write_windows(
        object,
        truth.then_some(&totals.windows),
        config.window_allocs,
    )?;
    write_gaps(object, "gaps_allocs", truth.then_some(&totals.gaps_allocs))?;
    write_gaps(object, "gaps_bytes", truth.then_some(&totals.gaps_bytes))?;
    let pages_known =
        truth && decision == DecisionName::PageHash && live.pages_without_table.get() == 0;
    let unique_pages = pages_known.then_some(totals.unique_pages);
    let sampled_pages = pages_known.then_some(totals.sampled_pages);
    object.optional("approx_unique_pages", unique_pages)?;
    object.optional("approx_sampled_pages", sampled_pages)?;

    write_table(object, live, tracking, totals)?;
    write_header_room(object, config, &all)?;
    write_estimates(object, live, config, totals)?;
    write_gap_samples(object, truth.then_some(&totals.gap_samples))?;

    object.key("size_bins")?;
    let mut separator = "[";
    for (name, bin) in BIN_NAMES.iter().zip(&totals.bins) {
        object.out.write_str(separator)?;
        separator = ",\n  ";
        let mut entry = Object::open(object.out)?;
        entry.text("bin", name.as_bytes())?;
        entry.optional("total_allocs", true_count(bin.allocs))?;
        entry.optional("total_bytes", true_count(bin.bytes))?;
        entry.optional("sampled_allocs", counted(bin.sampled_allocs))?;
        entry.optional("sampled_bytes", counted(bin.sampled_bytes))?;
        entry.close()?;
    }
    object.out.write_str("]")
}

/// The table of sampled blocks, under the trackings that have one.
fn write_table(
    object: &mut Object<impl Write>,
    live: &Live,
    tracking: TrackingName,
    totals: &Totals,
) -> fmt::Result {
    if !matches!(
        tracking,
        TrackingName::SampleHeaders | TrackingName::SampleMap
    ) {
        return object.raw("table", "null");
    }
    object.key("table")?;
    let mut table = Object::open(object.out)?;
    let [inserts, deletes] = [&live.table_inserts, &live.table_deletes].map(Counter::get);
    let inherited = live.table_inherited.get();
    table.number("inserts", inserts)?;
    table.number("lookups", totals.table_lookups)?;
    table.number("deletes", deletes)?;
    table.number(
        "entries",
        inherited.wrapping_add(inserts).wrapping_sub(deletes),
    )?;
    table.number("entries_peak", live.table_entries_peak.get())?;
    table.number("bytes", live.table_bytes.get())?;
    table.close()
}

/// Bytes of headers that blocks had room for and did not get, since the decision came after the allocation.
fn write_header_room(
    object: &mut Object<impl Write>,
    config: &Config,
    all: &BinTotals,
) -> fmt::Result {
    let wastes = config.scheme == Scheme::SampleHeadersHashMap;
    let unsampled = all.allocs.wrapping_sub(all.sampled_allocs);
    let bytes = (wastes && config.truth).then(|| unsampled.wrapping_mul(HEADER_BYTES));
    object.optional("unused_header_bytes", bytes)
}

/// What the samples stand for; null where nothing is ever sampled.
fn write_estimates(
    object: &mut Object<impl Write>,
    live: &Live,
    config: &Config,
    totals: &Totals,
) -> fmt::Result {
    let decision = config.scheme.decision();
    if decision == DecisionName::Never {
        return object.raw("estimates", "null");
    }
    let estimates = &totals.estimates;
    object.key("estimates")?;
    let mut entry = Object::open(object.out)?;
    let knows_sizes = config.scheme.tracking().knows_freed_sizes();
    let known = |live: Estimate| if knows_sizes { live } else { Estimate::UNKNOWN };
    let known_by_key = |by_key: Option<[(f64, f64); 2]>| {
        let [all, live] = by_key?;
        Some([
            all,
            if knows_sizes {
                live
            } else {
                (f64::NAN, f64::NAN)
            },
        ])
    };
    let by_key = known_by_key(estimates.by_key(config));
    let all_live = if !knows_sizes && decision.knows_frees() {
        live_of_counts(config, totals)
    } else {
        known(estimates.all_live(config))
    };
    write_estimates_of(&mut entry, &estimates.all(), &all_live, by_key)?;
    entry.number("samples_without_key", estimates.without_key)?;
    let inherited = live.inherited_samples.get();
    entry.optional(
        "inherited_samples",
        decision.knows_frees().then_some(inherited),
    )?;
    match decision.has_keys() {
        true => entry.raw("independent_keys", decision.has_independent_keys())?,
        false => entry.raw("independent_keys", "null")?,
    }
    let others = (decision == DecisionName::PoissonBytes).then_some(&estimates.others);
    for (name, value) in [
        ("tcmalloc_allocs", others.map(|o| o.tcmalloc_allocs)),
        ("tcmalloc_bytes", others.map(|o| o.tcmalloc_bytes)),
        ("draws_allocs", others.map(|o| o.draws_allocs)),
        ("draws_bytes", others.map(|o| o.draws_bytes)),
        (
            "draws_below_mean_allocs",
            others.map(|o| o.draws_below_mean_allocs),
        ),
        (
            "draws_below_mean_bytes",
            others.map(|o| o.draws_below_mean_bytes),
        ),
    ] {
        entry.optional_f64(name, value)?;
    }
    entry.key("size_bins")?;
    let mut separator = "[";
    for (bin, allocated) in estimates.allocated.iter().enumerate() {
        entry.out.write_str(separator)?;
        separator = ",\n  ";
        let mut row = Object::open(entry.out)?;
        row.text("bin", BIN_NAMES[bin].as_bytes())?;
        let excess = live.key_excess[bin].read();
        let by_key = known_by_key(estimates.bin_by_key(bin, excess, config));
        let bin_live = known(estimates.live(bin, config));
        write_estimates_of(&mut row, allocated, &bin_live, by_key)?;
        row.close()?;
    }
    entry.out.write_str("]")?;
    entry.close()
}

/// Of the blocks that are alive where a free tells that its block was sampled, but not what it requested: how many, those of 0 bytes among them. All have
/// one probability.
fn live_of_counts(config: &Config, totals: &Totals) -> Estimate {
    let sampled = totals.all().sampled_allocs;
    let live = sampled.wrapping_sub(totals.sampled_frees) as i64 as f64;
    let p = weight::of_mask(config.hash_mask);
    Estimate {
        allocs: live / p,
        allocs_variance: live * (1.0 - p) / (p * p),
        ..Estimate::UNKNOWN
    }
}

/// Of all blocks and of those that are alive; `by_key` only where the decision has keys.
fn write_estimates_of(
    object: &mut Object<impl Write>,
    all: &Estimate,
    live: &Estimate,
    by_key: Option<[(f64, f64); 2]>,
) -> fmt::Result {
    write_estimate(object, "", all, by_key.map(|[all, _]| all))?;
    write_estimate(object, "live_", live, by_key.map(|[_, live]| live))
}

fn write_estimate(
    object: &mut Object<impl Write>,
    prefix: &str,
    estimate: &Estimate,
    by_key: Option<(f64, f64)>,
) -> fmt::Result {
    for (name, value) in [
        ("allocs", estimate.allocs),
        ("bytes", estimate.bytes),
        ("allocs_variance", estimate.allocs_variance),
        ("bytes_variance", estimate.bytes_variance),
    ] {
        object.prefixed_f64(prefix, name, value)?;
    }
    if let Some((allocs, bytes)) = by_key {
        object.prefixed_f64(prefix, "allocs_variance_by_key", allocs)?;
        object.prefixed_f64(prefix, "bytes_variance_by_key", bytes)?;
    }
    Ok(())
}

fn write_gap_samples(object: &mut Object<impl Write>, samples: Option<&GapSamples>) -> fmt::Result {
    let Some(samples) = samples else {
        return object.raw("gap_samples", "null");
    };
    object.key("gap_samples")?;
    object.out.write_str("[")?;
    for (index, sample) in samples.samples().iter().enumerate() {
        object
            .out
            .write_str(if index == 0 { "" } else { ",\n  " })?;
        let clock: &[u8] = match sample.clock {
            Clock::Allocs => b"allocs",
            Clock::Bytes => b"bytes",
        };
        let mut entry = Object::open(object.out)?;
        entry.text("clock", clock)?;
        entry.optional("unfinished", sample.unfinished)?;
        entry.key("gaps")?;
        entry.out.write_str("[")?;
        for (index, Gap { gap, size }) in sample.gaps().iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(entry.out, "{separator}[{gap},{size}]")?;
        }
        entry.out.write_str("]")?;
        entry.close()?;
    }
    object.out.write_str("]")
}

fn write_windows(
    object: &mut Object<impl Write>,
    windows: Option<&[WindowTotals; SCALES]>,
    window_allocs: u64,
) -> fmt::Result {
    let largest = windows.map(|windows| windows[SCALES - 1]);
    object.optional("windows_total", largest.map(|w| w.total))?;
    object.optional("windows_zero_sampled", largest.map(|w| w.zero_sampled))?;
    object.optional(
        "window_remainder_allocs",
        largest.map(|w| w.remainder_allocs),
    )?;
    let Some(windows) = windows else {
        return object.raw("windows", "null");
    };
    object.key("windows")?;
    let mut separator = "[";
    for (window, factor) in windows.iter().zip(SCALE_FACTORS) {
        object.out.write_str(separator)?;
        separator = ",";
        let mut entry = Object::open(object.out)?;
        entry.number("size", window_allocs.saturating_mul(factor))?;
        entry.number("total", window.total)?;
        entry.number("zero_sampled", window.zero_sampled)?;
        entry.number("remainder_allocs", window.remainder_allocs)?;
        entry.close()?;
    }
    object.out.write_str("]")
}

fn write_gaps(
    object: &mut Object<impl Write>,
    name: &str,
    gaps: Option<&GapTotals>,
) -> fmt::Result {
    let Some(gaps) = gaps else {
        return object.raw(name, "null");
    };
    object.key(name)?;
    let mut entry = Object::open(object.out)?;
    entry.number("n", gaps.n)?;
    entry.number("sum", gaps.sum)?;
    entry.raw("sum_squares", format_args!("{:?}", gaps.sum_squares))?;
    entry.raw(
        "sum_lag1_products",
        format_args!("{:?}", gaps.sum_lag1_products),
    )?;
    entry.number("max", gaps.max)?;
    entry.number("unfinished_sum", gaps.unfinished_sum)?;
    entry.key("log2_histogram")?;
    let used = gaps.histogram.iter().rposition(|&count| count > 0);
    entry.out.write_str("[")?;
    for (index, count) in gaps.histogram[..used.map_or(0, |last| last + 1)]
        .iter()
        .enumerate()
    {
        let separator = if index == 0 { "" } else { "," };
        write!(entry.out, "{separator}{count}")?;
    }
    entry.out.write_str("]")?;
    entry.close()
}

fn write_command(out: &mut impl Write, command: &[u8]) -> fmt::Result {
    out.write_str("[")?;
    let mut separator = "";
    let whole = command.strip_suffix(&[0]).unwrap_or(command);
    if !whole.is_empty() {
        for argument in whole.split(|&byte| byte == 0) {
            out.write_str(separator)?;
            separator = ",";
            write_text(out, argument)?;
        }
    }
    out.write_str("]")
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A JSON string; bytes that are not UTF-8 become U+FFFD.
fn write_text(out: &mut impl Write, text: &[u8]) -> fmt::Result {
    out.write_str("\"")?;
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.write_str("\\\"")?,
                '\\' => out.write_str("\\\\")?,
                '\0'..='\u{1f}' => write!(out, "\\u{:04x}", character as u32)?,
                _ => out.write_char(character)?,
            }
        }
        if !chunk.invalid().is_empty() {
            out.write_char('\u{fffd}')?;
        }
    }
    out.write_str("\"")
}

/// A JSON object under way.
struct Object<'a, W> {
    out: &'a mut W,
    separator: &'static str,
}

impl<'a, W: Write> Object<'a, W> {
    fn open(out: &'a mut W) -> Result<Object<'a, W>, fmt::Error> {
        out.write_str("{")?;
        Ok(Object { out, separator: "" })
    }

    fn key(&mut self, name: &str) -> fmt::Result {
        write!(self.out, "{}\"{name}\":", self.separator)?;
        self.separator = ", ";
        Ok(())
    }

    fn raw(&mut self, name: &str, value: impl fmt::Display) -> fmt::Result {
        self.key(name)?;
        write!(self.out, "{value}")
    }

    fn text(&mut self, name: &str, value: &[u8]) -> fmt::Result {
        self.key(name)?;
        write_text(self.out, value)
    }

    fn number(&mut self, name: &str, value: u64) -> fmt::Result {
        self.raw(name, value)
    }

    fn optional(&mut self, name: &str, value: Option<u64>) -> fmt::Result {
        match value {
            Some(value) => self.number(name, value),
            None => self.raw(name, "null"),
        }
    }

    fn optional_f64(&mut self, name: &str, value: Option<f64>) -> fmt::Result {
        self.prefixed_f64("", name, value.unwrap_or(f64::NAN))
    }

    fn prefixed_f64(&mut self, prefix: &str, name: &str, value: f64) -> fmt::Result {
        write!(self.out, "{}\"{prefix}{name}\":", self.separator)?;
        self.separator = ", ";
        // Not a number is what is not there, or what a file that was changed holds in the place of one.
        if value.is_finite() {
            write!(self.out, "{value:?}")
        } else {
            self.out.write_str("null")
        }
    }

    fn close(self) -> fmt::Result {
        self.out.write_str("}")
    }
}

#[cfg(test)]
mod tests;
