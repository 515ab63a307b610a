//! One block: allocated through plain `malloc` of exactly its size, written whole, checked whole.

use std::hint::black_box;

/// Allocates a block of `size_bytes` and fills it with a byte that depends on `serial`.
///
/// `Vec::try_reserve_exact` asks `malloc` for exactly that many bytes (`vec![0; n]` would be a `calloc`), and the fill stays
/// within them. Without `unsafe` a block cannot be touched here and there only, so the whole of it is written.
pub fn allocate(size_bytes: u64, serial: u64) -> Result<Vec<u8>, String> {
    let too_large = |_| format!("block {serial}: no memory for {size_bytes} B");
    let length = usize::try_from(size_bytes).map_err(|_| too_large(()))?;
    let mut block = Vec::new();
    block.try_reserve_exact(length).map_err(|_| too_large(()))?;
    block.resize(length, fill_byte(serial));
    Ok(black_box(block))
}

/// Says whether the block still holds what [`allocate`] wrote.
pub fn check(block: &[u8], serial: u64) -> Result<(), String> {
    let expected = fill_byte(serial);
    // No early exit inside a chunk, so that the compiler compares many bytes at a time.
    let is_whole = block.chunks(256).all(|chunk| {
        chunk
            .iter()
            .fold(0, |differs, &byte| differs | (byte ^ expected))
            == 0
    });
    if is_whole {
        Ok(())
    } else {
        Err(describe_damage(block, serial, expected))
    }
}

#[cold]
fn describe_damage(block: &[u8], serial: u64, expected: u8) -> String {
    let offset = block.iter().position(|&byte| byte != expected).unwrap_or(0);
    let found = block.get(offset).copied().unwrap_or(expected);
    format!(
        "block {serial} of {} B: byte {offset} is {found:#04x}, expected {expected:#04x}",
        block.len()
    )
}

/// The top byte of a Fibonacci hash (2^64 over the golden ratio): blocks that follow each other get distant bytes.
fn fill_byte(serial: u64) -> u8 {
    (serial.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_exactly_the_size_asked_for() {
        for size_bytes in [1, 16, 4096] {
            let block = allocate(size_bytes, 7).unwrap();
            assert_eq!(
                (block.len() as u64, block.capacity() as u64),
                (size_bytes, size_bytes)
            );
            assert_eq!(check(&block, 7), Ok(()));
        }
    }

    #[test]
    fn one_changed_byte_is_found_anywhere() {
        for offset in [0, 255, 256, 299] {
            let mut block = allocate(300, 3).unwrap();
            block[offset] ^= 1;
            let error = check(&block, 3).unwrap_err();
            assert!(
                error.starts_with(&format!("block 3 of 300 B: byte {offset} is")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        assert_eq!(
            allocate(u64::MAX, 0),
            Err(format!("block 0: no memory for {} B", u64::MAX))
        );
    }
}
