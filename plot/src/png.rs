//! PNG files: what gnuplot wrote is checked, told its resolution, and put in place whole.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// 300 dots an inch of 25.4 mm: 11811 a metre.
const PIXELS_PER_METRE: u32 = 11_811;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Length, name, 13 bytes of data, checksum: always the first chunk.
const IHDR_BYTES: usize = 4 + 4 + 13 + 4;
/// Length, name, checksum: always the last.
const IEND: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Adds the `pHYs` chunk (PNG specification, 11.3.4.3), which gnuplot's pngcairo does not write, to a picture of the given size.
/// Without it, whatever prints the picture guesses the resolution.
pub fn with_resolution(bytes: &[u8], width: u32, height: u32) -> Result<Vec<u8>, String> {
    let head = SIGNATURE.len() + IHDR_BYTES;
    if bytes.len() < head + IEND.len() || !bytes.starts_with(SIGNATURE) || !bytes.ends_with(IEND) {
        return Err(format!("found {} bytes, expected a whole PNG", bytes.len()));
    }
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    if bytes[16..24] != size {
        return Err(format!("expected a picture of {width} x {height} pixels"));
    }

    let mut chunk = b"pHYs".to_vec();
    chunk.extend(PIXELS_PER_METRE.to_be_bytes());
    chunk.extend(PIXELS_PER_METRE.to_be_bytes());
    chunk.push(1); // the unit is the metre
    let checksum = crc32fast::hash(&chunk);
    let length = chunk.len() as u32 - 4; // the name does not count

    Ok([
        &bytes[..head],
        &length.to_be_bytes(),
        &chunk,
        &checksum.to_be_bytes(),
        &bytes[head..],
    ]
    .concat())
}

/// Writes a file under a temporary name beside `path` and renames it, so that `path` is the old picture or the whole new one.
pub fn install(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("{}: {e}", path.display());
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".plot-")
        .permissions(Permissions::from_mode(0o666)) // less the umask, as any file
        .tempfile_in(directory)
        .map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}
