//! The counters of a process where any other process can read them, while it runs and after any end.
//!
//! A live file is one page of [`Live`] and then the slots, one after the other. It is mapped by the process that counts into it, so whatever ends that process
//! leaves in it all that was counted, but for the one call that each thread was in.
//!
//! Reading is from bytes, since a file may be torn, foreign or of another build: [`read`] refuses what it cannot vouch for.

use core::fmt;

use crate::bins::BINS;
use crate::config::Config;
use crate::counter::Counter;
use crate::estimates::KeyExcess;
use crate::random::mix;
use crate::scheme::Scheme;
use crate::slot::{SLOT_BYTES, Slot, Totals};

/// Version of the layout of [`Live`] and of [`Slot`].
pub const FORMAT_VERSION: u64 = 7;

/// Bytes of [`Live`]: a page, so that the slots behind it begin on one.
pub const LIVE_BYTES: usize = 4096;

/// `SAMPLIVE`, as the first eight bytes of the file.
const MAGIC: u64 = u64::from_le_bytes(*b"SAMPLIVE");

/// Bytes of arguments that are kept.
pub const COMMAND_BYTES: usize = 2048;
/// Bytes of the path of an allocator that are kept.
pub const PATH_BYTES: usize = 512;
/// Bytes of the library's version that are kept.
pub const VERSION_BYTES: usize = 32;
const WORD: usize = size_of::<u64>();

/// Who the process is, and what it counts that belongs to no thread.
#[derive(Debug)]
#[repr(C)]
pub struct Live {
    magic: Counter,
    format_version: Counter,
    /// A digest of the identity, written last: until then the page is not to be believed.
    ready: Counter,
    identity: [Counter; IDENTITY],
    library_version: [Counter; VERSION_BYTES / WORD],
    command_used: Counter,
    command_cut: Counter,
    command: [Counter; COMMAND_BYTES / WORD],
    next_allocator: [Counter; PATH_BYTES / WORD],
    bypassed: Counter,

    /// How the process ended: one of [`Ending`]'s numbers.
    ended: Counter,
    /// Largest resident set, put here by whoever reads a running process; the process itself leaves it at 0, for not known.
    pub peak_rss_bytes: Counter,
    /// Slots from the first that were ever held.
    pub used_slots: Counter,
    /// Calls that were not counted, for want of a slot.
    pub calls_without_slot: Counter,
    /// Touches of pages that were not counted, for want of a table.
    pub pages_without_table: Counter,
    /// Slots that are not in the file, for want of room: what they counted is known only if the process ends by `exit`.
    pub slots_outside_file: Counter,
    /// Forked children that could not create a record of their own.
    pub children_without_record: Counter,
    /// Sampled blocks that were noted in the table.
    pub table_inserts: Counter,
    /// Those that were taken out.
    pub table_deletes: Counter,
    /// Those that a child inherited: what is in the table now is these and its inserts, less its deletes.
    pub table_inherited: Counter,
    /// The most that were in it at once.
    pub table_entries_peak: Counter,
    /// Bytes of the table and of its filter.
    pub table_bytes: Counter,
    /// Blocks that were to be sampled and were not, for want of room in the table.
    pub samples_without_entry: Counter,
    /// Sampled blocks that a forked child inherited, and may free.
    pub inherited_samples: Counter,
    /// By size bin: what keys that hold several samples of the bin add to its variance. Of all threads, since it changes with some samples only.
    pub key_excess: [KeyExcess; BINS],
    unused: [Counter; UNUSED],
}

/// What does not change in the life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// The parent's, when the process started.
    pub parent_pid: u32,
    /// Programs that this pid ran before, by exec.
    pub image: u32,
    /// Its configuration; the seed is what it draws from.
    pub config: Config,
    /// The seed it draws from.
    pub seed: u64,
}

const IDENTITY: usize = 10;
/// Counters that fill the page.
const UNUSED: usize = 108;

