# what: cargo builds, tests and runs a crate with a library and two threads, offline, in a debug and a release build; rustc of rustup brings its own malloc
# needs: cargo rustc cc
# counts: cargo cc main
# bypassed: rustc rustdoc
export CARGO_HOME=$PWD/cargo-home CARGO_TERM_COLOR=never
cargo new --quiet --vcs none --lib tiny --name tiny
cd tiny
mkdir src/bin
cat > src/lib.rs << 'END'
//! Tiny.
use std::collections::BTreeMap;
/// Counts words.
pub fn count(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() { *counts.entry(word.to_string()).or_default() += 1; }
    counts
}
#[test]
fn counts_words() { assert_eq!(count("a b a")["a"], 2); }
END
cat > src/bin/main.rs << 'END'
fn main() {
    let threads: Vec<_> = (0..2).map(|n| std::thread::spawn(move || {
        let text: String = (0..20000).map(|i| format!("w{} ", i * (n + 3) % 101)).collect();
        tiny::count(&text)
    })).collect();
    for thread in threads { println!("{:?}", thread.join().unwrap().into_iter().take(5).collect::<Vec<_>>()); }
}
END
cargo build --offline --quiet
cargo test --offline --quiet 2>&1 | sed 's/finished in .*//'
cargo run --offline --quiet --release --bin main
cargo metadata --offline --format-version 1 --no-deps | grep -o '"name":"[a-z]*"' | sort
