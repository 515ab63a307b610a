//! Writing files whole: under another name first, then renamed, all of them before the first is put in place.

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes all files, or none.
pub fn write_all(directory: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), String> {
    let describe = |error: std::io::Error| format!("{}: {error}", directory.display());
    fs::create_dir_all(directory).map_err(describe)?;
    let mut written = Vec::new();
    for (name, bytes) in files {
        let mut file = NamedTempFile::new_in(directory).map_err(describe)?;
        file.write_all(bytes).map_err(describe)?;
        readable(&file).map_err(describe)?;
        written.push((file, directory.join(name)));
    }
    for (file, path) in written {
        file.persist(&path)
            .map_err(|error| format!("{}: {}", path.display(), error.error))?;
    }
    Ok(())
}

/// A temporary file is its owner's alone; a table is everybody's to read.
fn readable(file: &NamedTempFile) -> Result<(), std::io::Error> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))
}
