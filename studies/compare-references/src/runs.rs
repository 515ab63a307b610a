//! What runs.csv says of both: the machines, and the base window, without which no two numbers of dead zones are of the same thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

const FILE: &str = "runs.csv";
const COLUMNS: [&str; 5] = ["set", "workload", "scheme", "window_base", "machine"];

/// By set, workload and scheme.
type Windows = BTreeMap<[String; 3], String>;

/// The machines of both, where they are known; an error if runs of one path had other windows.
pub fn machines_of_equal_windows(both: [&Path; 2]) -> Result<[BTreeSet<String>; 2], String> {
    let [a, b] = both.map(read);
    let ((a_windows, a_machines), (b_windows, b_machines)) = (a?, b?);
    for (path, base) in &a_windows {
        if let Some(other) = b_windows.get(path).filter(|other| *other != base) {
            return Err(format!(
                "{FILE}: {}: window_base: found {base} in A and {other} in B, expected the same parameters",
                path.join(",")
            ));
        }
    }
    Ok([a_machines, b_machines])
}

fn read(directory: &Path) -> Result<(Windows, BTreeSet<String>), String> {
    let path = directory.join(FILE);
    let mut windows = Windows::new();
    let mut machines = BTreeSet::new();
    if !path.exists() {
        return Ok((windows, machines));
    }
    let in_file = |error: String| format!("{}: {error}", path.display());
    let file = File::open(&path).map_err(|error| in_file(error.to_string()))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader
        .headers()
        .map_err(|error| in_file(error.to_string()))?
        .clone();
    let mut indexes = [0; COLUMNS.len()];
    for (index, column) in indexes.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| name == column);
        *index = found.ok_or_else(|| {
            in_file(format!(
                "column {column}: found none, expected it in the header"
            ))
        })?;
    }
    for record in reader.records() {
        let record = record.map_err(|error| in_file(error.to_string()))?;
        let [set, workload, scheme, base, machine] = indexes.map(|index| record[index].to_string());
        let path = [set, workload, scheme];
        let name = path.join(",");
        match windows.insert(path, base.clone()) {
            Some(other) if other != base => {
                return Err(in_file(format!(
                    "{name}: window_base: found {other} and {base}, expected the same in all runs"
                )));
            }
            _ => {}
        }
        machines.insert(machine);
    }
    Ok((windows, machines))
}
