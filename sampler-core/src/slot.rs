//! The counters of one thread at a time.
//!
//! A slot is a whole number of pairs of cache lines, and slots lie in arrays that begin on a page, so two slots never share a line, nor the pair that a processor
//! may fetch at once. What is read or written for every block is far from the slot's last line: beside it lies the first line of the next slot, which another thread
//! writes all the time, and which a processor fetches early when it sees the lines before it read in order ([`Slot::is_plain_page`]). Memory of zeros is a slot that was never used. It outlives its thread and passes to a later one, with its unfinished window and gaps.
//!
//! An unsampled allocation changes three words ([`Slot::counted`] two, the decision at most one); all else happens on a sample.

use core::mem::offset_of;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::bins::{BINS, FINE_BIN_ZERO, FINE_BINS, bin, bin_of_fine, fine_bin};
use crate::config::Config;
use crate::counter::{Counter, FineBins, Owner};
use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::estimates::{EstimateTotals, Estimates};
use crate::gap_sample::{Clock, GapSamples, SlotGaps};
use crate::gaps::{GapTotals, Gaps};
use crate::live::load_counters;
use crate::random::{Xoshiro256PlusPlus, mix};
use crate::scheme::DecisionName;
use crate::weight::{float, of_bytes};
use crate::windows::{SCALES, WindowTotals, Windows};

/// Bytes of a slot: 60 cache lines. Less than a page by 256 bytes, since a thread may take 4096 bytes in all: with headers the blocks that starting a
/// thread allocates take 184 more (`make bench`, "Resident memory").
pub const SLOT_BYTES: usize = 60 * 64;

/// Two cache lines: many processors fetch the neighbour of a line that misses.
const LINE_PAIR_BYTES: usize = 128;

/// Counters that fill the last line.
const UNUSED: usize = 4;

/// Pages that a thread remembers to be known and not sampled.
const PLAIN_PAGES: usize = 1 << PLAIN_PAGES_SHIFT;
const PLAIN_PAGES_SHIFT: u32 = 6;
const PLAIN_PAGES_BYTES: usize = PLAIN_PAGES * size_of::<AtomicU32>();

/// The counters of one thread at a time. Its memory is aligned to pairs of cache lines by whoever provides it: a type so aligned cannot be moved through
/// the stack safely (rustc 1.95 with stack probes leaves the frame unaligned).
#[derive(Debug)]
#[repr(C)]
pub struct Slot {
    /// Bytes until the next sample of the Poisson decision (allocations, of the Bernoulli one); 0 before the first draw, and always at mean 0.
    pub(crate) remaining_bytes: Counter,
    /// Frees of counted blocks, sampled ones included.
    pub frees: Counter,
    /// Requested bytes of these; headers only.
    pub freed_bytes: Counter,
    /// Successful reallocs of a counted block.
    pub reallocs: Counter,
    allocs: FineBins,
    alloc_bytes: FineBins,

    /// Calls that returned NULL for want of memory or for their arguments.
    pub failed_calls: Counter,
    /// Frees of blocks that the library did not hand out.
    pub foreign_frees: Counter,
    /// Reallocs of blocks that the library did not hand out.
    pub foreign_reallocs: Counter,
    /// Frees of sampled blocks.
    pub sampled_frees: Counter,
    /// No counter, since it is a help to the thread and no result: the upper bits of a page, at the place that the lower ones say. Here it begins a line.
    plain_pages: [AtomicU32; PLAIN_PAGES],
    /// Requested bytes of sampled blocks that were freed.
    pub sampled_bytes_freed: Counter,
    /// Pages that held a header for the first time.
    pub unique_pages: Counter,
    /// Of these, pages whose hash is sampled.
    pub sampled_pages: Counter,
    /// Threads that held the slot.
    pub threads: Counter,
    sampled_allocs: [Counter; BINS],
    sampled_bytes: [Counter; BINS],
    samples_in_reentry: Counter,
    busy: Counter,
    allocs_at_last_sample: Counter,
    bytes_at_last_sample: Counter,
    random: [Counter; 4],
    windows: Windows,
    gaps_allocs: Gaps,
    gaps_bytes: Gaps,
    /// What the samples stand for.
    pub estimates: Estimates,
    gap_sample: SlotGaps,
    /// The gap that was drawn last.
    drawn_gap: Counter,
    large_allocs_at_last_sample: Counter,
    /// Where frees of samples cannot be known: the sum over all frees of the probability that the block was one.
    free_probabilities: Counter,
    /// The sum of its squares.
    free_probability_squares: Counter,
    /// Looks into the table of sampled blocks.
    pub table_lookups: Counter,
    unused: [Counter; UNUSED],
}

