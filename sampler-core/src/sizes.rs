//! Which sizes a program asks for, exactly, and how many bytes each window of it holds: what an equal budget is solved from.
//!
//! A table in a file of its own, which only scheme `SIZES` fills; words of 64 bits, little-endian. Every process and thread that shares it adds to it at
//! once, so each number is added to atomically.

use crate::counter::Counter;
use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::hash::splitmix;
use crate::live::load_counters;

/// Distinct sizes that there is room for; a few more would make the search for a place long.
const SIZES: usize = 1 << 15;
/// Places that are searched for a size.
const PROBES: usize = 64;
/// Base windows that there is room for.
const WINDOWS: usize = 1 << 14;

/// `SAMPSIZE`, as the first eight bytes of the file.
const MAGIC: u64 = u64::from_le_bytes(*b"SAMPSIZE");
const FORMAT_VERSION: u64 = 1;

/// Bytes of the file.
pub const SIZES_BYTES: usize = size_of::<Sizes>();

/// The table. Memory of zeros is an empty one.
#[derive(Debug)]
#[repr(C)]
pub struct Sizes {
    magic: Counter,
    format_version: Counter,
    window_allocs: Counter,
    /// Allocations so far.
    allocs: Counter,
    /// Allocations whose size found no room.
    without_room: Counter,
    sizes: [Size; SIZES],
    windows: [Window; WINDOWS],
}

#[derive(Debug)]
#[repr(C)]
struct Size {
    /// One more than the size; 0 for none.
    size_and_1: Counter,
    allocs: Counter,
}

#[derive(Debug)]
#[repr(C)]
struct Window {
    bytes: Counter,
    small_bytes: Counter,
    large_allocs: Counter,
}

/// What one window of allocations asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowSizes {
    /// Bytes.
    pub bytes: u64,
    /// Bytes of blocks below the hybrid's threshold.
    pub small_bytes: u64,
    /// Allocations from that threshold on.
    pub large_allocs: u64,
}

/// Why a file is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSizes;

impl Sizes {
    /// Says what it is. A table that says so already goes on.
    pub fn begin(&self, window_allocs: u64) {
        self.window_allocs.set(window_allocs);
        self.format_version.set(FORMAT_VERSION);
        self.magic.set(MAGIC);
    }

    /// Adds an allocation.
    pub fn add(&self, size: u64) {
        let number = self.allocs.add_shared(1);
        match self.place(size) {
            Some(place) => place.allocs.add_shared(1),
            None => self.without_room.add_shared(1),
        };
        let window = number / self.window_allocs.get().max(1);
        let Some(window) = self.windows.get(window as usize) else {
            return;
        };
        window.bytes.add_shared(size);
        if size < HYBRID_THRESHOLD_BYTES {
            window.small_bytes.add_shared(size);
        } else {
            window.large_allocs.add_shared(1);
        }
    }

    fn place(&self, size: u64) -> Option<&Size> {
        let first = splitmix(size) as usize;
        (0..PROBES)
            .map(|probe| &self.sizes[first.wrapping_add(probe) % SIZES])
            .find(|place| place.size_and_1.claim(size.wrapping_add(1)))
    }

