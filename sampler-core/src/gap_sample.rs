//! The first gaps of a slot, exact, in the clock that its decision runs on: what a test of their distribution needs and a histogram has lost.
//!
//! The clock is bytes for a decision drawn in bytes, allocations for all others. The hybrid has both, one for each half; its allocations are those of more than
//! 256 bytes, since counting bins keep 256 itself with the smaller sizes: an honest part of the hashed half, and a block of exactly 256 is in neither.
//!
//! A sample that is full ended with a gap; one that is not has an unfinished gap after its last, which is censored, not ignored: leaving
//! it out would keep short gaps and lose long ones.

use crate::counter::Counter;

/// Gaps kept of a slot on each clock.
pub const GAPS: usize = 16;
/// Samples kept of a process: those of its first slots.
pub const SAMPLES: usize = 8;

/// What a gap is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Unsampled allocations.
    #[default]
    Allocs,
    /// Bytes that they requested.
    Bytes,
}

/// A finished gap and the size of the block that ended it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// In the clock of its sample.
    pub gap: u64,
    /// Bytes of the block that ended it.
    pub size: u64,
}

/// The first gaps of one slot, in the order of [`Clock`].
#[derive(Debug)]
#[repr(C)]
pub struct SlotGaps {
    clocks: [Gaps; 2],
}

#[derive(Debug)]
#[repr(C)]
struct Gaps {
    kept: Counter,
    gaps: [[Counter; 2]; GAPS],
}

/// The first gaps of one slot on one clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GapSample {
    /// Of the gaps.
    pub clock: Clock,
    /// The gap that no sample has ended yet; `None` if the sample was full before.
    pub unfinished: Option<u64>,
    kept: usize,
    gaps: [Gap; GAPS],
}

/// Those of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GapSamples {
    kept: usize,
    samples: [GapSample; SAMPLES],
}

impl SlotGaps {
    /// No gap yet.
    pub const fn new() -> SlotGaps {
        SlotGaps {
            clocks: [const {
                Gaps {
                    kept: Counter::new(),
                    gaps: [const { [const { Counter::new() }; 2] }; GAPS],
                }
            }; 2],
        }
    }

    /// Keeps a gap, if there is room.
    pub(crate) fn finished(&self, clock: Clock, gap: u64, size: u64) {
        let clock = &self.clocks[clock as usize];
        let Some([place, size_place]) = clock.gaps.get(clock.kept.get() as usize) else {
            return;
        };
        place.set(gap);
        size_place.set(size);
        clock.kept.add(1);
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.clocks
            .iter()
            .flat_map(|clock| [&clock.kept].into_iter().chain(clock.gaps.as_flattened()))
    }
}

impl Default for SlotGaps {
    fn default() -> SlotGaps {
        SlotGaps::new()
    }
}

impl GapSample {
    /// In their order.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps[..self.kept]
    }
}

impl GapSamples {
    /// Adds a slot's sample on one clock, whose gap since the last is `unfinished` long, if there is room and anything in it.
    pub(crate) fn add(&mut self, slot: &SlotGaps, clock: Clock, unfinished: u64) {
        let Some(place) = self.samples.get_mut(self.kept) else {
            return;
        };
        let from = &slot.clocks[clock as usize];
        let kept = (from.kept.get() as usize).min(GAPS);
        if kept == 0 && unfinished == 0 {
            return;
        }
        *place = GapSample {
            clock,
            unfinished: (kept < GAPS).then_some(unfinished),
            kept,
            gaps: from.gaps.each_ref().map(|[gap, size]| Gap {
                gap: gap.get(),
                size: size.get(),
            }),
        };
        self.kept += 1;
    }

    /// By slot and clock.
    pub fn samples(&self) -> &[GapSample] {
        &self.samples[..self.kept]
    }
}
