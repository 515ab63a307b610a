//! How much code a tracking is, and what it must handle.

use crate::lines::Lines;
use crate::measures::{Measures, Part};
use crate::schemes::Tracking;
use crate::spread::Spread;

/// Lines of code that a tracking alone needs.
pub const OWN: &str = "lines_own";
/// Those and the ones that it shares with some others, but not with all.
pub const NEEDED: &str = "lines_needed";

/// Adds the rows of all trackings.
pub fn measure(lines: &[Lines], measures: &mut Measures) {
    for tracking in Tracking::ALL.map(Tracking::name) {
        let sum = |own_alone: bool| {
            let of_it = lines.iter().filter(|row| row.tracking == tracking);
            let counted = of_it.filter(|row| row.is_own || !own_alone);
            Spread::of(&[counted.map(|row| row.lines).sum::<u64>() as f64])
        };
        let place = (Part::Complexity, "", tracking);
        measures.add(place, (OWN, "lines"), sum(true));
        measures.add(place, (NEEDED, "lines"), sum(false));
    }
}

/// What each tracking must handle beyond counting and deciding: facts of the code that the lines stand for.
pub fn obligations(tracking: Tracking) -> &'static [&'static str] {
    match tracking {
        Tracking::AllHeaders => &[
            "room for a header in every request, with overflow checked",
            "the way back from an aligned block to the real one",
            "usable size less the header",
            "the tag cleared before free and realloc, restored if realloc fails",
            "blocks that are not its own, and headers that would lie on another page",
        ],
        Tracking::SampleHeaders => &[
            "reading the word before any block, and never across a page start",
            "a table after all, for sampled blocks near a page start",
            "four transitions of realloc between blocks with and without a header",
            "usable size and aligned requests of both kinds",
            "the tag cleared before free and realloc, restored if realloc fails",
        ],
        Tracking::SampleMap => &[
            "a table that grows, without a lock that a fork or a signal handler finds held",
            "an entry hidden before free and realloc, shown again if realloc fails",
            "four transitions of realloc between blocks with and without a header",
            "usable size and aligned requests of both kinds",
            "no memory for the table: the sample is lost, and counted",
            "with a hash of the address, padding of every block before the decision",
        ],
        Tracking::Stateless | Tracking::None => &[
            "deciding once more at free and realloc, before the address is another's",
            "freed sizes from the allocator, which are not those requested",
            "with draws instead of a hash, an estimate in place of a count",
        ],
    }
}
