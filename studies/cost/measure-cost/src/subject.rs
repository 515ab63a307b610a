//! Who is measured: no library, every scheme, and other allocators and profilers that are installed.

use std::fs;
use std::path::PathBuf;

use sampler_core::Scheme;
use serde_json::{Value, json};

/// The mean of the byte schemes: what profilers ship.
pub const MEAN_BYTES: &str = "524288";
/// The mask of the hashes: the seed's.
pub const MASK: &str = "0xFF";

/// One of them.
#[derive(Clone)]
pub struct Subject {
    /// `PLAIN`, a scheme, or a peer.
    pub name: String,
    /// `SAMPLER_TRUTH`, for schemes that count.
    pub truth: Option<bool>,
    /// What is put under the program.
    pub library: Library,
    /// Variables of a peer.
    variables: Vec<(&'static str, &'static str)>,
}

/// What is put under the program.
#[derive(Clone, PartialEq)]
pub enum Library {
    /// Nothing.
    None,
    /// This project's.
    Ours(Scheme),
    /// A peer's.
    Peer(PathBuf),
}

/// How much is sampled.
#[derive(Clone, Copy, PartialEq)]
pub enum Rate {
    /// By the mask and the mean above.
    Usual,
    /// No allocation.
    Nothing,
    /// So often that the cost of a sample shows: every allocation by the hashes; by the byte schemes two in five of the small
    /// loops' sizes, since a mean below the sizes would draw several gaps for each sample.
    Often,
}

/// A peer, by its library's file name.
struct Peer {
    name: &'static str,
    library: &'static str,
    variables: &'static [(&'static str, &'static str)],
}

const PEERS: [Peer; 6] = [
    Peer {
        name: "jemalloc",
        library: "libjemalloc.so.2",
        variables: &[],
    },
    Peer {
        name: "jemalloc sampling",
        library: "libjemalloc.so.2",
        variables: &[(
            "MALLOC_CONF",
            "prof:true,prof_active:true,lg_prof_sample:19",
        )],
    },
    Peer {
        name: "tcmalloc",
        library: "libtcmalloc.so.4",
        variables: &[],
    },
    Peer {
        name: "tcmalloc sampling",
        library: "libtcmalloc.so.4",
        variables: &[("TCMALLOC_SAMPLE_PARAMETER", MEAN_BYTES)],
    },
    Peer {
        name: "mimalloc",
        library: "libmimalloc.so.2",
        variables: &[],
    },
    Peer {
        name: "heaptrack",
        library: "libheaptrack_preload.so",
        variables: &[("DUMP_HEAPTRACK_OUTPUT", "/dev/null")],
    },
];

/// Where distributions keep shared libraries.
const DIRECTORIES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/heaptrack",
    "/usr/lib/x86_64-linux-gnu/heaptrack",
    "/usr/lib64/heaptrack",
    "/usr/lib64",
    "/usr/lib",
];

/// Schemes whose cost without the truth is of interest: what a production sampler would be.
const WITHOUT_TRUTH: [Scheme; 5] = [
    Scheme::HeaderPoissonBytes,
    Scheme::SampleHeadersPoisson,
    Scheme::SampleHeadersPoissonMap,
    Scheme::SampleHeadersHashMap,
    Scheme::StatelessHashXor,
];

impl Subject {
    /// The variables that put it under a program.
    pub fn environment(&self, bench_library: &str, rate: Rate) -> Vec<(String, String)> {
        let mut environment = Vec::new();
        let mut set = |name: &str, value: &str| environment.push((name.into(), value.into()));
        match &self.library {
            Library::None => {}
            Library::Peer(path) => set("LD_PRELOAD", &path.to_string_lossy()),
            Library::Ours(scheme) => {
                let (mask, mean) = match rate {
                    Rate::Usual => (MASK, MEAN_BYTES),
                    Rate::Nothing => ("0xFFFFFFFFFFFFFFFF", "72057594037927936"),
                    Rate::Often => ("0", "256"),
                };
                set("LD_PRELOAD", bench_library);
                set("SAMPLER_SCHEME", scheme.name());
                set("SAMPLER_HASH_MASK", mask);
                set("SAMPLER_POISSON_MEAN_BYTES", mean);
                set(
                    "SAMPLER_TRUTH",
                    if self.truth == Some(false) { "0" } else { "1" },
                );
            }
        }
        for (name, value) in &self.variables {
            set(name, value);
        }
        environment
    }

