//! The names of the schemes: pairs of a tracking and a decision.

use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::hash::PAGE_SHIFT;

/// A scheme as `SAMPLER_SCHEME` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A header before every block; the seed's xorshift of the header's address.
    HeaderHash,
    /// A header before every block; a hash of the header's page.
    HeaderPageHash,
    /// A header before every block; exponential gaps in bytes.
    HeaderPoissonBytes,
    /// A header before every block; gaps below [`HYBRID_THRESHOLD_BYTES`](crate::decision::HYBRID_THRESHOLD_BYTES), the hash from there on.
    HeaderHybrid,
    /// A header before every block; each allocation with the same probability.
    HeaderBernoulli,
    /// A header before every block; a hash of the header's address that mixes.
    HeaderHashSplitmix,
    /// A header before every block; everything is sampled, and sizes are kept exactly: what budgets are solved from.
    Sizes,
    /// A header before sampled blocks, recognised by its tag; exponential gaps in bytes.
    SampleHeadersPoisson,
    /// A header before sampled blocks, recognised through a table of addresses; exponential gaps in bytes.
    SampleHeadersPoissonMap,
    /// The same; the xorshift of the address. It must allocate before it can decide, so every block has room for a header.
    SampleHeadersHashMap,
    /// No header; the xorshift of the block's address, computed again at free.
    StatelessHashXor,
    /// No header; SplitMix64's finaliser of the block's address, computed again at free.
    StatelessHashSplitmix,
    /// No header; MurmurHash3's finaliser of the block's address, computed again at free.
    StatelessHashMurmurish,
    /// No header; exponential gaps in bytes, by which each block is sampled independently of the others. Frees are not known.
    StatelessPoissonBernoulli,
    /// No header, no sample; everything is counted: the cost of knowing the truth.
    Count,
    /// Calls are forwarded and not counted: the cost of being interposed.
    None,
}

/// How a free is recognised as the free of a sampled block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingName {
    /// 16 bytes before every block.
    AllHeaders,
    /// 16 bytes before sampled blocks, which vouch for themselves.
    SampleHeaders,
    /// 16 bytes before sampled blocks, whose addresses are in a table.
    SampleMap,
    /// The decision is computed again.
    Stateless,
    /// Not at all.
    None,
}

