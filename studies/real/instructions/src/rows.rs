//! Instructions a unit, and their ratios, over runs: mean, lowest, highest.
//!
//! A ratio is run over run of the same number. Worked: 5492 over 5000 and 5494 over 5002 are 1.0984 and 1.0984: what both runs of a round share drops out.

use crate::run::{NONE, PLAIN, Part, Run, SCHEMES};

/// A number of a part, or of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub workload: String,
    pub scheme: &'static str,
    pub mean_bytes: Option<u64>,
    /// Empty for the whole.
    pub part: String,
    /// What a unit is.
    pub per: String,
    /// The base of a ratio; empty where the row is none.
    pub over: &'static str,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub n: usize,
}

/// All rows, in the order of tables; those of parts only where there are several.
pub fn of(runs: &[Run]) -> Vec<Row> {
    let mut rows = Vec::new();
    for path in runs.chunk_by(|a, b| (&a.workload, a.rank) == (&b.workload, b.rank)) {
        let first = &path[0];
        let mut names = vec![String::new()];
        if first.parts.len() > 1 {
            names.extend(first.parts.iter().map(|part| part.name.clone()));
        }
        for name in names {
            let mut push = |over, values: &[f64]| {
                rows.extend(spread(values).map(|(value, low, high)| Row {
                    workload: first.workload.clone(),
                    scheme: SCHEMES[first.rank],
                    mean_bytes: first.mean_bytes,
                    part: name.clone(),
                    per: first.unit.clone(),
                    over,
                    value,
                    low,
                    high,
                    n: values.len(),
                }));
            };
            let all: Vec<f64> = path.iter().map(|run| per_unit(run, &name)).collect();
            push("", &all);
            for base in [PLAIN, NONE] {
                if base != SCHEMES[first.rank] {
                    push(base, &ratios(runs, path, base, &name));
                }
            }
        }
    }
    rows
}

fn ratios(runs: &[Run], path: &[Run], base: &str, name: &str) -> Vec<f64> {
    let ratio = |run: &Run| {
        let mut of_round = runs.iter().filter(|other| {
            (&other.workload, other.number) == (&run.workload, run.number)
                && SCHEMES[other.rank] == base
        });
        Some(per_unit(run, name) / per_unit(of_round.next()?, name))
    };
    path.iter().filter_map(ratio).collect()
}

/// Of a part that all runs of the workload have, which was checked.
fn per_unit(run: &Run, name: &str) -> f64 {
    let part = run.parts.iter().find(|part| part.name == name);
    part.map_or_else(|| run.whole().per_unit(), Part::per_unit)
}

/// Mean, lowest, highest; `None` of none.
fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
    let first = values.first()?;
    // The mean of equal values is that value, without an error of rounding.
    let mean = first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((mean, low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(scheme: &str, number: u64, parts: &[(&str, u64, u64)]) -> Run {
        let part = |(name, units, instructions): &(&str, u64, u64)| Part {
            name: name.to_string(),
            units: *units,
            instructions: *instructions,
        };
        Run {
            workload: "redis".into(),
            rank: SCHEMES.iter().position(|known| *known == scheme).unwrap(),
            number,
            file: String::new(),
            mean_bytes: None,
            machine: String::new(),
            unit: "request".into(),
            verified: 1,
            parts: parts.iter().map(part).collect(),
        }
    }

    fn row<'a>(rows: &'a [Row], scheme: &str, part: &str, over: &str) -> Option<&'a Row> {
        let mut rows = rows.iter();
        rows.find(|row| (row.scheme, &row.part[..], row.over) == (scheme, part, over))
    }

    #[test]
    fn ratios_are_of_runs_of_the_same_round() {
        // Twice as much in round 2, for all: 1.1 and 1.2 over PLAIN.
        let rows = of(&[
            run(PLAIN, 1, &[("mix", 10, 1000)]),
            run(PLAIN, 2, &[("mix", 10, 2000)]),
            run("COUNT", 1, &[("mix", 10, 1100)]),
            run("COUNT", 2, &[("mix", 10, 2400)]),
            run("COUNT", 3, &[("mix", 10, 3000)]),
        ]);
        let absolute = row(&rows, "COUNT", "", "").unwrap();
        let expected = (650.0 / 3.0, 110.0, 300.0, 3);
        assert_eq!(
            (absolute.low, absolute.high, absolute.n),
            (expected.1, expected.2, 3)
        );
        assert!((absolute.value - expected.0).abs() < 1e-9);
        let ratio = row(&rows, "COUNT", "", PLAIN).unwrap();
        assert_eq!((ratio.low, ratio.high, ratio.n), (1.1, 1.2, 2));
        assert!((ratio.value - 1.15).abs() < 1e-12);
        assert_eq!(row(&rows, "COUNT", "", NONE), None);
        assert_eq!(row(&rows, PLAIN, "", PLAIN), None);
        assert_eq!(row(&rows, "COUNT", "mix", ""), None);
    }

    #[test]
    fn several_parts_have_rows_beside_their_sum() {
        let rows = of(&[run(NONE, 1, &[("small", 1, 100), ("large", 1, 300)])]);
        assert_eq!(row(&rows, NONE, "", "").unwrap().value, 200.0);
        assert_eq!(row(&rows, NONE, "small", "").unwrap().value, 100.0);
        assert_eq!(row(&rows, NONE, "large", "").unwrap().value, 300.0);
    }
}
