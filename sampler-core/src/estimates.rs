//! What the samples say of everything: sums of weights, kept for each size bin, and what their spread is.
//!
//! A sample of size s and probability p adds `1/p` to the allocations of its bin and `s/p` to the bytes ([`crate::weight`]), and the same to those that are
//! alive, from which its free takes it away exactly (`terms.rs`). Beside each sum is the variance estimate for independent decisions, `sum of (1-p)/p^2 y^2` with y = 1 or s, which has the
//! variance of the sum as its expectation. Allocations of 0 bytes are outside the estimates.
//!
//! Hashes do not decide independently: blocks that share a key (an address; a page) share their fate. For these the sum is one over keys, not blocks,
//! `sum over sampled keys of (1-p) (sum of y/p within the key)^2`. It is the sum over blocks and, for each two that share a key, `2 (1-p)/p^2 y y'` more:
//! that [`KeyExcess`] is kept here, the sums within each key by the caller, who says what they were before. Of live blocks it is an integer, for the same
//! reason as their sums.
//!
//! A process that was forked frees blocks of its parent's. It takes them away from its own, so that its live sums are what changed since the fork: below 0 they
//! may get, and what they take away from the variances would have to be added. Over keys it is: a key holds the signed sum of what changed in it, and counts with the square of that.
//!
//! All of it happens on samples only. A signal handler that samples within a sum may come between its reading and its writing: hence
//! compare-and-exchange ([`Owner`] says which), after which nothing is lost, and readers see each sum whole.

use crate::bins::{BINS, bin};
use crate::config::Config;
use crate::counter::{Counter, Owner};
use crate::scheme::DecisionName;
use crate::slot::add;
use crate::terms::{self, SUMS, Terms, Units};
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
    /// What is left of the last bin's squares of sizes, beside their units.
    live_remainders: Counter,
}

#[derive(Debug)]
#[repr(C)]
struct Bin {
    sampled: [Counter; SUMS],
    /// In whole units.
    live: [Counter; SUMS],
}

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
    /// Of those that are alive, in whole units.
    live: [[u64; SUMS]; BINS],
    live_remainders: u64,
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

/// Allocations; bytes; live allocations; live bytes, in units of `2^LOW_BITS` and what is left over.
const EXCESSES: usize = 5;

