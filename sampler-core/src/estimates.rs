//! What the samples say of everything: sums of weights, kept for each size bin, and what their spread is.
//!
//! A sample of size s and probability p adds `1/p` to the allocations of its bin and `s/p` to the bytes ([`crate::weight`]); its free takes the
//! same away from the live ones. Beside each sum is the variance estimate for independent decisions, `sum of (1-p)/p^2 y^2` with y = 1 or s, which has the
//! variance of the sum as its expectation. Allocations of 0 bytes are outside the estimates.
//!
//! Hashes do not decide independently: blocks that share a key (an address; a page) share their fate. For these the sum is one over keys, not blocks,
//! `sum over sampled keys of (1-p) (sum of y/p within the key)^2`. It is the sum over blocks and, for each two that share a key, `2 (1-p)/p^2 y y'` more:
//! that [`KeyExcess`] is kept here, the sums within each key by the caller, who says what they were before.
//!
//! All of it happens on samples only. A signal handler that samples within a sum may come between its reading and its writing: hence
//! compare-and-exchange ([`Owner`] says which), after which nothing is lost, and readers see each sum whole.

use crate::bins::{BINS, bin};
use crate::config::Config;
use crate::counter::{Counter, Owner};
use crate::scheme::DecisionName;
use crate::weight::{self, float};

/// The sums of one slot. Memory of zeros is a slot that sampled nothing.
#[derive(Debug)]
#[repr(C)]
pub struct Estimates {
    bins: [Bin; BINS],
    /// Estimators in use elsewhere, in the order of [`Others`], whose last two are kept as their complement: of blocks from the mean on.
    others: [Counter; OTHERS],
    /// Over all sizes.
    pub key_excess: KeyExcess,
    /// Samples whose key found no room: what is above says nothing then.
    pub without_key: Counter,
}

#[derive(Debug)]
#[repr(C)]
struct Bin {
    sampled: [Counter; SUMS],
    freed: [Counter; SUMS],
}

/// Allocations, bytes, and the variance of each.
const SUMS: usize = 4;
const OTHERS: usize = 6;

/// An estimate of allocations and of the bytes they requested, with its variance for independent decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Estimated allocations.
    pub allocs: f64,
    /// Estimated bytes.
    pub bytes: f64,
    /// Estimated variance of the allocations.
    pub allocs_variance: f64,
    /// Estimated variance of the bytes.
    pub bytes_variance: f64,
}

/// All sums, folded over slots.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EstimateTotals {
    /// Of all allocations, by bin.
    pub allocated: [Estimate; BINS],
    /// Of those that were freed, by bin; the variances are what the frees take away from the variances of the live ones.
    pub freed: [Estimate; BINS],
    /// Estimators in use elsewhere.
    pub others: Others,
    /// What keys that hold several samples add.
    pub key_excess: Excess,
    /// Samples whose key found no room.
    pub without_key: u64,
}

/// Estimators in use elsewhere, on the identical samples of exponential gaps in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Others {
    /// [`weight::tcmalloc_bytes`], in blocks: that over the size.
    pub tcmalloc_allocs: f64,
    /// [`weight::tcmalloc_bytes`].
    pub tcmalloc_bytes: f64,
    /// [`weight::draws_bytes`], in blocks.
    pub draws_allocs: f64,
    /// [`weight::draws_bytes`].
    pub draws_bytes: f64,
    /// Of these, in blocks below the mean.
    pub draws_below_mean_allocs: f64,
    /// Of these, in blocks below the mean.
    pub draws_below_mean_bytes: f64,
}

/// What keys that hold several samples add to a sum of squares over blocks, to make it one over keys: over all pairs of samples of one key, twice the product.
#[derive(Debug)]
#[repr(C)]
pub struct KeyExcess([Counter; EXCESSES]);

/// As read. Unweighted: times `(1-p)/p^2` it is variance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Excess {
    /// Of allocations.
    pub allocs: f64,
    /// Of their bytes.
    pub bytes: f64,
    /// Of blocks that are alive.
    pub live_allocs: f64,
    /// Of their bytes.
    pub live_bytes: f64,
}

const EXCESSES: usize = 4;

/// What a key held before a sample was added or a live one taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyBefore {
    /// Sampled allocations.
    pub allocs: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Sampled blocks that are alive.
    pub live_allocs: u64,
    /// Bytes of them.
    pub live_bytes: u64,
}

