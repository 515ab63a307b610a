//! The scheme names, in the order in which tables list them. A name that is not here is refused: it is a typing error or a
//! scheme that this version does not understand.

/// One scheme and its two axes.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// As in `SAMPLER_SCHEME` and in paths.
    pub name: &'static str,
    /// How a free of a sampled block is recognised.
    pub tracking: &'static str,
    /// Which allocations are sampled.
    pub decision: &'static str,
}

impl Scheme {
    /// `PLAIN`: no library was loaded, so the run has no records.
    pub fn is_plain(&self) -> bool {
        self.name == "PLAIN"
    }

    /// `NONE`: calls were forwarded, not counted; the run that costs are compared with.
    pub fn is_none(&self) -> bool {
        self.name == "NONE"
    }

    /// Whether the free of a sampled block is known as one. Where each block was drawn by itself and nothing kept, it is not.
    pub fn knows_sampled_frees(&self) -> bool {
        self.decision != "bernoulli-bytes"
    }

    /// Whether some allocations may be sampled.
    pub fn samples(&self) -> bool {
        self.decision != "none"
    }
}

const fn scheme(name: &'static str, tracking: &'static str, decision: &'static str) -> Scheme {
    Scheme {
        name,
        tracking,
        decision,
    }
}

/// All of them, as `sampler-core` orders its reports, then `PLAIN`.
pub static SCHEMES: [Scheme; 17] = [
    scheme("HEADER_HASH", "all-headers", "hash"),
    scheme("HEADER_PAGE_HASH", "all-headers", "page-hash"),
    scheme("HEADER_POISSON_BYTES", "all-headers", "poisson-bytes"),
    scheme("HEADER_HYBRID", "all-headers", "hybrid"),
    scheme("HEADER_BERNOULLI", "all-headers", "bernoulli"),
    scheme("HEADER_HASH_SPLITMIX", "all-headers", "hash-splitmix"),
    scheme("SAMPLE_HEADERS_POISSON", "sample-headers", "poisson-bytes"),
    scheme("SAMPLE_HEADERS_POISSON_MAP", "sample-map", "poisson-bytes"),
    scheme("SAMPLE_HEADERS_HASH_MAP", "sample-map", "hash"),
    scheme("STATELESS_HASH_XOR", "stateless", "hash"),
    scheme("STATELESS_HASH_SPLITMIX", "stateless", "hash-splitmix"),
    scheme("STATELESS_HASH_MURMURISH", "stateless", "hash-murmurish"),
    scheme(
        "STATELESS_POISSON_BERNOULLI",
        "stateless",
        "bernoulli-bytes",
    ),
    scheme("SIZES", "all-headers", "always"),
    scheme("COUNT", "none", "none"),
    scheme("NONE", "none", "none"),
    scheme("PLAIN", "none", "none"),
];

/// The place of a name in [`SCHEMES`].
pub fn rank_of(name: &str) -> Option<usize> {
    SCHEMES.iter().position(|scheme| scheme.name == name)
}

/// All names, for an error that says what is accepted.
pub fn accepted() -> String {
    SCHEMES.each_ref().map(|scheme| scheme.name).join(", ")
}
