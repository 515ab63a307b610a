use super::*;
use crate::counter::Shared;
use crate::random::SplitMix64;
use crate::slot::tests::bytes_of as slot_bytes;
use std::vec;
use std::vec::Vec;

fn identity() -> Identity {
    Identity {
        pid: 1234,
        parent_pid: 1,
        image: 2,
        config: Config {
            scheme: Scheme::HeaderHybrid,
            hash_salt: 0x5EED,
            seed: Some(9),
            ..Config::default()
        },
        seed: 9,
    }
}

/// The words of a part of the file as the kernel would write them.
fn bytes_of<'a>(counters: impl Iterator<Item = &'a Counter>, part_bytes: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = counters
        .flat_map(|counter| counter.get().to_le_bytes())
        .collect();
    bytes.resize(part_bytes, 0);
    bytes
}

fn file(slots: u64) -> Vec<u8> {
    let live = Live::new();
    live.push_argument(b"prog\0");
    live.push_argument(b"\0");
    live.set_allocator(b"/lib/x.so", false);
    live.begin(&identity(), "1.2.3");
    live.used_slots.set(slots);
    let mut bytes = bytes_of(live.counters(), LIVE_BYTES);
    for index in 0..slots {
        let slot = Slot::new();
        slot.begin(index, &identity().config);
        for size in 0..100 {
            slot.counted(size);
        }
        slot.sampled::<Shared>(50, true, &identity().config);
        slot.freed(7);
        bytes.extend(slot_bytes(&slot));
    }
    bytes
}

#[test]
fn a_file_reads_back() {
    let (live, found, totals) = read(&file(3)).unwrap();
    assert_eq!(found, identity());
    assert_eq!(live.command(&mut [0; COMMAND_BYTES]), b"prog\0\0");
    assert_eq!(live.library_version(&mut [0; VERSION_BYTES]), b"1.2.3");
    assert_eq!(live.next_allocator(&mut [0; PATH_BYTES]), b"/lib/x.so");
    assert_eq!(live.ending(), Ending::Unsaid);
    assert_eq!((totals.all().allocs, totals.all().bytes), (300, 3 * 4950));
    assert_eq!(
        (totals.all().sampled_allocs, totals.all().sampled_bytes),
        (3, 150)
    );
    assert_eq!(
        (totals.frees, totals.freed_bytes, totals.threads),
        (3, 21, 3)
    );
    assert_eq!((totals.gaps_allocs.n, totals.gaps_allocs.sum), (3, 3 * 99));
}

#[test]
fn counters_are_listed_in_the_order_of_the_layout() {
    let live = [Live::new()];
    let base = std::ptr::from_ref(&live[0]).addr();
    let mut count = 0;
    for (index, counter) in live[0].counters().enumerate() {
        assert_eq!(std::ptr::from_ref(counter).addr(), base + 8 * index);
        count += 1;
    }
    assert_eq!(8 * count, LIVE_BYTES);
}

#[test]
fn long_commands_are_cut_between_arguments() {
    let live = Live::new();
    assert!(live.push_argument(&[b'x'; COMMAND_BYTES - 4]));
    assert!(!live.push_argument(b"12345"));
    assert!(live.is_command_cut());
    assert_eq!(
        live.command(&mut [0; COMMAND_BYTES]).len(),
        COMMAND_BYTES - 4
    );
}

#[test]
fn foreign_cut_and_unwritten_files_are_refused() {
    let whole = file(2);
    assert_eq!(read(&[]).unwrap_err(), NotLive::TooShort(0));
    assert_eq!(read(&whole[..4095]).unwrap_err(), NotLive::TooShort(4095));
    let expected = NotLive::SlotsMissing {
        used: 2,
        present: 1,
    };
    assert_eq!(whole.len(), LIVE_BYTES + 2 * SLOT_BYTES);
    assert_eq!(read(&whole[..whole.len() - 1]).unwrap_err(), expected);
    assert_eq!(read(&vec![0; LIVE_BYTES]).unwrap_err(), NotLive::Torn);
    assert_eq!(read(&vec![b' '; LIVE_BYTES]).unwrap_err(), NotLive::Foreign);
    let mut begun = whole.clone();
    begun[..8].fill(0);
    assert_eq!(read(&begun).unwrap_err(), NotLive::Torn);
    let mut newer = whole.clone();
    newer[8] = 99;
    assert_eq!(read(&newer).unwrap_err(), NotLive::Version(99));
}

