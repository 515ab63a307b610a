//! Which allocations are sampled: one type a decision, resolved at compile time.
//!
//! Probabilities of inclusion: hashes `2^-popcount(mask)` over addresses that mix well (see [`crate::hash`] for why these do not);
//! Poisson bytes `1 - exp(-size/mean)`; hybrid one or the other by size; Bernoulli `2^-popcount(mask)`, whatever the address.

use core::marker::PhantomData;

use crate::config::Config;
use crate::hash::{PAGE_SHIFT, murmurish, page_hash, splitmix, xorshift};
use crate::slot::Slot;

/// The hybrid draws for sizes below this and hashes from here on, as the seed does.
pub const HYBRID_THRESHOLD_BYTES: u64 = 256;

/// A way to decide whether an allocation is sampled.
pub trait Decision {
    /// Whether the pages that hold headers are counted.
    const COUNTS_PAGES: bool = false;

    /// Whether this allocation is sampled. `header` is the address of its header (of the block, where there is none). Called once an
    /// allocation, since a drawn decision moves on.
    fn is_sampled(config: &Config, slot: &Slot, header: u64, size: u64) -> bool;

    /// Whether a sample of this size was drawn, so that a new gap is due.
    fn draws(size: u64) -> bool;

    /// Whether no gap is as long as a size that no header can be added to: then such a size is always sampled, and the common path need not ask.
    const SAMPLES_HUGE: bool = false;

    /// Whether a quick look may leave the matter open; then [`Decision::is_sampled`] decides.
    const LOOKS_TWICE: bool = false;

    /// A quick look: true for an allocation that is surely unsampled. Called once an allocation, as [`Decision::is_sampled`]; false says sampled unless
    /// [`Decision::LOOKS_TWICE`].
    #[inline(always)]
    fn is_surely_unsampled(config: &Config, slot: &Slot, header: u64, size: u64) -> bool {
        !Self::is_sampled(config, slot, header, size)
    }
}

/// `HEADER_HASH`: by the header's address.
pub struct Hash;
/// `HEADER_PAGE_HASH`: by the header's page.
pub struct PageHash;
/// `HEADER_POISSON_BYTES`: by exponential gaps in bytes. They have no memory, and what is left of one at the end of a sampled block is dropped: so each block is
/// sampled with probability `1 - exp(-size/mean)`, whatever was sampled before it. `STATELESS_POISSON_BERNOULLI`, which promises just that, decides so too: a draw
/// for each sample has the law of a draw for each block.
pub struct PoissonBytes;
/// `HEADER_HYBRID`: [`PoissonBytes`] below [`HYBRID_THRESHOLD_BYTES`], [`Hash`] from there on.
pub struct Hybrid;
/// `HEADER_BERNOULLI`: each with the same probability, by geometric gaps in allocations.
pub struct Bernoulli;
/// `HEADER_HASH_SPLITMIX`: by the header's address, through a hash that mixes.
pub struct HashSplitmix;
/// `STATELESS_HASH_MURMURISH`: by the block's address, through another hash that mixes.
pub struct HashMurmurish;
/// One of the decisions by address, of the address exclusive-ored with [`Config::hash_salt`]: a type of its own, so that hashes without a salt pay nothing
/// for it. The seed's hash is linear, so a salt samples another coset of the same addresses: over all salts each has the probability that the mask says.
pub struct Salted<D>(PhantomData<D>);
/// `SIZES`: always.
pub struct Always;
/// `COUNT`: never.
pub struct Never;

impl Decision for Hash {
    #[inline(always)]
    fn is_sampled(config: &Config, _: &Slot, header: u64, _: u64) -> bool {
        xorshift(header) & config.hash_mask == 0
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        false
    }
}

impl Decision for PageHash {
    const COUNTS_PAGES: bool = true;

    #[inline(always)]
    fn is_sampled(config: &Config, _: &Slot, header: u64, _: u64) -> bool {
        page_hash(header >> PAGE_SHIFT) & config.hash_mask == 0
    }

    const LOOKS_TWICE: bool = true;

    /// What was decided of a page never changes, so a thread remembers some that are unsampled: one comparison in place of a hash and a look at the set of pages.
    #[inline(always)]
    fn is_surely_unsampled(_: &Config, slot: &Slot, header: u64, _: u64) -> bool {
        slot.is_plain_page(header >> PAGE_SHIFT)
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        false
    }
}

