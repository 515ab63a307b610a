//! What the samples are said to stand for, in real processes.

mod support;

use support::*;

/// 64 addresses with 1000 samples each or none. A key's variance has the square of its 1000 where independent decisions have 1000 squares of 1: a
/// factor of 1000, a little less for what start-up adds. That no address is sampled has probability 2^-64 over the layouts of the heap.
#[test]
fn hot_addresses_spread_the_estimate_a_thousandfold() {
    let program = compile("hot_addresses", &[]);
    let ran = run(
        &program,
        &[],
        &[
            ("SAMPLER_SCHEME", "HEADER_HASH_SPLITMIX"),
            ("SAMPLER_HASH_MASK", "0x1"),
        ],
    )
    .succeeded();
    let record = ran.record();
    let number = |key: &str| record["estimates"][key].as_f64().unwrap();
    let effect = number("allocs_variance_by_key") / number("allocs_variance");
    assert!((900.0..=1000.5).contains(&effect), "{effect}");
    // All was freed.
    assert_eq!(number("live_allocs"), 0.0);
    assert_eq!(number("live_allocs_variance_by_key"), 0.0);
}

/// Of 64 addresses that serve 1000 blocks of one size bin and 500 of another, each bin has the spread of its own, and both together that of 1500.
/// Chunks of other addresses may serve what is in no cache: a few at start.
#[test]
fn each_size_bin_has_the_spread_of_its_own_keys() {
    let program = compile("two_bins", &[]);
    let environment = [
        ("SAMPLER_SCHEME", "HEADER_HASH_SPLITMIX"),
        ("SAMPLER_HASH_MASK", "0x1"),
    ];
    let ran = run(&program, &[], &environment).succeeded();
    let estimates = &ran.record()["estimates"];
    let effect_of = |node: &serde_json::Value, what: &str| {
        let by_key = node[format!("{what}_variance_by_key")].as_f64().unwrap();
        by_key / node[format!("{what}_variance")].as_f64().unwrap()
    };
    let bins = estimates["size_bins"].as_array().unwrap();
    for (name, allocs) in [("0-32", 1000.0), ("33-64", 500.0)] {
        let bin = bins.iter().find(|bin| bin["bin"] == name).unwrap();
        for what in ["allocs", "bytes"] {
            let effect = effect_of(bin, what);
            assert!(
                (0.9..=1.001).contains(&(effect / allocs)),
                "{name}: {effect}"
            );
        }
        assert_eq!(bin["live_allocs_variance_by_key"], 0.0);
    }
    let all = effect_of(estimates, "allocs");
    assert!((0.9..=1.001).contains(&(all / 1500.0)), "{all}");
}

/// Of blocks of 16 to 256 bytes, 1000 at a time, which are freed in another order than they were allocated: nothing is left, in particular not what rounding
/// leaves of sums that grew and shrank.
#[test]
fn nothing_is_left_of_estimates_when_all_is_freed() {
    let program = harness::compile_once("tracking.c", &[]);
    for scheme in COUNTING {
        let environment = [
            ("SAMPLER_SCHEME", scheme),
            ("SAMPLER_POISSON_MEAN_BYTES", "777"),
            ("SAMPLER_HASH_MASK", "0x1"),
        ];
        let ran = run(&program, &["window", "20000"], &environment).succeeded();
        let record = ran.record();
        let bins = record["estimates"]["size_bins"].as_array();
        for bin in bins.map_or(&[][..], Vec::as_slice) {
            if !["33-64", "65-128", "129-256"].contains(&bin["bin"].as_str().unwrap()) {
                continue;
            }
            assert!(bin["allocs"].as_f64().unwrap() > 1000.0);
            for (name, value) in bin.as_object().unwrap() {
                if name.starts_with("live_") && record["tracking"] != "stateless" {
                    assert_eq!(value, 0.0, "{scheme}: {name} of {bin}");
                }
            }
        }
    }
}

