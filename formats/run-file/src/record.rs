//! A process's record as the library writes it. FORMAT.md says what each field means.
//!
//! A new field of the record is a field here. Only what some schemes alone write is an `Option` with a default.
#![allow(missing_docs)]

use serde::{Deserialize, Serialize};

use crate::value::{Hex, Nullable};

/// One process of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub format: String,
    pub format_version: u64,
    pub library_version: String,
    pub pid: u64,
    pub parent_pid: u64,
    pub image: u64,
    pub command: Vec<String>,
    pub command_cut: bool,
    pub next_allocator: Nullable<String>,
    pub bypassed: bool,
    pub ended: String,
    pub peak_rss_bytes: Nullable<u64>,
    pub scheme: String,
    pub tracking: String,
    pub decision: String,
    pub header_size: u64,
    pub truth: bool,
    pub hash_mask: Nullable<u64>,
    pub hash_salt: Nullable<Hex>,
    pub poisson_mean_bytes: Nullable<u64>,
    pub hybrid_threshold: Nullable<u64>,
    pub window_size: u64,
    pub seed: Hex,
    pub threads: Nullable<u64>,
    pub total_allocs: Nullable<u64>,
    pub total_bytes_alloc: Nullable<u64>,
    pub total_frees: Nullable<u64>,
    pub total_bytes_freed: Nullable<u64>,
    pub reallocs: Nullable<u64>,
    pub failed_calls: Nullable<u64>,
    pub foreign_frees: Nullable<u64>,
    pub foreign_reallocs: Nullable<u64>,
    pub zero_size_allocs: Nullable<u64>,
    pub sampled_allocs: Nullable<u64>,
    pub sampled_bytes_alloc: Nullable<u64>,
    pub sampled_frees: Nullable<u64>,
    pub sampled_bytes_freed: Nullable<u64>,
    pub freed_sizes_are_usable_sizes: bool,
    pub sampled_frees_estimate: Nullable<f64>,
    pub sampled_frees_estimate_variance: Nullable<f64>,
    pub sampled_live_allocs_estimate: Nullable<i64>,
    pub sample_rate_allocs: Nullable<f64>,
    pub sample_rate_bytes: Nullable<f64>,
    pub windows_total: Nullable<u64>,
    pub windows_zero_sampled: Nullable<u64>,
    pub window_remainder_allocs: Nullable<u64>,
    /// At the three scales.
    pub windows: Nullable<Vec<Window>>,
    pub gaps_allocs: Nullable<Gaps>,
    pub gaps_bytes: Nullable<Gaps>,
    pub approx_unique_pages: Nullable<u64>,
    pub approx_sampled_pages: Nullable<u64>,
    pub table: Nullable<Table>,
    pub unused_header_bytes: Nullable<u64>,
    pub estimates: Nullable<Estimates>,
    pub gap_samples: Nullable<Vec<GapSample>>,
    /// In the order of `sampler_core::bins::BIN_NAMES`.
    pub size_bins: Vec<SizeBin>,
    pub losses: Losses,
}

/// The windows of one scale.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Window {
    pub size: u64,
    pub total: u64,
    pub zero_sampled: u64,
    pub remainder_allocs: u64,
}

/// The gaps between samples on one clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gaps {
    pub n: u64,
    pub sum: u64,
    pub sum_squares: f64,
    pub sum_lag1_products: f64,
    pub max: u64,
    pub unfinished_sum: u64,
    pub log2_histogram: Vec<u64>,
}

/// The table of addresses.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Table {
    pub inserts: u64,
    pub lookups: u64,
    pub deletes: u64,
    pub entries: u64,
    pub entries_peak: u64,
    pub bytes: u64,
}

/// The first gaps of a slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GapSample {
    pub clock: String,
    pub unfinished: Nullable<u64>,
    /// The gap, and the bytes of the block that ended it.
    pub gaps: Vec<(u64, u64)>,
}

/// One size bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SizeBin {
    pub bin: String,
    pub total_allocs: Nullable<u64>,
    pub total_bytes: Nullable<u64>,
    pub sampled_allocs: Nullable<u64>,
    pub sampled_bytes: Nullable<u64>,
}

/// What went wrong inside a process; all 0 in a healthy one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Losses {
    pub calls_without_slot: u64,
    pub samples_in_reentry: u64,
    pub pages_without_table: u64,
    pub slots_outside_file: u64,
    pub children_without_record: u64,
    pub samples_without_entry: u64,
}

/// An estimate of one quantity.
#[derive(Clone, Copy, Debug)]
pub struct Estimated {
    /// `None` where it cannot be known.
    pub value: Option<f64>,
    /// For independent decisions.
    pub variance: Option<f64>,
    /// Where blocks of one key share their fate; of schemes that hash only, and only if every key found room.
    pub variance_by_key: Option<f64>,
}

/// A struct with the fields given and those that the whole and every size bin have. (`#[serde(flatten)]` would lose the way to a
/// field that is wrong.)
macro_rules! estimates {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            pub allocs: f64,
            pub bytes: f64,
            pub allocs_variance: f64,
            pub bytes_variance: f64,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub allocs_variance_by_key: Option<f64>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub bytes_variance_by_key: Option<f64>,
            pub live_allocs: Nullable<f64>,
            pub live_bytes: Nullable<f64>,
            pub live_allocs_variance: Nullable<f64>,
            pub live_bytes_variance: Nullable<f64>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub live_allocs_variance_by_key: Option<f64>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub live_bytes_variance_by_key: Option<f64>,
            $(pub $field: $type,)*
        }

        impl $name {
            /// Allocations, bytes, and both of live blocks.
            pub fn estimated(&self) -> [Estimated; 4] {
                [
                    (Some(self.allocs), Some(self.allocs_variance), self.allocs_variance_by_key),
                    (Some(self.bytes), Some(self.bytes_variance), self.bytes_variance_by_key),
                    (self.live_allocs.0, self.live_allocs_variance.0, self.live_allocs_variance_by_key),
                    (self.live_bytes.0, self.live_bytes_variance.0, self.live_bytes_variance_by_key),
                ]
                .map(|(value, variance, variance_by_key)| Estimated { value, variance, variance_by_key })
            }
        }
    };
}

estimates! {
    /// What the samples of a process stand for.
    Estimates {
        samples_without_key: u64,
        inherited_samples: Nullable<u64>,
        independent_keys: Nullable<bool>,
        tcmalloc_allocs: Nullable<f64>,
        tcmalloc_bytes: Nullable<f64>,
        draws_allocs: Nullable<f64>,
        draws_bytes: Nullable<f64>,
        draws_below_mean_allocs: Nullable<f64>,
        draws_below_mean_bytes: Nullable<f64>,
        size_bins: Vec<BinEstimates>,
    }
}

estimates! {
    /// What the samples of one size bin stand for.
    BinEstimates {
        bin: String,
    }
}
