use super::*;
use crate::counter::Shared;
use crate::decision::{Decision, PoissonBytes};
use crate::random::SplitMix64;
use crate::scheme::Scheme;
use crate::slot::{Slot, Totals};
use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

fn config(scheme: Scheme) -> Config {
    Config {
        scheme,
        hash_mask: 0x3,
        mean_bytes: 1000,
        truth: false,
        ..Config::default()
    }
}

fn totals(slot: &Slot, config: &Config) -> EstimateTotals {
    let mut totals = Totals::default();
    totals.add(slot, config);
    totals.estimates
}

#[test]
fn each_sample_adds_its_weight_and_its_free_takes_it_away() {
    let config = config(Scheme::HeaderHybrid);
    let slot = Box::new(Slot::new());
    let p = 1.0 - (-0.1f64).exp();
    for size in [100, 400, 0] {
        slot.counted(size);
        slot.sampled::<Shared>(size, size < 256, &config);
    }
    let all = totals(&slot, &config).all();
    assert!((all.allocs - (1.0 / p + 4.0)).abs() < 1e-12);
    assert!((all.bytes - (100.0 / p + 1600.0)).abs() < 1e-10);
    assert!((all.allocs_variance - ((1.0 - p) / p / p + 12.0)).abs() < 1e-10);
    slot.sampled_freed::<Shared>(100, &config);
    slot.sampled_freed::<Shared>(0, &config);
    let live = totals(&slot, &config).all_live(&config);
    // What is left of a sum after taking the same terms away: the other term, up to rounding.
    assert!((live.allocs - 4.0).abs() < 1e-12 && (live.bytes - 1600.0).abs() < 1e-10);
    assert_eq!(totals(&slot, &config).live(2, &config).allocs, 0.0);
}

#[test]
fn sums_over_keys_are_those_of_a_naive_model() {
    let config = config(Scheme::HeaderPageHash);
    let slot = Box::new(Slot::new());
    let mut random = SplitMix64::new(51);
    let mut keys: BTreeMap<u64, KeyBefore> = BTreeMap::new();
    let mut alive: Vec<(u64, u64)> = Vec::new();
    for _ in 0..20_000 {
        if random.next_u64().is_multiple_of(3) && !alive.is_empty() {
            let index = random.next_u64() as usize % alive.len();
            let (key, size) = alive.swap_remove(index);
            let held = keys.get_mut(&key).unwrap();
            slot.estimates.key_excess.freed::<Shared>(*held, size);
            slot.sampled_freed::<Shared>(size, &config);
            held.live_allocs -= 1;
            held.live_bytes -= size;
        } else {
            let (key, size) = (random.next_u64() % 50, 1 + random.next_u64() % 5000);
            let held = keys.entry(key).or_default();
            slot.estimates.key_excess.sampled::<Shared>(*held, size);
            slot.counted(size);
            slot.sampled::<Shared>(size, false, &config);
            held.allocs += 1;
            held.bytes += size;
            held.live_allocs += 1;
            held.live_bytes += size;
            alive.push((key, size));
        }
    }
    // p = 1/4: (1-p)/p^2 = 12.
    let expected = |value: fn(&KeyBefore) -> u64| -> f64 {
        12.0 * keys
            .values()
            .map(|k| (value(k) as f64).powi(2))
            .sum::<f64>()
    };
    let [all, live] = totals(&slot, &config).by_key(&config).unwrap();
    for (found, expected) in [
        (all.0, expected(|k| k.allocs)),
        (all.1, expected(|k| k.bytes)),
        (live.0, expected(|k| k.live_allocs)),
        (live.1, expected(|k| k.live_bytes)),
    ] {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    }
}

#[test]
fn a_hybrids_small_samples_are_independent_beside_its_keys() {
    let config = config(Scheme::HeaderHybrid);
    let slot = Box::new(Slot::new());
    for size in [100, 300] {
        slot.counted(size);
        slot.sampled::<Shared>(size, size < 256, &config);
    }
    slot.estimates
        .key_excess
        .sampled::<Shared>(KeyBefore::default(), 300);
    let all = totals(&slot, &config);
    let [by_key, _] = all.by_key(&config).unwrap();
    // No key has two samples: the two formulas agree.
    assert!((by_key.0 / all.all().allocs_variance - 1.0).abs() < 1e-12);
    assert!((by_key.1 / all.all().bytes_variance - 1.0).abs() < 1e-12);
    slot.sampled_freed::<Shared>(100, &config);
    let [_, live] = totals(&slot, &config).by_key(&config).unwrap();
    assert!((live.0 - 12.0).abs() < 1e-9, "{}", live.0);
    assert_eq!(
        totals(&Slot::new(), &self::config(Scheme::HeaderBernoulli))
            .by_key(&self::config(Scheme::HeaderBernoulli)),
        None
    );
}

