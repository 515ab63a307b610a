//! What programs counted themselves (`tests/c/tally.h`), and the comparison of a record with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What is counted, in the order of `struct tally`.
const KEYS: [&str; 10] = [
    "total_allocs",
    "total_bytes_alloc",
    "total_frees",
    "total_bytes_freed",
    "reallocs",
    "failed_calls",
    "zero_size_allocs",
    "foreign_frees",
    "foreign_reallocs",
    "foreign_bytes",
];
/// `is_forked` and `threads`.
const HEADER_BYTES: usize = 16;
const THREADS_MAX: usize = 4096;
const THREAD_BYTES: usize = 2 * KEYS.len() * 8;

/// One process's own counts.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Whether it began as a forked child, at zero.
    pub is_forked: bool,
    /// Threads that counted.
    threads: i128,
    /// Calls begun.
    before: [i128; KEYS.len()],
    /// Calls that also ended.
    after: [i128; KEYS.len()],
}

/// The counts of all processes that left some in a directory, by `<pid>[.<k>]`.
pub fn read_tallies(directory: &Path) -> BTreeMap<String, Tally> {
    fs::read_dir(directory)
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let bytes = fs::read(entry.path()).unwrap();
            // A process may have been killed before it gave its file a size.
            (!bytes.is_empty()).then(|| (name, Tally::from_bytes(&bytes)))
        })
        .collect()
}

impl Tally {
    fn from_bytes(bytes: &[u8]) -> Tally {
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect();
        let threads = (words[1] as usize).min(THREADS_MAX);
        let mut tally = Tally {
            is_forked: words[0] != 0,
            threads: threads as i128,
            before: [0; KEYS.len()],
            after: [0; KEYS.len()],
        };
        for thread in words[HEADER_BYTES / 8..]
            .chunks_exact(THREAD_BYTES / 8)
            .take(threads)
        {
            let (before, after) = thread.split_at(KEYS.len());
            for (sum, &word) in tally.before.iter_mut().zip(before) {
                *sum += i128::from(word as i64);
            }
            for (sum, &word) in tally.after.iter_mut().zip(after) {
                *sum += i128::from(word as i64);
            }
        }
        tally
    }

    /// With blocks that libc allocates and frees, of a size that only libc knows (284 to 400 bytes as it is today).
    pub fn with_libc_blocks(&self, blocks: i128) -> Tally {
        let mut tally = self.clone();
        for (counts, bytes) in [(&mut tally.before, 400), (&mut tally.after, 200)] {
            let [allocs, alloc_bytes, frees, freed_bytes, ..] = counts;
            *allocs += blocks;
            *alloc_bytes += blocks * bytes;
            *frees += blocks;
            *freed_bytes += blocks * bytes;
        }
        tally
    }

    fn foreign_bytes(&self) -> i128 {
        self.before[KEYS.len() - 1]
    }

    /// Without headers nobody can tell a foreign pointer: all are taken for the library's own.
    fn without_headers(&self) -> Tally {
        let mut tally = self.clone();
        for counts in [&mut tally.before, &mut tally.after] {
            let [
                allocs,
                bytes,
                frees,
                _,
                reallocs,
                _,
                _,
                foreign_frees,
                foreign_reallocs,
                foreign_bytes,
            ] = counts;
            *allocs += *foreign_reallocs;
            *bytes += *foreign_bytes;
            *reallocs += *foreign_reallocs;
            *frees += *foreign_frees + *foreign_reallocs;
            (*foreign_frees, *foreign_reallocs, *foreign_bytes) = (0, 0, 0);
        }
        tally
    }

    /// Asserts that a record, less what an empty program counts, is between the calls that ended and those that had begun.
    /// With `is_loose` the tally is the next allocator's: of calls alone, and each thread may have been in one more that only one of the two had counted.
    pub fn assert_agrees(
        &self,
        record: &Value,
        empty: Option<&Value>,
        keys: &[&str],
        is_loose: bool,
        what: &str,
    ) {
        let headers = record["tracking"] == "all-headers";
        // Where everything is sampled, the sampled bytes are all bytes.
        let samples_sizes = ["sample-headers", "sample-map"]
            .contains(&record["tracking"].as_str().unwrap())
            && (record["poisson_mean_bytes"] == 0 || record["hash_mask"] == 0)
            && record["losses"]["samples_without_entry"] == 0;
        let value_of = |record: &Value, key: &str| match key {
            "total_bytes_freed" if samples_sizes => record["sampled_bytes_freed"].clone(),
            _ => record[key].clone(),
        };
        let tally = match headers {
            true => self.clone(),
            false => self.without_headers(),
        };
        for (index, key) in KEYS.iter().enumerate() {
            let is_known = value_of(record, key).is_u64();
            assert!(
                is_known || *key == "foreign_bytes" || !headers,
                "{what}: {key}"
            );
            if !is_known || !keys.contains(key) || is_loose && key.contains("bytes") {
                continue;
            }
            let number = |record: &Value| i128::from(value_of(record, key).as_u64().unwrap());
            let counted = number(record) - empty.map_or(0, number);
            let slack = if is_loose { self.threads } else { 0 };
            // A foreign block that became a sampled one by realloc may have been freed as such, of which the program did not say the size.
            let adopted = match samples_sizes && *key == "total_bytes_freed" {
                true => self.foreign_bytes(),
                false => 0,
            };
            let after = tally.after[index] - slack;
            let before = tally.before[index] + slack + adopted;
            assert!(
                (after..=before).contains(&counted),
                "{what}: {key} is {counted}; the program says {after} to {before}\n{record}"
            );
        }
    }
}

/// All keys.
pub const ALL: &[&str] = &KEYS;
/// What an allocator behind the library can know.
pub const BEHIND: &[&str] = &[
    "total_allocs",
    "total_bytes_alloc",
    "total_frees",
    "reallocs",
];