impl Estimates {
    /// Nothing sampled yet.
    pub const fn new() -> Estimates {
        Estimates {
            bins: [const {
                Bin {
                    sampled: [const { Counter::new() }; SUMS],
                    freed: [const { Counter::new() }; SUMS],
                }
            }; BINS],
            others: [const { Counter::new() }; OTHERS],
            key_excess: KeyExcess::new(),
            without_key: Counter::new(),
        }
    }

    /// Adds a sample of `size` bytes, which are in `bin`. `remaining_bytes` was left of its gap in bytes, if there is one; `random_bits` gives a number for the
    /// draws of an estimator, not of the decision.
    #[inline(always)]
    pub(crate) fn sampled<O: Owner>(
        &self,
        size: u64,
        bin: usize,
        remaining_bytes: u64,
        random_bits: impl FnOnce() -> u64,
        config: &Config,
    ) {
        let Some(terms) = terms(config, size) else {
            return;
        };
        add_all::<O>(&self.bins[bin].sampled, &terms);
        let decision = config.scheme.decision();
        if decision == DecisionName::PoissonBytes {
            let blocks = 1.0 / float(size);
            let mean_bytes = config.mean_bytes;
            let tcmalloc = weight::tcmalloc_bytes(size, remaining_bytes, mean_bytes);
            let draws = weight::draws_bytes(size, remaining_bytes, mean_bytes, random_bits());
            // Few blocks reach a mean: what is kept of them apart takes nothing of the others' time.
            let others = [tcmalloc, draws, draws].map(|bytes| [bytes * blocks, bytes]);
            let kept = if size < mean_bytes { 2 } else { 3 };
            add_all::<O>(&self.others, others[..kept].as_flattened());
        }
    }

    /// Takes a sampled block away from the live ones.
    pub(crate) fn freed<O: Owner>(&self, size: u64, config: &Config) {
        let Some(terms) = terms(config, size) else {
            return;
        };
        add_all::<O>(&self.bins[bin(size)].freed, &terms);
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.bins
            .iter()
            .flat_map(|bin| bin.sampled.iter().chain(&bin.freed))
            .chain(&self.others)
            .chain(self.key_excess.counters())
            .chain([&self.without_key])
    }
}

impl Default for Estimates {
    fn default() -> Estimates {
        Estimates::new()
    }
}

impl EstimateTotals {
    /// Adds one slot's.
    pub(crate) fn add(&mut self, slot: &Estimates) {
        for (index, bin) in slot.bins.iter().enumerate() {
            self.allocated[index].add(&read(&bin.sampled));
            self.freed[index].add(&read(&bin.freed));
        }
        let mut others = slot.others.each_ref().map(Counter::get_f64);
        let [
            _,
            _,
            draws_allocs,
            draws_bytes,
            allocs_from_mean,
            bytes_from_mean,
        ] = others;
        others[4] = draws_allocs - allocs_from_mean;
        others[5] = draws_bytes - bytes_from_mean;
        for (sum, more) in self.others.fields().into_iter().zip(others) {
            *sum += more;
        }
        self.key_excess.add(slot.key_excess.read());
        self.without_key = self.without_key.wrapping_add(slot.without_key.get());
    }

    /// Of all allocations.
    pub fn all(&self) -> Estimate {
        sum(&self.allocated)
    }

    /// Of the blocks that are alive, in one bin.
    pub fn live(&self, bin: usize) -> Estimate {
        self.allocated[bin].minus(&self.freed[bin])
    }

    /// Of all blocks that are alive.
    pub fn all_live(&self) -> Estimate {
        self.all().minus(&sum(&self.freed))
    }

    /// The variances over keys, of [`EstimateTotals::all`] and of [`EstimateTotals::all_live`], as (allocations, bytes); `None` if the decision has no keys
    /// or one of them is missing.
    pub fn by_key(&self, config: &Config) -> Option<[(f64, f64); 2]> {
        self.with_excess(&self.all(), &self.all_live(), self.key_excess, config)
    }

    /// The same of one bin, of whose samples this is the excess.
    pub fn bin_by_key(
        &self,
        bin: usize,
        excess: Excess,
        config: &Config,
    ) -> Option<[(f64, f64); 2]> {
        self.with_excess(&self.allocated[bin], &self.live(bin), excess, config)
    }

    fn with_excess(
        &self,
        all: &Estimate,
        live: &Estimate,
        excess: Excess,
        config: &Config,
    ) -> Option<[(f64, f64); 2]> {
        if !config.scheme.decision().has_keys() || self.without_key > 0 {
            return None;
        }
        let p = weight::of_mask(config.hash_mask);
        let factor = (1.0 - p) / (p * p);
        Some([
            (
                all.allocs_variance + factor * excess.allocs,
                all.bytes_variance + factor * excess.bytes,
            ),
            (
                live.allocs_variance + factor * excess.live_allocs,
                live.bytes_variance + factor * excess.live_bytes,
            ),
        ])
    }
}

