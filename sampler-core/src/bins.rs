//! Sizes in bins.
//!
//! Counting uses one *fine* bin for each bit length of `size - 1`, since the processor finds that in one instruction and every edge of the
//! ten reported bins is a power of two. Reporting folds the fine bins into the ten.

/// Fine bins: indices 4 (up to 32 bytes) to 62, and 63 for size 0.
pub const FINE_BINS: usize = 64;

/// The first fine bin in use.
pub const FINE_BIN_MIN: usize = 4;

/// The fine bin of allocations of 0 bytes.
pub const FINE_BIN_ZERO: usize = 63;

/// Reported bins.
pub const BINS: usize = 10;

/// The names of the reported bins, in bytes, both edges included.
pub const BIN_NAMES: [&str; BINS] = [
    "0-32",
    "33-64",
    "65-128",
    "129-256",
    "257-512",
    "513-1024",
    "1025-4096",
    "4097-16384",
    "16385-65536",
    ">65536",
];

/// The fine bin of a size up to 2^63 bytes: `floor(log2((size - 1) | 31))`. Size 0 wraps around into [`FINE_BIN_ZERO`].
#[inline(always)]
pub const fn fine_bin(size: u64) -> usize {
    63 - (size.wrapping_sub(1) | 31).leading_zeros() as usize
}

/// The reported bin of a fine bin.
pub const fn bin_of_fine(fine: usize) -> usize {
    match fine {
        FINE_BIN_ZERO => 0,
        0..=4 => 0,
        5..=9 => fine - 4,
        10 | 11 => 6,
        12 | 13 => 7,
        14 | 15 => 8,
        _ => 9,
    }
}

/// The reported bin of a size.
pub const fn bin(size: u64) -> usize {
    bin_of_fine(fine_bin(size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// The bins as the contract words them.
    fn naive(size: u64) -> usize {
        const LAST: [u64; 9] = [32, 64, 128, 256, 512, 1024, 4096, 16384, 65536];
        LAST.iter().position(|&last| size <= last).unwrap_or(9)
    }

    #[test]
    fn every_size_is_in_the_bin_that_names_it() {
        for size in 0..=70_000 {
            assert_eq!(bin(size), naive(size), "{size}");
        }
        for bit in 16..=62 {
            for size in [(1 << bit) - 1, 1 << bit, (1 << bit) + 1] {
                assert_eq!(bin(size), naive(size), "{size}");
            }
        }
        let mut random = SplitMix64::new(6);
        for _ in 0..100_000 {
            let size = random.next_u64() >> (1 + random.next_u64() % 63);
            assert_eq!(bin(size), naive(size), "{size}");
        }
    }

    #[test]
    fn zero_has_a_fine_bin_of_its_own() {
        assert_eq!(fine_bin(0), FINE_BIN_ZERO);
        assert!(
            (1..1 << 62)
                .step_by(1 << 55)
                .all(|size| fine_bin(size) < FINE_BIN_ZERO)
        );
        assert!(fine_bin(1) == FINE_BIN_MIN && fine_bin(1 << 63) == 62);
    }
}
