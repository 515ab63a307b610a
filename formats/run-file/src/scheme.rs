//! The schemes of runs: those of `sampler-core`, and `PLAIN`, a run without the library.

use std::cmp::Ordering;
use std::fmt;

use sampler_core::{DecisionName, Scheme as Sampler, TrackingName};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// The scheme of a run. Schemes are in the order in which tables list them: as in `sampler-core`, then `PLAIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The library was loaded.
    Sampler(Sampler),
    /// No library was loaded: the run has no records.
    Plain,
}

const PLAIN: &str = "PLAIN";

impl Scheme {
    /// The run that costs are compared with: calls were forwarded, not counted.
    pub const NONE: Scheme = Scheme::Sampler(Sampler::None);

    /// The names of all schemes as tables of costs list them: first those that the others are compared with.
    pub const BASELINES_FIRST: [&'static str; Sampler::ALL.len() + 1] = baselines_first();

    /// Every scheme, in order.
    pub fn all() -> impl Iterator<Item = Scheme> {
        Sampler::ALL
            .into_iter()
            .map(Scheme::Sampler)
            .chain([Scheme::Plain])
    }

    /// The scheme of exactly this name.
    pub fn from_name(name: &str) -> Option<Scheme> {
        match name {
            PLAIN => Some(Scheme::Plain),
            _ => Sampler::from_name(name.as_bytes()).map(Scheme::Sampler),
        }
    }

    /// All names, for an error that says what is accepted.
    pub fn accepted() -> String {
        format!("{}, {PLAIN}", Sampler::ACCEPTED)
    }

    /// As in `SAMPLER_SCHEME` and in paths.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Sampler(scheme) => scheme.name(),
            Scheme::Plain => PLAIN,
        }
    }

    /// How a free of a sampled block is recognised.
    pub fn tracking(self) -> TrackingName {
        match self {
            Scheme::Sampler(scheme) => scheme.tracking(),
            Scheme::Plain => TrackingName::None,
        }
    }

    /// Which allocations are sampled.
    pub fn decision(self) -> DecisionName {
        match self {
            Scheme::Sampler(scheme) => scheme.decision(),
            Scheme::Plain => DecisionName::Never,
        }
    }

    /// Whether the free of a sampled block is known as one. Where each block was drawn by itself and nothing kept, it is not.
    pub fn knows_sampled_frees(self) -> bool {
        self.decision() != DecisionName::BernoulliBytes
    }

    /// Whether some allocations may be sampled.
    pub fn samples(self) -> bool {
        self.decision() != DecisionName::Never
    }
}

const fn baselines_first() -> [&'static str; Sampler::ALL.len() + 1] {
    let mut names = [PLAIN; Sampler::ALL.len() + 1];
    (names[1], names[2]) = (Sampler::None.name(), Sampler::Count.name());
    let (mut scheme, mut place) = (0, 3);
    while scheme < Sampler::ALL.len() {
        if !matches!(Sampler::ALL[scheme], Sampler::None | Sampler::Count) {
            names[place] = Sampler::ALL[scheme].name();
            place += 1;
        }
        scheme += 1;
    }
    names
}

impl Ord for Scheme {
    fn cmp(&self, other: &Scheme) -> Ordering {
        let place = |scheme: Scheme| Scheme::all().position(|listed| listed == scheme);
        place(*self).cmp(&place(*other))
    }
}

impl PartialOrd for Scheme {
    fn partial_cmp(&self, other: &Scheme) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Scheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scheme, D::Error> {
        deserializer.deserialize_str(SchemeVisitor)
    }
}

struct SchemeVisitor;

impl Visitor<'_> for SchemeVisitor {
    type Value = Scheme;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "one of {}", Scheme::accepted())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Scheme, E> {
        Scheme::from_name(name).ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}
