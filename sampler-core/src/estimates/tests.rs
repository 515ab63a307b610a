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
    let live = totals(&slot, &config).all_live();
    // What is left of a sum after taking the same terms away: the other term, up to rounding.
    assert!((live.allocs - 4.0).abs() < 1e-12 && (live.bytes - 1600.0).abs() < 1e-10);
    assert_eq!(totals(&slot, &config).live(2).allocs, 0.0);
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
    let config = Config {
        truth: false,
        ..config(Scheme::HeaderPoissonBytes)
    };
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
    let config = Config {
        truth: false,
        ..config(Scheme::HeaderPoissonBytes)
    };
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
