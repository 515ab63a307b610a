//! How loops are run and timed: each thread on a core of its own, all started together.
//!
//! Time is the processor time of the thread (`CLOCK_THREAD_CPUTIME_ID`), so that what other programs take of the machine does
//! not count. Beside it stands the share of the elapsed time that the thread had a processor: threads that shared one did not
//! compete for memory, and their numbers say nothing of two threads.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::clock::cpu_ns;
use crate::exchange;
use crate::pattern::{BATCH_BLOCKS, Make};

/// What a thread took for its operations.
struct Taken {
    cpu_ns: u64,
    elapsed_ns: u64,
    halves_ns: Option<[u64; 2]>,
    core: Option<usize>,
}

/// What a thread does: it waits at the barrier once it is ready.
trait Work: FnOnce(&Barrier) -> Taken + Send {}
impl<F: FnOnce(&Barrier) -> Taken + Send> Work for F {}

/// Runs a loop on each of `threads` threads.
pub fn run(make: Make, operations: u64, threads: usize) -> Result<Value, String> {
    let work = (0..threads).map(|_| {
        move |start: &Barrier| {
            let mut pattern = make();
            pattern.run(warm_up(operations));
            let before = pattern.halves_ns();
            start.wait();
            let mut taken = time(|| pattern.run(operations));
            let after = pattern.halves_ns();
            taken.halves_ns = before.zip(after).map(|([a, b], [c, d])| [c - a, d - b]);
            taken
        }
    });
    Ok(report(operations, &run_all(work.collect())?))
}

/// Runs the exchange on pairs of threads. An operation is one block's way through both.
pub fn run_pairs(operations: u64, threads: usize) -> Result<Value, String> {
    let mut work: Vec<Box<dyn Work>> = Vec::new();
    for _ in 0..threads / 2 {
        let (mut giver, mut taker) = exchange::pair();
        work.push(Box::new(move |start: &Barrier| {
            giver.run(warm_up(operations));
            start.wait();
            time(|| giver.run(operations))
        }));
        work.push(Box::new(move |start: &Barrier| {
            taker.run(warm_up(operations));
            start.wait();
            time(|| taker.run(operations))
        }));
    }
    Ok(report(operations, &run_all(work)?))
}

/// Before the clock starts, so that the heap has its size: a tenth, and at least one batch.
fn warm_up(operations: u64) -> u64 {
    (operations / 10).max(BATCH_BLOCKS as u64)
}

fn run_all(work: Vec<impl Work>) -> Result<Vec<Taken>, String> {
    let allowed = sched_getaffinity(Pid::from_raw(0))
        .map_err(|error| format!("cannot read which processors are allowed: {error}"))?;
    let is_allowed = |core: &usize| allowed.is_set(*core).unwrap_or(false);
    let cores: Vec<usize> = (0..CpuSet::count()).filter(is_allowed).collect();
    let start = Barrier::new(work.len());
    let count = work.len();
    thread::scope(|scope| {
        let threads: Vec<_> = work
            .into_iter()
            .enumerate()
            .map(|(i, work)| {
                let core = cores.get(i).copied().filter(|_| count <= cores.len());
                let start = &start;
                scope.spawn(move || {
                    let core = core.filter(|core| pin(*core));
                    Taken {
                        core,
                        ..work(start)
                    }
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|taken| taken.map_err(|_| "a thread ended before its time".into()))
            .collect()
    })
}

/// Whether the calling thread now runs on this processor alone.
fn pin(core: usize) -> bool {
    let mut only = CpuSet::new();
    only.set(core).is_ok() && sched_setaffinity(Pid::from_raw(0), &only).is_ok()
}

fn time(work: impl FnOnce()) -> Taken {
    let (elapsed, cpu) = (Instant::now(), cpu_ns());
    work();
    Taken {
        cpu_ns: cpu_ns() - cpu,
        elapsed_ns: elapsed.elapsed().as_nanos() as u64,
        halves_ns: None,
        core: None,
    }
}

fn report(operations: u64, threads: &[Taken]) -> Value {
    let per_thread: Vec<Value> = threads
        .iter()
        .map(|thread| {
            json!({
                "cpu_ns": thread.cpu_ns,
                "elapsed_ns": thread.elapsed_ns,
                "halves_ns": thread.halves_ns,
                "core": thread.core,
            })
        })
        .collect();
    json!({ "operations": operations, "threads": per_thread })
}