    /// Whether some allocations are sampled, by our library.
    pub fn samples(&self) -> bool {
        matches!(&self.library, Library::Ours(scheme) if !matches!(scheme, Scheme::Count | Scheme::None))
    }

    /// As measurements name it.
    pub fn describe(&self) -> Value {
        json!({ "subject": self.name, "truth": self.truth })
    }
}

/// The subjects that were asked for (all if none were), in the order of reports, and the names of the peers that are missing.
/// `PLAIN` and `NONE` are always among them: what everything is compared with.
pub fn choose(wanted: &[String]) -> Result<(Vec<Subject>, Vec<&'static str>), String> {
    let (all, missing) = all();
    let is_known = |name: &String| {
        all.iter().any(|subject| subject.name == *name) || missing.contains(&name.as_str())
    };
    if let Some(unknown) = wanted.iter().find(|name| !is_known(name)) {
        let mut known: Vec<&str> = all.iter().map(|subject| subject.name.as_str()).collect();
        known.dedup();
        return Err(format!(
            "--subject is '{unknown}'; accepted: {}",
            known.join(", ")
        ));
    }
    let is_wanted = |subject: &Subject| {
        wanted.is_empty()
            || ["PLAIN", "NONE"].contains(&subject.name.as_str())
            || wanted.contains(&subject.name)
    };
    Ok((all.into_iter().filter(is_wanted).collect(), missing))
}

fn all() -> (Vec<Subject>, Vec<&'static str>) {
    let ours = |scheme: Scheme, truth: Option<bool>| Subject {
        name: scheme.name().into(),
        truth,
        library: Library::Ours(scheme),
        variables: Vec::new(),
    };
    let mut subjects = vec![
        Subject {
            name: "PLAIN".into(),
            truth: None,
            library: Library::None,
            variables: Vec::new(),
        },
        ours(Scheme::None, None),
        ours(Scheme::Count, Some(true)),
    ];
    for scheme in Scheme::ALL {
        // SIZES is no sampler but the counting run of equal budgets.
        if !matches!(scheme, Scheme::Sizes | Scheme::Count | Scheme::None) {
            subjects.push(ours(scheme, Some(true)));
        }
        if WITHOUT_TRUTH.contains(&scheme) {
            subjects.push(ours(scheme, Some(false)));
        }
    }
    let mut missing = Vec::new();
    for peer in PEERS {
        match find(peer.library) {
            Some(path) => subjects.push(Subject {
                name: peer.name.into(),
                truth: None,
                library: Library::Peer(path),
                variables: peer.variables.to_vec(),
            }),
            None => missing.push(peer.name),
        }
    }
    (subjects, missing)
}

fn find(library: &str) -> Option<PathBuf> {
    let candidates = DIRECTORIES
        .iter()
        .map(|directory| PathBuf::from(directory).join(library));
    // What the name leads to must be there: a link may dangle.
    candidates
        .filter_map(|path| fs::canonicalize(path).ok())
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_that_samples_is_measured_and_what_is_compared_with_is_there() {
        let (chosen, _) = choose(&[]).unwrap();
        let count = |name: &str| chosen.iter().filter(|subject| subject.name == name).count();
        for scheme in Scheme::ALL {
            let expected = match scheme {
                Scheme::Sizes => 0,
                _ if WITHOUT_TRUTH.contains(&scheme) => 2,
                _ => 1,
            };
            assert_eq!(count(scheme.name()), expected, "{}", scheme.name());
        }
        assert_eq!(count("PLAIN"), 1);
        let (few, _) = choose(&["HEADER_HASH".into()]).unwrap();
        let names: Vec<&str> = few.iter().map(|subject| subject.name.as_str()).collect();
        assert_eq!(names, ["PLAIN", "NONE", "HEADER_HASH"]);
    }
}
