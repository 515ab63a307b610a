//! The environment variables that configure a process, read once.
//!
//! The same code reads them in the library under a program and in the runner that starts it, so that what the one accepts the other does.

use crate::Scheme;

/// The largest mean gap, in bytes: with it the longest gap that can be drawn (37 means) still fits in 63 bits.
pub const MEAN_BYTES_MAX: u64 = 1 << 56;

/// The largest base window, in allocations: its 100-fold window still fits in 63 bits.
const WINDOW_MAX: u64 = 1 << 56;

/// What one process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Tracking and decision.
    pub scheme: Scheme,
    /// A hash is sampled if `hash & hash_mask == 0`: p = 2^-popcount(mask).
    pub hash_mask: u64,
    /// Exclusive-ored into an address before it is hashed; 0 leaves the hash the seed's.
    pub hash_salt: u64,
    /// Mean gap between samples, bytes; 0 samples every allocation.
    pub mean_bytes: u64,
    /// Whether unsampled calls are counted too.
    pub truth: bool,
    /// Allocations in the base window.
    pub window_allocs: u64,
    /// The seed of all draws; drawn from the kernel if not given.
    pub seed: Option<u64>,
}

/// A variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `SAMPLER_SCHEME`
    Scheme,
    /// `SAMPLER_HASH_MASK`
    HashMask,
    /// `SAMPLER_HASH_SALT`
    HashSalt,
    /// `SAMPLER_POISSON_MEAN_BYTES`
    MeanBytes,
    /// `SAMPLER_TRUTH`
    Truth,
    /// `SAMPLER_WINDOW`
    Window,
    /// `SAMPLER_SEED`
    Seed,
}

/// A variable whose value is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadValue(pub Variable);

impl Default for Config {
    fn default() -> Config {
        Config::DEFAULT
    }
}

impl Config {
    /// What holds for variables that are not set.
    pub const DEFAULT: Config = Config {
        scheme: Scheme::None,
        hash_mask: 0xFF,
        hash_salt: 0,
        mean_bytes: 4096,
        truth: true,
        window_allocs: 1000,
        seed: None,
    };

    /// The salt that the scheme's hash is taken with, if it has a hash and a salt was given.
    pub const fn salt(&self) -> Option<u64> {
        if self.hash_salt != 0 && self.scheme.decision().has_keys() {
            Some(self.hash_salt)
        } else {
            None
        }
    }

    /// Sets one variable from its text.
    pub fn set(&mut self, variable: Variable, text: &[u8]) -> Result<(), BadValue> {
        let bad = BadValue(variable);
        match variable {
            Variable::Scheme => self.scheme = Scheme::from_name(text).ok_or(bad)?,
            Variable::HashMask => self.hash_mask = number(text).ok_or(bad)?,
            Variable::HashSalt => self.hash_salt = number(text).ok_or(bad)?,
            Variable::MeanBytes => {
                self.mean_bytes = number_up_to(text, MEAN_BYTES_MAX).ok_or(bad)?;
            }
            Variable::Truth => self.truth = number_up_to(text, 1).ok_or(bad)? == 1,
            Variable::Window => {
                self.window_allocs = number_up_to(text, WINDOW_MAX)
                    .filter(|&allocs| allocs > 0)
                    .ok_or(bad)?;
            }
            Variable::Seed => self.seed = Some(number(text).ok_or(bad)?),
        }
        Ok(())
    }
}

impl Variable {
    /// Every variable that configures; the file of records is not one of them.
    pub const ALL: [Variable; 7] = [
        Variable::Scheme,
        Variable::HashMask,
        Variable::HashSalt,
        Variable::MeanBytes,
        Variable::Truth,
        Variable::Window,
        Variable::Seed,
    ];

    /// The name in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Variable::Scheme => "SAMPLER_SCHEME",
            Variable::HashMask => "SAMPLER_HASH_MASK",
            Variable::HashSalt => "SAMPLER_HASH_SALT",
            Variable::MeanBytes => "SAMPLER_POISSON_MEAN_BYTES",
            Variable::Truth => "SAMPLER_TRUTH",
            Variable::Window => "SAMPLER_WINDOW",
            Variable::Seed => "SAMPLER_SEED",
        }
    }

    /// What is accepted, for messages.
    pub const fn accepted(self) -> &'static str {
        match self {
            Variable::Scheme => Scheme::ACCEPTED,
            Variable::HashMask | Variable::HashSalt | Variable::Seed => {
                "a decimal or 0x number up to 2^64 - 1"
            }
            Variable::MeanBytes => "a number of bytes from 0 to 2^56, decimal or 0x",
            Variable::Truth => "0 or 1",
            Variable::Window => "a number of allocations from 1 to 2^56, decimal or 0x",
        }
    }
}

