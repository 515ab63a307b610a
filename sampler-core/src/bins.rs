//! Sizes in bins.
//!
//! Counting uses one *fine* bin for each bit length of `size - 1`, since the processor finds that in one instruction and every edge of the
//! ten reported bins is a power of two. Reporting folds the fine bins into the ten.

/// Fine bins: bin k holds sizes in `(2^(k-1), 2^k]`, bin 0 size 1, and the last one size 0.
pub const FINE_BINS: usize = 64;

/// The fine bin of allocations of 0 bytes. Nothing else comes here: no block has more than 2^62 bytes.
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

/// The fine bin of a size up to 2^62 bytes: the bit length of `size - 1`, which is `floor(log2(2 * size - 1))` and so two instructions.
/// Size 0 wraps around into [`FINE_BIN_ZERO`]. For example 64 bytes are in bin 6, and 65 in bin 7.
#[inline(always)]
pub const fn fine_bin(size: u64) -> usize {
    // The lowest bit is set already; said again, it spares the compiler the case of zero.
    63 - (size.wrapping_mul(2).wrapping_sub(1) | 1).leading_zeros() as usize
}

/// The reported bin of a fine bin. Read from a table: a match becomes a jump to where a table says, which a mix of sizes makes hard to foresee.
pub const fn bin_of_fine(fine: usize) -> usize {
    const BIN_OF_FINE: [u8; FINE_BINS] = {
        let mut bins = [9; FINE_BINS];
        let mut fine = 0;
        while fine < FINE_BINS {
            bins[fine] = match fine {
                FINE_BIN_ZERO => 0,
                0..=5 => 0,
                6..=10 => fine as u8 - 5,
                11 | 12 => 6,
                13 | 14 => 7,
                15 | 16 => 8,
                _ => 9,
            };
            fine += 1;
        }
        bins
    };
    BIN_OF_FINE[fine] as usize
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
        for bit in 16..=61 {
            for size in [(1 << bit) - 1, 1 << bit, (1 << bit) + 1] {
                assert_eq!(bin(size), naive(size), "{size}");
            }
        }
        assert_eq!(bin(1 << 62), 9);
        let mut random = SplitMix64::new(6);
        for _ in 0..100_000 {
            let size = random.next_u64() >> (2 + random.next_u64() % 62);
            assert_eq!(bin(size), naive(size), "{size}");
        }
    }

    #[test]
    fn a_fine_bin_is_the_bit_length_of_the_size_less_one() {
        let length = |number: u64| (u64::BITS - number.leading_zeros()) as usize;
        for size in 1..=70_000 {
            assert_eq!(fine_bin(size), length(size - 1), "{size}");
        }
        for bit in 0..62 {
            assert_eq!(fine_bin(1 << bit), bit);
            assert_eq!(fine_bin((1 << bit) + 1), bit + 1);
        }
    }

    #[test]
    fn zero_has_a_fine_bin_of_its_own() {
        assert_eq!(fine_bin(0), FINE_BIN_ZERO);
        assert_eq!(fine_bin(1 << 62), FINE_BIN_ZERO - 1);
    }
}