/// The counters of several slots, folded into what is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// By reported bin.
    pub bins: [BinTotals; BINS],
    /// Allocations of 0 bytes, which are in bin 0 too.
    pub zero_size_allocs: u64,
    /// See [`Slot::frees`].
    pub frees: u64,
    /// See [`Slot::freed_bytes`].
    pub freed_bytes: u64,
    /// See [`Slot::reallocs`].
    pub reallocs: u64,
    /// See [`Slot::failed_calls`].
    pub failed_calls: u64,
    /// See [`Slot::foreign_frees`].
    pub foreign_frees: u64,
    /// See [`Slot::foreign_reallocs`].
    pub foreign_reallocs: u64,
    /// See [`Slot::sampled_frees`].
    pub sampled_frees: u64,
    /// See [`Slot::sampled_bytes_freed`].
    pub sampled_bytes_freed: u64,
    /// See [`Slot::unique_pages`].
    pub unique_pages: u64,
    /// See [`Slot::sampled_pages`].
    pub sampled_pages: u64,
    /// See [`Slot::threads`].
    pub threads: u64,
    /// Samples counted but left out of gaps and windows: a signal handler allocated within another sample's bookkeeping.
    pub samples_in_reentry: u64,
    /// At the three scales.
    pub windows: [WindowTotals; SCALES],
    /// In allocations.
    pub gaps_allocs: GapTotals,
    /// In bytes.
    pub gaps_bytes: GapTotals,
    /// What the samples stand for.
    pub estimates: EstimateTotals,
    /// The first gaps, exact.
    pub gap_samples: GapSamples,
    /// Where frees of samples cannot be known: the sum over all frees of the probability that the block was one.
    pub free_probabilities: f64,
    /// The sum of its squares.
    pub free_probability_squares: f64,
    /// See [`Slot::table_lookups`].
    pub table_lookups: u64,
}

/// One size bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinTotals {
    /// Allocations.
    pub allocs: u64,
    /// Bytes they requested.
    pub bytes: u64,
    /// Sampled allocations.
    pub sampled_allocs: u64,
    /// Bytes they requested.
    pub sampled_bytes: u64,
}

impl Slot {
    /// A slot that was never used.
    pub const fn new() -> Slot {
        const { assert!(size_of::<Slot>() == SLOT_BYTES && SLOT_BYTES.is_multiple_of(LINE_PAIR_BYTES)) };
        Slot {
            remaining_bytes: Counter::new(),
            frees: Counter::new(),
            freed_bytes: Counter::new(),
            reallocs: Counter::new(),
            allocs: FineBins::new(),
            alloc_bytes: FineBins::new(),
            failed_calls: Counter::new(),
            foreign_frees: Counter::new(),
            foreign_reallocs: Counter::new(),
            sampled_frees: Counter::new(),
            plain_pages: [const { AtomicU32::new(0) }; PLAIN_PAGES],
            sampled_bytes_freed: Counter::new(),
            unique_pages: Counter::new(),
            sampled_pages: Counter::new(),
            threads: Counter::new(),
            sampled_allocs: [const { Counter::new() }; BINS],
            sampled_bytes: [const { Counter::new() }; BINS],
            samples_in_reentry: Counter::new(),
            busy: Counter::new(),
            allocs_at_last_sample: Counter::new(),
            bytes_at_last_sample: Counter::new(),
            random: [const { Counter::new() }; 4],
            windows: Windows::new(),
            gaps_allocs: Gaps::new(),
            gaps_bytes: Gaps::new(),
            estimates: Estimates::new(),
            gap_sample: SlotGaps::new(),
            drawn_gap: Counter::new(),
            large_allocs_at_last_sample: Counter::new(),
            free_probabilities: Counter::new(),
            free_probability_squares: Counter::new(),
            table_lookups: Counter::new(),
            unused: [const { Counter::new() }; UNUSED],
        }
    }

