//! The 16 bytes before every block: two words, of which the second vouches for the first.
//!
//! ```text
//! p - 16: word   bits 0-55 requested size, bits 56-61 log2(offset) - 4, bit 62 zero, bit 63 sampled
//! p -  8: tag    secret + (p - 16); 1 more unless the block is unsampled and its offset 16
//! p     : the block as the program sees it
//! ```
//! `offset` is the distance from the real block to `p`: 16, or the alignment where that is larger. So the word of an ordinary,
//! unsampled block is its size, and the tag alone tells it apart from all that need more than the common path: addresses of headers are
//! multiples of 16, so the tag's lowest bit is free to say so.
//!
//! The tag of another address differs, so a header that was copied or that stayed behind is not believed. The secret's top four bits are
//! `1000` and the rest is random per address space; adding an address below 2^60 leaves the top two bits at `10`. So a tag is never a
//! canonical address (whose top bits are all alike) and, being above 2^63, never a size or a small number.

/// Bytes of a header.
pub const HEADER_BYTES: u64 = 16;

const SIZE_BITS: u32 = 56;
const SIZE_MASK: u64 = (1 << SIZE_BITS) - 1;
const OFFSET_MASK: u64 = 0x3F;
const SAMPLED: u64 = 1 << 63;
/// log2 of the offset of an ordinary block.
const OFFSET_SHIFT_MIN: u32 = HEADER_BYTES.trailing_zeros();

/// The largest size that the word holds; more than any address space of this architecture.
pub const SIZE_MAX: u64 = SIZE_MASK;

/// The first word of a header, decoded on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u64);

/// What makes the tags of this address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret(pub u64);

impl Word {
    /// The word of a block of `size` bytes, `1 << offset_shift` bytes into its real block. `size` is at most [`SIZE_MAX`], the shift 4 to 67.
    #[inline(always)]
    pub const fn new(size: u64, offset_shift: u32, sampled: bool) -> Word {
        let offset = ((offset_shift - OFFSET_SHIFT_MIN) as u64) << SIZE_BITS;
        Word(size | offset | if sampled { SAMPLED } else { 0 })
    }

    /// The word of an ordinary, unsampled block.
    #[inline(always)]
    pub const fn ordinary(size: u64) -> Word {
        Word(size)
    }

    /// Whether the block is unsampled and not specially aligned: then the word is its size.
    #[inline(always)]
    pub const fn is_ordinary(self) -> bool {
        self.0 >> SIZE_BITS == 0
    }

    /// The requested size in bytes.
    #[inline(always)]
    pub const fn size(self) -> u64 {
        self.0 & SIZE_MASK
    }

    /// log2 of [`Word::offset`].
    #[inline(always)]
    pub const fn offset_shift(self) -> u32 {
        (((self.0 >> SIZE_BITS) & OFFSET_MASK) as u32) + OFFSET_SHIFT_MIN
    }

    /// Bytes from the real block to the pointer that the program has.
    #[inline(always)]
    pub const fn offset(self) -> u64 {
        1u64.wrapping_shl(self.offset_shift())
    }

    /// Whether the allocation was sampled.
    #[inline(always)]
    pub const fn is_sampled(self) -> bool {
        self.0 & SAMPLED != 0
    }
}

impl Secret {
    /// A secret from 64 random bits.
    pub const fn new(random: u64) -> Secret {
        // Bit 60 stays clear, so that a carry out of the address ends there.
        Secret((random & 0x0FFF_FFFF_FFFF_FFFF) | (0b1000 << 60))
    }

    /// The tag of the header at `address`, of an ordinary block.
    #[inline(always)]
    pub const fn ordinary_tag(self, address: u64) -> u64 {
        self.0.wrapping_add(address)
    }

    /// The tag of the header at `address`, of a block that is sampled or specially aligned.
    #[inline(always)]
    pub const fn special_tag(self, address: u64) -> u64 {
        self.0.wrapping_add(address + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn every_word_reads_back() {
        let sizes = [
            0,
            1,
            15,
            16,
            255,
            256,
            1 << 32,
            (1 << 32) + 1,
            5 << 32,
            1 << 47,
            SIZE_MAX,
        ];
        for size in sizes {
            for offset_shift in 4..48 {
                for sampled in [false, true] {
                    let word = Word::new(size, offset_shift, sampled);
                    assert_eq!(word.size(), size);
                    assert_eq!(word.offset_shift(), offset_shift);
                    assert_eq!(word.offset(), 1 << offset_shift);
                    assert_eq!(word.is_sampled(), sampled);
                    assert_eq!(word.is_ordinary(), offset_shift == 4 && !sampled);
                }
            }
            assert_eq!(Word::ordinary(size), Word::new(size, 4, false));
        }
    }

    #[test]
    fn no_tag_is_a_canonical_address_or_a_small_number() {
        let mut random = SplitMix64::new(4);
        let edges = [0, u64::MAX];
        for bits in edges
            .into_iter()
            .chain((0..10_000).map(|_| random.next_u64()))
        {
            let secret = Secret::new(bits);
            for address in [16, 4096, 0x5555_5555_5010, (1 << 47) - 16] {
                for tag in [secret.ordinary_tag(address), secret.special_tag(address)] {
                    assert_eq!(tag >> 62, 0b10, "{tag:#x}");
                }
            }
        }
    }

    /// A word is read only behind a tag, but a program may have written over it.
    #[test]
    fn any_word_at_all_is_decoded_without_a_panic() {
        let mut random = SplitMix64::new(11);
        for _ in 0..100_000 {
            let word = Word(random.next_u64());
            assert!(word.size() <= SIZE_MAX && (4..=67).contains(&word.offset_shift()));
            assert_eq!(word.is_sampled(), word.0 >> 63 == 1);
            let _ = (word.offset(), word.is_ordinary());
        }
    }

    #[test]
    fn another_address_or_kind_has_another_tag() {
        let secret = Secret::new(0x1234_5678_9ABC_DEF0);
        let tags = |address| [secret.ordinary_tag(address), secret.special_tag(address)];
        let [a, b] = tags(0x1000);
        let [c, d] = tags(0x1010);
        assert!(a != b && a != c && a != d && b != c && b != d && c != d);
        assert_eq!(a, Secret::new(0x1234_5678_9ABC_DEF0).ordinary_tag(0x1000));
    }
}
