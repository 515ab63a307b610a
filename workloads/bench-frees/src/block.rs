//! One block: allocated through plain `malloc` of exactly its size, written whole, resized through `realloc`, checked whole.

use std::hint::black_box;

/// A block, and which one of the run it is: that says what it holds.
pub struct Block {
    bytes: Vec<u8>,
    serial: u64,
    /// Whether it is never freed.
    pub leaky: bool,
}

impl Block {
    /// Allocates a block of `size_bytes` and fills it with a byte that depends on `serial`.
    pub fn allocate(size_bytes: u64, serial: u64, leaky: bool) -> Result<Block, String> {
        let mut block = Block {
            bytes: Vec::new(),
            serial,
            leaky,
        };
        // Of an empty `Vec` this is a `malloc` of exactly that many bytes; `vec![0; n]` would be a `calloc`.
        block.resize(size_bytes)?;
        Ok(block)
    }

    /// Gives the block another size, by one `realloc` to exactly that. What is new in it is filled.
    pub fn resize(&mut self, size_bytes: u64) -> Result<(), String> {
        let serial = self.serial;
        let no_memory = |_| format!("block {serial}: no memory for {size_bytes} B");
        let length = usize::try_from(size_bytes).map_err(|_| no_memory(()))?;
        if length < self.bytes.len() {
            self.bytes.truncate(length);
            self.bytes.shrink_to_fit();
        } else {
            let more = length - self.bytes.len();
            self.bytes
                .try_reserve_exact(more)
                .map_err(|_| no_memory(()))?;
            self.bytes.resize(length, self.fill_byte());
        }
        black_box(&mut self.bytes);
        Ok(())
    }

    /// Its size in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Says whether the block still holds what was written, also what it held before it was resized.
    pub fn check(&self) -> Result<(), String> {
        let expected = self.fill_byte();
        match self.bytes.iter().position(|&byte| byte != expected) {
            None => Ok(()),
            Some(offset) => Err(format!(
                "block {} of {} B: byte {offset} is {:#04x}, expected {expected:#04x}",
                self.serial,
                self.bytes.len(),
                self.bytes[offset]
            )),
        }
    }

    /// The top byte of a Fibonacci hash (2^64 over the golden ratio): blocks that follow each other get distant bytes.
    fn fill_byte(&self) -> u8 {
        (self.serial.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_exactly_the_size_asked_for_and_keeps_what_it_holds() {
        let mut block = Block::allocate(300, 7, false).unwrap();
        for size_bytes in [300, 200_000, 129, 4096, 1] {
            block.resize(size_bytes).unwrap();
            assert_eq!(block.bytes.capacity() as u64, size_bytes);
            assert_eq!((block.size_bytes(), block.check()), (size_bytes, Ok(())));
        }
    }

    #[test]
    fn one_changed_byte_is_found_anywhere() {
        for offset in [0, 255, 299] {
            let mut block = Block::allocate(300, 3, false).unwrap();
            block.bytes[offset] ^= 1;
            let error = block.check().unwrap_err();
            assert!(
                error.starts_with(&format!("block 3 of 300 B: byte {offset} is")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        assert_eq!(
            Block::allocate(u64::MAX, 0, false).err(),
            Some(format!("block 0: no memory for {} B", u64::MAX))
        );
    }
}