impl Decision for PoissonBytes {
    const SAMPLES_HUGE: bool = true;

    /// The gap is at least 1 where the mean is above 0, so 0 bytes are never at its end; at mean 0 it stays 0, and everything is.
    /// A sample leaves the gap as it is: the next draw replaces it, and a signal handler in between must not find it wrapped around.
    #[inline(always)]
    fn is_sampled(_: &Config, slot: &Slot, _: u64, size: u64) -> bool {
        let remaining = slot.remaining_bytes.get();
        if remaining <= size {
            return true;
        }
        slot.remaining_bytes.set(remaining - size);
        false
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        true
    }
}

impl Decision for Hybrid {
    #[inline(always)]
    fn is_sampled(config: &Config, slot: &Slot, header: u64, size: u64) -> bool {
        if size < HYBRID_THRESHOLD_BYTES {
            PoissonBytes::is_sampled(config, slot, header, size)
        } else {
            Hash::is_sampled(config, slot, header, size)
        }
    }

    #[inline(always)]
    fn draws(size: u64) -> bool {
        size < HYBRID_THRESHOLD_BYTES
    }
}

impl Decision for Bernoulli {
    /// The gap counts allocations: each takes one of it, whatever its size.
    #[inline(always)]
    fn is_sampled(config: &Config, slot: &Slot, header: u64, _: u64) -> bool {
        PoissonBytes::is_sampled(config, slot, header, 1)
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        true
    }
}

impl Decision for HashSplitmix {
    #[inline(always)]
    fn is_sampled(config: &Config, _: &Slot, header: u64, _: u64) -> bool {
        splitmix(header) & config.hash_mask == 0
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        false
    }
}

impl<D: Decision> Decision for Salted<D> {
    const COUNTS_PAGES: bool = D::COUNTS_PAGES;
    const SAMPLES_HUGE: bool = D::SAMPLES_HUGE;
    const LOOKS_TWICE: bool = D::LOOKS_TWICE;

    #[inline(always)]
    fn is_sampled(config: &Config, slot: &Slot, header: u64, size: u64) -> bool {
        D::is_sampled(config, slot, header ^ config.hash_salt, size)
    }

    /// What a thread remembers of pages it remembers by the pages that there are.
    #[inline(always)]
    fn is_surely_unsampled(config: &Config, slot: &Slot, header: u64, size: u64) -> bool {
        if D::LOOKS_TWICE {
            D::is_surely_unsampled(config, slot, header, size)
        } else {
            !Self::is_sampled(config, slot, header, size)
        }
    }

    #[inline(always)]
    fn draws(size: u64) -> bool {
        D::draws(size)
    }
}

/// A decision that an address alone makes, so that it can be made again when the block is freed. NULL is always sampled, and the common path need not ask for
/// it: all these hashes take 0 to 0.
pub trait AddressHash {
    /// Whether the block is sampled.
    fn is_sampled_address(config: &Config, address: u64) -> bool;
}

impl AddressHash for Hash {
    #[inline(always)]
    fn is_sampled_address(config: &Config, address: u64) -> bool {
        xorshift(address) & config.hash_mask == 0
    }
}

impl AddressHash for HashSplitmix {
    #[inline(always)]
    fn is_sampled_address(config: &Config, address: u64) -> bool {
        splitmix(address) & config.hash_mask == 0
    }
}

impl AddressHash for HashMurmurish {
    #[inline(always)]
    fn is_sampled_address(config: &Config, address: u64) -> bool {
        murmurish(address) & config.hash_mask == 0
    }
}

impl<H: AddressHash> AddressHash for Salted<H> {
    #[inline(always)]
    fn is_sampled_address(config: &Config, address: u64) -> bool {
        H::is_sampled_address(config, address ^ config.hash_salt) || address == 0
    }
}

impl Decision for Always {
    #[inline(always)]
    fn is_sampled(_: &Config, _: &Slot, _: u64, _: u64) -> bool {
        true
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        false
    }
}

impl Decision for Never {
    #[inline(always)]
    fn is_sampled(_: &Config, _: &Slot, _: u64, _: u64) -> bool {
        false
    }

    #[inline(always)]
    fn draws(_: u64) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
