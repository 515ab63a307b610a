//! Blocks that one thread allocates and another frees.
//!
//! Blocks travel in trays of 256, and empty trays come back, so that what is measured is allocation, not the channel.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::pattern::{Block, allocate, small_sizes};

const TRAY_BLOCKS: usize = 256;
/// Trays between the two; a full channel stops the allocating thread.
const TRAYS: usize = 8;

type Tray = Vec<Block>;

/// The thread that allocates.
pub struct Giver {
    sizes: Vec<u32>,
    full: SyncSender<Tray>,
    empty: Receiver<Tray>,
}

/// The thread that frees.
pub struct Taker {
    full: Receiver<Tray>,
    empty: SyncSender<Tray>,
}

/// Two ends of one exchange.
pub fn pair() -> (Giver, Taker) {
    let (full, taken) = sync_channel(TRAYS);
    let (empty, returned) = sync_channel(TRAYS);
    for _ in 0..TRAYS {
        // There is room for all of them.
        let _ = empty.send(Vec::with_capacity(TRAY_BLOCKS));
    }
    let giver = Giver {
        sizes: small_sizes(),
        full,
        empty: returned,
    };
    (giver, Taker { full: taken, empty })
}

impl Giver {
    /// Allocates `operations` blocks and gives them away.
    pub fn run(&mut self, operations: u64) {
        let mut sizes = self.sizes.iter().cycle();
        let mut left = operations as usize;
        while left > 0 {
            let Ok(mut tray) = self.empty.recv() else {
                return;
            };
            let count = left.min(TRAY_BLOCKS);
            tray.extend(
                sizes
                    .by_ref()
                    .take(count)
                    .map(|size| allocate(*size as usize)),
            );
            left -= count;
            if self.full.send(tray).is_err() {
                return;
            }
        }
    }
}

impl Taker {
    /// Frees `operations` blocks.
    pub fn run(&mut self, operations: u64) {
        let mut left = operations as usize;
        while left > 0 {
            let Ok(mut tray) = self.full.recv() else {
                return;
            };
            left -= tray.len();
            tray.clear();
            if self.empty.send(tray).is_err() {
                return;
            }
        }
    }
}
