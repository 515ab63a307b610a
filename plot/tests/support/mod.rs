//! A copy of the fixture in a directory of its own, and what a PNG says about itself.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TABLES: [&str; 4] = ["summary.csv", "runs.csv", "gaps.csv", "size_bins.csv"];

/// Tables that a test may break, and a place for pictures.
pub struct Fixture {
    directory: tempfile::TempDir,
}

/// One start of the program.
pub struct Plot {
    command: Command,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::of("tests/fixture")
    }

    /// A copy of other tables, by their path from the crate.
    pub fn of(original: &str) -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(original);
        for table in TABLES {
            fs::copy(original.join(table), directory.path().join(table)).unwrap();
        }
        Fixture { directory }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn out(&self) -> PathBuf {
        self.directory().join("plots")
    }

    pub fn edit(&self, table: &str, edit: impl Fn(&str) -> String) {
        let path = self.directory().join(table);
        let before = fs::read_to_string(&path).unwrap();
        let after = edit(&before);
        assert_ne!(before, after, "{table} has nothing to edit");
        fs::write(&path, after).unwrap();
    }

    pub fn edit_all(&self, edit: impl Fn(&str) -> String) {
        for table in TABLES {
            self.edit(table, &edit);
        }
    }

    /// A program that is found before all others.
    pub fn put_program(&self, name: &str, script: &str) {
        let path = self.directory().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        make_executable(&path);
    }

    pub fn leave_old_picture(&self, name: &str) -> PathBuf {
        fs::create_dir_all(self.out()).unwrap();
        let path = self.out().join(name);
        fs::write(&path, "old").unwrap();
        path
    }

    pub fn plot(&self) -> Plot {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plot"));
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.directory())
            .env(
                "PATH",
                format!("{}:{path}", self.directory().join("bin").display()),
            )
            .args(["--data", ".", "--out", "plots"]);
        Plot { command }
    }

    /// Fails, returns the line on stderr, and asserts that an old picture was left alone.
    #[track_caller]
    pub fn plot_fails(&self) -> String {
        let old = self.leave_old_picture("mono_all_headers_sample_rate_allocs.png");
        let line = self.plot().fails();
        assert_eq!(fs::read_to_string(old).unwrap(), "old");
        assert_eq!(self.pictures().len(), 1, "nothing else is written");
        line
    }

    /// All that is in the directory of the pictures.
    pub fn pictures(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Plot {
    pub fn arg(mut self, arg: &str) -> Plot {
        self.command.arg(arg);
        self
    }

    pub fn env(mut self, name: &str, value: &Path) -> Plot {
        self.command.env(name, value);
        self
    }

    /// Returns what it printed.
    #[track_caller]
    pub fn succeeds(mut self) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(status.success() && stderr.is_empty(), "{status}: {stderr}");
        String::from_utf8(stdout).unwrap()
    }

    /// Returns its one line of complaint.
    #[track_caller]
    pub fn fails(mut self) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("plot: "), "{stderr}");
        stderr.trim_end().to_string()
    }
}

/// What the chunks of a PNG say.
pub struct Png {
    pub bytes: usize,
    pub width: u32,
    pub height: u32,
    /// Pixels a unit in x and y, and the unit.
    pub resolution: Option<(u32, u32, u8)>,
}

/// Walks all chunks and checks their checksums.
pub fn read_png(bytes: &[u8]) -> Png {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let mut png = Png {
        bytes: bytes.len(),
        width: 0,
        height: 0,
        resolution: None,
    };
    let mut at = 8;
    let mut names = Vec::new();
    while at < bytes.len() {
        let length = number(at) as usize;
        let (name, data) = (&bytes[at + 4..at + 8], at + 8);
        assert_eq!(
            crc32fast::hash(&bytes[at + 4..data + length]),
            number(data + length)
        );
        match name {
            b"IHDR" => (png.width, png.height) = (number(data), number(data + 4)),
            b"pHYs" => {
                assert!(png.resolution.is_none() && !names.contains(&&b"IDAT"[..]));
                png.resolution = Some((number(data), number(data + 4), bytes[data + 8]));
            }
            _ => {}
        }
        names.push(name);
        at = data + length + 4;
    }
    assert_eq!(names.last(), Some(&&b"IEND"[..]));
    png
}

/// Makes a file a program, by the hand of another process: what this one wrote may still be open in a child that another test just started, and a
/// program that is open for writing cannot be run.
fn make_executable(file: &Path) {
    let draft = file.with_extension("draft");
    fs::rename(file, &draft).unwrap();
    let mut install = Command::new("install");
    install.args(["-m", "755"]).arg(&draft).arg(file);
    assert!(install.status().unwrap().success());
    fs::remove_file(draft).unwrap();
}
