//! The schemes of the comparison, by their tracking, and its workloads.

/// How the free of a sampled block is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// A header before every block.
    AllHeaders,
    /// A header before sampled blocks, known by its tag.
    SampleHeaders,
    /// The same, known through a table.
    SampleMap,
    /// Nothing.
    Stateless,
    /// No block is sampled.
    None,
}

impl Tracking {
    /// Those that track, in the order of the report.
    pub const ALL: [Tracking; 4] = [
        Tracking::AllHeaders,
        Tracking::SampleHeaders,
        Tracking::SampleMap,
        Tracking::Stateless,
    ];

    /// As in the record.
    pub fn name(self) -> &'static str {
        match self {
            Tracking::AllHeaders => "all-headers",
            Tracking::SampleHeaders => "sample-headers",
            Tracking::SampleMap => "sample-map",
            Tracking::Stateless => "stateless",
            Tracking::None => "none",
        }
    }
}

/// A scheme's name and tracking.
pub struct Scheme {
    /// As in paths and records.
    pub name: &'static str,
    /// Its second axis.
    pub tracking: Tracking,
}

/// All that set comparison runs, in the order of the report.
pub const SCHEMES: [Scheme; 12] = [
    scheme("NONE", Tracking::None),
    scheme("HEADER_HASH", Tracking::AllHeaders),
    scheme("HEADER_PAGE_HASH", Tracking::AllHeaders),
    scheme("HEADER_POISSON_BYTES", Tracking::AllHeaders),
    scheme("HEADER_HYBRID", Tracking::AllHeaders),
    scheme("SAMPLE_HEADERS_POISSON", Tracking::SampleHeaders),
    scheme("SAMPLE_HEADERS_POISSON_MAP", Tracking::SampleMap),
    scheme("SAMPLE_HEADERS_HASH_MAP", Tracking::SampleMap),
    scheme("STATELESS_HASH_XOR", Tracking::Stateless),
    scheme("STATELESS_HASH_SPLITMIX", Tracking::Stateless),
    scheme("STATELESS_HASH_MURMURISH", Tracking::Stateless),
    scheme("STATELESS_POISSON_BERNOULLI", Tracking::Stateless),
];

const fn scheme(name: &'static str, tracking: Tracking) -> Scheme {
    Scheme { name, tracking }
}

/// The baseline.
pub const NONE: &str = "NONE";

/// Place of a scheme in the report.
pub fn rank_of(name: &str) -> Option<usize> {
    SCHEMES.iter().position(|scheme| scheme.name == name)
}

/// Those that sample.
pub fn sampling() -> impl Iterator<Item = &'static Scheme> {
    SCHEMES
        .iter()
        .filter(|scheme| scheme.tracking != Tracking::None)
}

/// The workload with which live blocks are measured: its name, how many blocks, of how many bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// `live-1m-64`.
    pub workload: String,
    /// Blocks alive at the end.
    pub blocks: u64,
    /// Size of each.
    pub size_bytes: u64,
}

/// Live blocks that the matrix has.
pub const LIVE_BLOCKS: [(&str, u64); 3] =
    [("100k", 100_000), ("1m", 1_000_000), ("10m", 10_000_000)];

/// Sizes that the matrix has, in bytes.
pub const LIVE_BYTES: [u64; 4] = [16, 64, 256, 4096];

/// All cells of the memory matrix.
pub fn live_cells() -> Vec<Live> {
    let cell = |(name, blocks): (&str, u64), size_bytes: u64| Live {
        workload: format!("live-{name}-{size_bytes}"),
        blocks,
        size_bytes,
    };
    LIVE_BLOCKS
        .into_iter()
        .flat_map(|blocks| LIVE_BYTES.map(|size_bytes| cell(blocks, size_bytes)))
        .collect()
}

impl Live {
    /// What the blocks take with headers under glibc: the size and 24 bytes, rounded up to 16.
    pub fn needed_bytes(&self) -> u64 {
        self.blocks * (self.size_bytes + 24).next_multiple_of(16)
    }
}

/// The workloads of free accuracy, and how they free.
pub const FREES: [(&str, &str); 4] = [
    ("frees-plain", "plain free"),
    ("frees-realloc", "after realloc"),
    ("frees-cross-thread", "by another thread"),
    ("frees-reuse", "addresses return"),
];

/// The workloads of rates: a million allocations, 5 % leaked; and the one whose addresses return.
pub const MONOTONIC: &str = "monotonic-1m";
/// See [`MONOTONIC`].
pub const REUSE: &str = "reuse-1m";
/// Those whose addresses return: of small blocks, and of blocks on both sides of the hybrid's threshold.
pub const RETURNING: [&str; 2] = [REUSE, "frees-reuse"];