fn number_up_to(text: &[u8], max: u64) -> Option<u64> {
    number(text).filter(|&value| value <= max)
}

/// Decimal, or hexadecimal after `0x`; digits only.
fn number(text: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // from_str_radix alone would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hexadecimal_and_nothing_else() {
        assert_eq!(number(b"255"), Some(255));
        assert_eq!(number(b"0xFF"), Some(255));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for wrong in [
            &b""[..],
            b"0x",
            b"-1",
            b"+1",
            b" 1",
            b"1 ",
            b"1e3",
            b"ff",
            b"18446744073709551616",
            b"\xff",
        ] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_message_names_the_variable_and_what_it_accepts() {
        let cases = [
            (Variable::Scheme, "SAMPLER_SCHEME", "HEADER_HASH, "),
            (Variable::HashMask, "SAMPLER_HASH_MASK", "2^64 - 1"),
            (Variable::HashSalt, "SAMPLER_HASH_SALT", "2^64 - 1"),
            (Variable::MeanBytes, "SAMPLER_POISSON_MEAN_BYTES", "2^56"),
            (Variable::Truth, "SAMPLER_TRUTH", "0 or 1"),
            (Variable::Window, "SAMPLER_WINDOW", "1 to 2^56"),
            (Variable::Seed, "SAMPLER_SEED", "2^64 - 1"),
        ];
        for (variable, name, accepted) in cases {
            assert_eq!(variable.name(), name);
            assert!(variable.accepted().contains(accepted), "{name}");
        }
        assert_eq!(
            Variable::ALL,
            cases.map(|(variable, ..)| variable),
            "every variable is in the list"
        );
    }

    #[test]
    fn the_largest_values_are_accepted() {
        let mut config = Config::default();
        for (variable, text) in [
            (Variable::MeanBytes, &b"72057594037927936"[..]),
            (Variable::Window, b"72057594037927936"),
            (Variable::Truth, b"1"),
            (Variable::HashMask, b"0xFFFFFFFFFFFFFFFF"),
        ] {
            assert_eq!(config.set(variable, text), Ok(()));
        }
        assert_eq!(config.mean_bytes, 1 << 56);
        assert_eq!(config.window_allocs, 1 << 56);
        assert_eq!(config.hash_mask, u64::MAX);
        assert!(config.truth);
    }

    #[test]
    fn a_salt_is_taken_by_hashes_alone_and_zero_is_none() {
        let salt = |scheme, hash_salt| {
            let config = Config {
                scheme,
                hash_salt,
                ..Config::DEFAULT
            };
            config.salt()
        };
        assert_eq!(salt(Scheme::HeaderHash, 7), Some(7));
        assert_eq!(salt(Scheme::HeaderHybrid, 7), Some(7));
        assert_eq!(salt(Scheme::HeaderHash, 0), None);
        assert_eq!(salt(Scheme::HeaderPoissonBytes, 7), None);
        assert_eq!(salt(Scheme::HeaderBernoulli, 7), None);
    }

    #[test]
    fn each_variable_sets_its_own_field() {
        let mut config = Config::default();
        config.set(Variable::Scheme, b"HEADER_HYBRID").unwrap();
        config.set(Variable::HashMask, b"0x3").unwrap();
        config.set(Variable::HashSalt, b"7").unwrap();
        config.set(Variable::MeanBytes, b"0").unwrap();
        config.set(Variable::Truth, b"0").unwrap();
        config.set(Variable::Window, b"1").unwrap();
        config.set(Variable::Seed, b"0").unwrap();
        let expected = Config {
            scheme: Scheme::HeaderHybrid,
            hash_mask: 3,
            hash_salt: 7,
            mean_bytes: 0,
            truth: false,
            window_allocs: 1,
            seed: Some(0),
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn a_refused_value_names_its_variable_and_changes_nothing() {
        let cases = [
            (Variable::Scheme, &b"HEADER_HUSH"[..]),
            (Variable::HashMask, b"all"),
            (Variable::HashSalt, b"seed"),
            (Variable::MeanBytes, b"72057594037927937"),
            (Variable::Truth, b"2"),
            (Variable::Window, b"0"),
            (Variable::Seed, b""),
        ];
        for (variable, text) in cases {
            let mut config = Config::default();
            assert_eq!(config.set(variable, text), Err(BadValue(variable)));
            assert_eq!(config, Config::default());
        }
    }
}
