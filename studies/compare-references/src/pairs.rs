//! The rows of a table that both references have, side by side.

use std::collections::BTreeMap;

use statistics::agreement::{self, Cluster, Estimate};

use crate::schema::{self, Schema};
use crate::table::Table;

/// A row that both have with an interval.
pub struct Pair {
    /// The key's cells, joined by commas.
    pub name: String,
    pub cluster: String,
    /// Whether it is a time or memory.
    pub is_of_machine: bool,
    pub a: Estimate,
    pub b: Estimate,
    pub n: [String; 2],
    /// Above 1 they are apart.
    pub distance: f64,
    /// The probability that A's value is outside of B's interval, and whether it is.
    pub outside_by_chance: f64,
    pub is_outside: bool,
}

/// A table of both.
pub struct Compared {
    pub file: &'static str,
    pub pairs: Vec<Pair>,
    /// Rows of which one has no interval, as exact counts have none: with equal values, and with others.
    pub exact_equal: usize,
    pub exact_other: usize,
    /// Rows that the other does not have.
    pub only_in_a: Vec<String>,
    pub only_in_b: Vec<String>,
}

impl Compared {
    /// An error if a row was measured with other parameters.
    pub fn of(schema: &Schema, a: Table, b: Table) -> Result<Compared, String> {
        let alone = |of: &Table, other: &Table| -> Vec<String> {
            let missing = of.rows.keys().filter(|key| !other.rows.contains_key(*key));
            missing.map(|key| key.join(",")).collect()
        };
        let mut compared = Compared {
            file: schema.file,
            pairs: Vec::new(),
            exact_equal: 0,
            exact_other: 0,
            only_in_a: alone(&a, &b),
            only_in_b: alone(&b, &a),
        };
        for (key, row) in &a.rows {
            let Some(other) = b.rows.get(key) else {
                continue;
            };
            let name = key.join(",");
            let parameters = row.parameters.iter().zip(&other.parameters);
            for (parameter, (found, expected)) in schema.parameters.iter().zip(parameters) {
                if found != expected {
                    return Err(format!(
                        "{}: {name}: {parameter}: found {found:?} in A and {expected:?} in B, expected the same parameters",
                        schema.file
                    ));
                }
            }
            let Some((a, b)) = row.estimate().zip(other.estimate()) else {
                match row.value == other.value {
                    true => compared.exact_equal += 1,
                    false => compared.exact_other += 1,
                }
                continue;
            };
            let cells = schema.key.iter().zip(key);
            let of_cluster: Vec<&str> = cells
                .filter(|(column, _)| schema.cluster.contains(column))
                .map(|(_, cell)| cell.as_str())
                .collect();
            let mut columns = schema.key.iter().zip(key);
            let metric = columns.find(|(column, _)| **column == "metric");
            compared.pairs.push(Pair {
                name,
                cluster: of_cluster.join(","),
                is_of_machine: metric.is_some_and(|(_, metric)| schema::is_of_machine(metric)),
                distance: agreement::distance(a, b),
                outside_by_chance: agreement::outside(half(a), half(b)),
                is_outside: !b.interval.holds(a.value),
                a,
                b,
                n: [row.n.clone(), other.n.clone()],
            });
        }
        Ok(compared)
    }

    /// Times and memory, or all else.
    pub fn pairs_of(&self, is_of_machine: bool) -> impl Iterator<Item = &Pair> {
        let is_it = move |pair: &&Pair| pair.is_of_machine == is_of_machine;
        self.pairs.iter().filter(is_it)
    }

    /// By what goes together, of times and memory or of all else.
    pub fn clusters(&self, is_of_machine: bool) -> Vec<Cluster> {
        let mut clusters: BTreeMap<&str, Cluster> = BTreeMap::new();
        for pair in self.pairs_of(is_of_machine) {
            let cluster = clusters.entry(&pair.cluster).or_default();
            cluster.rows += 1;
            cluster.apart += usize::from(pair.distance > 1.0);
        }
        clusters.into_values().collect()
    }
}

fn half(estimate: Estimate) -> f64 {
    (estimate.interval.high - estimate.interval.low) / 2.0
}