/// Which allocations are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionName {
    /// By the address.
    Hash,
    /// By the page.
    PageHash,
    /// By exponential gaps in bytes.
    PoissonBytes,
    /// Small sizes by gaps, others by address.
    Hybrid,
    /// By geometric gaps in allocations.
    Bernoulli,
    /// By the address, through a hash that mixes.
    HashSplitmix,
    /// By the address, through another hash that mixes.
    HashMurmurish,
    /// As [`DecisionName::PoissonBytes`], of a scheme that cannot know which frees are of sampled blocks.
    BernoulliBytes,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Scheme {
    /// Every scheme, in the order of reports.
    pub const ALL: [Scheme; 16] = [
        Scheme::HeaderHash,
        Scheme::HeaderPageHash,
        Scheme::HeaderPoissonBytes,
        Scheme::HeaderHybrid,
        Scheme::HeaderBernoulli,
        Scheme::HeaderHashSplitmix,
        Scheme::SampleHeadersPoisson,
        Scheme::SampleHeadersPoissonMap,
        Scheme::SampleHeadersHashMap,
        Scheme::StatelessHashXor,
        Scheme::StatelessHashSplitmix,
        Scheme::StatelessHashMurmurish,
        Scheme::StatelessPoissonBernoulli,
        Scheme::Sizes,
        Scheme::Count,
        Scheme::None,
    ];

    /// The names of [`Scheme::ALL`] as one line, for messages.
    pub const ACCEPTED: &str = "HEADER_HASH, HEADER_PAGE_HASH, HEADER_POISSON_BYTES, HEADER_HYBRID, HEADER_BERNOULLI, HEADER_HASH_SPLITMIX, SAMPLE_HEADERS_POISSON, SAMPLE_HEADERS_POISSON_MAP, SAMPLE_HEADERS_HASH_MAP, STATELESS_HASH_XOR, STATELESS_HASH_SPLITMIX, STATELESS_HASH_MURMURISH, STATELESS_POISSON_BERNOULLI, SIZES, COUNT, NONE";

    /// The name users type.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::HeaderHash => "HEADER_HASH",
            Scheme::HeaderPageHash => "HEADER_PAGE_HASH",
            Scheme::HeaderPoissonBytes => "HEADER_POISSON_BYTES",
            Scheme::HeaderHybrid => "HEADER_HYBRID",
            Scheme::HeaderBernoulli => "HEADER_BERNOULLI",
            Scheme::HeaderHashSplitmix => "HEADER_HASH_SPLITMIX",
            Scheme::SampleHeadersPoisson => "SAMPLE_HEADERS_POISSON",
            Scheme::SampleHeadersPoissonMap => "SAMPLE_HEADERS_POISSON_MAP",
            Scheme::SampleHeadersHashMap => "SAMPLE_HEADERS_HASH_MAP",
            Scheme::StatelessHashXor => "STATELESS_HASH_XOR",
            Scheme::StatelessHashSplitmix => "STATELESS_HASH_SPLITMIX",
            Scheme::StatelessHashMurmurish => "STATELESS_HASH_MURMURISH",
            Scheme::StatelessPoissonBernoulli => "STATELESS_POISSON_BERNOULLI",
            Scheme::Sizes => "SIZES",
            Scheme::Count => "COUNT",
            Scheme::None => "NONE",
        }
    }

    /// The scheme of exactly this name.
    pub fn from_name(name: &[u8]) -> Option<Scheme> {
        Scheme::ALL
            .into_iter()
            .find(|scheme| scheme.name().as_bytes() == name)
    }

    /// The tracking half of the pair.
    pub const fn tracking(self) -> TrackingName {
        match self {
            Scheme::SampleHeadersPoisson => TrackingName::SampleHeaders,
            Scheme::SampleHeadersPoissonMap | Scheme::SampleHeadersHashMap => {
                TrackingName::SampleMap
            }
            Scheme::StatelessHashXor
            | Scheme::StatelessHashSplitmix
            | Scheme::StatelessHashMurmurish
            | Scheme::StatelessPoissonBernoulli => TrackingName::Stateless,
            Scheme::Count | Scheme::None => TrackingName::None,
            _ => TrackingName::AllHeaders,
        }
    }

    /// The decision half of the pair.
    pub const fn decision(self) -> DecisionName {
        match self {
            Scheme::HeaderHash | Scheme::SampleHeadersHashMap | Scheme::StatelessHashXor => {
                DecisionName::Hash
            }
            Scheme::HeaderPageHash => DecisionName::PageHash,
            Scheme::HeaderPoissonBytes
            | Scheme::SampleHeadersPoisson
            | Scheme::SampleHeadersPoissonMap => DecisionName::PoissonBytes,
            Scheme::HeaderHybrid => DecisionName::Hybrid,
            Scheme::HeaderBernoulli => DecisionName::Bernoulli,
            Scheme::HeaderHashSplitmix | Scheme::StatelessHashSplitmix => {
                DecisionName::HashSplitmix
            }
            Scheme::StatelessHashMurmurish => DecisionName::HashMurmurish,
            Scheme::StatelessPoissonBernoulli => DecisionName::BernoulliBytes,
            Scheme::Sizes => DecisionName::Always,
            Scheme::Count | Scheme::None => DecisionName::Never,
        }
    }
}

impl TrackingName {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            TrackingName::AllHeaders => "all-headers",
            TrackingName::SampleHeaders => "sample-headers",
            TrackingName::SampleMap => "sample-map",
            TrackingName::Stateless => "stateless",
            TrackingName::None => "none",
        }
    }

    /// Whether the free of a sampled block tells what it requested.
    pub const fn knows_freed_sizes(self) -> bool {
        matches!(
            self,
            TrackingName::AllHeaders | TrackingName::SampleHeaders | TrackingName::SampleMap
        )
    }
}