/// Of all bytes and blocks, through the real decision: Horvitz-Thompson and the estimators in use elsewhere, over streams of mixed sizes.
#[test]
fn estimators_are_unbiased_under_the_real_decision() {
    const STREAMS: u64 = 2000;
    let config = config(Scheme::HeaderPoissonBytes);
    let sizes: Vec<u64> = (0..300).map(|k| 1 + k * k % 2500).collect();
    let bytes: f64 = sizes.iter().map(|&size| size as f64).sum();
    let allocs = sizes.len() as f64;
    let mut found: Vec<[f64; 6]> = Vec::new();
    for seed in 0..STREAMS {
        let slot = Box::new(Slot::new());
        slot.begin(seed, &config);
        for &size in &sizes {
            if PoissonBytes::is_sampled(&config, &slot, 0, size) {
                slot.sampled::<Shared>(size, true, &config);
            }
        }
        let all = totals(&slot, &config);
        let (ours, others) = (all.all(), all.others);
        found.push([
            ours.allocs / allocs,
            ours.bytes / bytes,
            others.tcmalloc_allocs / allocs,
            others.tcmalloc_bytes / bytes,
            others.draws_allocs / allocs,
            others.draws_bytes / bytes,
        ]);
    }
    for index in 0..6 {
        let n = STREAMS as f64;
        let mean = found.iter().map(|row| row[index]).sum::<f64>() / n;
        let variance = found
            .iter()
            .map(|row| (row[index] - mean).powi(2))
            .sum::<f64>()
            / n;
        let sigma = (variance / n).sqrt();
        assert!(
            (mean - 1.0).abs() < 4.0 * sigma,
            "estimator {index}: {mean}, sigma {sigma}"
        );
    }
}

#[test]
fn the_variance_estimate_has_the_variance_as_its_expectation() {
    const STREAMS: u64 = 5000;
    let config = config(Scheme::HeaderPoissonBytes);
    let sizes: Vec<u64> = (0..200).map(|k| 1 + k * k % 2500).collect();
    // Independent decisions: the sum of (1-p)/p y^2 over all blocks.
    let expected: f64 = sizes
        .iter()
        .map(|&size| {
            let p = weight::of_bytes(size, config.mean_bytes);
            (1.0 - p) / p * (size as f64).powi(2)
        })
        .sum();
    let mut estimates = Vec::new();
    for seed in 0..STREAMS {
        let slot = Box::new(Slot::new());
        slot.begin(10_000 + seed, &config);
        for &size in &sizes {
            if PoissonBytes::is_sampled(&config, &slot, 0, size) {
                slot.sampled::<Shared>(size, true, &config);
            }
        }
        estimates.push(totals(&slot, &config).all().bytes_variance / expected);
    }
    let n = STREAMS as f64;
    let mean = estimates.iter().sum::<f64>() / n;
    let variance = estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n;
    assert!((mean - 1.0).abs() < 4.0 * (variance / n).sqrt(), "{mean}");
}

/// Any sampling scheme that knows freed sizes, with gaps and masks that sample often.
fn knowing() -> impl Iterator<Item = Config> {
    Scheme::ALL
        .into_iter()
        .filter(|scheme| scheme.tracking().knows_freed_sizes())
        .flat_map(|scheme| {
            [(0x3, 1000), (0, 0), (0xFF, 1 << 19)].map(|(hash_mask, mean_bytes)| Config {
                scheme,
                hash_mask,
                mean_bytes,
                truth: false,
                ..Config::default()
            })
        })
}

/// Sizes of every bin, and of each power of two up to 2^46.
fn any_size(random: &mut SplitMix64) -> u64 {
    1 + (random.next_u64() >> 18 >> (random.next_u64() % 46))
}

/// Blocks of one slot are freed in another, in another order: what is left is the sums of the blocks that are, as if nothing else had ever been.
#[test]
fn a_free_takes_away_exactly_what_its_sample_added() {
    let mut random = SplitMix64::new(52);
    for config in knowing() {
        let slots = [(); 2].map(|()| Box::new(Slot::new()));
        let left_alone = Box::new(Slot::new());
        let both = || {
            let mut totals = Totals::default();
            slots.iter().for_each(|slot| totals.add(slot, &config));
            totals.estimates
        };
        let mut alive = Vec::new();
        for turn in 0..3000 {
            let size = any_size(&mut random);
            slots[0].sampled::<Shared>(size, false, &config);
            if turn % 1000 == 7 {
                left_alone.sampled::<Shared>(size, false, &config);
            } else {
                alive.push(size);
            }
            while alive.len() > 500 || turn == 2999 && !alive.is_empty() {
                let size = alive.swap_remove(random.next_u64() as usize % alive.len());
                slots[random.next_u64() as usize % 2].sampled_freed::<Shared>(size, &config);
            }
        }
        let expected = totals(&left_alone, &config);
        assert_eq!(both().all_live(&config), expected.all_live(&config));
        for bin in 0..BINS {
            assert_eq!(both().live(bin, &config), expected.live(bin, &config));
        }
        // Of live blocks the sums are those of all, to a unit.
        let (live, all) = (expected.all_live(&config), expected.all());
        for (live, all) in [
            (live.allocs, all.allocs),
            (live.bytes, all.bytes),
            (live.allocs_variance, all.allocs_variance),
            (live.bytes_variance, all.bytes_variance),
        ] {
            assert!((live - all).abs() <= 1e-5 * all, "{live} {all} {config:?}");
        }
    }
}

