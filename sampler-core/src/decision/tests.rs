use super::*;
use crate::counter::Shared;
use crate::random::SplitMix64;
use std::boxed::Box;

fn poisson_slot(seed: u64, mean_bytes: u64) -> (Box<Slot>, Config) {
    let slot = Box::new(Slot::new());
    let config = Config {
        mean_bytes,
        ..Config::default()
    };
    slot.begin(seed, &config);
    (slot, config)
}

/// Runs `allocs` allocations of one size and returns how many were sampled.
fn samples<D: Decision>(slot: &Slot, config: &Config, size: u64, allocs: u64) -> u64 {
    let mut sampled = 0;
    for _ in 0..allocs {
        if D::is_sampled(config, slot, 0x1000, size) {
            slot.sampled::<Shared>(size, D::draws(size), config);
            sampled += 1;
        }
    }
    sampled
}

#[test]
fn poisson_samples_each_size_with_its_probability() {
    let cases = [
        (64, 16, 200_000u64),
        (64, 1, 200_000),
        (4096, 1, 2_000_000),
        (4096, 100, 200_000),
        (4096, 4096, 100_000),
        (4096, 1 << 14, 100_000),
        (524_288, 4096, 1_000_000),
        (524_288, 1 << 20, 100_000),
        (524_288, 1 << 30, 1_000),
        (1 << 30, 1 << 30, 100_000),
    ];
    for (index, (mean, size, allocs)) in cases.into_iter().enumerate() {
        let (slot, mut config) = poisson_slot(100 + index as u64, mean);
        config.truth = false;
        let p = 1.0 - (-(size as f64) / mean as f64).exp();
        let found = samples::<PoissonBytes>(&slot, &config, size, allocs) as f64;
        let expected = allocs as f64 * p;
        // Independent decisions: binomial. 4 sigmas, and 1e-9 for p = 1 to rounding.
        let sigma = (expected * (1.0 - p)).sqrt();
        assert!(
            (found - expected).abs() <= 4.0 * sigma + 1e-9,
            "{found} of {allocs}, not {expected}, at mean {mean}, size {size}"
        );
    }
}

#[test]
fn small_means_give_the_exact_probability_and_not_that_of_real_gaps() {
    // 1 - exp(-16/64) = 0.22120; truncated real gaps would give 0.233, which is 28 sigmas away.
    let (slot, mut config) = poisson_slot(31, 64);
    config.truth = false;
    let found = samples::<PoissonBytes>(&slot, &config, 16, 1_000_000) as f64 / 1e6;
    assert!((found - 0.221_199).abs() < 4.0 * 0.000_415, "{found}");
}