    /// Reads a file: each size with its allocations, into `size`; each finished base window, into `window`. Returns the allocations whose
    /// size found no room, and whether all windows did.
    pub fn read(
        bytes: &[u8],
        mut size: impl FnMut(u64, u64),
        mut window: impl FnMut(WindowSizes),
    ) -> Result<(u64, bool), NotSizes> {
        const HEAD: usize = 5;
        const WORD: usize = size_of::<u64>();
        if bytes.len() != SIZES_BYTES {
            return Err(NotSizes);
        }
        let (head, rest) = bytes.split_at(HEAD * WORD);
        let counters = [const { Counter::new() }; HEAD];
        load_counters(counters.iter(), head);
        let [magic, version, window_allocs, allocs, without_room] =
            counters.each_ref().map(Counter::get);
        if magic != MAGIC || version != FORMAT_VERSION || window_allocs == 0 {
            return Err(NotSizes);
        }
        let (sizes, windows) = rest.split_at(SIZES * size_of::<Size>());
        for entry in sizes.chunks_exact(size_of::<Size>()) {
            let counters = [const { Counter::new() }; 2];
            load_counters(counters.iter(), entry);
            let [size_and_1, allocs] = counters.each_ref().map(Counter::get);
            if let Some(bytes) = size_and_1.checked_sub(1) {
                size(bytes, allocs);
            }
        }
        let finished = (allocs / window_allocs) as usize;
        for entry in windows.chunks_exact(size_of::<Window>()).take(finished) {
            let counters = [const { Counter::new() }; 3];
            load_counters(counters.iter(), entry);
            let [bytes, small_bytes, large_allocs] = counters.each_ref().map(Counter::get);
            window(WindowSizes {
                bytes,
                small_bytes,
                large_allocs,
            });
        }
        Ok((without_room, finished <= WINDOWS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    /// The bytes of the file that the table is.
    fn bytes_of(sizes: &Sizes) -> Vec<u8> {
        let words = [
            &sizes.magic,
            &sizes.format_version,
            &sizes.window_allocs,
            &sizes.allocs,
            &sizes.without_room,
        ];
        words
            .into_iter()
            .chain(sizes.sizes.iter().flat_map(|s| [&s.size_and_1, &s.allocs]))
            .chain(
                sizes
                    .windows
                    .iter()
                    .flat_map(|w| [&w.bytes, &w.small_bytes, &w.large_allocs]),
            )
            .flat_map(|word| word.get().to_le_bytes())
            .collect()
    }

    /// Made by a thread with a large stack: without optimisation it passes through there.
    fn empty() -> std::boxed::Box<Sizes> {
        let boxed = std::thread::Builder::new()
            .stack_size(16 << 20)
            .spawn(|| {
                std::boxed::Box::new(Sizes {
                    magic: Counter::new(),
                    format_version: Counter::new(),
                    window_allocs: Counter::new(),
                    allocs: Counter::new(),
                    without_room: Counter::new(),
                    sizes: [const {
                        Size {
                            size_and_1: Counter::new(),
                            allocs: Counter::new(),
                        }
                    }; SIZES],
                    windows: [const {
                        Window {
                            bytes: Counter::new(),
                            small_bytes: Counter::new(),
                            large_allocs: Counter::new(),
                        }
                    }; WINDOWS],
                })
            })
            .unwrap();
        boxed.join().unwrap()
    }

    #[test]
    fn sizes_and_windows_are_those_of_a_naive_count() {
        let sizes = empty();
        sizes.begin(100);
        let mut random = SplitMix64::new(81);
        let mut expected: BTreeMap<u64, u64> = BTreeMap::new();
        let mut windows = std::vec![WindowSizes::default(); 50];
        for number in 0..5_050usize {
            let size = random.next_u64() % 4000;
            sizes.add(size);
            *expected.entry(size).or_default() += 1;
            if let Some(window) = windows.get_mut(number / 100) {
                window.bytes += size;
                window.small_bytes += if size < 256 { size } else { 0 };
                window.large_allocs += u64::from(size >= 256);
            }
        }
        let mut found = BTreeMap::new();
        let mut found_windows = Vec::new();
        let result = Sizes::read(
            &bytes_of(&sizes),
            |size, allocs| assert_eq!(found.insert(size, allocs), None),
            |window| found_windows.push(window),
        );
        assert_eq!(result, Ok((0, true)));
        assert_eq!(found, expected);
        assert_eq!(found_windows, windows);
    }

    #[test]
    fn a_full_table_says_how_many_are_missing_and_a_foreign_file_is_refused() {
        let sizes = empty();
        sizes.begin(1000);
        (0..SIZES as u64 * 2).for_each(|size| sizes.add(size));
        let mut present = 0;
        let (missing, _) =
            Sizes::read(&bytes_of(&sizes), |_, allocs| present += allocs, |_| ()).unwrap();
        assert_eq!(present + missing, SIZES as u64 * 2);
        assert!(missing >= SIZES as u64);
        for bytes in [&[][..], &[0; SIZES_BYTES]] {
            assert_eq!(Sizes::read(bytes, |_, _| (), |_| ()), Err(NotSizes));
        }
    }
}