    /// A copy of the slot that these [`SLOT_BYTES`] are.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Slot {
        let slot = Slot::new();
        let (before, behind) = bytes.split_at(offset_of!(Slot, plain_pages));
        load_counters(slot.counters_before_pages(), before);
        load_counters(slot.counters_behind_pages(), &behind[PLAIN_PAGES_BYTES..]);
        slot
    }

    /// Sampled blocks that the slot's threads allocated and did not free, in two's complement: they may have freed more, of other threads.
    pub fn live_samples(&self) -> u64 {
        let sampled = self.sampled_allocs.iter().map(Counter::get);
        sampled
            .fold(0, u64::wrapping_add)
            .wrapping_sub(self.sampled_frees.get())
    }

    /// All counters, in the order of the layout.
    #[cfg(test)]
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.counters_before_pages()
            .chain(self.counters_behind_pages())
    }

    fn counters_before_pages(&self) -> impl Iterator<Item = &Counter> {
        [
            &self.remaining_bytes,
            &self.frees,
            &self.freed_bytes,
            &self.reallocs,
        ]
        .into_iter()
        .chain(&self.allocs.0)
        .chain(&self.alloc_bytes.0)
        .chain([
            &self.failed_calls,
            &self.foreign_frees,
            &self.foreign_reallocs,
            &self.sampled_frees,
        ])
    }

    fn counters_behind_pages(&self) -> impl Iterator<Item = &Counter> {
        [
            &self.sampled_bytes_freed,
            &self.unique_pages,
            &self.sampled_pages,
            &self.threads,
        ]
        .into_iter()
        .chain(&self.sampled_allocs)
        .chain(&self.sampled_bytes)
        .chain([
            &self.samples_in_reentry,
            &self.busy,
            &self.allocs_at_last_sample,
            &self.bytes_at_last_sample,
        ])
        .chain(&self.random)
        .chain(self.windows.counters())
        .chain(self.gaps_allocs.counters())
        .chain(self.gaps_bytes.counters())
        .chain(self.estimates.counters())
        .chain(self.gap_sample.counters())
        .chain([
            &self.drawn_gap,
            &self.large_allocs_at_last_sample,
            &self.free_probabilities,
            &self.free_probability_squares,
            &self.table_lookups,
        ])
        .chain(&self.unused)
    }

    /// Hands the slot to a thread that draws from `seed`. A slot that was used before keeps its unfinished gap; a new one draws its first.
    pub fn begin(&self, seed: u64, config: &Config) {
        let is_new = self.is_new();
        self.store_random(Xoshiro256PlusPlus::from_seed(seed));
        if is_new {
            self.draw_gap(config);
        }
        self.threads.add(1);
    }

    /// Makes the slot fit for a few calls of a thread that will not keep it.
    pub fn prepare(&self, seed: u64, config: &Config) {
        if self.is_new() {
            self.store_random(Xoshiro256PlusPlus::from_seed(seed));
            self.draw_gap(config);
        }
    }

    /// No seed leads to the state of all zeros.
    fn is_new(&self) -> bool {
        self.random.iter().all(|word| word.get() == 0)
    }

    /// Counts an allocation, sampled or not.
    #[inline(always)]
    pub fn counted(&self, size: u64) {
        let fine = fine_bin(size);
        self.allocs.0[fine].add(1);
        self.alloc_bytes.0[fine].add(size);
    }

    /// Takes back [`Slot::counted`], of an allocation that failed.
    pub fn uncounted(&self, size: u64) {
        let fine = fine_bin(size);
        self.allocs.0[fine].set(self.allocs.0[fine].get().wrapping_sub(1));
        self.alloc_bytes.0[fine].set(self.alloc_bytes.0[fine].get().wrapping_sub(size));
    }

    /// Notes that what was to be a sample could not be allocated. A new gap is due: the one at whose end it was is known to be short. An unsampled
    /// allocation that fails may keep what it took of the gap, since what is left of an exponential gap is one.
    pub fn sample_failed(&self, config: &Config) {
        if self.busy.get() != 0 {
            return self.draw_gap_in_reentry(config);
        }
        self.draw_gap(config);
    }

    /// Counts a free of a block that may have been sampled, where that cannot be known; `usable_bytes` stand for its size.
    ///
    /// Sums `p = 1 - exp(-x)`, x being the size over the mean: below 1/64 by four terms of the series, which is within 5e-10 of it.
    #[inline(always)]
    pub fn perhaps_sampled_freed<O: Owner>(&self, usable_bytes: u64, config: &Config) {
        const FEW: f64 = 1.0 / 64.0;
        let x = float(usable_bytes) / float(config.mean_bytes);
        let p = if x < FEW {
            x * (1.0 - x * (1.0 / 2.0 - x * (1.0 / 6.0 - x * (1.0 / 24.0))))
        } else {
            of_bytes(usable_bytes, config.mean_bytes)
        };
        O::add_f64(&self.free_probabilities, p);
        O::add_f64(&self.free_probability_squares, p * p);
    }

    /// Whether this thread has seen that the page is known and not sampled.
    #[inline(always)]
    pub fn is_plain_page(&self, page: u64) -> bool {
        self.plain_pages[page as usize % PLAIN_PAGES].load(Relaxed) == upper_bits(page)
    }

    /// Remembers a page that is known and not sampled, in the place of another one.
    pub fn set_plain_page(&self, page: u64) {
        self.plain_pages[page as usize % PLAIN_PAGES].store(upper_bits(page), Relaxed);
    }

    /// Counts a free of a block with a header, sampled or not.
    #[inline(always)]
    pub fn freed(&self, size: u64) {
        self.frees.add(1);
        self.freed_bytes.add(size);
    }

    /// Counts the free of a sampled block.
    pub fn sampled_freed<O: Owner>(&self, size: u64, config: &Config) {
        self.sampled_frees.add(1);
        self.sampled_bytes_freed.add(size);
        self.estimates.freed::<O>(size, config);
    }

    /// Counts the free of a sampled block of which only the usable size is known: what it added to the estimates cannot be taken away.
    pub fn sampled_freed_of_usable_size(&self, usable_bytes: u64) {
        self.sampled_frees.add(1);
        self.sampled_bytes_freed.add(usable_bytes);
    }

    /// Notes a sample of `size` bytes, after [`Slot::counted`] where that is called; `draws` says that the decision was drawn, so that the next gap is due.
    pub fn sampled<O: Owner>(&self, size: u64, draws: bool, config: &Config) {
        let bin = bin(size);
        self.sampled_allocs[bin].add(1);
        self.sampled_bytes[bin].add(size);
        let remaining_bytes = self.remaining_bytes.get();
        // Mixed with what changes from sample to sample, so that no two draw alike.
        let random_bits = || mix(self.random[0].get(), self.sampled_allocs[bin].get());
        self.estimates
            .sampled::<O>(size, bin, remaining_bytes, random_bits, config);
        if self.busy.get() != 0 {
            // A signal handler came in between the lines below: they must not run within themselves.
            self.samples_in_reentry.add(1);
            if draws {
                self.draw_gap_in_reentry(config);
            }
            return;
        }
        self.busy.set(1);
        if config.truth {
            self.end_gap::<O>(size, config);
        }
        if draws {
            self.draw_gap(config);
        }
        self.busy.set(0);
    }

    fn end_gap<O: Owner>(&self, size: u64, config: &Config) {
        let (allocs, bytes) = (O::sum(&self.allocs), O::sum(&self.alloc_bytes));
        // A handler that sampled between this allocation and this line has moved the marks past it: hence the saturation.
        let gap_allocs = allocs.saturating_sub(self.allocs_at_last_sample.get() + 1);
        let gap_bytes = bytes.saturating_sub(self.bytes_at_last_sample.get().saturating_add(size));
        self.gaps_allocs.finished(gap_allocs);
        self.gaps_bytes.finished(gap_bytes);
        self.allocs_at_last_sample.set(allocs);
        self.bytes_at_last_sample.set(bytes);
        self.windows.sampled(allocs - 1, config.window_allocs);
        match config.scheme.decision() {
            DecisionName::PoissonBytes | DecisionName::BernoulliBytes => {
                self.gap_sample.finished(Clock::Bytes, gap_bytes, size);
            }
            DecisionName::Hybrid if size < HYBRID_THRESHOLD_BYTES => {
                let gap = self.counted_down_bytes();
                self.gap_sample.finished(Clock::Bytes, gap, size);
            }
            DecisionName::Hybrid if size == HYBRID_THRESHOLD_BYTES => {}
            DecisionName::Hybrid => {
                let large = self.large_allocs();
                let last = self.large_allocs_at_last_sample.get();
                self.large_allocs_at_last_sample.set(large);
                let gap = large.saturating_sub(last + 1);
                self.gap_sample.finished(Clock::Allocs, gap, size);
            }
            _ => self.gap_sample.finished(Clock::Allocs, gap_allocs, size),
        }
    }

    /// What unsampled allocations took of the gap so far, on the decision's own clock.
    fn counted_down_bytes(&self) -> u64 {
        let drawn = self.drawn_gap.get();
        drawn.saturating_sub(self.remaining_bytes.get())
    }

    /// Allocations of more than 256 bytes.
    fn large_allocs(&self) -> u64 {
        const FIRST: usize = fine_bin(HYBRID_THRESHOLD_BYTES + 1);
        let large = &self.allocs.0[FIRST..FINE_BIN_ZERO];
        // Wrapping: a file that was changed may hold anything.
        large
            .iter()
            .fold(0, |sum, counter| sum.wrapping_add(counter.get()))
    }

    fn draw_gap(&self, config: &Config) {
        let mut random =
            Xoshiro256PlusPlus::from_state([0, 1, 2, 3].map(|word: usize| self.random[word].get()));
        self.set_gap(next_gap(&mut random, config));
        self.store_random(random);
    }

    fn set_gap(&self, gap: u64) {
        self.drawn_gap.set(gap);
        self.remaining_bytes.set(gap);
    }

    /// A gap that leaves the interrupted draw alone: it only reads the generator's state, and mixes in how often that happened.
    fn draw_gap_in_reentry(&self, config: &Config) {
        let seed = mix(self.random[0].get(), self.samples_in_reentry.get());
        let mut random = Xoshiro256PlusPlus::from_seed(seed);
        self.set_gap(next_gap(&mut random, config));
    }

    fn store_random(&self, random: Xoshiro256PlusPlus) {
        for (counter, word) in self.random.iter().zip(random.state()) {
            counter.set(word);
        }
    }
}

