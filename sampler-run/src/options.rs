//! What the user asked for, checked before anything is started.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::str::FromStr;
use std::{env, io};

use argh::FromArgs;
use sampler_core::random::mix;
use sampler_core::{Config, Scheme, Variable};

use crate::{Failure, arguments};

/// The scheme without the library.
pub const PLAIN: &str = "PLAIN";

/// In the place of a salt: one that is drawn from the seed.
const SALT_OF_SEED: &str = "seed";

/// Runs a command under a sampling scheme and writes one run file.
#[derive(FromArgs)]
#[argh(
    note = "The scheme is one of HEADER_HASH, HEADER_PAGE_HASH, HEADER_POISSON_BYTES, HEADER_HYBRID, HEADER_BERNOULLI, HEADER_HASH_SPLITMIX, SAMPLE_HEADERS_POISSON, SAMPLE_HEADERS_POISSON_MAP, SAMPLE_HEADERS_HASH_MAP, STATELESS_HASH_XOR, STATELESS_HASH_SPLITMIX, STATELESS_HASH_MURMURISH, STATELESS_POISSON_BERNOULLI, SIZES, COUNT, NONE, or PLAIN (no library at all).",
    note = "Exit status: that of the command; 124 after a timeout; 125 where the run itself failed.",
    example = "sampler-run --scheme HEADER_POISSON_BYTES --mean 524288 --out data/raw/own/sort/HEADER_POISSON_BYTES/run-01.json -- sort /usr/share/dict/words"
)]
struct Options {
    /// scheme name
    #[argh(option, from_str_fn(shown))]
    scheme: String,
    /// mean gap between samples, bytes; 0 samples everything (default 4096)
    #[argh(option, from_str_fn(shown))]
    mean: Option<String>,
    /// hash mask, decimal or 0x: a share of 2^-(bits set) is sampled (default 0xFF)
    #[argh(option, from_str_fn(shown))]
    mask: Option<String>,
    /// number, decimal or 0x, exclusive-ored into addresses before they are hashed; 0 for none, or the word seed: drawn from the run's seed (default 0)
    #[argh(option, from_str_fn(shown))]
    salt: Option<String>,
    /// seed of all draws, decimal or 0x (default: drawn, and recorded)
    #[argh(option, from_str_fn(shown))]
    seed: Option<String>,
    /// allocations in the base window (default 1000)
    #[argh(option, from_str_fn(shown))]
    window: Option<String>,
    /// whether unsampled calls are counted: 1, or 0 for sampled ones only (default 1)
    #[argh(option, from_str_fn(shown))]
    truth: Option<String>,
    /// stop the command after so many seconds (default 0: never)
    #[argh(option, from_str_fn(shown))]
    timeout: Option<String>,
    /// same addresses in every run: no address space randomisation
    #[argh(switch)]
    no_aslr: bool,
    /// keep the command's last line of standard output, a JSON object, as the run's ground truth; its output is then not shown
    #[argh(switch)]
    ground_truth: bool,
    /// the command is a driver: it runs without the library, and gives the value of SAMPLER_PRELOAD as LD_PRELOAD to the programs that are measured; implies --ground-truth
    #[argh(switch)]
    driver: bool,
    /// a status of the command, other than 0, that is no failure; may be repeated
    #[argh(option, from_str_fn(shown))]
    ok_status: Vec<String>,
    /// the library (default: libsampler_preload.so beside this program)
    #[argh(option, from_str_fn(path))]
    library: Option<PathBuf>,
    /// the run file; a path that ends in SET/WORKLOAD/SCHEME/run-NN.json names the run
    #[argh(option, from_str_fn(path))]
    out: PathBuf,
    /// the command and its arguments
    #[argh(positional, greedy, from_str_fn(argument))]
    command: Vec<OsString>,
}

