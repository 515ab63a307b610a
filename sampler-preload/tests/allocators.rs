//! The same behaviours with another allocator behind the library: equal to that allocator alone, and the counts equal to what the program says.

mod support;

use std::path::Path;

use support::harness::*;

/// What every one of the allocators does as the C standard and glibc have it; the rest differs between them without the library already.
const CALLS: &[&str] = &[
    "an_alignment_of_2_mib_holds",
    "every_usable_byte_may_be_written",
    "a_moving_realloc_keeps_every_usable_byte",
    "realloc_of_an_aligned_block_keeps_it",
    "a_realloc_that_grows_step_by_step_keeps_all",
    "free_keeps_errno",
    "calloc_zeroes_reused_memory",
    "calloc_zeroes_large_reused_memory",
    "reallocarray_is_a_realloc",
    "the_frees_of_c23_and_cfree_free",
    "blocks_do_not_overlap",
];
const FORKS: &[&str] = &[
    "fork_in_a_plain_process",
    "forks_within_forks",
    "a_daemon_counts_for_itself",
    "vfork_and_exec",
    "posix_spawn_runs_others",
    "exec_in_the_same_pid",
    "a_raw_fork_starts_from_zero",
    "a_killed_child_leaves_its_counts",
];
/// In these pthread allocates too: only what the program shows is compared.
const THREADS: &[&str] = &[
    "short_threads_in_rounds",
    "detached_threads",
    "frees_in_other_threads",
    "seventy_threads_alive_at_once",
    "key_destructors_in_four_rounds",
    "pthread_exit_from_main",
];
/// Above them blocks of ours at page starts are noted, and nothing is read before others.
const SANDBOX: &[&str] = &[
    "a_filter_that_refuses",
    "a_filter_that_kills",
    "a_filter_that_kills_at_quick_exit",
];
/// In these pthread allocates too.
const SANDBOX_THREADS: &[&str] = &[
    "a_filter_that_refuses_threads",
    "a_filter_that_kills_threads",
];
const STACKS: &[&str] = &[
    "an_exit_on_a_coroutine_of_4_kib",
    "a_handler_on_an_alternate_stack_of_12_kib_exits",
];
const CXX: &[&str] = &[
    "new_and_delete_in_all_forms",
    "exceptions_unwind_and_free",
    "std_threads_and_futures",
    "containers_hold_what_was_put_in",
    "thread_locals_allocate_when_made_and_destroyed",
];

fn check_all_above(object: &str) {
    let path = Path::new("/usr/lib/x86_64-linux-gnu").join(object);
    assert!(path.exists(), "{object} is needed; make test installs it");
    for (modes, behaviour) in [
        (CALLS, own("calls.c")),
        (FORKS, own("forking.c")),
        (THREADS, behind("threading.c")),
        (CXX, behind("cxx.cpp")),
        (SANDBOX, own("sandbox.c")),
        (SANDBOX_THREADS, behind("sandbox.c")),
        (STACKS, own("stacks.c")),
    ] {
        for mode in modes {
            check_above(
                mode,
                &behaviour.checks(|ran| {
                    let next = ran.first()["next_allocator"].as_str().unwrap();
                    assert!(next.contains("malloc"), "{next}");
                }),
                Some(&path),
            );
        }
    }
}

#[test]
fn behaviour_above_jemalloc_is_jemallocs() {
    check_all_above("libjemalloc.so.2");
}

#[test]
fn behaviour_above_mimalloc_is_mimallocs() {
    check_all_above("libmimalloc.so.2");
}

#[test]
fn behaviour_above_tcmalloc_is_tcmallocs() {
    check_all_above("libtcmalloc_minimal.so.4");
}
