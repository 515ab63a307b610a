//! Runs through a real Slurm: one node on loopback, made for this test, its daemons started and stopped by their process ids.
//!
//! Where Slurm is not installed or does not come up the test says so, on standard error and past the test harness, and passes.

mod support;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getuid};
use serde_json::Value;
use support::Data;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(15);

/// A daemon; ended when it is dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id() as i32), Signal::SIGTERM);
        let start = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && start.elapsed() < PATIENCE {
            sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three daemons and what they keep.
struct Slurm {
    // Ended in this order, the directory last.
    _daemons: Vec<Daemon>,
    directory: TempDir,
}

impl Slurm {
    /// Or why there is none.
    fn start() -> Result<Slurm, String> {
        let directory = TempDir::new().map_err(|error| error.to_string())?;
        let path = |name: &str| directory.path().join(name);
        // munged wants nobody else to write where its socket is, and everybody to reach it.
        let set_mode = |name: &str, mode| {
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode("", 0o755);
        let random = fs::File::open("/dev/urandom").unwrap();
        let key: Vec<u8> = std::io::Read::bytes(random)
            .take(1024)
            .map(Result::unwrap)
            .collect();
        fs::write(path("key"), key).unwrap();
        set_mode("key", 0o400);
        for name in ["state", "spool"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path("slurm.conf"), configuration(directory.path())?).unwrap();

        let option = |name: &str, file: &str| format!("--{name}={}", path(file).display());
        let munged = daemon(
            "munged",
            &[
                "--foreground".into(),
                "--force".into(),
                option("key-file", "key"),
                option("socket", "munge"),
                option("pid-file", "munge.pid"),
                option("seed-file", "munge.seed"),
                option("log-file", "munge.log"),
            ],
        )?;
        wait(|| path("munge").exists(), "munged made no socket")?;
        let conf = path("slurm.conf").display().to_string();
        let mut slurm = Slurm {
            _daemons: vec![
                daemon("slurmctld", &["-D".into(), "-f".into(), conf.clone()])?,
                daemon("slurmd", &["-D".into(), "-f".into(), conf])?,
            ],
            directory,
        };
        slurm._daemons.push(munged);
        let answers = || {
            let mut hello = Command::new("srun");
            hello.args(["--immediate=2", "-N1", "-n1", "true"]);
            let output = hello.env("SLURM_CONF", slurm.conf()).output();
            output.is_ok_and(|output| output.status.success())
        };
        wait(answers, "srun got no node")
            .map_err(|error| format!("{error}: {}", slurm.last_words()))?;
        Ok(slurm)
    }

    fn conf(&self) -> PathBuf {
        self.directory.path().join("slurm.conf")
    }

    fn last_words(&self) -> String {
        let log = |name: &str| fs::read_to_string(self.directory.path().join(name));
        let logs = ["slurmctld.log", "slurmd.log"].map(|name| log(name).unwrap_or_default());
        let lines = logs.iter().flat_map(|log| log.lines());
        let error = lines.rev().find(|line| line.contains("error"));
        error.unwrap_or("no error in its logs").to_string()
    }
}

fn configuration(directory: &Path) -> Result<String, String> {
    let user = match getuid().as_raw() {
        0 => "root".to_string(),
        id => nix::unistd::User::from_uid(id.into())
            .ok()
            .flatten()
            .map(|user| user.name)
            .ok_or("this user has no name")?,
    };
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let node = name.trim().split('.').next().unwrap_or_default();
    // Kept until both are known, so that they differ.
    let listeners = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let [controller, worker] = listeners.map(|listener| listener.local_addr().unwrap().port());
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
    let at = directory.display();
    Ok(format!(
        "ClusterName=loopback
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={worker}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={at}/munge
StateSaveLocation={at}/state
SlurmdSpoolDir={at}/spool
SlurmctldPidFile={at}/slurmctld.pid
SlurmdPidFile={at}/slurmd.pid
SlurmctldLogFile={at}/slurmctld.log
SlurmdLogFile={at}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
NodeName={node} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN
PartitionName=all Nodes={node} Default=YES MaxTime=INFINITE State=UP
"
    ))
}

fn daemon(name: &str, arguments: &[String]) -> Result<Daemon, String> {
    // Debian keeps them where not every user looks.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    Command::new("env")
        .arg(format!("PATH={path}"))
        .arg(name)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(Daemon)
        .map_err(|error| format!("{name}: {error}"))
}

fn wait(mut is_done: impl FnMut() -> bool, otherwise: &str) -> Result<(), String> {
    let start = Instant::now();
    while !is_done() {
        if start.elapsed() > PATIENCE {
            return Err(otherwise.into());
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[test]
fn runs_go_through_slurm() {
    let slurm = match Slurm::start() {
        Ok(slurm) => slurm,
        Err(reason) => {
            // Not by eprintln, which the harness keeps to itself where a test passes.
            let line =
                format!("\nSKIPPED: runs_go_through_slurm: Slurm cannot start here: {reason}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return;
        }
    };
    let data = Data::new();
    let output = data
        .prepare(&[
            "-j2",
            "experiments",
            "aggregate",
            "RUNS=2",
            "WORKLOADS=reuse mine",
            "SCHEMES=HEADER_HASH",
            "CMD_mine=printenv SLURM_JOB_ID",
            "RUNNER=srun --quiet --input=none -N1 -n1 -c1",
        ])
        .env("SLURM_CONF", slurm.conf())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", support::text(&output.stderr));
    assert_eq!((data.runs("seed").len(), data.runs("own").len()), (4, 4));
    // Slurm gave the run a job, and the library counted in it.
    let job = fs::read_to_string(data.path("raw/own/mine/HEADER_HASH/output.txt")).unwrap();
    assert!(job.trim().parse::<u64>().is_ok(), "{job:?}");
    let run = fs::read(data.path("raw/seed/reuse/HEADER_HASH/run-01.json")).unwrap();
    let run: Value = serde_json::from_slice(&run).unwrap();
    assert!(run["processes"][0]["total_allocs"].as_u64().unwrap() > 2000);
    let summary = fs::read_to_string(data.path("summary.csv")).unwrap();
    assert!(
        summary.contains("\nseed,reuse,HEADER_HASH,total_allocs,allocations,2,"),
        "{summary}"
    );
}
