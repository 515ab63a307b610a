//! Processes that are read while they run: found wherever their file is, and never taken for another.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The release library, as users have it, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let built = Command::new(root.join("tools/build"))
            .args(["--offline", "--quiet"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(built.success());
        root.join("target/release/libsampler_preload.so")
    })
}

/// A `cat` under the library that has answered once and waits for more.
struct Watched(Child);

impl Watched {
    /// Started by this script, whose `$CAT` becomes it and whose `$PLACE` is the directory of its files. None, and a line that says so, if the kernel does
    /// not let the script do what comes before that.
    fn start(script: &str, place: &Path) -> Option<Watched> {
        let variables = format!(
            "LD_PRELOAD='{}' SAMPLER_SCHEME=COUNT SAMPLER_STATS_FILE=\"$PLACE/record\"",
            library().display()
        );
        let mut child = Command::new("sh")
            .args(["-e", "-c", script])
            .env("PLACE", place)
            .env("CAT", format!("exec env {variables} cat"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.as_mut().unwrap().write_all(b"there?\n");
        let mut answer = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut answer)
            .unwrap();
        let watched = Watched(child);
        if answer == "there?\n" {
            return Some(watched);
        }
        eprintln!("skipped: the kernel refuses {script}");
        None
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    /// What `sampler-live` says of it.
    #[track_caller]
    fn assert_is_read(&self) {
        let output = sampler_live(&[OsStr::new(&self.pid().to_string())]);
        let (said, problem) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{problem}");
        assert!(said.contains("(running): cat\n"), "{said}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn sampler_live(arguments: &[&OsStr]) -> Output {
    // A reader that waited for ever would be a test that does.
    Command::new("timeout")
        .arg("60")
        .arg(env!("CARGO_BIN_EXE_sampler-live"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A live file of another process, which has ended.
fn decoy() -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let status = Command::new("true")
        .env("LD_PRELOAD", library())
        .env("SAMPLER_SCHEME", "COUNT")
        .env("SAMPLER_STATS_FILE", directory.path().join("record"))
        .status()
        .unwrap();
    assert!(status.success());
    let mut files = fs::read_dir(directory.path()).unwrap();
    let live = files.find_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension() == Some(OsStr::new("live"))).then_some(path)
    });
    fs::read(live.unwrap()).unwrap()
}

/// `env` makes the process its second program.
fn live_file(place: &Path, watched: &Watched) -> PathBuf {
    place.join(format!("record.{}.live", watched.pid()))
}

#[test]
fn a_process_is_read_by_its_pid_and_by_its_file() {
    let place = TempDir::new().unwrap();
    let watched = Watched::start("eval \"$CAT\"", place.path()).unwrap();
    watched.assert_is_read();
    let file = live_file(place.path(), &watched);
    let output = sampler_live(&["--json".as_ref(), file.as_ref()]);
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&record["ended"], &record["command"][0]),
        (&"running".into(), &"cat".into())
    );
    drop(watched);
    let output = sampler_live(&[file.as_ref()]);
    let said = text(&output.stdout);
    assert!(said.contains(" (exit): cat\n"), "{said}");
}

/// Its file is on a mount that only it sees, and here lies another under the same path.
#[test]
fn a_process_of_another_mount_namespace_is_read_where_its_file_is() {
    for mount in [
        "mount -t tmpfs none $PLACE",
        "mkdir $PLACE/other; mount --bind $PLACE/other $PLACE",
        // A file system that gives a file one number where it is mapped and another where it is asked for.
        "mount -t tmpfs none $PLACE; mkdir $PLACE/l $PLACE/u $PLACE/w; mount -t overlay -o lowerdir=$PLACE/l,upperdir=$PLACE/u,workdir=$PLACE/w none $PLACE",
    ] {
        let place = TempDir::new().unwrap();
        let script = format!("exec unshare -m sh -e -c '{mount}; cd /; eval \"$CAT\"'");
        let Some(watched) = Watched::start(&script, place.path()) else {
            continue;
        };
        let here = live_file(place.path(), &watched);
        assert!(!here.exists());
        watched.assert_is_read();
        fs::write(&here, decoy()).unwrap();
        watched.assert_is_read();
    }
}

/// Another root: the path that the process knows is not the path here.
#[test]
fn a_process_with_another_root_is_read_where_its_file_is() {
    let place = TempDir::new().unwrap();
    let script = "exec unshare -m sh -e -c 'mkdir $PLACE/root; mount --rbind / $PLACE/root; exec chroot $PLACE/root sh -c \"mount -t tmpfs none $PLACE; eval \\\"\\$CAT\\\"\"'";
    let Some(watched) = Watched::start(script, place.path()) else {
        return;
    };
    fs::write(live_file(place.path(), &watched), decoy()).unwrap();
    watched.assert_is_read();
}

#[test]
fn a_file_that_was_moved_is_found_and_one_in_its_place_is_not_taken_for_it() {
    let place = TempDir::new().unwrap();
    let watched = Watched::start("eval \"$CAT\"", place.path()).unwrap();
    let file = live_file(place.path(), &watched);
    fs::rename(&file, place.path().join("moved.live")).unwrap();
    fs::write(&file, decoy()).unwrap();
    watched.assert_is_read();
    // Of a deleted file nothing but the mapping is left, which takes root's rights; whoever has them reads it, and nobody reads the other.
    fs::remove_file(place.path().join("moved.live")).unwrap();
    fs::write(place.path().join("moved.live"), decoy()).unwrap();
    let output = sampler_live(&[watched.pid().to_string().as_ref()]);
    match output.status.success() {
        true => watched.assert_is_read(),
        false => {
            let line = text(&output.stderr);
            assert!(line.contains("which cannot be read from here"), "{line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let place = TempDir::new().unwrap();
    let fifo = place.path().join("fifo.live");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for path in [fifo.as_path(), place.path(), Path::new("/dev/zero")] {
        let output = sampler_live(&[path.as_ref()]);
        assert_eq!(output.status.code(), Some(1), "{}", path.display());
        assert_eq!(
            text(&output.stderr),
            format!(
                "sampler-live: {} is no regular file; accepted: a process id, or a live file\n",
                path.display()
            )
        );
    }
}

#[test]
fn a_path_that_is_not_utf_8_is_read() {
    let place = TempDir::new().unwrap();
    let path = place.path().join(OsStr::from_bytes(b"od\xffd.live"));
    fs::write(&path, decoy()).unwrap();
    let output = sampler_live(&[path.as_ref()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("(exit): true\n"));
    // Of a process, too.
    let odd = place.path().join(OsStr::from_bytes(b"\xfe\n"));
    fs::create_dir(&odd).unwrap();
    let watched = Watched::start("eval \"$CAT\"", &odd).unwrap();
    watched.assert_is_read();
    let missing = sampler_live(&[OsStr::from_bytes(b"\xff")]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).starts_with("sampler-live: \u{fffd}: No such file"));
}
