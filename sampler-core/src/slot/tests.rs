use super::*;
use crate::counter::Shared;
use crate::random::SplitMix64;
use crate::scheme::Scheme;
use std::boxed::Box;
use std::vec::Vec;

fn config() -> Config {
    Config {
        scheme: Scheme::HeaderPoissonBytes,
        window_allocs: 10,
        ..Config::default()
    }
}

fn totals(slot: &Slot) -> Totals {
    let mut totals = Totals::default();
    totals.add(slot, &config());
    totals
}

#[test]
fn a_slot_is_whole_pairs_of_cache_lines_and_zero_memory_is_a_new_one() {
    assert_eq!((size_of::<Slot>(), SLOT_BYTES % LINE_PAIR_BYTES), (3840, 0));
    assert_eq!(totals(&Slot::new()), Totals::default());
}

#[test]
fn a_page_is_plain_only_once_it_was_set_and_until_another_takes_its_place() {
    let slot = Slot::new();
    let page = 0x7_F123_4567;
    assert!(!slot.is_plain_page(page));
    slot.set_plain_page(page);
    assert!(slot.is_plain_page(page) && !slot.is_plain_page(page + 64));
    slot.set_plain_page(page + 64);
    assert!(!slot.is_plain_page(page) && slot.is_plain_page(page + 64));
}

#[test]
fn no_gap_is_as_long_as_a_size_that_is_always_refused() {
    let slot = Slot::new();
    for seed in 0..1000 {
        let config = Config {
            mean_bytes: u64::MAX,
            ..config()
        };
        slot.begin(seed, &config);
        slot.counted(1);
        slot.sampled::<Shared>(1, true, &config);
        assert!(slot.remaining_bytes.get() < u64::MAX - 15);
    }
}

#[test]
fn every_allocation_is_in_exactly_one_bin_and_one_window() {
    let mut random = SplitMix64::new(8);
    for _ in 0..200 {
        let slot = Box::new(Slot::new());
        let count = random.next_u64() % 5000;
        let mut bytes = 0u64;
        for _ in 0..count {
            let size = random.next_u64() >> (16 + random.next_u64() % 48);
            bytes += size;
            slot.counted(size);
            if random.next_u64().is_multiple_of(50) {
                slot.sampled::<Shared>(size, false, &config());
            }
        }
        let totals = totals(&slot);
        assert_eq!((totals.all().allocs, totals.all().bytes), (count, bytes));
        for (index, windows) in totals.windows.iter().enumerate() {
            let size = 10u64.pow(index as u32 + 1);
            assert_eq!(windows.total * size + windows.remainder_allocs, count);
        }
        // Every allocation is a sample, in a finished gap, or in the unfinished one.
        let gaps = totals.gaps_allocs;
        assert_eq!(gaps.n + gaps.sum + gaps.unfinished_sum, count);
        let gap_bytes = totals.gaps_bytes.sum + totals.gaps_bytes.unfinished_sum;
        assert_eq!(gap_bytes + totals.all().sampled_bytes, bytes);
    }
}

#[test]
fn gaps_are_those_of_the_naive_model() {
    let mut random = SplitMix64::new(9);
    let slot = Box::new(Slot::new());
    let (mut gaps_allocs, mut gaps_bytes) = (Vec::new(), Vec::new());
    let (mut allocs, mut bytes) = (0u64, 0u64);
    for _ in 0..20_000 {
        let size = random.next_u64() % 300;
        slot.counted(size);
        if random.next_u64().is_multiple_of(20) {
            slot.sampled::<Shared>(size, false, &config());
            gaps_allocs.push(allocs);
            gaps_bytes.push(bytes);
            (allocs, bytes) = (0, 0);
        } else {
            allocs += 1;
            bytes += size;
        }
    }
    let totals = totals(&slot);
    for (found, expected) in [
        (totals.gaps_allocs, &gaps_allocs),
        (totals.gaps_bytes, &gaps_bytes),
    ] {
        let real: Vec<f64> = expected.iter().map(|&gap| gap as f64).collect();
        assert_eq!(found.n, expected.len() as u64);
        assert_eq!(found.sum, expected.iter().sum::<u64>());
        assert_eq!(found.max, *expected.iter().max().unwrap());
        assert_eq!(found.sum_squares, real.iter().map(|gap| gap * gap).sum());
        let lag1: f64 = real.windows(2).map(|pair| pair[0] * pair[1]).sum();
        assert_eq!(found.sum_lag1_products, lag1);
    }
    assert_eq!(totals.gaps_allocs.unfinished_sum, allocs);
    assert_eq!(totals.gaps_bytes.unfinished_sum, bytes);
}