impl KeyExcess {
    /// No key with two samples.
    pub const fn new() -> KeyExcess {
        KeyExcess([const { Counter::new() }; EXCESSES])
    }

    /// Adds a sample of `size` bytes to its key, which held `before`.
    pub fn sampled<O: Owner>(&self, before: KeyBefore, size: u64) {
        // Most keys hold one sample.
        if before.allocs > 0 {
            add_all::<O>(
                &self.0,
                &[
                    product(before.allocs, 1),
                    product(before.bytes, size),
                    product(before.live_allocs, 1),
                    product(before.live_bytes, size),
                ],
            );
        }
    }

    /// Takes a live block of `size` bytes away from its key, which held `before`.
    pub fn freed<O: Owner>(&self, before: KeyBefore, size: u64) {
        if before.live_allocs > 1 {
            let left = |before: u64, taken| -product(before.saturating_sub(taken), taken);
            let taken = [left(before.live_allocs, 1), left(before.live_bytes, size)];
            add_all::<O>(&self.0[2..], &taken);
        }
    }

    /// The sums as of now.
    pub fn read(&self) -> Excess {
        let [allocs, bytes, live_allocs, live_bytes] = self.0.each_ref().map(Counter::get_f64);
        Excess {
            allocs,
            bytes,
            live_allocs,
            live_bytes,
        }
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.0.iter()
    }
}

impl Default for KeyExcess {
    fn default() -> KeyExcess {
        KeyExcess::new()
    }
}

impl Excess {
    fn add(&mut self, more: Excess) {
        self.allocs += more.allocs;
        self.bytes += more.bytes;
        self.live_allocs += more.live_allocs;
        self.live_bytes += more.live_bytes;
    }
}

impl Estimate {
    /// What is not known; null in records.
    pub const UNKNOWN: Estimate = Estimate {
        allocs: f64::NAN,
        bytes: f64::NAN,
        allocs_variance: f64::NAN,
        bytes_variance: f64::NAN,
    };

    fn add(&mut self, other: &Estimate) {
        self.allocs += other.allocs;
        self.bytes += other.bytes;
        self.allocs_variance += other.allocs_variance;
        self.bytes_variance += other.bytes_variance;
    }

    fn minus(mut self, other: &Estimate) -> Estimate {
        self.allocs -= other.allocs;
        self.bytes -= other.bytes;
        self.allocs_variance -= other.allocs_variance;
        self.bytes_variance -= other.bytes_variance;
        self
    }
}

impl Others {
    fn fields(&mut self) -> [&mut f64; OTHERS] {
        [
            &mut self.tcmalloc_allocs,
            &mut self.tcmalloc_bytes,
            &mut self.draws_allocs,
            &mut self.draws_bytes,
            &mut self.draws_below_mean_allocs,
            &mut self.draws_below_mean_bytes,
        ]
    }
}

/// What a sample adds: blocks, bytes, and the variance of each. `None` for what is outside the estimates.
fn terms(config: &Config, size: u64) -> Option<[f64; SUMS]> {
    let p = weight::probability(config, size);
    if size == 0 || p <= 0.0 {
        return None;
    }
    let (weight, size) = (1.0 / p, float(size));
    let variance = (1.0 - p) * weight * weight;
    Some([weight, size * weight, variance, variance * size * size])
}

/// `2 one other`, which `(one + other)^2` is more than both squares.
fn product(one: u64, other: u64) -> f64 {
    2.0 * float(one) * float(other)
}

fn add_all<O: Owner>(counters: &[Counter], terms: &[f64]) {
    for (counter, &term) in counters.iter().zip(terms) {
        O::add_f64(counter, term);
    }
}

fn read(counters: &[Counter; SUMS]) -> Estimate {
    let [allocs, bytes, allocs_variance, bytes_variance] =
        counters.each_ref().map(Counter::get_f64);
    Estimate {
        allocs,
        bytes,
        allocs_variance,
        bytes_variance,
    }
}

fn sum(bins: &[Estimate; BINS]) -> Estimate {
    bins.iter().fold(Estimate::default(), |mut sum, bin| {
        sum.add(bin);
        sum
    })
}

#[cfg(test)]
mod tests;
