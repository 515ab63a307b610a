//! The tables of exact sizes that the processes of a run under scheme `SIZES` left, as one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sampler_core::Scheme;
use sampler_core::sizes::Sizes;
use serde_json::{Value, json};

use crate::Failure;
use crate::records::PREFIX;

const SUFFIX: &str = ".sizes";

/// `null` under every other scheme. Windows are those of one program; of several they are not known.
pub fn gather(directory: &Path, scheme: Option<Scheme>) -> Result<Value, Failure> {
    if scheme != Some(Scheme::Sizes) {
        return Ok(Value::Null);
    }
    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    let mut windows = Vec::new();
    let (mut files, mut without_room, mut has_all_windows) = (0, 0, true);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            continue;
        }
        let failed =
            |what: &str| Failure::own(format!("table of sizes {}: {what}", entry.path().display()));
        let bytes = fs::read(entry.path()).map_err(|error| failed(&error.to_string()))?;
        let add = |size, allocs| *sizes.entry(size).or_default() += allocs;
        let window = |w: sampler_core::sizes::WindowSizes| {
            windows.push(json!([w.bytes, w.small_bytes, w.large_allocs]));
        };
        let (missing, whole) =
            Sizes::read(&bytes, add, window).map_err(|_| failed("not written, or cut"))?;
        files += 1;
        without_room += missing;
        has_all_windows &= whole;
    }
    if files == 0 {
        return Err(Failure::own(
            "the command left no table of sizes: there was no room for it",
        ));
    }
    let sizes: Vec<Value> = sizes
        .into_iter()
        .map(|(size, n)| json!([size, n]))
        .collect();
    Ok(json!({
        "without_room": without_room,
        "sizes": sizes,
        "windows": (files == 1 && has_all_windows).then_some(windows),
    }))
}