#[test]
fn sizes_above_4_gib_are_exact() {
    let slot = Box::new(Slot::new());
    let size = (5u64 << 32) + 3;
    slot.counted(size);
    slot.sampled::<Shared>(size, false, &config());
    slot.freed(size);
    slot.sampled_freed::<Shared>(size, &config());
    let totals = totals(&slot);
    assert_eq!(
        (totals.bins[9].bytes, totals.bins[9].sampled_bytes),
        (size, size)
    );
    assert_eq!(
        (totals.freed_bytes, totals.sampled_bytes_freed),
        (size, size)
    );
}

#[test]
fn a_later_thread_continues_the_unfinished_gap_with_draws_of_its_own() {
    let slot = Box::new(Slot::new());
    slot.begin(1, &config());
    let gap = slot.remaining_bytes.get();
    let first = [0, 1, 2, 3].map(|word: usize| slot.random[word].get());
    assert!(gap > 0);
    slot.begin(2, &config());
    assert_eq!(slot.remaining_bytes.get(), gap);
    assert_ne!(
        [0, 1, 2, 3].map(|word: usize| slot.random[word].get()),
        first
    );
    assert_eq!(totals(&slot).threads, 2);
}

#[test]
fn a_sample_within_a_sample_is_counted_and_leaves_gaps_alone() {
    let slot = Box::new(Slot::new());
    slot.begin(1, &config());
    let random = [0, 1, 2, 3].map(|word: usize| slot.random[word].get());
    let gap = slot.remaining_bytes.get();
    slot.counted(8);
    slot.busy.set(1);
    slot.sampled::<Shared>(8, true, &config());
    slot.busy.set(0);
    let totals = totals(&slot);
    assert_eq!(
        (totals.all().sampled_allocs, totals.samples_in_reentry),
        (1, 1)
    );
    assert_eq!(totals.gaps_allocs.n, 0);
    assert_eq!(
        [0, 1, 2, 3].map(|word: usize| slot.random[word].get()),
        random
    );
    // The gap that this sample ended is not left behind: the next one is due.
    assert!(slot.remaining_bytes.get() > 0 && slot.remaining_bytes.get() != gap);
}

#[test]
fn gaps_drawn_in_reentry_have_the_configured_mean() {
    let slot = Box::new(Slot::new());
    slot.begin(1, &config());
    slot.busy.set(1);
    const DRAWS: u64 = 100_000;
    let mut sum = 0;
    for _ in 0..DRAWS {
        slot.sampled::<Shared>(1, true, &config());
        sum += slot.remaining_bytes.get();
    }
    // Mean 4096.5, standard deviation 4096, of the mean 13: 4 of them.
    let mean = sum as f64 / DRAWS as f64;
    assert!((mean - 4096.5).abs() < 52.0, "{mean}");
}

#[test]
fn without_truth_only_samples_are_counted() {
    let slot = Box::new(Slot::new());
    let config = Config {
        truth: false,
        ..config()
    };
    slot.sampled::<Shared>(100, true, &config);
    let totals = totals(&slot);
    assert_eq!((totals.all().sampled_allocs, totals.all().allocs), (1, 0));
    assert_eq!((totals.gaps_allocs.n, totals.windows[0].total), (0, 0));
    assert!(slot.remaining_bytes.get() > 0);
}

#[test]
fn counters_are_listed_in_the_order_of_the_layout() {
    let slot = Box::new(Slot::new());
    let base = std::ptr::from_ref(&*slot).addr();
    let pages = offset_of!(Slot, plain_pages);
    let mut at = 0;
    for counter in slot.counters() {
        if at == pages {
            at += size_of_val(&slot.plain_pages);
        }
        assert_eq!(std::ptr::from_ref(counter).addr(), base + at);
        at += 8;
    }
    assert_eq!(at, SLOT_BYTES);
}

