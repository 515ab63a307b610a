# what: rustc compiles a program with generics, threads and collections at -O; it runs. rustc of rustup brings its own malloc
# needs: rustc cc
# counts: program
# bypassed: rustc
cat > program.rs << 'END'
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::mpsc::channel;
fn work(n: usize) -> (usize, usize) {
    let mut map: HashMap<String, Vec<usize>> = HashMap::new();
    for i in 0..30000 { map.entry(format!("key{}", i * n % 997)).or_default().push(i); }
    let sorted: BTreeMap<_, _> = map.into_iter().collect();
    let mut queue: VecDeque<Box<[u8]>> = (0..500).map(|i| vec![i as u8; i * 3].into()).collect();
    queue.rotate_left(17);
    (sorted.values().map(Vec::len).sum(), queue.iter().map(|b| b.len()).sum())
}
fn main() {
    let (send, receive) = channel();
    let threads: Vec<_> = (1..5).map(|n| { let send = send.clone(); std::thread::spawn(move || send.send((n, work(n))).unwrap()) }).collect();
    drop(send);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("{:?}", receive.iter().collect::<BTreeMap<_, _>>());
}
END
rustc --edition 2021 -O -C codegen-units=4 -o program program.rs
./program
status=0
echo 'fn main() { x }' > wrong.rs
rustc wrong.rs 2> said || status=$?
grep -c '^error' said
echo "status $status"
