//! The live file of a process, found through the process itself, and opened where it is.
//!
//! A path is not enough: the process may have another root or other mounts (a container), and the same path lead to another file here. So a file that was
//! found by its path is taken only if it is the one that the process has mapped.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use sampler_core::live;

/// A live file that is open for reading.
pub struct Source {
    /// For messages.
    pub path: PathBuf,
    file: File,
}

/// A mapping of a file whose name ends as a live file's, by /proc/PID/maps.
struct Mapping {
    range: String,
    /// Major and minor number in hexadecimal, as the kernel writes them.
    device: String,
    inode: u64,
    path: OsString,
}

impl Source {
    /// Opens a file; what is none is refused, since a pipe might never say anything.
    pub fn open(path: &Path) -> Result<Source, String> {
        let fail = |error: io::Error| format!("{}: {error}", path.display());
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path)
            .map_err(fail)?;
        if !file.metadata().map_err(fail)?.is_file() {
            return Err(format!(
                "{} is no regular file; accepted: a process id, or a live file",
                path.display()
            ));
        }
        let path = path.into();
        Ok(Source { path, file })
    }

    /// Opens the live file that a process has mapped.
    pub fn of_process(pid: u32) -> Result<Source, String> {
        let maps_path = format!("/proc/{pid}/maps");
        let maps = fs::read(&maps_path).map_err(|error| format!("{maps_path}: {error}"))?;
        let mapping = maps.split(|&byte| byte == b'\n').find_map(Mapping::parse).ok_or_else(|| {
            format!("process {pid} has no live file mapped: it does not run under the library, or without SAMPLER_STATS_FILE, or there was no room for the file")
        })?;
        let mut problem = String::new();
        for candidate in mapping.candidates(pid) {
            match Source::open(&candidate) {
                Ok(source) if source.is(&mapping, pid) => return Ok(source),
                Ok(_) => problem = format!("{} is another file", candidate.display()),
                Err(error) => problem = error,
            }
        }
        Err(format!(
            "process {pid} has {} mapped, which cannot be read from here ({problem}); root can read it",
            mapping.path.display()
        ))
    }

    /// What is in the file now.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether this is the very file that another one is.
    pub fn is_same(&self, other: &Source) -> bool {
        let identity = |file: &File| file.metadata().map(|data| (data.dev(), data.ino()));
        matches!((identity(&self.file), identity(&other.file)), (Ok(one), Ok(other)) if one == other)
    }

    /// Some file systems (overlayfs, btrfs) number a file's device in one way where it is mapped and in another where it is asked for: then the page
    /// itself has to say that it is of this process.
    fn is(&self, mapping: &Mapping, pid: u32) -> bool {
        let Ok(metadata) = self.file.metadata() else {
            return false;
        };
        let device = metadata.dev();
        let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
        metadata.ino() == mapping.inode
            && (format!("{major:02x}:{minor:02x}") == mapping.device || self.says_it_is_of(pid))
    }

    fn says_it_is_of(&self, pid: u32) -> bool {
        let found = self.read().ok().and_then(|bytes| live::read(&bytes).ok());
        found.is_some_and(|(_, identity, _)| Some(identity.pid) == own_pid_of(pid))
    }
}

impl Mapping {
    /// `address permissions offset device inode path`
    fn parse(line: &[u8]) -> Option<Mapping> {
        const DELETED: &[u8] = b" (deleted)";
        let mut parts = line.splitn(6, |&byte| byte == b' ');
        let mut text = || String::from_utf8(parts.next()?.to_vec()).ok();
        let (range, _, _, device, inode) = (text()?, text()?, text()?, text()?, text()?);
        let path = parts.next()?.trim_ascii_start();
        let name = path.strip_suffix(DELETED).unwrap_or(path);
        name.ends_with(b".live").then_some(())?;
        Some(Mapping {
            range,
            device,
            inode: inode.parse().ok()?,
            path: OsString::from_vec(path.to_vec()),
        })
    }

    /// Where the file may be, the surest first: through the mapping, which takes root's rights but finds a deleted file too; in the process's own root;
    /// and in ours, as the path is written from here.
    fn candidates(&self, pid: u32) -> [PathBuf; 3] {
        // The one byte that the kernel escapes.
        let mut path = Vec::new();
        let mut rest = self.path.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            let newline = rest.strip_prefix(b"\\012");
            path.push(newline.map_or(byte, |_| b'\n'));
            rest = newline.unwrap_or(tail);
        }
        let path = Path::new(OsStr::from_bytes(&path));
        [
            format!("/proc/{pid}/map_files/{}", self.range).into(),
            Path::new(&format!("/proc/{pid}/root")).join(path.strip_prefix("/").unwrap_or(path)),
            path.into(),
        ]
    }
}

/// The pid that a process knows itself by: in a container another than here.
fn own_pid_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let pids = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))?;
    pids.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_known_by_its_name() {
        let line =
            b"7f00-7f10 rw-s 00000000 fd:01 42                     /tmp/a \xff.live (deleted)";
        let found = Mapping::parse(line).unwrap();
        assert_eq!(
            (found.range.as_str(), found.device.as_str(), found.inode),
            ("7f00-7f10", "fd:01", 42)
        );
        assert_eq!(found.path.as_bytes(), b"/tmp/a \xff.live (deleted)");
        for other in [
            &b"7f00-7f10 rw-s 00000000 fd:01 42 /tmp/a.lives"[..],
            b"7f00-7f10 rw-p 00000000 00:00 0 ",
            b"",
        ] {
            assert!(Mapping::parse(other).is_none());
        }
    }

    #[test]
    fn the_path_is_looked_for_where_the_process_is_and_then_here() {
        let line = b"1-2 rw-s 0 fd:01 42 /tmp/a\\012b.live";
        let candidates = Mapping::parse(line).unwrap().candidates(7);
        let expected = [
            "/proc/7/map_files/1-2",
            "/proc/7/root/tmp/a\nb.live",
            "/tmp/a\nb.live",
        ];
        assert_eq!(candidates, expected.map(PathBuf::from));
    }
}
