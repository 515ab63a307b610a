//! What this project wants each scheme to cost at most. The instruction bounds are also a test of the library.

/// Bounds of one subject.
pub struct Bounds {
    pub name: &'static str,
    /// `SAMPLER_TRUTH`; `NONE` has none.
    pub truth: Option<bool>,
    /// Instructions of a pair over `NONE` (of `NONE` itself: over plain glibc).
    pub instructions: f64,
    /// Time over plain glibc, loop window, one thread and two.
    pub time: [Option<f64>; 2],
}

const fn bound(
    name: &'static str,
    truth: Option<bool>,
    instructions: f64,
    one: f64,
    two: f64,
) -> Bounds {
    Bounds {
        name,
        truth,
        instructions,
        time: [Some(one), Some(two)],
    }
}

const fn without_time(name: &'static str, truth: Option<bool>, instructions: f64) -> Bounds {
    Bounds {
        name,
        truth,
        instructions,
        time: [None, None],
    }
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

/// All of them.
pub const BOUNDS: [Bounds; 17] = [
    bound("NONE", None, 8.0, 1.08, 1.07),
    bound("COUNT", YES, 24.0, 1.15, 1.13),
    bound("HEADER_POISSON_BYTES", YES, 50.0, 1.31, 1.28),
    bound("HEADER_POISSON_BYTES", NO, 34.0, 1.27, 1.24),
    bound("HEADER_HASH", YES, 64.0, 1.37, 1.35),
    bound("HEADER_PAGE_HASH", YES, 64.0, 1.37, 1.35),
    bound("HEADER_HYBRID", YES, 64.0, 1.37, 1.35),
    bound("SAMPLE_HEADERS_POISSON", YES, 36.0, 1.20, 1.20),
    without_time("SAMPLE_HEADERS_POISSON", NO, 20.0),
    bound("SAMPLE_HEADERS_POISSON_MAP", YES, 48.0, 1.30, 1.30),
    without_time("SAMPLE_HEADERS_POISSON_MAP", NO, 34.0),
    bound("SAMPLE_HEADERS_HASH_MAP", YES, 48.0, 1.30, 1.30),
    without_time("SAMPLE_HEADERS_HASH_MAP", NO, 34.0),
    bound("STATELESS_HASH_XOR", YES, 44.0, 1.24, 1.24),
    without_time("STATELESS_HASH_XOR", NO, 30.0),
    bound("STATELESS_HASH_SPLITMIX", YES, 44.0, 1.24, 1.24),
    bound("STATELESS_HASH_MURMURISH", YES, 44.0, 1.24, 1.24),
];

/// Of this subject, if there are any.
pub fn of(name: &str, truth: Option<bool>) -> Option<&'static Bounds> {
    BOUNDS
        .iter()
        .find(|bounds| bounds.name == name && bounds.truth == truth)
}

/// A real program under a scheme: CPU time over none.
pub const PROGRAMS: [(&str, &str, f64); 3] = [
    ("redis", "HEADER_POISSON_BYTES", 1.10),
    ("python3", "HEADER_POISSON_BYTES", 1.14),
    ("sqlite3", "HEADER_POISSON_BYTES", 1.03),
];

/// Over an unsampled block, malloc and free together.
pub const SAMPLE_EXTRA_NS: f64 = 150.0;
/// Resident, whatever the program does.
pub const FIXED_BYTES: f64 = 1_048_576.0;
/// Resident, of each thread.
pub const THREAD_BYTES: f64 = 4096.0;
/// Throughput of two threads over that of one.
pub const GROWTH: f64 = 1.8;
