use super::*;
use crate::counter::Shared;
use crate::estimates::KeyBefore;
use crate::slot::Slot;
use std::string::String;

struct Process {
    live: Live,
    identity: Identity,
}

fn process(scheme: Scheme) -> Process {
    let identity = Identity {
        pid: 7,
        parent_pid: 1,
        image: 0,
        config: Config {
            scheme,
            ..Config::default()
        },
        seed: 5,
    };
    let live = Live::new();
    live.push_argument(b"a\0");
    live.push_argument(b"b \"c\"\\\n\xff\0");
    live.set_allocator(b"/lib/libc.so.6", false);
    live.begin(&identity, "0.0.0");
    Process { live, identity }
}

fn json(process: &Process, slot: &Slot) -> String {
    let mut totals = Totals::default();
    totals.add(slot, &process.identity.config);
    let mut text = String::new();
    write(&mut text, &process.live, &process.identity, &totals, "exit").unwrap();
    text
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part} in {text}");
}

#[test]
fn counts_and_rates_are_written_as_counted() {
    let slot = Slot::new();
    let process = process(Scheme::HeaderPoissonBytes);
    for size in [0, 40, 60, 100] {
        slot.counted(size);
    }
    slot.sampled::<Shared>(100, true, &process.identity.config);
    slot.freed(40);
    let text = json(&process, &slot);
    for part in [
        "\"total_allocs\":4",
        "\"total_bytes_alloc\":200",
        "\"total_bytes_freed\":40",
        "\"zero_size_allocs\":1",
        "\"sample_rate_allocs\":0.25",
        "\"sample_rate_bytes\":0.5",
        "\"sampled_live_allocs_estimate\":1",
        "\"hash_mask\":null",
        "\"poisson_mean_bytes\":4096",
        "\"window_size\":100000",
        "\"library_version\":\"0.0.0\"",
        "\"next_allocator\":\"/lib/libc.so.6\"",
        "\"ended\":\"exit\"",
        "\"seed\":\"0x0000000000000005\"",
        "\"log2_histogram\":[0,0,1]",
        "{\"bin\":\"33-64\", \"total_allocs\":2, \"total_bytes\":100, \"sampled_allocs\":0, \"sampled_bytes\":0}",
    ] {
        has(&text, part);
    }
}