/// Six blocks of unlike sizes, again and again: how often each is sampled, and how often any two of one turn are, is what independent draws would give, within 4.5
/// sigmas (21 numbers). The smallest expectation is 0.0156 * 0.0157 * 400,000 = 98.
#[test]
fn blocks_are_sampled_as_if_each_had_a_draw_of_its_own() {
    const TURNS: u64 = 400_000;
    const MEAN: u64 = 4096;
    let sizes = [64, 1000, 20_000, 65, 4096, 300];
    let (slot, mut config) = poisson_slot(77, MEAN);
    config.truth = false;
    let mut together = [[0u64; 6]; 6];
    for _ in 0..TURNS {
        let sampled = sizes.map(|size| samples::<PoissonBytes>(&slot, &config, size, 1) == 1);
        for first in 0..sizes.len() {
            for second in first..sizes.len() {
                together[first][second] += u64::from(sampled[first] && sampled[second]);
            }
        }
    }
    let p = sizes.map(|size| 1.0 - (-(size as f64) / MEAN as f64).exp());
    for first in 0..sizes.len() {
        for second in first..sizes.len() {
            let both = if first == second {
                p[first]
            } else {
                p[first] * p[second]
            };
            let expected = both * TURNS as f64;
            let found = together[first][second] as f64;
            let sigmas = (found - expected) / (expected * (1.0 - both)).sqrt();
            assert!(
                sigmas.abs() < 4.5,
                "blocks {first} and {second}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn poisson_agrees_with_a_naive_countdown() {
    use crate::random::Xoshiro256PlusPlus;
    for seed in 0..50 {
        let (slot, config) = poisson_slot(seed, 1000);
        let mut draws = Xoshiro256PlusPlus::from_seed(seed);
        let mut sizes = SplitMix64::new(seed);
        let mut remaining = draws.next_gap_bytes(1000);
        for _ in 0..2000 {
            let size = sizes.next_u64() % 500;
            slot.counted(size);
            let expected = size >= remaining;
            if expected {
                remaining = draws.next_gap_bytes(1000);
            } else {
                remaining -= size;
            }
            let found = PoissonBytes::is_sampled(&config, &slot, 0, size);
            assert_eq!(found, expected);
            if found {
                slot.sampled::<Shared>(size, true, &config);
            }
        }
    }
}

#[test]
fn zero_bytes_never_sample_above_mean_0_and_always_at_it() {
    let (slot, mut config) = poisson_slot(1, 1);
    config.truth = false;
    assert_eq!(samples::<PoissonBytes>(&slot, &config, 0, 10_000), 0);
    let (slot, mut config) = poisson_slot(1, 0);
    config.truth = false;
    for size in [0, 1, u64::MAX >> 1] {
        assert_eq!(samples::<PoissonBytes>(&slot, &config, size, 100), 100);
    }
}

#[test]
fn hashes_sample_an_address_by_the_mask_alone() {
    let slot = Slot::new();
    for mask in [0, 0xFF, 0x3, u64::MAX] {
        let config = Config {
            hash_mask: mask,
            ..Config::default()
        };
        for address in (0..1 << 20).step_by(16) {
            let expected = xorshift(address) & mask == 0;
            assert_eq!(Hash::is_sampled(&config, &slot, address, 1), expected);
            let expected = page_hash(address >> 12) & mask == 0;
            assert_eq!(PageHash::is_sampled(&config, &slot, address, 1), expected);
            let expected = splitmix(address) & mask == 0;
            let found = HashSplitmix::is_sampled(&config, &slot, address, 1);
            assert_eq!(found, expected);
        }
    }
}

/// A salt that is drawn makes the seed's linear hash sample any address with the probability of the mask: 2^20 salts, 4096 expected, within 4 sigmas of 63.9.
/// NULL stays sampled, which stateless schemes rely on.
#[test]
fn a_salted_hash_is_the_hash_of_the_address_with_the_salt_in_it() {
    let slot = Slot::new();
    let mut random = SplitMix64::new(7);
    for address in [0x5555_5555_0010, 0x7FFF_F7D0_1240, 0x10_0000] {
        let (mut by_address, mut by_page) = (0, 0);
        for _ in 0..1 << 20 {
            let config = Config {
                hash_salt: random.next_u64(),
                ..Config::default()
            };
            let salted = address ^ config.hash_salt;
            let found = Salted::<Hash>::is_sampled(&config, &slot, address, 1);
            assert_eq!(found, xorshift(salted) & 0xFF == 0);
            by_address += u32::from(found);
            let found = Salted::<PageHash>::is_sampled(&config, &slot, address, 1);
            assert_eq!(found, page_hash(salted >> 12) & 0xFF == 0);
            by_page += u32::from(found);
            assert!(Salted::<HashSplitmix>::is_sampled_address(&config, 0));
        }
        for sampled in [by_address, by_page] {
            assert!((4096 - 255..4096 + 256).contains(&sampled), "{sampled}");
        }
    }
}

#[test]
fn hybrid_draws_below_256_bytes_and_hashes_from_there_on() {
    let (slot, mut config) = poisson_slot(3, 0);
    config.hash_mask = u64::MAX;
    config.truth = false;
    assert_eq!(samples::<Hybrid>(&slot, &config, 255, 100), 100);
    assert_eq!(samples::<Hybrid>(&slot, &config, 256, 100), 0);
    let (slot, mut config) = poisson_slot(3, 1 << 50);
    config.hash_mask = 0;
    config.truth = false;
    assert_eq!(samples::<Hybrid>(&slot, &config, 256, 100), 100);
    assert_eq!(samples::<Hybrid>(&slot, &config, 255, 100), 0);
}

#[test]
fn hashed_sizes_do_not_use_up_the_hybrids_gap() {
    let (slot, config) = poisson_slot(4, 4096);
    let gap = slot.remaining_bytes.get();
    samples::<Hybrid>(&slot, &config, 1 << 20, 1000);
    assert_eq!(slot.remaining_bytes.get(), gap);
}

#[test]
fn bernoulli_samples_every_size_with_the_probability_of_the_mask() {
    for (index, (mask, size, allocs)) in [
        (0u64, 16u64, 1000u64),
        (1, 0, 100_000),
        (0xFF, 16, 1_000_000),
        (0xFFF, 1 << 30, 10_000_000),
    ]
    .into_iter()
    .enumerate()
    {
        let config = Config {
            scheme: crate::Scheme::HeaderBernoulli,
            hash_mask: mask,
            truth: false,
            ..Config::default()
        };
        let slot = Box::new(Slot::new());
        slot.begin(70 + index as u64, &config);
        let found = samples::<Bernoulli>(&slot, &config, size, allocs) as f64;
        let p = 0.5f64.powi(mask.count_ones() as i32);
        // Independent decisions: binomial, 4 sigmas.
        let expected = allocs as f64 * p;
        let sigma = (expected * (1.0 - p)).sqrt();
        assert!(
            (found - expected).abs() <= 4.0 * sigma,
            "{found}, not {expected}"
        );
    }
}

#[test]
fn a_mixing_hash_spreads_its_samples_over_pages_like_independent_decisions() {
    // Of the 256 possible blocks of a page 1 is expected, and Poisson's e^-1 of all pages have none; the seed's hash leaves 3/4 empty.
    let slot = Slot::new();
    let config = Config::default();
    let pages = 10_000;
    let empty = (0..pages)
        .filter(|page| {
            let sampled = |block: u64| {
                HashSplitmix::is_sampled(
                    &config,
                    &slot,
                    0x7F00_0000_0000 + page * 4096 + block * 16,
                    1,
                )
            };
            !(0..256).any(sampled)
        })
        .count() as f64;
    // (255/256)^256 = 0.36716; binomial sigma 48; 4 of them.
    assert!((empty - 3671.6).abs() < 4.0 * 48.2, "{empty}");
}

/// Of blocks at equal distances, over heaps that begin at a random page: the variance of the number that is sampled, over what a sum over sampled keys makes
/// it on average, `(1-p)` times that number.
fn spread_over_keys<D: Decision>(blocks: u64, distance: u64, layouts: u32) -> f64 {
    let config = Config::default();
    let slot = Slot::new();
    let mut random = SplitMix64::new(72);
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..layouts {
        let heap = 0x5555_0000_0000 + ((random.next_u64() % (1 << 28)) << 12);
        let sampled = (0..blocks)
            .filter(|block| D::is_sampled(&config, &slot, heap + block * distance, 1))
            .count() as f64;
        sum += sampled;
        squares += sampled * sampled;
    }
    let mean = sum / f64::from(layouts);
    let variance = squares / f64::from(layouts) - mean * mean;
    variance / (mean * 255.0 / 256.0)
}

/// Side by side the seed's hash spreads its keys more evenly than chance, and far apart it takes all or none. A hash that mixes does neither: within 4 sigmas
/// of 1, which are 0.28 of a variance over 400 layouts, and 0.4 of one of about 500 samples in 4000.
#[test]
fn keys_are_independent_under_hashes_that_mix_and_not_under_the_seeds() {
    assert!(spread_over_keys::<Hash>(12_800, 128, 400) < 0.25);
    assert!(spread_over_keys::<PageHash>(12_800, 4096, 400) < 0.25);
    assert!(spread_over_keys::<Hash>(32, 4 << 20, 4000) > 10.0);
    for (blocks, distance, layouts, sigmas) in [(12_800, 128, 400, 0.28), (32, 4 << 20, 4000, 0.4)]
    {
        let found = spread_over_keys::<HashSplitmix>(blocks, distance, layouts);
        assert!((found - 1.0).abs() < sigmas, "{found}");
    }
    use crate::scheme::DecisionName;
    let independent = [DecisionName::HashSplitmix, DecisionName::HashMurmurish];
    assert!(independent.iter().all(|name| name.has_independent_keys()));
    let others = [
        DecisionName::Hash,
        DecisionName::PageHash,
        DecisionName::Hybrid,
    ];
    assert!(
        others
            .iter()
            .all(|name| name.has_keys() && !name.has_independent_keys())
    );
}

#[test]
fn a_gap_is_due_after_a_drawn_sample_and_after_no_other() {
    fn of<D: Decision>() -> [bool; 3] {
        [1, HYBRID_THRESHOLD_BYTES - 1, HYBRID_THRESHOLD_BYTES].map(D::draws)
    }
    assert_eq!(of::<PoissonBytes>(), [true; 3]);
    assert_eq!(of::<Bernoulli>(), [true; 3]);
    assert_eq!(of::<Hybrid>(), [true, true, false]);
    assert_eq!(of::<Salted<Hybrid>>(), [true, true, false]);
    assert_eq!(of::<Hash>(), [false; 3]);
    assert_eq!(of::<PageHash>(), [false; 3]);
    assert_eq!(of::<HashSplitmix>(), [false; 3]);
    assert_eq!(of::<Salted<Hash>>(), [false; 3]);
    assert_eq!(of::<Always>(), [false; 3]);
    assert_eq!(of::<Never>(), [false; 3]);
}

/// At a free the address is all there is: it must say what it said at the allocation, and for each hash what that hash says.
#[test]
fn an_address_decides_at_its_free_as_at_its_allocation() {
    let slot = Box::new(Slot::new());
    let mut random = SplitMix64::new(61);
    for mask in [0, 1, 0x8003, 0xFF, u64::MAX] {
        let config = Config {
            hash_mask: mask,
            hash_salt: 0x5A5A_0000_1234_5670,
            ..Config::default()
        };
        for address in (0..5000).map(|_| random.next_u64() >> 17 << 4).chain([0]) {
            let salted = address ^ config.hash_salt;
            let at_free = [
                Hash::is_sampled_address(&config, address),
                HashSplitmix::is_sampled_address(&config, address),
                HashMurmurish::is_sampled_address(&config, address),
                Salted::<Hash>::is_sampled_address(&config, address),
            ];
            let expected = [
                xorshift(address) & mask == 0,
                splitmix(address) & mask == 0,
                murmurish(address) & mask == 0,
                xorshift(salted) & mask == 0 || address == 0,
            ];
            assert_eq!(at_free, expected, "{address:#x}, mask {mask:#x}");
            assert_eq!(at_free[0], Hash::is_sampled(&config, &slot, address, 1));
            assert_eq!(
                at_free[1],
                HashSplitmix::is_sampled(&config, &slot, address, 1)
            );
            if address != 0 {
                let at_allocation = Salted::<Hash>::is_sampled(&config, &slot, address, 1);
                assert_eq!(at_free[3], at_allocation);
            }
        }
    }
}

#[test]
fn a_quick_look_rules_out_what_is_unsampled() {
    let slot = Box::new(Slot::new());
    let config = Config {
        hash_mask: 3,
        hash_salt: 0x70,
        ..Config::default()
    };
    for address in (1..4000).map(|block| block * 16) {
        assert_eq!(
            Hash::is_surely_unsampled(&config, &slot, address, 1),
            !Hash::is_sampled(&config, &slot, address, 1)
        );
        assert_eq!(
            Salted::<Hash>::is_surely_unsampled(&config, &slot, address, 1),
            !Salted::<Hash>::is_sampled(&config, &slot, address, 1)
        );
    }
    assert!(!Always::is_surely_unsampled(&config, &slot, 16, 1));
    assert!(Never::is_surely_unsampled(&config, &slot, 16, 1));
}

/// Of pages the quick look knows those that the thread has seen to be unsampled, by the pages that there are, salted or not.
#[test]
fn a_quick_look_at_a_page_knows_what_was_remembered() {
    let slot = Box::new(Slot::new());
    let config = Config {
        hash_salt: 0x7F00_0000_0000,
        ..Config::default()
    };
    let (header, page) = (0x5555_1234_5670, 0x5_5551_2345);
    let looks = || {
        [
            PageHash::is_surely_unsampled(&config, &slot, header, 1),
            Salted::<PageHash>::is_surely_unsampled(&config, &slot, header, 1),
        ]
    };
    assert_eq!(looks(), [false; 2]);
    slot.set_plain_page(page);
    assert_eq!(looks(), [true; 2]);
    // Another page in its place.
    slot.set_plain_page(page + (1 << 20));
    assert_eq!(looks(), [false; 2]);
}
