//! The load: SET, APPEND, DEL and GET over many keys, in batches, as fast as the server answers.
//!
//! It keeps a book of how long each value is and lets what is stored swing around a mean, so that live bytes move. Every reply is held against
//! the book: the length after an APPEND, whether a DEL found something, every byte of a GET. A wrong one ends the soak.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::Options;
use crate::client::{Client, Reply};
use crate::service::Service;

/// A new value has 2^6 to 2^14 bytes, every power as often as any other.
const LEAST_BITS: u64 = 6;
const MOST_BITS: u64 = 14;
/// What an APPEND adds at most, and how long a value may grow.
const APPEND_MOST: u64 = 4096;
const VALUE_MOST: u64 = 32_768;
const BATCH: usize = 64;
/// What is stored goes up and down by this share of its mean.
const SWING: f64 = 0.25;
/// Keys for each so many bytes stored on average.
const BYTES_A_KEY: u64 = 1536;

/// The running load.
pub struct Load {
    thread: JoinHandle<Result<(), String>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    answered: AtomicU64,
    /// Replies to GET, each compared byte by byte.
    read_back: AtomicU64,
}

/// What the load did.
pub struct Done {
    /// Replies, all as the book expects them.
    pub answered: u64,
    /// Those among them that were values, compared byte by byte.
    pub read_back: u64,
}

impl Load {
    /// Starts it in a thread.
    pub fn start(service: &Service, options: &Options) -> Result<Load, String> {
        let shared = Arc::new(Shared::default());
        let mut book = Book::new(service.connect()?, options, shared.clone());
        let thread = thread::Builder::new()
            .name("load".into())
            .spawn(move || book.run())
            .map_err(|error| format!("load: {error}"))?;
        Ok(Load { thread, shared })
    }

    /// Replies so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// An error if it ended by itself; [`Load::stop`] then says why.
    pub fn check_alive(&self) -> Result<(), String> {
        match self.thread.is_finished() {
            true => Err("the load ended before its time".into()),
            false => Ok(()),
        }
    }

    /// Ends it.
    pub fn stop(self) -> Result<Done, String> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(ended) => ended?,
            Err(_) => return Err("the load broke down".into()),
        }
        Ok(Done {
            answered: self.shared.answered.load(Ordering::Relaxed),
            read_back: self.shared.read_back.load(Ordering::Relaxed),
        })
    }
}

/// What the server should have stored.
struct Book {
    client: Client,
    shared: Arc<Shared>,
    random: Xoshiro256PlusPlus,
    /// By key; 0 where there is none.
    lengths: Vec<u64>,
    stored: u64,
    mean_bytes: f64,
    cycle_s: f64,
    /// Long enough for every value, one for each byte that values are made of.
    letters: Vec<Vec<u8>>,
}

/// A command of the batch, and what its reply must be.
enum Expected {
    Stored,
    Length(u64),
    Removed(i64),
    Value(usize, u64),
}

impl Book {
    fn new(client: Client, options: &Options, shared: Arc<Shared>) -> Book {
        Book {
            client,
            shared,
            random: Xoshiro256PlusPlus::seed_from_u64(
                options.seed().expect("it was checked at the start"),
            ),
            lengths: vec![0; (options.stored / BYTES_A_KEY).max(64) as usize],
            stored: 0,
            mean_bytes: options.stored as f64,
            cycle_s: options.cycle as f64,
            letters: (b'a'..=b'z')
                .map(|letter| vec![letter; VALUE_MOST as usize])
                .collect(),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        let start = Instant::now();
        let mut expected = Vec::with_capacity(BATCH);
        while !self.shared.is_over.load(Ordering::Relaxed) {
            let phase = start.elapsed().as_secs_f64() / self.cycle_s * std::f64::consts::TAU;
            let target = (self.mean_bytes * (1.0 + SWING * phase.sin())) as u64;
            for _ in 0..BATCH {
                expected.push(self.command(target));
            }
            self.client.send()?;
            for expected in expected.drain(..) {
                let reply = self.client.reply()?;
                self.check(&expected, &reply)?;
            }
            self.shared
                .answered
                .fetch_add(BATCH as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Adds one command to the batch and enters it into the book.
    fn command(&mut self, target: u64) -> Expected {
        let key = self.below(self.lengths.len() as u64) as usize;
        let name = format!("value:{key}");
        let letter = &self.letters[key % self.letters.len()];
        let length = self.lengths[key];
        let is_too_much = self.stored > target;
        match self.random.next_u64() % 100 {
            0..4 => {
                self.client.add(&[b"GET", name.as_bytes()]);
                Expected::Value(key, length)
            }
            4..84 if is_too_much => self.remove(key, &name),
            4..10 => self.remove(key, &name),
            10..50 if length > 0 && length < VALUE_MOST - APPEND_MOST && !is_too_much => {
                let more = 1 + self.random.next_u64() % APPEND_MOST;
                self.client
                    .add(&[b"APPEND", name.as_bytes(), &letter[..more as usize]]);
                self.enter(key, length + more);
                Expected::Length(length + more)
            }
            _ => {
                let bits = LEAST_BITS + self.random.next_u64() % (MOST_BITS - LEAST_BITS);
                let length = (1 << bits) + self.random.next_u64() % (1 << bits);
                self.client
                    .add(&[b"SET", name.as_bytes(), &letter[..length as usize]]);
                self.enter(key, length);
                Expected::Stored
            }
        }
    }

    fn remove(&mut self, key: usize, name: &str) -> Expected {
        self.client.add(&[b"DEL", name.as_bytes()]);
        let was_there = i64::from(self.lengths[key] > 0);
        self.enter(key, 0);
        Expected::Removed(was_there)
    }

    fn enter(&mut self, key: usize, length: u64) {
        self.stored = self.stored - self.lengths[key] + length;
        self.lengths[key] = length;
    }

    fn below(&mut self, count: u64) -> u64 {
        self.random.next_u64() % count
    }

    fn check(&self, expected: &Expected, reply: &Reply) -> Result<(), String> {
        let is_right = match (expected, reply) {
            (Expected::Stored, Reply::Ok) => true,
            (Expected::Length(length), Reply::Number(found)) => *found == *length as i64,
            (Expected::Removed(count), Reply::Number(found)) => found == count,
            (Expected::Value(_, 0), Reply::Nothing) => true,
            (Expected::Value(key, length), Reply::Bytes(found)) => {
                self.shared.read_back.fetch_add(1, Ordering::Relaxed);
                let letter = &self.letters[key % self.letters.len()];
                found[..] == letter[..*length as usize]
            }
            _ => false,
        };
        match is_right {
            true => Ok(()),
            false => Err("redis-server: a reply is not what was stored".into()),
        }
    }
}