/// How a process ended, as far as it could say itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It runs, or something ended it without asking.
    Unsaid = 0,
    /// Return from `main`, or `exit`.
    Exit = 1,
    /// `quick_exit`.
    QuickExit = 2,
}

/// Why a file is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLive {
    /// Fewer bytes than a header page.
    TooShort(usize),
    /// Other first bytes.
    Foreign,
    /// Another version of the layout.
    Version(u64),
    /// The identity was not written to its end, or was changed since.
    Torn,
    /// More slots in use than the file has.
    SlotsMissing {
        /// Slots in use.
        used: u64,
        /// Slots in the file.
        present: u64,
    },
    /// A counter of samples above that of all allocations.
    Contradiction,
}

impl Live {
    /// A page that says nothing yet.
    pub const fn new() -> Live {
        const { assert!(size_of::<Live>() == LIVE_BYTES) };
        Live {
            magic: Counter::new(),
            format_version: Counter::new(),
            ready: Counter::new(),
            identity: [const { Counter::new() }; IDENTITY],
            library_version: [const { Counter::new() }; VERSION_BYTES / WORD],
            command_used: Counter::new(),
            command_cut: Counter::new(),
            command: [const { Counter::new() }; COMMAND_BYTES / WORD],
            next_allocator: [const { Counter::new() }; PATH_BYTES / WORD],
            bypassed: Counter::new(),
            ended: Counter::new(),
            peak_rss_bytes: Counter::new(),
            used_slots: Counter::new(),
            calls_without_slot: Counter::new(),
            pages_without_table: Counter::new(),
            slots_outside_file: Counter::new(),
            children_without_record: Counter::new(),
            table_inserts: Counter::new(),
            table_deletes: Counter::new(),
            table_inherited: Counter::new(),
            table_entries_peak: Counter::new(),
            table_bytes: Counter::new(),
            samples_without_entry: Counter::new(),
            inherited_samples: Counter::new(),
            key_excess: [const { KeyExcess::new() }; BINS],
            unused: [const { Counter::new() }; UNUSED],
        }
    }

    /// Says who the process is. From here on readers believe the page.
    pub fn begin(&self, identity: &Identity, library_version: &str) {
        self.ready.set(0);
        self.format_version.set(FORMAT_VERSION);
        self.magic.set(MAGIC);
        for (word, value) in self.identity.iter().zip(identity.words()) {
            word.set(value);
        }
        store_text(&self.library_version, library_version.as_bytes());
        self.ready.set(self.digest());
    }

    /// Adds an argument of the command; false, and noted, if there is no room for it.
    pub fn push_argument(&self, argument_with_nul: &[u8]) -> bool {
        let start = self.command_used.get() as usize;
        let end = start + argument_with_nul.len();
        if end > COMMAND_BYTES {
            self.command_cut.set(1);
            return false;
        }
        for (offset, &byte) in (start..end).zip(argument_with_nul) {
            let shift = offset % WORD * 8;
            let word = &self.command[offset / WORD];
            word.set(word.get() | u64::from(byte) << shift);
        }
        self.command_used.set(end as u64);
        true
    }

    /// Says which object serves the blocks, and whether the program reaches another `malloc` before the library's: then nothing of it comes by.
    pub fn set_allocator(&self, path: &[u8], bypassed: bool) {
        store_text(&self.next_allocator, path);
        self.bypassed.set(bypassed.into());
    }

    /// Takes over what another process's page says of the program, for a child that is the same program.
    pub fn copy_program(&self, from: &Live) {
        for (to, from) in self.program().zip(from.program()) {
            to.set(from.get());
        }
    }

    /// Whether the program reaches another `malloc` first.
    pub fn is_bypassed(&self) -> bool {
        self.bypassed.get() != 0
    }

    fn program(&self) -> impl Iterator<Item = &Counter> {
        [&self.command_used, &self.command_cut, &self.bypassed]
            .into_iter()
            .chain(&self.command)
            .chain(&self.next_allocator)
    }