impl DecisionName {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            DecisionName::Hash => "hash",
            DecisionName::PageHash => "page-hash",
            DecisionName::PoissonBytes => "poisson-bytes",
            DecisionName::Hybrid => "hybrid",
            DecisionName::Bernoulli => "bernoulli",
            DecisionName::HashSplitmix => "hash-splitmix",
            DecisionName::HashMurmurish => "hash-murmurish",
            DecisionName::BernoulliBytes => "bernoulli-bytes",
            DecisionName::Always => "always",
            DecisionName::Never => "none",
        }
    }

    /// Whether `SAMPLER_HASH_MASK` matters.
    pub const fn uses_mask(self) -> bool {
        matches!(
            self,
            DecisionName::Hash
                | DecisionName::PageHash
                | DecisionName::Hybrid
                | DecisionName::Bernoulli
                | DecisionName::HashSplitmix
                | DecisionName::HashMurmurish
        )
    }

    /// Whether blocks share their fate with others of the same key.
    pub const fn has_keys(self) -> bool {
        self.uses_mask() && !matches!(self, DecisionName::Bernoulli)
    }

    /// Whether keys are sampled independently of each other, as a variance over keys supposes. The seed's hash is linear: on regular layouts, such as blocks
    /// side by side, its keys share their fate or exclude each other.
    pub const fn has_independent_keys(self) -> bool {
        matches!(
            self,
            DecisionName::HashSplitmix | DecisionName::HashMurmurish
        )
    }

    /// Whether it is known after a free that the block was sampled.
    pub const fn knows_frees(self) -> bool {
        !matches!(self, DecisionName::BernoulliBytes)
    }

    /// Whether a block of this size shares its fate.
    pub const fn has_key(self, size: u64) -> bool {
        match self {
            DecisionName::Hybrid => size >= HYBRID_THRESHOLD_BYTES,
            _ => self.has_keys(),
        }
    }

    /// The key by which a block of this size is decided, if it has one: the header's address or its page.
    pub const fn key(self, header: u64, size: u64) -> Option<u64> {
        match self {
            DecisionName::PageHash => Some(header >> PAGE_SHIFT),
            _ if self.has_key(size) => Some(header),
            _ => None,
        }
    }

    /// Whether `SAMPLER_POISSON_MEAN_BYTES` matters.
    pub const fn uses_mean(self) -> bool {
        matches!(
            self,
            DecisionName::PoissonBytes | DecisionName::Hybrid | DecisionName::BernoulliBytes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn every_name_reads_back_and_is_in_the_accepted_list() {
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_name(scheme.name().as_bytes()), Some(scheme));
        }
        let names: Vec<&str> = Scheme::ALL.iter().map(|scheme| scheme.name()).collect();
        assert_eq!(names.join(", "), String::from(Scheme::ACCEPTED));
    }

    /// The pairs that users know, written down once more by hand.
    #[test]
    fn each_scheme_is_its_pair_of_tracking_and_decision() {
        let pairs = [
            ("HEADER_HASH", "all-headers", "hash"),
            ("HEADER_PAGE_HASH", "all-headers", "page-hash"),
            ("HEADER_POISSON_BYTES", "all-headers", "poisson-bytes"),
            ("HEADER_HYBRID", "all-headers", "hybrid"),
            ("HEADER_BERNOULLI", "all-headers", "bernoulli"),
            ("HEADER_HASH_SPLITMIX", "all-headers", "hash-splitmix"),
            ("SAMPLE_HEADERS_POISSON", "sample-headers", "poisson-bytes"),
            ("SAMPLE_HEADERS_POISSON_MAP", "sample-map", "poisson-bytes"),
            ("SAMPLE_HEADERS_HASH_MAP", "sample-map", "hash"),
            ("STATELESS_HASH_XOR", "stateless", "hash"),
            ("STATELESS_HASH_SPLITMIX", "stateless", "hash-splitmix"),
            ("STATELESS_HASH_MURMURISH", "stateless", "hash-murmurish"),
            (
                "STATELESS_POISSON_BERNOULLI",
                "stateless",
                "bernoulli-bytes",
            ),
            ("SIZES", "all-headers", "always"),
            ("COUNT", "none", "none"),
            ("NONE", "none", "none"),
        ];
        let found = Scheme::ALL.map(|scheme| {
            let (tracking, decision) = (scheme.tracking().name(), scheme.decision().name());
            (scheme.name(), tracking, decision)
        });
        assert_eq!(found, pairs);
    }

    #[test]
    fn a_parameter_matters_to_the_decisions_that_read_it() {
        let of = |is_used: fn(DecisionName) -> bool| {
            let using = Scheme::ALL
                .into_iter()
                .map(Scheme::decision)
                .filter(|&decision| is_used(decision));
            let mut names: Vec<&str> = using.map(DecisionName::name).collect();
            names.sort_unstable();
            names.dedup();
            names.join(" ")
        };
        let hashes = "hash hash-murmurish hash-splitmix hybrid page-hash";
        assert_eq!(
            of(DecisionName::uses_mask),
            std::format!("bernoulli {hashes}")
        );
        assert_eq!(of(DecisionName::has_keys), hashes);
        assert_eq!(
            of(DecisionName::uses_mean),
            "bernoulli-bytes hybrid poisson-bytes"
        );
    }

    #[test]
    fn a_key_is_the_address_or_its_page_and_small_blocks_of_the_hybrid_have_none() {
        let header = 0x7F12_3456_7890;
        for (decision, size, key) in [
            (DecisionName::Hash, 1, Some(header)),
            (DecisionName::HashSplitmix, 1 << 40, Some(header)),
            (DecisionName::PageHash, 1, Some(0x7_F123_4567)),
            (DecisionName::Hybrid, 255, None),
            (DecisionName::Hybrid, 256, Some(header)),
            (DecisionName::PoissonBytes, 1 << 40, None),
            (DecisionName::Bernoulli, 1, None),
            (DecisionName::Never, 1, None),
        ] {
            assert_eq!(decision.key(header, size), key, "{decision:?}, {size}");
            assert_eq!(
                decision.has_key(size),
                key.is_some(),
                "{decision:?}, {size}"
            );
        }
    }

    #[test]
    fn a_name_is_matched_whole_and_in_its_case() {
        for wrong in [
            &b""[..],
            b"header_hash",
            b"HEADER_HASH ",
            b"HEADER",
            b"PLAIN",
        ] {
            assert_eq!(Scheme::from_name(wrong), None);
        }
    }
}
