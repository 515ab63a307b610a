//! Behaviours that no program may see changed: each is one mode of a small program, run without the library and under every scheme.
//! What each asserts, and which fault it catches, is in BEHAVIOURS.md.

#![allow(non_snake_case)] // A test bears the name of what it tests, `_Fork` among them.

mod support;

use support::harness::*;

/// One test a line: the name is also the mode of the program.
macro_rules! behaviours {
    ($($name:ident: $behaviour:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), &$behaviour);
            }
        )*
        const BEHAVIOURS: &[&str] = &[$(stringify!($name)),*];
    };
}

const CALLS: Behaviour = own("calls.c");
const CXX: Behaviour = behind("cxx.cpp");
const LIBC: Behaviour = behind("libc_kinds.c");
const PASSED: Behaviour = own("foreign_kinds.c");
const BUMP: Behaviour = PASSED.preload(&["bump.c"]);
const FAULT: Behaviour = PASSED.fault();
const FORK: Behaviour = own("forking.c");
const FORK_BEHIND: Behaviour = behind("forking.c");
const THREADS: Behaviour = behind("threading.c");
const END: Behaviour = own("ending.c");
const SURROUNDINGS: Behaviour = own("surroundings.c");
const REENTRY: Behaviour = own("reentry.c");
const STACKS: Behaviour = own("stacks.c");
const STACKS_THREADS: Behaviour = STACKS.only(&["foreign_frees", "foreign_reallocs"]);
const SANDBOX: Behaviour = own("sandbox.c");
/// Glibc allocates for threads too.
const SANDBOX_THREADS: Behaviour = SANDBOX.only(&["foreign_frees", "foreign_reallocs"]);

