//! Thousands of simulated streams under the real decisions of `sampler-core`: are the estimates right on average, how often do the intervals hold the truth, and do the
//! tests of gaps tell a right sampler from a wrong one. Seeds are fixed; `cargo test -p statistics --test streams -- --nocapture` prints the tables of METHODOLOGY.md.

mod bias;
mod coverage;
mod drive;
mod gaps;
mod population;

use coverage::{Cell, measure};
use drive::Decider::{Bernoulli, BernoulliBytes, HashSplitmix, Hybrid, PoissonBytes};
use population::Mix;

/// A share of 0.95 then has a standard error of 0.0031.
const STREAMS: u32 = 5000;
const SAMPLES: usize = 200;

fn print(cells: &[Cell]) {
    let rows: String = cells.iter().map(Cell::row).collect();
    println!("{}{rows}", Cell::HEADER);
}

#[test]
fn gaps_in_bytes_are_unbiased_and_held_on_every_mix() {
    let cells = Mix::ALL.map(|mix| measure(PoissonBytes, mix, SAMPLES, 6, STREAMS));
    print(&cells);
    for cell in &cells {
        cell.assert_unbiased();
        cell.assert_holds();
    }
}

#[test]
fn the_stateless_countdown_is_unbiased_and_held() {
    let cells =
        [Mix::Monotonic, Mix::Reuse].map(|mix| measure(BernoulliBytes, mix, SAMPLES, 4, STREAMS));
    print(&cells);
    for cell in &cells {
        cell.assert_unbiased();
        cell.assert_holds();
    }
}

#[test]
fn independent_decisions_are_unbiased_and_held_on_sizes_without_a_tail() {
    let mut cells = Vec::new();
    for mix in [Mix::Monotonic, Mix::Reuse] {
        cells.push(measure(Bernoulli, mix, SAMPLES, 6, STREAMS));
        cells.push(measure(Hybrid, mix, SAMPLES, 4, STREAMS));
        cells.push(measure(HashSplitmix, mix, SAMPLES, 4, STREAMS));
    }
    print(&cells);
    for cell in &cells {
        cell.assert_unbiased();
        cell.assert_holds();
    }
}

/// A result, not a promise: a block of 1 MiB that is sampled with probability 1/64 is mostly not seen, and nothing in the samples says that it is missing.
#[test]
fn equal_probabilities_miss_a_heavy_tail() {
    let cells = [Mix::Steady, Mix::OneInAThousand, Mix::BitLengths]
        .map(|mix| measure(Bernoulli, mix, SAMPLES, 6, STREAMS));
    print(&cells);
    for cell in &cells {
        cell.assert_unbiased();
    }
    let of = |mix| cells.iter().find(|cell| cell.mix == mix).expect("measured");
    assert!(of(Mix::OneInAThousand).plain < 0.5 && of(Mix::OneInAThousand).score < 0.5);
    assert!(of(Mix::Steady).plain < 0.5 && of(Mix::Steady).score < 0.5);
}

/// Where plain intervals fail: the score holds from 5 expected samples on.
#[test]
fn few_samples_are_held_by_the_score_and_not_by_the_plain_interval() {
    let mut cells = Vec::new();
    for decider in [PoissonBytes, Bernoulli] {
        for samples in [2, 5, 10, 20, 50, 100] {
            cells.push(measure(decider, Mix::Monotonic, samples, 6, STREAMS));
        }
    }
    cells.push(measure(PoissonBytes, Mix::Monotonic, 1000, 4, 2000));
    print(&cells);
    for cell in &cells {
        cell.assert_unbiased();
        if cell.decider == PoissonBytes && cell.expected_samples > 4.0 {
            assert!((0.94..=0.97).contains(&cell.score), "{}", cell.row());
        }
    }
    assert!(cells[1].plain < 0.93, "{}", cells[1].row());
}

/// It weights all samples by the probability of their average size. Where sizes lie on either side of the mean that is wrong, and more samples do not help.
#[test]
fn summing_before_weighting_is_biased_where_sizes_span_the_mean() {
    for (mix, halvings, at_least) in [
        (Mix::Monotonic, 6, 0.0),
        (Mix::BitLengths, 6, 0.0),
        (Mix::Steady, 6, 0.05),
        (Mix::Steady, 8, 0.05),
        (Mix::OneInAThousand, 6, 0.05),
    ] {
        let cell = measure(PoissonBytes, mix, SAMPLES, halvings, 500);
        let (found, limit) = (cell.sum_then_unbias.mean(), cell.sum_then_unbias_limit);
        println!(
            "sum-then-unbias, {} at 1/{}: {:+.2} % (with many samples {:+.2} %)",
            mix.name(),
            1 << halvings,
            100.0 * (found - 1.0),
            100.0 * (limit - 1.0)
        );
        assert!((found - limit).abs() < 0.02, "{found} {limit}");
        if at_least > 0.0 {
            assert!((limit - 1.0).abs() > at_least, "{limit}");
            assert!(cell.sum_then_unbias.sigmas_from(1.0).abs() > 10.0);
            assert!(cell.bytes.sigmas_from(1.0).abs() < 4.0);
        }
    }
}