    /// Says how the process ended.
    pub fn end(&self, ending: Ending) {
        self.ended.set(ending as u64);
    }

    /// How the process said that it ended.
    pub fn ending(&self) -> Ending {
        match self.ended.get() {
            1 => Ending::Exit,
            2 => Ending::QuickExit,
            _ => Ending::Unsaid,
        }
    }

    /// Who the process is; `None` if the scheme is not one of ours.
    pub fn identity(&self) -> Option<Identity> {
        Identity::from_words(self.identity.each_ref().map(Counter::get))
    }

    /// Whether arguments are missing at the end.
    pub fn is_command_cut(&self) -> bool {
        self.command_cut.get() != 0
    }

    /// The arguments, each ended by a NUL byte.
    pub fn command<'a>(&self, buffer: &'a mut [u8; COMMAND_BYTES]) -> &'a [u8] {
        load(&self.command, buffer);
        &buffer[..(self.command_used.get() as usize).min(COMMAND_BYTES)]
    }

    /// Path of the object that serves the blocks.
    pub fn next_allocator<'a>(&self, buffer: &'a mut [u8; PATH_BYTES]) -> &'a [u8] {
        load(&self.next_allocator, buffer);
        until_nul(buffer)
    }

    /// Version of the library.
    pub fn library_version<'a>(&self, buffer: &'a mut [u8; VERSION_BYTES]) -> &'a [u8] {
        load(&self.library_version, buffer);
        until_nul(buffer)
    }

    fn digest(&self) -> u64 {
        let words = self.identity.iter().chain(&self.library_version);
        // Not 0, which is what an unwritten page has.
        words.fold(MAGIC, |digest, word| mix(digest, word.get())) | 1
    }

    /// All counters, in the order of the layout.
    fn counters(&self) -> impl Iterator<Item = &Counter> {
        [&self.magic, &self.format_version, &self.ready]
            .into_iter()
            .chain(&self.identity)
            .chain(&self.library_version)
            .chain([&self.command_used, &self.command_cut])
            .chain(&self.command)
            .chain(&self.next_allocator)
            .chain([
                &self.bypassed,
                &self.ended,
                &self.peak_rss_bytes,
                &self.used_slots,
                &self.calls_without_slot,
                &self.pages_without_table,
                &self.slots_outside_file,
                &self.children_without_record,
                &self.table_inserts,
                &self.table_deletes,
                &self.table_inherited,
                &self.table_entries_peak,
                &self.table_bytes,
                &self.samples_without_entry,
                &self.inherited_samples,
            ])
            .chain(self.key_excess.iter().flat_map(KeyExcess::counters))
            .chain(&self.unused)
    }

    fn from_bytes(bytes: &[u8]) -> Live {
        let live = Live::new();
        load_counters(live.counters(), bytes);
        live
    }
}

impl Default for Live {
    fn default() -> Live {
        Live::new()
    }
}

impl Identity {
    fn words(&self) -> [u64; IDENTITY] {
        let scheme = Scheme::ALL
            .iter()
            .position(|&one| one == self.config.scheme);
        [
            self.pid.into(),
            self.parent_pid.into(),
            self.image.into(),
            scheme.map_or(u64::MAX, |index| index as u64),
            self.config.hash_mask,
            self.config.hash_salt,
            self.config.mean_bytes,
            self.config.truth.into(),
            self.config.window_allocs,
            self.seed,
        ]
    }

    fn from_words(words: [u64; IDENTITY]) -> Option<Identity> {
        let [
            pid,
            parent_pid,
            image,
            scheme,
            hash_mask,
            hash_salt,
            mean_bytes,
            truth,
            window_allocs,
            seed,
        ] = words;
        Some(Identity {
            pid: pid.try_into().ok()?,
            parent_pid: parent_pid.try_into().ok()?,
            image: image.try_into().ok()?,
            config: Config {
                scheme: *Scheme::ALL.get(usize::try_from(scheme).ok()?)?,
                hash_mask,
                hash_salt,
                mean_bytes,
                truth: truth != 0,
                window_allocs: (window_allocs > 0).then_some(window_allocs)?,
                seed: Some(seed),
            },
            seed,
        })
    }
}