/// Exact for addresses up to 2^50, but for the first 256 KiB, where no program's heap begins: there zero would mean remembered.
#[inline(always)]
const fn upper_bits(page: u64) -> u32 {
    (page >> PLAIN_PAGES_SHIFT) as u32
}

impl Default for Slot {
    fn default() -> Slot {
        Slot::new()
    }
}

impl Totals {
    /// Adds one slot, whose thread may still be counting.
    pub fn add(&mut self, slot: &Slot, config: &Config) {
        let (window_allocs, decision) = (config.window_allocs, config.scheme.decision());
        let mut allocs = 0;
        let mut bytes = 0;
        for fine in 0..FINE_BINS {
            let bin = &mut self.bins[bin_of_fine(fine)];
            let (more_allocs, more_bytes) =
                (slot.allocs.0[fine].get(), slot.alloc_bytes.0[fine].get());
            add(&mut bin.allocs, more_allocs);
            add(&mut bin.bytes, more_bytes);
            add(&mut allocs, more_allocs);
            add(&mut bytes, more_bytes);
        }
        for (index, bin) in self.bins.iter_mut().enumerate() {
            add(&mut bin.sampled_allocs, slot.sampled_allocs[index].get());
            add(&mut bin.sampled_bytes, slot.sampled_bytes[index].get());
        }
        add(
            &mut self.zero_size_allocs,
            slot.allocs.0[FINE_BIN_ZERO].get(),
        );
        add(&mut self.frees, slot.frees.get());
        add(&mut self.freed_bytes, slot.freed_bytes.get());
        add(&mut self.reallocs, slot.reallocs.get());
        add(&mut self.failed_calls, slot.failed_calls.get());
        add(&mut self.foreign_frees, slot.foreign_frees.get());
        add(&mut self.foreign_reallocs, slot.foreign_reallocs.get());
        add(&mut self.sampled_frees, slot.sampled_frees.get());
        add(
            &mut self.sampled_bytes_freed,
            slot.sampled_bytes_freed.get(),
        );
        add(&mut self.unique_pages, slot.unique_pages.get());
        add(&mut self.sampled_pages, slot.sampled_pages.get());
        add(&mut self.threads, slot.threads.get());
        add(&mut self.samples_in_reentry, slot.samples_in_reentry.get());
        for (index, windows) in self.windows.iter_mut().enumerate() {
            windows.add(slot.windows.totals(index, allocs, window_allocs));
        }
        let since = |now: u64, last: &Counter| now.saturating_sub(last.get());
        let unfinished_allocs = since(allocs, &slot.allocs_at_last_sample);
        let unfinished_bytes = since(bytes, &slot.bytes_at_last_sample);
        self.gaps_allocs.add(&slot.gaps_allocs, unfinished_allocs);
        self.gaps_bytes.add(&slot.gaps_bytes, unfinished_bytes);
        self.estimates.add(&slot.estimates);
        self.free_probabilities += slot.free_probabilities.get_f64();
        self.free_probability_squares += slot.free_probability_squares.get_f64();
        add(&mut self.table_lookups, slot.table_lookups.get());
        let samples = &mut self.gap_samples;
        match decision {
            DecisionName::Never => {}
            DecisionName::PoissonBytes | DecisionName::BernoulliBytes => {
                samples.add(&slot.gap_sample, Clock::Bytes, unfinished_bytes);
            }
            DecisionName::Hybrid => {
                samples.add(&slot.gap_sample, Clock::Bytes, slot.counted_down_bytes());
                let large = since(slot.large_allocs(), &slot.large_allocs_at_last_sample);
                samples.add(&slot.gap_sample, Clock::Allocs, large);
            }
            _ => samples.add(&slot.gap_sample, Clock::Allocs, unfinished_allocs),
        }
    }

    /// All bins in one.
    pub fn all(&self) -> BinTotals {
        self.bins.iter().fold(BinTotals::default(), |mut sum, bin| {
            add(&mut sum.allocs, bin.allocs);
            add(&mut sum.bytes, bin.bytes);
            add(&mut sum.sampled_allocs, bin.sampled_allocs);
            add(&mut sum.sampled_bytes, bin.sampled_bytes);
            sum
        })
    }
}

fn next_gap(random: &mut Xoshiro256PlusPlus, config: &Config) -> u64 {
    match config.scheme.decision() {
        DecisionName::Bernoulli => random.next_gap_allocs(config.hash_mask.count_ones()),
        _ => random.next_gap_bytes(config.mean_bytes),
    }
}

/// Counters of a file may hold anything: sums wrap around rather than panic.
pub(crate) fn add(total: &mut u64, more: u64) {
    *total = total.wrapping_add(more);
}

#[cfg(test)]
pub(crate) mod tests;
