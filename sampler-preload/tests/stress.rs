//! A differential stress test: random sequences of all entry points, checked at every step by the program itself, against an exact model of the counts.
//! A few seconds; `STRESS_SECONDS=3600 cargo test -p sampler-preload --test stress` runs an hour for each scheme.

mod support;

use std::env;

use support::harness::*;

/// What pthread itself allocates for a thread: one block, which it frees.
const PTHREAD_BLOCKS: i128 = 1;

#[test]
fn random_sequences_of_all_entry_points_are_counted_exactly() {
    let seconds = env::var("STRESS_SECONDS").ok();
    let seeds = if seconds.is_some() { 1 } else { 2 };
    for seed in 1..=seeds {
        let seed = match seconds {
            // Another one each time, and told where it fails.
            Some(_) => std::process::id().to_string(),
            None => seed.to_string(),
        };
        for threads in [1, 4] {
            let amount = match &seconds {
                Some(seconds) => format!("{seconds}s"),
                None => "2500".to_owned(),
            };
            let arguments = [seed.as_str(), &threads.to_string(), &amount];
            check_stress(&arguments, PTHREAD_BLOCKS * threads);
        }
    }
}