#[test]
fn a_slot_of_a_file_has_every_counter_where_it_was() {
    let slot = Slot::new();
    for (value, counter) in (1..).zip(slot.counters()) {
        counter.set(value);
    }
    slot.set_plain_page(1 << 40);
    let copy = Slot::from_bytes(&bytes_of(&slot));
    let values = |slot: &Slot| -> Vec<u64> { slot.counters().map(Counter::get).collect() };
    assert_eq!(values(&copy), values(&slot));
}

/// With the pages at its end, beside the first line of the next slot, the page hash took 1.26 of plain glibc on two threads and 1.19 on one; here it takes 1.20.
#[test]
fn what_every_block_touches_is_far_from_the_last_line() {
    const FAR: usize = 1024;
    let ends = [
        offset_of!(Slot, alloc_bytes) + size_of::<FineBins>(),
        offset_of!(Slot, plain_pages) + PLAIN_PAGES_BYTES,
    ];
    assert!(ends.iter().all(|end| end + FAR <= SLOT_BYTES), "{ends:?}");
    assert_eq!(offset_of!(Slot, plain_pages) % 64, 0);
}

/// As a live file holds it.
pub(crate) fn bytes_of(slot: &Slot) -> Vec<u8> {
    let mut bytes = std::vec![0; SLOT_BYTES];
    let base = std::ptr::from_ref(slot).addr();
    for counter in slot.counters() {
        let at = std::ptr::from_ref(counter).addr() - base;
        bytes[at..at + 8].copy_from_slice(&counter.get().to_le_bytes());
    }
    bytes
}

#[test]
fn what_may_have_been_sampled_is_freed_with_its_probability() {
    for mean_bytes in [64, 4096, 524_288] {
        let slot = Slot::new();
        let config = Config {
            mean_bytes,
            ..config()
        };
        let (mut sum, mut squares) = (0.0, 0.0);
        // From far below the mean, where a series stands for the exponential, to far above it.
        for size in (0..20).map(|bit| (1u64 << bit) + bit) {
            slot.perhaps_sampled_freed::<Shared>(size, &config);
            let p = 1.0 - (-(size as f64) / mean_bytes as f64).exp();
            (sum, squares) = (sum + p, squares + p * p);
            let found = slot.free_probabilities.get_f64();
            assert!((found - sum).abs() < 2e-8, "{found}, not {sum}, at {size}");
            let found = slot.free_probability_squares.get_f64();
            assert!((found - squares).abs() < 2e-8, "{found}, not {squares}");
        }
    }
}

#[test]
fn what_failed_is_taken_back_and_live_samples_are_those_not_freed() {
    let slot = Slot::new();
    slot.begin(3, &config());
    slot.counted(100);
    slot.counted(300);
    slot.uncounted(300);
    let found = totals(&slot).all();
    assert_eq!((found.allocs, found.bytes), (1, 100));
    slot.sampled::<Shared>(100, true, &config());
    slot.sampled::<Shared>(5000, true, &config());
    assert_eq!(slot.live_samples(), 2);
    slot.sampled_freed::<Shared>(100, &config());
    assert_eq!(slot.live_samples(), 1);
}

#[test]
fn a_sample_that_failed_has_a_new_gap_due() {
    let slot = Slot::new();
    slot.begin(3, &config());
    let before = slot.drawn_gap.get();
    slot.remaining_bytes.set(1);
    slot.sample_failed(&config());
    assert!(slot.remaining_bytes.get() > 1 && slot.drawn_gap.get() != before);
}

/// Of windows of 10: 25 allocations without a sample, and the 26th is one. Two windows ended without any, and the third has it.
#[test]
fn windows_are_told_how_many_allocations_came_before_a_sample() {
    let slot = Slot::new();
    slot.begin(3, &config());
    for _ in 0..30 {
        slot.counted(1);
    }
    slot.sampled::<Shared>(1, true, &config());
    // The sample is the 30th: the last of the third window.
    let windows = totals(&slot).windows[0];
    assert_eq!((windows.total, windows.zero_sampled), (3, 2));
}
