//! Run files with random damage: one line and no table, or tables; never a panic. `FUZZ_ROUNDS` makes it as long as one likes.

use std::fs;
use std::path::Path;

use crate::fixture::Fixture;

/// SplitMix64, enough to draw damage from.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Changes a few bytes, digits mostly, or cuts or repeats a part.
fn damage(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at.max(1)),
            1 => {
                let end = (at + random.below(200)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => bytes[at] = random.below(256) as u8,
            3 => bytes.insert(at, b"0123456789-.e\",:{}[]n"[random.below(21)]),
            _ => {
                if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
                    bytes[at + digit] = b'0' + random.below(10) as u8;
                }
            }
        }
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

#[test]
fn damaged_run_files_are_one_line_or_tables() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../data/example/raw/seed/reuse/HEADER_HASH/run-01.json");
    let whole = fs::read(example).unwrap();
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    let mut random = Random(1);
    for _ in 0..rounds {
        let fixture = Fixture::new();
        let damaged = damage(&whole, &mut random);
        let path = fixture.raw().join("seed/reuse/HEADER_HASH/run-01.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &damaged).unwrap();
        let output = fixture.aggregate();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => assert!(fixture.out().join("summary.csv").exists()),
            Some(1) => {
                assert!(
                    stderr.lines().count() == 1 && stderr.contains("run-01.json"),
                    "{stderr}"
                );
                assert!(
                    !fixture.out().exists() || fs::read_dir(fixture.out()).unwrap().count() == 0
                );
            }
            _ => panic!("{}: {stderr}", String::from_utf8_lossy(&damaged)),
        }
    }
}
