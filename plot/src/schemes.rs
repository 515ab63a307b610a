//! The schemes that are drawn, each with a look that is the same in every figure.

use gnuplot::DashType::{self, Dash, DotDash, Solid};

use crate::tables::{Summary, Tables};
use crate::text;

/// A scheme's name and look.
#[derive(Debug, PartialEq)]
pub struct Scheme {
    pub name: &'static str,
    pub color: &'static str,
    /// The colour over white, for areas that black has to be read on.
    pub fill: &'static str,
    /// A symbol of the gnuplot crate, so that curves can be told apart without colour.
    pub marker: char,
    /// The same.
    pub dash: DashType,
}

/// In the order in which they are drawn. The colours are Okabe and Ito's, which keep apart under the common colour blindnesses.
pub const ALL_HEADERS: [Scheme; 4] = [
    Scheme {
        name: "HEADER_HASH",
        color: "#0072B2",
        fill: "#73B1D5",
        marker: 'O',
        dash: Solid,
    },
    PAGE_HASH,
    Scheme {
        name: "HEADER_POISSON_BYTES",
        color: "#009E73",
        fill: "#73CAB2",
        marker: 'T',
        dash: Dash,
    },
    Scheme {
        name: "HEADER_HYBRID",
        color: "#CC79A7",
        fill: "#E3B5CF",
        marker: 'R',
        dash: DotDash,
    },
];

/// The one scheme that has pages.
pub const PAGE_HASH: Scheme = Scheme {
    name: "HEADER_PAGE_HASH",
    color: "#E69F00",
    fill: "#F1CA73",
    marker: 'S',
    dash: Solid,
};

impl Summary {
    /// The scheme's parameters, as a reader would set them: `mask 0xFF, mean gap 64 KiB`.
    pub fn parameters(&self) -> String {
        let mask = self.hash_mask.map(|mask| format!("mask 0x{mask:X}"));
        let mean = self
            .poisson_mean_bytes
            .map(|mean| format!("mean gap {}", text::bytes(mean)));
        let both: Vec<_> = mask.into_iter().chain(mean).collect();
        both.join(", ")
    }
}

/// The share of keys that a mask samples: 2^-8 = 0.39 % for 0xFF.
pub fn mask_rate(mask: u64) -> f64 {
    0.5f64.powi(mask.count_ones() as i32)
}

/// The masks of the all-headers schemes of these workloads, each once.
pub fn masks<'a>(tables: &Tables, workloads: impl IntoIterator<Item = &'a String>) -> Vec<u64> {
    let mut masks = Vec::new();
    for workload in workloads {
        for scheme in &ALL_HEADERS {
            let summary = tables.summary(workload, scheme, "sample_rate_allocs");
            masks.extend(summary.and_then(|summary| summary.hash_mask));
        }
    }
    masks.sort_unstable();
    masks.dedup();
    masks
}

/// The schemes that ran under a workload, with their parameters, for a legend.
pub fn with_parameters(tables: &Tables, workload: &str) -> Vec<(&'static Scheme, String)> {
    let mut schemes = Vec::new();
    for scheme in &ALL_HEADERS {
        if let Some(summary) = tables.summary(workload, scheme, "sample_rate_allocs") {
            let text = format!("{} ({})", scheme.name, summary.parameters());
            schemes.push((scheme, text));
        }
    }
    schemes
}