/// The seed's hash is linear: what its record says of a spread over keys that are decided independently is marked, and that of a hash that mixes is not.
#[test]
fn a_record_says_whether_its_keys_are_independent() {
    let program = compile("hot_addresses", &[]);
    for (scheme, expected) in [
        ("HEADER_HASH", Some(false)),
        ("HEADER_PAGE_HASH", Some(false)),
        ("HEADER_HYBRID", Some(false)),
        ("SAMPLE_HEADERS_HASH_MAP", Some(false)),
        ("STATELESS_HASH_XOR", Some(false)),
        ("HEADER_HASH_SPLITMIX", Some(true)),
        ("STATELESS_HASH_SPLITMIX", Some(true)),
        ("STATELESS_HASH_MURMURISH", Some(true)),
        ("HEADER_POISSON_BYTES", None),
        ("HEADER_BERNOULLI", None),
    ] {
        let ran = run_scheme(&program, scheme).succeeded();
        let estimates = &ran.record()["estimates"];
        assert_eq!(
            estimates["independent_keys"].as_bool(),
            expected,
            "{scheme}"
        );
        assert!(estimates.get("independent_keys").is_some());
    }
}

/// A child does not know the blocks that it inherits, but may have samples of its own on their pages: what it frees of both can be more than it allocated.
/// A page then holds less than nothing, which counts with its square as what is more than nothing does: it must be neither a number near 2^64 nor negative.
/// Of at most 4000 live blocks, 4096 / 112 = 37 to a page, the variance over pages sampled with p = 1/2 is at most 2 x 37 x 4000; of as many too many frees it is the same.
#[test]
fn frees_of_inherited_blocks_do_not_wrap_around_what_a_page_holds() {
    let program = compile("inherited_pages", &[]);
    let environment = [
        ("SAMPLER_SCHEME", "HEADER_PAGE_HASH"),
        ("SAMPLER_HASH_MASK", "0x1"),
    ];
    let ran = run(&program, &[], &environment).succeeded();
    assert_eq!(ran.records.len(), 2);
    let is_child = |record: &&serde_json::Value| record["estimates"]["inherited_samples"] != 0;
    let (child, parent): (Vec<_>, Vec<_>) = ran.records.values().partition(is_child);
    // The parent frees nothing.
    assert_eq!(
        child[0]["estimates"]["inherited_samples"],
        parent[0]["sampled_live_allocs_estimate"]
    );
    for record in ran.records.values() {
        let estimates = &record["estimates"];
        let variance = |node: &serde_json::Value| {
            let variance = node["live_allocs_variance_by_key"].as_f64().unwrap();
            assert!(
                (0.0..=2.0 * 37.0 * 4000.0).contains(&variance),
                "{variance}"
            );
            assert!(node["live_bytes_variance_by_key"].as_f64().unwrap() >= 0.0);
            variance
        };
        // 2000 inherited blocks were freed, or some of its own are alive.
        assert!(variance(estimates) > 0.0);
        estimates["size_bins"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|bin| assert!(variance(bin) >= 0.0));
    }
}

#[test]
fn decisions_without_keys_have_no_spread_over_keys() {
    let program = compile("hot_addresses", &[]);
    for scheme in ["HEADER_POISSON_BYTES", "HEADER_BERNOULLI"] {
        let ran = run_scheme(&program, scheme).succeeded();
        let estimates = &ran.record()["estimates"];
        assert!(estimates.get("allocs_variance_by_key").is_none());
        assert!(estimates["allocs"].as_f64().unwrap() > 0.0);
    }
}

/// One weight for all, so the estimates are the counts of samples times it.
#[test]
fn estimates_are_the_samples_times_their_weight() {
    let program = compile("hot_addresses", &[]);
    let ran = run(
        &program,
        &[],
        &[
            ("SAMPLER_SCHEME", "HEADER_BERNOULLI"),
            ("SAMPLER_HASH_MASK", "0xF"),
        ],
    )
    .succeeded();
    let record = ran.record();
    let bins = record["size_bins"].as_array().unwrap();
    let estimates = record["estimates"]["size_bins"].as_array().unwrap();
    for (bin, estimate) in bins.iter().zip(estimates) {
        assert_eq!(
            bin["sampled_allocs"].as_f64().unwrap() * 16.0,
            estimate["allocs"].as_f64().unwrap()
        );
        assert_eq!(
            bin["sampled_bytes"].as_f64().unwrap() * 16.0,
            estimate["bytes"].as_f64().unwrap()
        );
    }
    assert!(record["sampled_allocs"].as_u64().unwrap() > 3000);
}

