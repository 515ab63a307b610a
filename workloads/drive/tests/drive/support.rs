//! Builds the programs once, and runs them in a place of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Where the workspace is.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// Where the release programs are, as users have them.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let built = Command::new(root().join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root())
            .status()
            .unwrap();
        assert!(built.success());
        root().join("target/release")
    })
}

/// A directory for the run file, and one for temporary files, by whose path the processes of a run are told from others.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Place {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("tmp")).unwrap();
        Place { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// sampler-run with a driver, not started yet; signals as in a shell in the foreground.
    pub fn prepare(&self, scheme: &str, driver: &[&str]) -> Command {
        let mut command = Command::new("env");
        command
            .arg("--default-signal")
            .arg(programs().join("sampler-run"))
            .args(["--driver", "--scheme", scheme, "--out"])
            .arg(self.path("run.json"))
            .args(["--mean", "524288", "--"])
            .arg(programs().join("drive"))
            .args(driver)
            .env("TMPDIR", self.path("tmp"))
            .env("SAMPLER_TRUTH", "0")
            .env_remove("LD_PRELOAD")
            .stdin(Stdio::null());
        command
    }

    /// The run file of a run that must succeed.
    pub fn run(&self, scheme: &str, driver: &[&str]) -> Value {
        let output = self.prepare(scheme, driver).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        self.assert_clean();
        serde_json::from_slice(&fs::read(self.path("run.json")).unwrap()).unwrap()
    }

    /// The last line of a run that must fail.
    pub fn fail(&self, command: &mut Command) -> String {
        let output: Output = command.output().unwrap();
        assert!(!output.status.success());
        self.assert_clean();
        assert!(!self.path("run.json").exists());
        text(&output.stderr).trim_end().to_string()
    }

    /// No process is left, and no temporary file.
    pub fn assert_clean(&self) {
        assert_eq!(self.processes(), [""; 0]);
        let left = fs::read_dir(self.path("tmp")).unwrap().count();
        assert_eq!(left, 0, "temporary files are left");
    }

    /// Command lines of the processes that have our directory for temporary files.
    pub fn processes(&self) -> Vec<String> {
        let mark = self.path("tmp").into_os_string().into_encoded_bytes();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment.windows(mark.len()).any(|part| part == mark) {
                let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(text(&command).replace('\0', " "));
            }
        }
        found
    }

    /// Waits until such a process is there.
    pub fn wait_for(&self, command: &str) {
        self.wait(command, |processes| {
            processes.iter().any(|process| process.contains(command))
        });
    }

    /// Waits until none is.
    pub fn wait_for_end(&self) {
        self.wait("the end", |processes| processes.is_empty());
    }

    fn wait(&self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let start = Instant::now();
        loop {
            let processes = self.processes();
            if is_so(&processes) {
                return;
            }
            let patience = Duration::from_secs(60);
            assert!(start.elapsed() < patience, "{what}: {processes:?}");
            sleep(Duration::from_millis(5));
        }
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