/// What a page holds after a block of 6 GiB came and went: in floating point the variance would keep a rounding error of that block's, which is 10^13 of the
/// page's other blocks.
#[test]
fn a_large_block_leaves_nothing_behind_in_the_variance_over_keys() {
    let config = config(Scheme::HeaderPageHash);
    let slot = Box::new(Slot::new());
    let mut held = KeyBefore::default();
    for size in [100, 6 << 30, 50] {
        slot.estimates.key_excess.sampled::<Shared>(held, size);
        slot.sampled::<Shared>(size, false, &config);
        held.live_allocs += 1;
        held.live_bytes += size;
    }
    slot.estimates.key_excess.freed::<Shared>(held, 6 << 30);
    slot.sampled_freed::<Shared>(6 << 30, &config);
    let [_, live] = totals(&slot, &config).by_key(&config).unwrap();
    // p = 1/4: (1-p)/p^2 = 12.
    assert_eq!(live, (12.0 * 4.0, 12.0 * 150.0 * 150.0));
}

/// A child frees blocks of its parent's among its own, of up to 2^42 bytes: its keys then hold less than nothing, and each counts with the square of that.
#[test]
fn frees_of_a_parents_blocks_add_to_the_variance_over_keys() {
    for scheme in [Scheme::HeaderPageHash, Scheme::HeaderHash] {
        let config = config(scheme);
        let slot = Box::new(Slot::new());
        let mut random = SplitMix64::new(53);
        let mut keys: BTreeMap<u64, KeyBefore> = BTreeMap::new();
        for _ in 0..5000 {
            let (key, size) = (
                random.next_u64() % 50,
                1 + any_size(&mut random) % (1 << 42),
            );
            let held = keys.entry(key).or_default();
            let excess = &slot.estimates.key_excess;
            if random.next_u64().is_multiple_of(2) {
                excess.sampled::<Shared>(*held, size);
                slot.sampled::<Shared>(size, false, &config);
                held.live_allocs = held.live_allocs.wrapping_add(1);
                held.live_bytes = held.live_bytes.wrapping_add(size);
            } else {
                excess.freed::<Shared>(*held, size);
                slot.sampled_freed::<Shared>(size, &config);
                held.live_allocs = held.live_allocs.wrapping_sub(1);
                held.live_bytes = held.live_bytes.wrapping_sub(size);
            }
            let squares = |value: fn(&KeyBefore) -> u64| -> f64 {
                let square = |key: &KeyBefore| 12.0 * (value(key) as i64 as f64).powi(2);
                keys.values().map(square).sum()
            };
            let [_, live] = totals(&slot, &config).by_key(&config).unwrap();
            assert_eq!(live.0, squares(|key| key.live_allocs));
            // Both are sums of floating-point numbers here, of which the largest is that of 2^84 bytes squared.
            let expected = squares(|key| key.live_bytes);
            let off = (live.1 - expected).abs();
            assert!(off <= 1e-9 * expected, "{live:?} {expected}");
        }
    }
}

/// Of blocks above 64 KiB squares are kept in two sums, and both are read: 65537^2 = 2^32 + 131073.
#[test]
fn squares_of_large_blocks_are_exact() {
    let config = config(Scheme::HeaderHash);
    let slot = Box::new(Slot::new());
    for size in [65_537, 65_537, 100] {
        slot.sampled::<Shared>(size, false, &config);
    }
    slot.sampled_freed::<Shared>(65_537, &config);
    let all = totals(&slot, &config);
    let square = 65_537.0 * 65_537.0;
    assert_eq!(all.live(BINS - 1, &config).bytes_variance, 12.0 * square);
    let live = all.all_live(&config).bytes_variance;
    assert_eq!(live, 12.0 * (square + 10_000.0));
}

/// Of the draws of blocks from the mean on a complement is kept: a block of the mean is one of them, a smaller one is not.
#[test]
fn draws_of_blocks_below_the_mean_are_told_apart() {
    let config = config(Scheme::HeaderPoissonBytes);
    let draws = |sizes: &[u64]| {
        let slot = Box::new(Slot::new());
        for &size in sizes {
            slot.sampled::<Shared>(size, true, &config);
        }
        totals(&slot, &config).others
    };
    let small = draws(&[999, 10]);
    assert!(small.draws_bytes > 0.0);
    assert_eq!(small.draws_below_mean_bytes, small.draws_bytes);
    assert_eq!(small.draws_below_mean_allocs, small.draws_allocs);
    let large = draws(&[1000, 5000]);
    assert!(large.draws_bytes > 0.0);
    assert_eq!(large.draws_below_mean_bytes, 0.0);
    assert_eq!(large.draws_below_mean_allocs, 0.0);
}