/// Windows of ten allocations, counted again from the gaps, of runs whose samples were few enough to be all among the first 16. A sample that is taken for
/// the next allocation falls into the next window one time in ten.
#[test]
fn dead_windows_are_those_between_the_samples() {
    let program = harness::compile_once("tracking.c", &[]);
    let (mut runs, mut hit_twice) = (0, 0);
    for seed in 1..=30 {
        let environment = [
            ("SAMPLER_SCHEME", "HEADER_BERNOULLI"),
            ("SAMPLER_HASH_MASK", "0x7"),
            ("SAMPLER_WINDOW", "10"),
            ("SAMPLER_SEED", &seed.to_string()),
        ];
        let ran = run(&program, &["a_hundred"], &environment).succeeded();
        let record = ran.record();
        let [gaps] = record["gap_samples"].as_array().unwrap().as_slice() else {
            panic!("one thread, one clock: {record}");
        };
        if gaps["unfinished"].is_null() {
            continue;
        }
        let mut next = 0;
        let sampled: Vec<u64> = gaps["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gap| {
                let number = next + gap[0].as_u64().unwrap();
                next = number + 1;
                number
            })
            .collect();
        let windows = record["total_allocs"].as_u64().unwrap() / 10;
        let samples_in = |window: u64| {
            sampled
                .iter()
                .filter(|&&number| number / 10 == window)
                .count()
        };
        let dead = (0..windows)
            .filter(|&window| samples_in(window) == 0)
            .count();
        let found = &record["windows"][0];
        assert_eq!(
            (&found["total"], &found["zero_sampled"]),
            (&windows.into(), &dead.into()),
            "{record}"
        );
        runs += 1;
        hit_twice += (0..windows)
            .filter(|&window| samples_in(window) > 1)
            .count();
    }
    assert!(runs >= 10 && hit_twice >= 10, "{runs} {hit_twice}");
}

/// Every allocation a window, and every one a sample: none is dead.
#[test]
fn a_window_of_one_sampled_allocation_is_not_dead() {
    let program = harness::compile_once("tracking.c", &[]);
    let environment = [
        ("SAMPLER_SCHEME", "HEADER_POISSON_BYTES"),
        ("SAMPLER_POISSON_MEAN_BYTES", "0"),
        ("SAMPLER_WINDOW", "1"),
    ];
    let ran = run(&program, &["a_hundred"], &environment).succeeded();
    let record = ran.record();
    assert_eq!(record["windows"][0]["total"], record["total_allocs"]);
    assert_eq!(record["windows"][0]["zero_sampled"], 0);
}

/// The numbers that processes draw from one seed, as their first 16 gaps: none of four processes, a parent, its two children and a child of the second, has
/// six gaps in a row that another has. Gaps of 256 allocations on average agree by chance with 1/511, six in a row with 10^-16.
#[test]
fn a_forked_child_does_not_draw_its_parents_numbers() {
    let program = compile("streams", &[]);
    for way in ["fork", "raw"] {
        let environment = [
            ("SAMPLER_SCHEME", "HEADER_BERNOULLI"),
            ("SAMPLER_HASH_MASK", "0xFF"),
            ("SAMPLER_SEED", "11"),
        ];
        let ran = run(&program, &[way], &environment).succeeded();
        let streams: Vec<Vec<u64>> = ran
            .live
            .values()
            .map(|record| {
                let gaps = record["gap_samples"][0]["gaps"].as_array().unwrap();
                gaps.iter().map(|gap| gap[0].as_u64().unwrap()).collect()
            })
            .collect();
        assert_eq!(streams.len(), 4);
        for (index, one) in streams.iter().enumerate() {
            assert_eq!(one.len(), 16);
            for other in &streams[index + 1..] {
                let is_shared = |run: &[u64]| other.windows(6).any(|theirs| theirs == run);
                assert!(!one.windows(6).any(is_shared), "{way}: {one:?} {other:?}");
            }
        }
    }
}