/// A checked request.
pub struct Request {
    /// The scheme's name, `PLAIN` included.
    pub scheme_name: String,
    /// `None` for `PLAIN`.
    pub scheme: Option<Scheme>,
    /// What the library will be told; the seed is always given.
    pub config: Config,
    /// As [`Config::seed`].
    pub seed: u64,
    /// Seconds; 0 for none.
    pub timeout_s: u64,
    /// Whether addresses are randomised.
    pub aslr: bool,
    /// Whether the command prints its ground truth.
    pub ground_truth: bool,
    /// Whether the command itself is not measured, but starts what is.
    pub driver: bool,
    /// Statuses besides 0 that are no failure.
    pub ok_statuses: Vec<i32>,
    /// The library's absolute path.
    pub library: PathBuf,
    /// The run file.
    pub out: PathBuf,
    /// What the path says of the run.
    pub identity: Identity,
    /// Command and arguments.
    pub command: Vec<OsString>,
}

/// Set, workload and number of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    /// One question with its own parameters.
    pub set: String,
    /// What was run.
    pub workload: String,
    /// From 1.
    pub run: u64,
}

impl Request {
    /// Reads the command line.
    pub fn from_arguments() -> Result<Request, Failure> {
        let options = Options::from_environment()?;
        let scheme = match options.scheme.as_str() {
            PLAIN => None,
            name => Some(Scheme::from_name(name.as_bytes()).ok_or_else(|| {
                Failure::own(format!(
                    "--scheme is '{name}'; accepted: {}, {PLAIN}",
                    Scheme::ACCEPTED
                ))
            })?),
        };
        if options.command.is_empty() {
            return Err(Failure::own("no command; it goes after --"));
        }
        let mut config = Config {
            scheme: scheme.unwrap_or(Scheme::None),
            ..Config::default()
        };
        for (option, variable, value) in [
            ("--mean", Variable::MeanBytes, &options.mean),
            ("--mask", Variable::HashMask, &options.mask),
            ("--seed", Variable::Seed, &options.seed),
            ("--window", Variable::Window, &options.window),
            ("--truth", Variable::Truth, &options.truth),
        ] {
            if let Some(text) = value {
                config.set(variable, text.as_bytes()).map_err(|_| {
                    Failure::own(format!(
                        "{option} is '{text}'; accepted: {}",
                        variable.accepted()
                    ))
                })?;
            }
        }
        let seed = config.seed.map_or_else(random_seed, Ok)?;
        if let Some(text) = &options.salt {
            config.hash_salt = match text.as_str() {
                SALT_OF_SEED => salt_of(seed),
                number => {
                    let variable = Variable::HashSalt;
                    config.set(variable, number.as_bytes()).map_err(|_| {
                        Failure::own(format!(
                            "--salt is '{number}'; accepted: {SALT_OF_SEED}, or {}",
                            variable.accepted()
                        ))
                    })?;
                    config.hash_salt
                }
            };
        }
        let timeout = options.timeout.as_deref().unwrap_or("0");
        let timeout_s = number("--timeout", timeout, "a number of seconds, 0 for never")?;
        let ok_statuses = options
            .ok_status
            .iter()
            .map(|text| number("--ok-status", text, "an exit status from 0 to 255"))
            .collect::<Result<Vec<u8>, Failure>>()?;
        Ok(Request {
            identity: Identity::of(&options.out, &options.scheme, &options.command[0])?,
            scheme,
            seed,
            config,
            timeout_s,
            aslr: !options.no_aslr,
            ground_truth: options.ground_truth || options.driver,
            driver: options.driver,
            ok_statuses: ok_statuses.into_iter().map(i32::from).collect(),
            library: find_library(options.library, scheme.is_some())?,
            scheme_name: options.scheme,
            out: options.out,
            command: options.command,
        })
    }
}

impl Options {
    /// As argh's own `from_env`, but what is wrong is one line, and the status ours.
    fn from_environment() -> Result<Options, Failure> {
        let arguments: Vec<String> = env::args_os()
            .skip(1)
            .map(|argument| arguments::to_text(&argument))
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Options::from_args(&["sampler-run"], &arguments).map_err(|early| {
            if early.status.is_ok() {
                println!("{}", early.output);
                exit(0);
            }
            let output = arguments::to_show(&early.output);
            let words: Vec<&str> = output.split_whitespace().collect();
            Failure::own(format!("{} (see sampler-run --help)", words.join(" ")))
        })
    }
}

fn shown(text: &str) -> Result<String, String> {
    Ok(arguments::to_show(text))
}

fn path(text: &str) -> Result<PathBuf, String> {
    Ok(arguments::from_text(text).into())
}

