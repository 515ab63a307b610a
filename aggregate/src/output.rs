//! Writes all tables, or none: first every file under a temporary name, then the renames.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes each of `files` (name, content) into `directory`, which is made if it is not there.
pub fn write_all(directory: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), String> {
    let describe = |error| {
        format!(
            "{}: {error}, expected a directory to write to",
            directory.display()
        )
    };
    fs::create_dir_all(directory).map_err(describe)?;
    let mut pending = Vec::new();
    let result = write_pending(directory, files, &mut pending).and_then(|()| rename_all(&pending));
    if result.is_err() {
        // Whatever was not renamed is garbage; the error that matters is the first one.
        pending
            .iter()
            .for_each(|(temporary, _)| drop(fs::remove_file(temporary)));
    }
    result
}

fn write_pending(
    directory: &Path,
    files: &[(&str, Vec<u8>)],
    pending: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), String> {
    for (name, content) in files {
        let path = directory.join(name);
        // The process id keeps two aggregates apart that write to the same place.
        let temporary = directory.join(format!(".{name}.{}.tmp", std::process::id()));
        pending.push((temporary.clone(), path.clone()));
        write(&temporary, content).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn rename_all(pending: &[(PathBuf, PathBuf)]) -> Result<(), String> {
    for (temporary, path) in pending {
        fs::rename(temporary, path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
