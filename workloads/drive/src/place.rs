//! The run's own directory, and made-up content that is the same every time.

use std::fs;
use std::path::{Path, PathBuf};

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::family::Family;

/// A directory; it goes away with this program.
pub struct Place(PathBuf);

impl Place {
    /// Makes it.
    pub fn new() -> Result<Place, String> {
        Family::directory().map(Place)
    }

    /// A directory in it, made.
    pub fn inside(&self, name: &str) -> Result<Place, String> {
        let path = self.0.join(name);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Place(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    pub fn of(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), String> {
        let path = self.0.join(name);
        let parent = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Letters, the same for the same seed.
pub fn letters(seed: u64, length: usize) -> Vec<u8> {
    let mut random = SplitMix64::seed_from_u64(seed);
    (0..length)
        .map(|_| b'a' + (random.next_u64() >> 32) as u8 % 26)
        .collect()
}