#[test]
fn every_changed_bit_of_the_identity_is_noticed() {
    let whole = file(1);
    for bit in 16 * 8..(24 + IDENTITY * WORD + VERSION_BYTES) * 8 {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(read(&changed).unwrap_err(), NotLive::Torn, "bit {bit}");
    }
}

#[test]
fn samples_above_the_truth_are_refused() {
    let mut bytes = file(1);
    let slot = Slot::new();
    slot.counted(1);
    slot.sampled::<Shared>(1, false, &identity().config);
    slot.sampled::<Shared>(1, false, &identity().config);
    bytes.truncate(LIVE_BYTES);
    bytes.extend(slot_bytes(&slot));
    assert_eq!(read(&bytes).unwrap_err(), NotLive::Contradiction);
}

#[test]
fn sums_of_impossible_counters_wrap_around() {
    let slot = Slot::new();
    for counter in slot.counters() {
        counter.set(u64::MAX);
    }
    let mut bytes = file(1);
    bytes.truncate(LIVE_BYTES);
    bytes.extend(slot_bytes(&slot));
    // The sums of allocations have wrapped around to less than the samples.
    assert_eq!(read(&bytes).unwrap_err(), NotLive::Contradiction);
}

/// Any bytes at all: an error or numbers, never a panic. `FUZZ_ROUNDS` makes it as long as one likes.
#[test]
fn arbitrary_changes_never_panic() {
    let whole = file(3);
    let mut random = SplitMix64::new(10);
    let rounds = std::env::var("FUZZ_ROUNDS")
        .ok()
        .map_or(20_000, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let mut bytes = whole.clone();
        if round % 4 == 0 {
            // Large counters, so that sums overflow.
            let from = LIVE_BYTES + random.next_u64() as usize % (3 * SLOT_BYTES - 64);
            bytes[from..from + 64].fill(0xFF);
        }
        for _ in 0..1 + random.next_u64() % 8 {
            let at = random.next_u64() as usize % bytes.len();
            bytes[at] = random.next_u64() as u8;
        }
        bytes.truncate(random.next_u64() as usize % (whole.len() + 1));
        if let Ok((live, identity, totals)) = read(&bytes) {
            let mut text = std::string::String::new();
            crate::record::write(&mut text, &live, &identity, &totals, "exit").unwrap();
        }
    }
}

#[test]
fn a_page_says_how_its_process_ended_and_what_it_is() {
    for ending in [Ending::Unsaid, Ending::Exit, Ending::QuickExit] {
        let live = Live::new();
        live.end(ending);
        assert_eq!(live.ending(), ending);
    }
    let live = Live::new();
    assert!(!live.is_bypassed() && !live.is_command_cut());
    live.set_allocator(b"/lib/x.so", true);
    assert!(live.is_bypassed());
    // Exactly full, and one byte too many.
    assert!(live.push_argument(&[b'a'; COMMAND_BYTES]) && !live.is_command_cut());
    assert!(!live.push_argument(b"\0") && live.is_command_cut());
}

#[test]
fn each_reason_not_to_believe_a_file_says_what_is_wrong() {
    for (reason, words) in [
        (NotLive::TooShort(7), "7 bytes"),
        (NotLive::Foreign, "SAMPLIVE"),
        (NotLive::Version(3), "version 3"),
        (NotLive::Torn, "not written to the end"),
    ] {
        let said = std::format!("{reason}");
        assert!(said.contains(words), "{said}");
    }
}
