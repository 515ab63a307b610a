//! One document of what was found: the starting document's questions first, each with the sentences of every stage that answers it.
//!
//! Reading order: the [`parts`] and where their files lie; what is read of them ([`findings`]; of set seed [`seed`], which judges its
//! table itself, over [`summary`]); the [`document`], with its [`figures`], in [`markdown`].
//!
//! No sentence and no number is of its own: the stages made them, and a part that was not measured is named.
#![forbid(unsafe_code)]

mod parts;

mod findings;
mod seed;
mod summary;

mod document;
mod figures;
mod markdown;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use argh::FromArgs;

use crate::parts::Layout;

/// Write RESULTS.md, in Markdown: what the stages found (their PART-findings.json, and summary.csv of set seed), with links to their figures.
/// A part whose file is not there is named as not measured.
#[derive(FromArgs)]
#[argh(example = "what was measured here:\n  {command_name} --data data")]
struct Options {
    /// directory of the stages' files, which receives RESULTS.md (default data)
    #[argh(option, default = "PathBuf::from(\"data\")")]
    data: PathBuf,

    /// the files lie as in data/reference: those of a part in a directory of its name
    #[argh(switch)]
    reference: bool,
}

fn main() -> ExitCode {
    match run(&argh::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("results: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let layout = Layout {
        data: options.data.clone(),
        is_reference: options.reference,
    };
    let measured = parts::read_all(&layout)?;
    let text = document::text(&layout, &measured);
    write_whole(&layout.data, "RESULTS.md", &text)
}

/// Under another name first, then renamed; a file that holds this text already stays as it is.
fn write_whole(directory: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = directory.join(name);
    if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(());
    }
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.persist(&path).map_err(|error| fail(error.error))?;
    Ok(())
}
