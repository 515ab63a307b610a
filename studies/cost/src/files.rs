//! The measurements of one machine and one build: files of others are refused, because a ratio between two machines or two
//! builds is a number of neither.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const FORMAT_VERSION: u64 = 1;

/// One file.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// `loops`, `programs`, `instructions` or `memory`.
    pub part: String,
    /// Number of the round.
    pub round: u64,
    /// What it holds.
    pub content: Value,
}

/// These files, in this order.
pub fn read(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let files: Vec<File> = paths
        .iter()
        .map(|path| read_one(path))
        .collect::<Result<_, _>>()?;
    let Some(first) = files.first() else {
        return Err("no file is given; expected what measure-cost wrote (make bench)".into());
    };
    for file in &files {
        for key in ["cpu", "cores", "kernel", "host", "build"] {
            let (one, other) = (&first.content["origin"][key], &file.content["origin"][key]);
            if one != other {
                return Err(format!(
                    "{}: origin.{key} is {other}, but {one} in {}; measurements of different machines or builds are not compared",
                    file.path.display(),
                    first.path.display()
                ));
            }
        }
        let same = |other: &&File| other.part == file.part && other.round == file.round;
        if files.iter().filter(same).count() > 1 {
            return Err(format!(
                "{}: round {} of part {} is there twice",
                file.path.display(),
                file.round,
                file.part
            ));
        }
    }
    Ok(files)
}

fn read_one(path: &Path) -> Result<File, String> {
    let fail = |message: String| format!("{}: {message}", path.display());
    let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let content: Value = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    if content["format_version"] != FORMAT_VERSION {
        return Err(fail(format!(
            "format_version is {}, expected {FORMAT_VERSION}",
            content["format_version"]
        )));
    }
    let part = content["part"].as_str().unwrap_or_default().to_string();
    if !["loops", "programs", "instructions", "memory"].contains(&part.as_str()) {
        return Err(fail(format!(
            "part is {}, expected loops, programs, instructions or memory",
            content["part"]
        )));
    }
    let round = content["round"].as_u64();
    let round =
        round.ok_or_else(|| fail(format!("round is {}, expected a number", content["round"])))?;
    if !content["origin"].is_object() {
        return Err(fail("origin is missing, expected an object".into()));
    }
    if !content["measurements"].is_array() {
        return Err(fail("measurements is missing, expected a list".into()));
    }
    Ok(File {
        path: path.to_path_buf(),
        part,
        round,
        content,
    })
}