fn argument(text: &str) -> Result<OsString, String> {
    Ok(arguments::from_text(text))
}

fn number<T: FromStr>(option: &str, text: &str, accepted: &str) -> Result<T, Failure> {
    // Digits only: FromStr alone would take a sign.
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Failure::own(format!("{option} is '{text}'; accepted: {accepted}")))
}

impl Identity {
    /// What `.../set/workload/scheme/run-nn.json` says. Any other path is run 1 of the command's name in the set `own`.
    fn of(out: &Path, scheme: &str, command: &OsStr) -> Result<Identity, Failure> {
        let parts: Vec<Cow<str>> = out.iter().map(OsStr::to_string_lossy).collect();
        let number = parts.last().and_then(|name| run_number(name));
        if let ([.., set, workload, scheme_of_path, _], Some(run)) = (&parts[..], number) {
            if scheme_of_path != scheme {
                return Err(Failure::own(format!(
                    "--out {} is in the directory of scheme '{scheme_of_path}', but --scheme is {scheme}",
                    out.display()
                )));
            }
            return Ok(Identity {
                set: set.to_string(),
                workload: workload.to_string(),
                run,
            });
        }
        let name = Path::new(command).file_name().unwrap_or(command);
        Ok(Identity {
            set: "own".into(),
            workload: name.to_string_lossy().into_owned(),
            run: 1,
        })
    }
}

fn run_number(file_name: &str) -> Option<u64> {
    let digits = file_name.strip_prefix("run-")?.strip_suffix(".json")?;
    digits.parse().ok()
}

fn find_library(given: Option<PathBuf>, needed: bool) -> Result<PathBuf, Failure> {
    const NAME: &str = "libsampler_preload.so";
    let own = env::current_exe()
        .map_err(|error| Failure::own(format!("cannot find this program: {error}")))?;
    let library = given.unwrap_or_else(|| own.with_file_name(NAME));
    if !needed {
        return Ok(library);
    }
    let found = library
        .canonicalize()
        .and_then(|path| match path.is_file() {
            true => Ok(path),
            false => Err(ErrorKind::IsADirectory.into()),
        });
    found.map_err(|error: io::Error| {
        Failure::own(format!(
            "--library is '{}': {error}; accepted: the file {NAME}, which cargo build --release makes (default: the one beside this program)",
            library.display()
        ))
    })
}

/// Not a number that anything else draws from the seed, and never 0, which would be no salt.
fn salt_of(seed: u64) -> u64 {
    const STREAM: u64 = u64::from_le_bytes(*b"hashsalt");
    mix(seed, STREAM).max(1)
}

fn random_seed() -> Result<u64, Failure> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = [0; 8];
    File::open(SOURCE)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| Failure::own(format!("no seed from {SOURCE}: {error}; give --seed")))?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(path: &str) -> Option<Identity> {
        Identity::of(Path::new(path), "NONE", OsStr::new("/bin/true")).ok()
    }

    #[test]
    fn a_path_in_the_raw_tree_names_the_run() {
        let expected = Identity {
            set: "seed".into(),
            workload: "reuse".into(),
            run: 7,
        };
        assert_eq!(
            identity("data/raw/seed/reuse/NONE/run-07.json"),
            Some(expected)
        );
    }

    #[test]
    fn a_part_of_the_path_that_is_not_utf_8_keeps_its_place() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"raw/own/\xff/NONE/run-07.json"));
        let found = Identity::of(path, "NONE", OsStr::new("true")).ok().unwrap();
        assert_eq!(
            (found.set.as_str(), found.workload.as_str(), found.run),
            ("own", "\u{fffd}", 7)
        );
    }

    #[test]
    fn any_other_path_is_the_first_run_of_the_command() {
        for path in ["x.json", "run-1.json", "a/b/c/run-x.json"] {
            let found = identity(path).unwrap();
            assert_eq!(
                (found.set.as_str(), found.workload.as_str(), found.run),
                ("own", "true", 1)
            );
        }
    }

    #[test]
    fn a_path_of_another_scheme_is_refused() {
        assert_eq!(identity("seed/reuse/HEADER_HASH/run-1.json"), None);
    }
}
