//! Under what a program runs: a scheme, with its defaults or with every allocation sampled.

/// One column of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The scheme's name.
    pub scheme: String,
    /// Whether every allocation is sampled (mean 0, mask 0).
    pub everything: bool,
}

const SCHEMES: [&str; 15] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
    "HEADER_BERNOULLI",
    "HEADER_HASH_SPLITMIX",
    "SAMPLE_HEADERS_POISSON",
    "SAMPLE_HEADERS_POISSON_MAP",
    "SAMPLE_HEADERS_HASH_MAP",
    "STATELESS_HASH_XOR",
    "STATELESS_HASH_SPLITMIX",
    "STATELESS_HASH_MURMURISH",
    "STATELESS_POISSON_BERNOULLI",
    COUNT,
    NONE,
];
/// Counts, and samples nothing.
const COUNT: &str = "COUNT";
/// Counts nothing.
const NONE: &str = "NONE";
const PLAIN: &str = "PLAIN";

impl Setting {
    /// The settings of these schemes; of all if none is given. `sampler-run` knows which names there are.
    pub fn all(schemes: &[String]) -> Result<Vec<Setting>, String> {
        if schemes.iter().any(|scheme| scheme == PLAIN) {
            return Err(format!(
                "--scheme is '{PLAIN}', which is what all are compared with; accepted: a scheme of the library"
            ));
        }
        let all = SCHEMES.map(String::from);
        let chosen = if schemes.is_empty() {
            &all[..]
        } else {
            schemes
        };
        let with_defaults = |scheme: &String| Setting {
            scheme: scheme.clone(),
            everything: false,
        };
        let mut settings = Vec::new();
        for scheme in chosen {
            let setting = with_defaults(scheme);
            let samples = setting.samples();
            settings.push(setting);
            settings.extend(samples.then(|| Setting {
                everything: true,
                ..with_defaults(scheme)
            }));
        }
        Ok(settings)
    }

    /// Whether its records hold counts.
    pub fn counts(&self) -> bool {
        self.scheme != NONE
    }

    fn samples(&self) -> bool {
        self.scheme != NONE && self.scheme != COUNT
    }

    /// `SCHEME` or `SCHEME-everything`.
    pub fn name(&self) -> String {
        let suffix = if self.everything { "-everything" } else { "" };
        format!("{}{suffix}", self.scheme)
    }

    /// Options of `sampler-run`.
    pub fn options(&self) -> Vec<&str> {
        let mut options = vec!["--scheme", &self.scheme, "--seed", "1"];
        if self.everything {
            options.extend(["--mean", "0", "--mask", "0"]);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schemes_that_sample_run_with_everything_sampled() {
        let names: Vec<String> = Setting::all(&[])
            .unwrap()
            .iter()
            .map(Setting::name)
            .collect();
        assert_eq!(names.len(), 28);
        assert_eq!(names[..2], ["HEADER_HASH", "HEADER_HASH-everything"]);
        assert_eq!(names[26..], ["COUNT", "NONE"]);
    }
}