/// Reads a live file. Of a process that is still counting the parts may be an instant apart: read again if that shows as a [`NotLive::Contradiction`].
pub fn read(bytes: &[u8]) -> Result<(Live, Identity, Totals), NotLive> {
    let (header, slots) = bytes
        .split_at_checked(LIVE_BYTES)
        .ok_or(NotLive::TooShort(bytes.len()))?;
    let live = Live::from_bytes(header);
    match live.magic.get() {
        MAGIC => {}
        // Killed before it said who it was, perhaps after it said which program it runs.
        0 => return Err(NotLive::Torn),
        _ => return Err(NotLive::Foreign),
    }
    if live.format_version.get() != FORMAT_VERSION {
        return Err(NotLive::Version(live.format_version.get()));
    }
    if live.ready.get() != live.digest() {
        return Err(NotLive::Torn);
    }
    let identity = live.identity().ok_or(NotLive::Torn)?;
    let present = (slots.len() / SLOT_BYTES) as u64;
    let used = live.used_slots.get();
    if used > present && live.slots_outside_file.get() == 0 {
        return Err(NotLive::SlotsMissing { used, present });
    }
    let mut totals = Totals::default();
    for slot in slots
        .chunks_exact(SLOT_BYTES)
        .take(used.min(present) as usize)
    {
        totals.add(&Slot::from_bytes(slot), &identity.config);
    }
    let bins_agree = totals
        .bins
        .iter()
        .all(|bin| bin.sampled_allocs <= bin.allocs);
    if identity.config.truth && !bins_agree {
        return Err(NotLive::Contradiction);
    }
    Ok((live, identity, totals))
}

impl fmt::Display for NotLive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotLive::TooShort(bytes) => {
                write!(
                    formatter,
                    "{bytes} bytes; a live file has at least {LIVE_BYTES}"
                )
            }
            NotLive::Foreign => write!(
                formatter,
                "not a live file: it does not begin with SAMPLIVE"
            ),
            NotLive::Version(found) => {
                write!(
                    formatter,
                    "live format version {found}; expected {FORMAT_VERSION}"
                )
            }
            NotLive::Torn => write!(
                formatter,
                "its header was not written to the end, or was changed"
            ),
            NotLive::SlotsMissing { used, present } => {
                write!(
                    formatter,
                    "{used} slots in use, but only {present} in the file: it was cut"
                )
            }
            NotLive::Contradiction => {
                write!(formatter, "more samples than allocations: it was changed")
            }
        }
    }
}

/// Fills counters, in the order of the layout, from words of a file.
pub(crate) fn load_counters<'a>(counters: impl Iterator<Item = &'a Counter>, bytes: &[u8]) {
    for (counter, word) in counters.zip(bytes.chunks_exact(WORD)) {
        let mut value = [0; WORD];
        value.copy_from_slice(word);
        counter.set(u64::from_le_bytes(value));
    }
}

/// Text that does not fit is cut.
fn store_text(words: &[Counter], text: &[u8]) {
    let mut chunks = text.chunks(WORD);
    for word in words {
        let mut value = [0; WORD];
        let chunk = chunks.next().unwrap_or_default();
        value[..chunk.len()].copy_from_slice(chunk);
        word.set(u64::from_le_bytes(value));
    }
}

fn load(words: &[Counter], buffer: &mut [u8]) {
    for (word, bytes) in words.iter().zip(buffer.chunks_exact_mut(WORD)) {
        bytes.copy_from_slice(&word.get().to_le_bytes());
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests;