/// Where a product of bytes is cut in two, each part with its sign. The upper words have room for the squares of all sizes an address space allows. The lower
/// ones stay small: a product below it has no upper part and cancels whole, and it takes 2^31 larger ones of one sign, beyond those of the other, to fill a word.
const LOW_BITS: u32 = 32;

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
                    live: [const { Counter::new() }; SUMS],
                }
            }; BINS],
            others: [const { Counter::new() }; OTHERS],
            key_excess: KeyExcess::new(),
            without_key: Counter::new(),
            live_remainders: Counter::new(),
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
        if size == 0 {
            return;
        }
        let terms = terms::terms(config, size);
        add_all::<O>(&self.bins[bin].sampled, &terms);
        let (decision, tracking) = (config.scheme.decision(), config.scheme.tracking());
        if tracking.knows_freed_sizes() {
            self.add_live::<O>(bin, terms::units::<O>(config, bin, size, || terms));
        }
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

    /// Takes a sampled block away from the live ones: what it added is worked out again.
    pub(crate) fn freed<O: Owner>(&self, size: u64, config: &Config) {
        if size == 0 {
            return;
        }
        let bin = bin(size);
        let added = terms::units::<O>(config, bin, size, || terms::terms(config, size));
        self.add_live::<O>(bin, added.map(u64::wrapping_neg));
    }

    #[inline(always)]
    fn add_live<O: Owner>(&self, bin: usize, units: Units) {
        for (counter, more) in self.bins[bin].live.iter().zip(units) {
            O::add(counter, more);
        }
        if bin == BINS - 1 {
            O::add(&self.live_remainders, units[SUMS]);
        }
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.bins
            .iter()
            .flat_map(|bin| bin.sampled.iter().chain(&bin.live))
            .chain(&self.others)
            .chain(self.key_excess.counters())
            .chain([&self.without_key, &self.live_remainders])
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
            let sampled = bin.sampled.each_ref().map(Counter::get_f64);
            self.allocated[index].add(&Estimate::of(sampled));
            for (sum, more) in self.live[index].iter_mut().zip(&bin.live) {
                add(sum, more.get());
            }
        }
        add(&mut self.live_remainders, slot.live_remainders.get());
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

    /// Of the blocks that are alive, in one bin; only of trackings that know freed sizes.
    pub fn live(&self, bin: usize, config: &Config) -> Estimate {
        let [allocs, bytes, allocs_variance, bytes_variance] = self.live[bin];
        let remainders = self.live_remainders;
        let units = [allocs, bytes, allocs_variance, bytes_variance, remainders];
        Estimate::of(terms::amount(config, bin, units))
    }

    /// Of all blocks that are alive; only of trackings that know freed sizes.
    pub fn all_live(&self, config: &Config) -> Estimate {
        sum(&core::array::from_fn(|bin| self.live(bin, config)))
    }

    /// The variances over keys, of [`EstimateTotals::all`] and of [`EstimateTotals::all_live`], as (allocations, bytes); `None` if the decision has no keys
    /// or one of them is missing.
    pub fn by_key(&self, config: &Config) -> Option<[(f64, f64); 2]> {
        let live = self.all_live(config);
        self.with_excess(&self.all(), &live, self.key_excess, config)
    }

    /// The same of one bin, of whose samples this is the excess.
    pub fn bin_by_key(
        &self,
        bin: usize,
        excess: Excess,
        config: &Config,
    ) -> Option<[(f64, f64); 2]> {
        let live = self.live(bin, config);
        self.with_excess(&self.allocated[bin], &live, excess, config)
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
            let [allocs, bytes, ..] = &self.0;
            O::add_f64(allocs, 2.0 * float(before.allocs));
            O::add_f64(bytes, 2.0 * float(before.bytes) * float(size));
        }
        self.add_live::<O>(before.live_allocs, before.live_bytes, 1, size as i64);
    }

    /// Takes a live block of `size` bytes away from its key, which held `before`; less than nothing, if the block was a parent's.
    pub fn freed<O: Owner>(&self, before: KeyBefore, size: u64) {
        let allocs = before.live_allocs.wrapping_sub(1);
        let bytes = before.live_bytes.wrapping_sub(size);
        self.add_live::<O>(allocs, bytes, -1, -(size as i64));
    }

    /// Twice the products of what others of the key hold, in two's complement, and what is added to it.
    #[inline(always)]
    fn add_live<O: Owner>(&self, allocs: u64, bytes: u64, more_allocs: i64, more_bytes: i64) {
        if allocs | bytes == 0 {
            return;
        }
        let [.., live_allocs, high, low] = &self.0;
        O::add(
            live_allocs,
            (2 * more_allocs).cast_unsigned().wrapping_mul(allocs),
        );
        let product = 2 * i128::from(more_bytes) * i128::from(bytes as i64);
        O::add(high, (product / (1 << LOW_BITS)) as u64);
        O::add(low, (product % (1 << LOW_BITS)) as u64);
    }

    /// The sums as of now.
    pub fn read(&self) -> Excess {
        let [allocs, bytes, live_allocs, high, low] = &self.0;
        let signed = |counter: &Counter| counter.get() as i64;
        let live_bytes = (i128::from(signed(high)) << LOW_BITS) + i128::from(signed(low));
        Excess {
            allocs: allocs.get_f64(),
            bytes: bytes.get_f64(),
            live_allocs: signed(live_allocs) as f64,
            live_bytes: live_bytes as f64,
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

    fn of([allocs, bytes, allocs_variance, bytes_variance]: Terms) -> Estimate {
        Estimate {
            allocs,
            bytes,
            allocs_variance,
            bytes_variance,
        }
    }

    fn add(&mut self, other: &Estimate) {
        self.allocs += other.allocs;
        self.bytes += other.bytes;
        self.allocs_variance += other.allocs_variance;
        self.bytes_variance += other.bytes_variance;
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

fn add_all<O: Owner>(counters: &[Counter], terms: &[f64]) {
    for (counter, &term) in counters.iter().zip(terms) {
        O::add_f64(counter, term);
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