#[test]
fn text_is_escaped_and_bytes_that_are_no_text_are_replaced() {
    let text = json(&process(Scheme::None), &Slot::new());
    has(&text, r#""command":["a","b \"c\"\\\u000a"#);
    has(&text, "\u{fffd}\"]");
}

#[test]
fn what_was_not_counted_is_null() {
    let slot = Slot::new();
    let text = json(&process(Scheme::None), &slot);
    has(&text, "\"total_allocs\":null");
    has(&text, "\"sampled_allocs\":null");
    has(&text, "\"windows\":null");
    let mut without_truth = process(Scheme::HeaderHash);
    without_truth.identity.config.truth = false;
    let text = json(&without_truth, &slot);
    has(&text, "\"total_allocs\":null");
    has(&text, "\"sampled_allocs\":0");
    let text = json(&process(Scheme::Count), &slot);
    has(&text, "\"total_bytes_freed\":null");
    has(&text, "\"sample_rate_allocs\":null");
}

#[test]
fn pages_are_null_where_one_is_missing() {
    let slot = Slot::new();
    slot.unique_pages.add(11);
    let page_hash = process(Scheme::HeaderPageHash);
    has(&json(&page_hash, &slot), "\"approx_unique_pages\":11");
    page_hash.live.pages_without_table.set(1);
    has(&json(&page_hash, &slot), "\"approx_unique_pages\":null");
}

#[test]
fn a_child_may_free_more_sampled_blocks_than_it_allocated() {
    let slot = Slot::new();
    slot.sampled_freed::<Shared>(10, &process(Scheme::HeaderHash).identity.config);
    let text = json(&process(Scheme::HeaderHash), &slot);
    has(&text, "\"sampled_live_allocs_estimate\":-1");
}

#[test]
fn estimates_stand_beside_the_counts() {
    let slot = Slot::new();
    let hash = process(Scheme::HeaderHash);
    for size in [0, 40, 60, 100] {
        slot.counted(size);
    }
    slot.sampled::<Shared>(100, false, &hash.identity.config);
    slot.sampled::<Shared>(40, false, &hash.identity.config);
    slot.sampled_freed::<Shared>(40, &hash.identity.config);
    // Both at one address, 60 too: of the bin of 33 to 64 bytes there are two.
    slot.sampled::<Shared>(60, false, &hash.identity.config);
    let held = |allocs, bytes| KeyBefore {
        allocs,
        bytes,
        live_allocs: 1,
        live_bytes: 60,
    };
    let excess = &slot.estimates.key_excess;
    excess.sampled::<Shared>(KeyBefore::default(), 60);
    excess.sampled::<Shared>(held(1, 60), 100);
    hash.live.key_excess[1].sampled::<Shared>(held(1, 60), 40);
    let text = json(&hash, &slot);
    // p = 1/256: weight 256; variance 255/256 * 65536 = 65280 a sample, times the size squared. What the key adds is twice that of each product.
    for part in [
        "\"estimates\":{\"allocs\":768.0, \"bytes\":51200.0, \"allocs_variance\":195840.0, \"bytes_variance\":992256000.0, \"allocs_variance_by_key\":326400.0, \"bytes_variance_by_key\":1775616000.0, \"live_allocs\":512.0, \"live_bytes\":40960.0",
        "\"samples_without_key\":0",
        "\"tcmalloc_bytes\":null",
        "{\"bin\":\"33-64\", \"allocs\":512.0, \"bytes\":25600.0, \"allocs_variance\":130560.0, \"bytes_variance\":339456000.0, \"allocs_variance_by_key\":261120.0, \"bytes_variance_by_key\":652800000.0, \"live_allocs\":256.0",
        "{\"bin\":\"65-128\", \"allocs\":256.0, \"bytes\":25600.0, \"allocs_variance\":65280.0, \"bytes_variance\":652800000.0, \"allocs_variance_by_key\":65280.0, \"bytes_variance_by_key\":652800000.0, \"live_allocs\":256.0",
        "\"gap_samples\":[{\"clock\":\"allocs\", \"unfinished\":0, \"gaps\":[[3,100],[0,40],[0,60]]}]",
    ] {
        has(&text, part);
    }
    slot.estimates.without_key.add(1);
    assert!(!json(&hash, &slot).contains("by_key"));
    has(&json(&process(Scheme::Count), &slot), "\"estimates\":null");
}

/// The names of the outermost object, in their order.
fn names(text: &str) -> std::vec::Vec<&str> {
    let (mut depth, mut rest, mut found) = (0, text, std::vec::Vec::new());
    while let Some(at) = rest.find(['{', '}', '[', ']', '"']) {
        let found_here = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match found_here {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let mut end = rest.find('"').unwrap();
                while rest[..end].ends_with('\\') {
                    end += 1 + rest[end + 1..].find('"').unwrap();
                }
                if depth == 1 && rest[end + 1..].starts_with(':') {
                    found.push(&rest[..end]);
                }
                rest = &rest[end + 1..];
            }
        }
    }
    found
}

#[test]
fn an_unfinished_record_has_the_fields_of_a_whole_one_and_no_count() {
    for scheme in Scheme::ALL {
        let process = process(scheme);
        let mut text = String::new();
        write_unfinished(&mut text, &process.live, &process.identity).unwrap();
        let whole = json(&process, &Slot::new());
        assert_eq!(names(&text), names(&whole), "{}", scheme.name());
        has(&text, "\"ended\":\"unknown\"");
        let (said, counted) = text.split_once(", \"threads\":").unwrap();
        let (said_whole, _) = whole.split_once(", \"threads\":").unwrap();
        assert_eq!(said.replace("unknown", "exit"), said_whole);
        for part in counted.trim_end_matches('}').split(", ").skip(1) {
            assert!(part.ends_with(":null"), "{part}");
        }
    }
}