behaviours! {
    alignments_from_8_to_64_kib_hold: CALLS;
    an_alignment_of_2_mib_holds: CALLS;
    an_alignment_of_1_gib_holds: CALLS;
    a_request_of_1_gib_is_served: CALLS;
    pointers_are_aligned_to_16: CALLS;
    every_usable_byte_may_be_written: CALLS;
    a_moving_realloc_keeps_every_usable_byte: CALLS;
    realloc_keeps_contents_between_all_sizes: CALLS;
    realloc_of_an_aligned_block_keeps_it: CALLS;
    a_realloc_that_grows_step_by_step_keeps_all: CALLS;
    free_keeps_errno: CALLS;
    success_keeps_errno: CALLS;
    sizes_from_ptrdiff_max_on_fail_with_enomem: CALLS;
    products_that_overflow_fail_with_enomem: CALLS;
    posix_memalign_tells_by_its_result_alone: CALLS;
    memalign_rounds_an_odd_alignment_up: CALLS;
    a_failed_realloc_leaves_the_block: CALLS;
    a_realloc_that_memory_fails_leaves_the_block: CALLS;
    zero_sizes_are_blocks: CALLS;
    calloc_zeroes_reused_memory: CALLS;
    calloc_zeroes_large_reused_memory: CALLS;
    valloc_and_pvalloc_give_pages: CALLS;
    reallocarray_is_a_realloc: CALLS;
    the_frees_of_c23_and_cfree_free: CALLS;
    a_full_address_space_is_null_and_no_crash: CALLS;
    small_blocks_until_memory_is_out: CALLS;
    blocks_do_not_overlap: CALLS;
    mallinfo_and_mallinfo2_see_the_blocks: CALLS;
    mallopt_takes_effect: CALLS;
    malloc_trim_gives_back: CALLS;
    malloc_stats_prints: CALLS;

    new_and_delete_in_all_forms: CXX;
    a_failed_new_throws_bad_alloc: CXX;
    exceptions_unwind_and_free: CXX;
    std_threads_and_futures: CXX;
    containers_hold_what_was_put_in: CXX;
    thread_locals_allocate_when_made_and_destroyed: CXX;
    statics_allocate_before_and_after_main: CXX;
    streams_and_regexes: CXX;
    pointers_shared_between_threads: CXX;
    memory_resources: CXX;
    an_uncaught_exception_loses_nothing: CXX;
    a_programs_own_operator_new_is_honoured: own("own_new.cpp");

    strings_that_libc_allocates_may_be_freed: LIBC;
    streams_allocate_their_buffers: LIBC;
    directories_and_patterns: LIBC;
    names_and_addresses: LIBC;
    locales_and_conversions: LIBC;
    trees_and_tables_of_libc: LIBC;
    libraries_opened_and_closed: LIBC.helper("plugin.c");
    a_library_in_a_namespace_of_its_own: LIBC.helper("plugin.c");
    malloc_info_writes_xml: LIBC;

    blocks_of_libcs_own_entries_pass_through: PASSED;
    a_foreign_pointer_after_an_unmapped_page_passes: BUMP;
    a_foreign_pointer_after_others_data_passes: BUMP;
    a_stale_header_is_not_believed_at_free: BUMP;
    a_stale_header_is_not_believed_at_realloc: BUMP;
    a_deepbound_library_may_hand_out_its_blocks: PASSED.helper("plugin.c").only(&["foreign_frees", "foreign_reallocs"]);
    calls_before_every_constructor_are_counted: own("preinit.c");
    a_double_free_of_a_small_block: FAULT;
    a_double_free_of_a_middling_block: FAULT;
    a_double_free_of_an_aligned_block: FAULT;
    a_double_free_with_others_between: FAULT;
    a_double_free_in_another_thread: FAULT;
    a_realloc_after_free: FAULT;
    an_underflow_of_ones: FAULT;
    an_underflow_of_zeros: FAULT;
    a_free_on_the_stack: FAULT;
    a_free_inside_a_block: FAULT;
    a_free_at_an_odd_address: FAULT;

    fork_in_a_plain_process: FORK;
    fork_while_other_threads_are_inside_malloc: FORK_BEHIND;
    fork_from_several_threads_at_once: FORK_BEHIND;
    fork_with_a_hundred_threads_alive: FORK_BEHIND;
    fork_from_a_signal_handler_inside_malloc: FORK;
    forks_within_forks: FORK;
    a_daemon_counts_for_itself: FORK;
    daemon_3_counts_for_itself: FORK;
    vfork_and_exec: FORK;
    posix_spawn_runs_others: FORK;
    exec_in_the_same_pid: FORK;
    exec_from_a_thread_among_others: FORK_BEHIND.cut();
    a_failed_exec_changes_nothing: FORK;
    a_raw_fork_starts_from_zero: FORK;
    a_raw_clone_starts_from_zero: FORK;
    underscore_Fork_starts_from_zero: FORK;
    clone_with_shared_memory_counts_as_its_parent: FORK;
    clone_on_a_stack_of_its_own_starts_from_zero: FORK;
    a_killed_child_leaves_its_counts: FORK;
    fork_handlers_that_allocate: FORK_BEHIND;
    system_and_popen_run_shells: FORK_BEHIND.others(2);
    a_hundred_children_at_once: FORK;
    a_child_that_never_allocates_leaves_a_record: FORK;
    the_rest_of_an_interrupted_call_stays_in_the_child: FORK.libc_blocks(69).others(60);

    short_threads_in_rounds: THREADS;
    two_thousand_threads_one_after_another: THREADS.checks(slots_are_reused);
    detached_threads: THREADS;
    threads_that_end_by_pthread_exit: THREADS;
    frees_in_other_threads: THREADS;
    cancelled_threads: THREADS;
    sixty_five_threads_alive_at_once: THREADS;
    seventy_threads_alive_at_once: THREADS;
    six_hundred_threads_alive_at_once: THREADS.checks(six_hundred_slots_are_in_the_file);
    key_destructors_in_four_rounds: THREADS;
    all_thread_keys: THREADS;
    threads_on_the_smallest_stack: THREADS;
    threads_that_are_signalled_inside_malloc: THREADS;
    pthread_exit_from_main: THREADS;

    return_from_main: END.checks(ended_by_exit);
    exit_with_a_status: END.checks(ended_by_exit);
    underscore_exit: END;
    quick_exit_with_handlers: END.checks(ended_by_quick_exit);
    an_abort: END;
    a_sigterm: END;
    a_sigkill: END;
    a_sigsegv: END;
    a_stack_overflow: END;
    a_trap: END;
    an_exit_from_a_signal_handler: END;
    sigkill_at_any_moment_with_three_threads: behind("ending.c").cut();
    a_sigterm_with_three_threads: behind("ending.c").cut();
    a_crash_with_three_threads: behind("ending.c").cut();
    handlers_at_exit_are_counted: END;
    exit_within_exit: END;

    a_signal_handler_inside_every_call: REENTRY;
    a_signal_handler_on_a_stack_of_its_own: REENTRY;
    signal_handlers_within_signal_handlers: REENTRY;
    a_jump_out_of_a_signal_handler: REENTRY;

    coroutines_of_4_kib: STACKS;
    a_fork_on_a_coroutine_of_8_kib: STACKS;
    an_exit_on_a_coroutine_of_4_kib: STACKS.checks(ended_by_exit);
    a_quick_exit_on_a_coroutine_of_4_kib: STACKS.checks(ended_by_quick_exit);
    an_exit_in_a_thread_on_the_smallest_stack: STACKS_THREADS.checks(ended_by_exit);
    a_fork_in_a_thread_on_the_smallest_stack: STACKS_THREADS.checks(all_ended_by_exit);
    the_last_thread_of_a_child_ends_on_the_smallest_stack: STACKS_THREADS.checks(all_ended_by_exit);
    a_handler_on_the_smallest_alternate_stack: STACKS;
    a_handler_on_an_alternate_stack_of_8_kib: STACKS;
    a_handler_on_an_alternate_stack_of_8_kib_exits: STACKS.checks(ended_by_exit);
    a_handler_on_an_alternate_stack_of_12_kib_exits: STACKS.checks(ended_by_exit);
    a_handler_on_an_alternate_stack_of_12_kib_forks: STACKS.checks(all_ended_by_exit);
    a_signal_while_the_record_is_written: STACKS_THREADS.checks(ended_by_exit);

    a_filter_that_refuses: SANDBOX;
    a_filter_that_knows_no_other_calls: SANDBOX;
    a_filter_that_kills: SANDBOX.checks(ended_by_exit);
    a_filter_that_kills_at_quick_exit: SANDBOX.checks(ended_by_quick_exit);
    a_filter_that_kills_at_exit_in_a_thread: SANDBOX_THREADS.checks(ended_by_exit);
    a_filter_that_refuses_threads: SANDBOX_THREADS;
    a_filter_that_knows_no_other_calls_of_threads: SANDBOX_THREADS;
    a_filter_that_kills_threads: SANDBOX_THREADS.checks(ended_by_exit);
    a_filter_behind_which_another_allocator_serves: behind("sandbox.c").only(&["total_allocs", "total_frees", "reallocs"]);

    descriptors_0_to_1023_closed_at_start: SURROUNDINGS;
    no_descriptor_of_ours_is_open: behind("surroundings.c");
    a_directory_changed_before_a_fork: SURROUNDINGS;
    arguments_and_environment_overwritten: SURROUNDINGS.checks(the_command_is_that_of_the_start);
}

