//! The schemes that are compared at equal budget, and what each one's randomness is.

/// How a scheme decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Each block by itself, with one probability.
    Bernoulli,
    /// Each block by itself, with a probability that grows with its size.
    PoissonBytes,
    /// Small blocks by gaps in bytes, others by address.
    Hybrid,
    /// By address.
    Hash,
    /// By page.
    PageHash,
}

/// One scheme.
pub struct Scheme {
    /// As in paths and records.
    pub name: &'static str,
    pub decision: Decision,
}

/// In the order of the report.
pub const SCHEMES: [Scheme; 6] = [
    scheme("HEADER_POISSON_BYTES", Decision::PoissonBytes),
    scheme("HEADER_BERNOULLI", Decision::Bernoulli),
    scheme("HEADER_HYBRID", Decision::Hybrid),
    scheme("HEADER_HASH_SPLITMIX", Decision::Hash),
    scheme("HEADER_HASH", Decision::Hash),
    scheme("HEADER_PAGE_HASH", Decision::PageHash),
];

const fn scheme(name: &'static str, decision: Decision) -> Scheme {
    Scheme { name, decision }
}

impl Scheme {
    /// Whether its keys are sampled independently of each other, as a variance by key supposes: the seed's hash is linear, and decides about those of a regular
    /// layout together.
    pub fn has_independent_keys(&self) -> bool {
        self.name == "HEADER_HASH_SPLITMIX"
    }
}

/// Sizes below it are the hybrid's drawn half.
pub const HYBRID_THRESHOLD_BYTES: f64 = 256.0;

/// Its place in [`SCHEMES`].
pub fn rank_of(name: &str) -> Option<usize> {
    SCHEMES.iter().position(|scheme| scheme.name == name)
}

impl Decision {
    /// Whether some of its decisions are drawn.
    pub fn draws(self) -> bool {
        matches!(
            self,
            Decision::Bernoulli | Decision::PoissonBytes | Decision::Hybrid
        )
    }

    /// Whether blocks of one address (of one page) share their fate, so that a variance for independent decisions is not theirs.
    pub fn has_keys(self) -> bool {
        matches!(self, Decision::Hybrid | Decision::Hash | Decision::PageHash)
    }

    /// Whether a block of this size ends a gap in bytes.
    pub fn draws_bytes(self, size_bytes: f64) -> bool {
        match self {
            Decision::PoissonBytes => true,
            Decision::Hybrid => size_bytes < HYBRID_THRESHOLD_BYTES,
            _ => false,
        }
    }
}
