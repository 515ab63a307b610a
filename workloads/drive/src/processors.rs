//! Sets of processors: server and load share the machine, so each is kept on one half of it.

use std::fmt;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Numbers of processors, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processors(Vec<usize>);

impl Processors {
    /// Those that this program may use.
    pub fn all() -> Result<Processors, String> {
        let set = sched_getaffinity(Pid::from_raw(0))
            .map_err(|error| format!("cannot read which processors are ours: {error}"))?;
        let numbers = (0..CpuSet::count()).filter(|&number| set.is_set(number) == Ok(true));
        Ok(Processors(numbers.collect()))
    }

    /// The server's half and the load's; with a single processor both have it.
    pub fn halves() -> Result<(Processors, Processors), String> {
        let Processors(all) = Processors::all()?;
        let middle = all.len() / 2;
        Ok(match middle {
            0 => (Processors(all.clone()), Processors(all)),
            _ => (
                Processors(all[..middle].to_vec()),
                Processors(all[middle..].to_vec()),
            ),
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads what `to_string` wrote.
    pub fn parse(text: &str) -> Result<Processors, String> {
        let wrong = || format!("processors are '{text}'; expected numbers with commas");
        let numbers = text
            .split(',')
            .map(|word| word.parse::<usize>().map_err(|_| wrong()));
        numbers.collect::<Result<_, _>>().map(Processors)
    }

    /// Keeps the calling thread, and what it starts, on these.
    pub fn keep_this_thread(&self) -> Result<(), String> {
        let mut set = CpuSet::new();
        self.0
            .iter()
            .try_for_each(|&number| set.set(number))
            .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
            .map_err(|error| format!("cannot be kept on processors {self}: {error}"))
    }
}

impl fmt::Display for Processors {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(usize::to_string).collect();
        out.write_str(&numbers.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let processors = Processors(vec![0, 3, 12]);
        assert_eq!(processors.to_string(), "0,3,12");
        assert_eq!(Processors::parse("0,3,12"), Ok(processors));
        assert!(Processors::parse("0-3").is_err());
    }

    #[test]
    fn halves_are_all_and_share_none() {
        let all = Processors::all().unwrap();
        let (server, load) = Processors::halves().unwrap();
        match all.len() {
            1 => assert!(server == all && load == all),
            _ => assert_eq!([server.0, load.0].concat(), all.0),
        }
    }
}
