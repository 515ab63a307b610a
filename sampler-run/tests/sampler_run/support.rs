//! Builds the programs once, and runs them in a place of their own that must be clean afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Where the release programs are, as users have them.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let built = Command::new(root.join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(built.success());
        root.join("target/release")
    })
}

/// The library.
pub fn library() -> PathBuf {
    programs().join("libsampler_preload.so")
}

/// Compiles a C file with more flags.
pub fn compile(source: &Path, program: &Path, flags: &[&str]) {
    let output = Command::new("cc")
        .args(["-O1", "-fno-builtin", "-o"])
        .args([program, source])
        .args(flags)
        .output()
        .expect("a C compiler named cc");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A directory with a run file to be, and a directory for temporary files.
pub struct Place {
    directory: TempDir,
    /// The run file.
    pub out: PathBuf,
}

impl Place {
    /// A new one, whose path names no run.
    pub fn new() -> Place {
        Place::with_out("out/run.json")
    }

    /// A new one with a run file of this name.
    pub fn with_out(out: &str) -> Place {
        let directory = TempDir::new().unwrap();
        let out = directory.path().join(out);
        let place = Place { directory, out };
        fs::create_dir(place.path("tmp")).unwrap();
        place
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `tests/c/ends.c`, compiled here.
    pub fn ends(&self, flags: &[&str]) -> String {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/ends.c");
        let program = self.path("ends");
        compile(&source, &program, flags);
        program.into_os_string().into_string().unwrap()
    }

    /// sampler-run with this scheme, these options and this command, not started yet.
    pub fn prepare(&self, scheme: &str, options: &[&str], command: &[&str]) -> Command {
        // A test that was started in the background of a shell inherits that some signals are ignored.
        let mut prepared = Command::new("env");
        prepared
            .arg("--default-signal")
            .arg(programs().join("sampler-run"))
            .args(["--scheme", scheme])
            .args(options)
            .arg("--out")
            .arg(&self.out)
            .arg("--")
            .args(command)
            .env("TMPDIR", self.path("tmp"))
            .env_remove("LD_PRELOAD")
            .stdin(Stdio::null());
        prepared
    }

    /// The same, run to its end.
    pub fn run(&self, scheme: &str, options: &[&str], command: &[&str]) -> Output {
        self.finish(&mut self.prepare(scheme, options, command))
    }

    /// Runs to the end what was prepared.
    pub fn finish(&self, prepared: &mut Command) -> Output {
        let output = prepared.output().unwrap();
        self.assert_clean();
        output
    }

    /// Nothing temporary is left.
    pub fn assert_clean(&self) {
        assert_eq!(names(&self.path("tmp")), [""; 0]);
        let beside = names(self.out.parent().unwrap());
        assert!(
            beside.iter().all(|name| !name.ends_with(".part")),
            "{beside:?}"
        );
    }

    /// The run file of a run that succeeded.
    pub fn succeeded(&self, output: &Output) -> Value {
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(!self.failed_path().exists());
        self.run_file()
    }

    /// The run file.
    pub fn run_file(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.out).unwrap()).unwrap()
    }

    /// Asserts that the run failed with this status, in one line that ends with the failure's file; returns the file's content.
    pub fn failed(&self, output: &Output, status: i32) -> Value {
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(!self.out.exists(), "a failed run has a run file");
        let failed: Value = serde_json::from_slice(&fs::read(self.failed_path()).unwrap()).unwrap();
        let failure = failed["failure"].as_str().unwrap();
        let kept = self.failed_path();
        let expected = format!("sampler-run: {failure} (kept: {})\n", kept.display());
        // A shell may have told of a signal in a line of its own.
        assert_eq!(stderr.lines().last(), expected.lines().last());
        failed
    }

    /// Where a failed run goes.
    pub fn failed_path(&self) -> PathBuf {
        self.out.with_extension("json.failed")
    }
}

/// A process that a test must not leave behind.
pub struct Stray(pub i32);

impl Drop for Stray {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0), Signal::SIGKILL);
    }
}

/// Whether a process of this pid runs; one that has given its memory up does not, be it on its way out or dead with nobody to wait for it.
pub fn is_running(pid: i32) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| !environment.is_empty())
}

/// Names in a directory, sorted; none if there is none.
pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