fn the_command_is_that_of_the_start(ran: &Ran) {
    assert_eq!(ran.records.len(), 2);
    for record in ran.records.values() {
        assert_eq!(
            record["command"][1],
            "arguments_and_environment_overwritten"
        );
    }
}

fn ended_by_exit(ran: &Ran) {
    assert_eq!(ran.first()["ended"], "exit");
}

fn all_ended_by_exit(ran: &Ran) {
    assert_eq!(ran.records.len(), 2);
    for record in ran.records.values() {
        assert_eq!(record["ended"], "exit");
    }
}

fn ended_by_quick_exit(ran: &Ran) {
    assert_eq!(ran.first()["ended"], "quick_exit");
}

/// Bytes of the live file.
fn live_bytes(ran: &Ran) -> u64 {
    let name = format!("stats/record.{}.live", ran.first()["pid"]);
    std::fs::metadata(ran.directory.path().join(name))
        .unwrap()
        .len()
}

fn slots_are_reused(ran: &Ran) {
    assert!(ran.first()["threads"].as_u64().unwrap() > 2000);
    assert_eq!(live_bytes(ran), 4096 + 64 * 3840);
}

fn six_hundred_slots_are_in_the_file(ran: &Ran) {
    assert!(ran.first()["threads"].as_u64().unwrap() > 900);
    assert_eq!(live_bytes(ran), 4096 + 1024 * 3840);
}

#[test]
fn the_table_and_the_tests_have_the_same_names() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let table = read("BEHAVIOURS.md");
    let mut explained: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let sources = [
        "allocators.rs",
        "behaviour.rs",
        "behaviours.rs",
        "contract.rs",
        "ends.rs",
        "memcheck.rs",
        "process.rs",
        "sandbox.rs",
        "stacks.rs",
        "stress.rs",
        "surroundings.rs",
    ]
    .map(read);
    let mut tested: Vec<&str> = BEHAVIOURS.to_vec();
    for source in &sources {
        let tests = source.split("\n#[test]\nfn ").skip(1);
        tested.extend(tests.filter_map(|test| test.split('(').next()));
    }
    explained.sort_unstable();
    tested.sort_unstable();
    assert_eq!(explained, tested);
    assert!(tested.len() >= 80);
}
