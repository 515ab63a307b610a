//! summary.csv and summary.json: the same rows twice.

use serde_json::{Map, Value, json};

use crate::rows::{Row, table};
use crate::stats::{Stat, is_max};
use crate::summary::PathSummary;

const COLUMNS: [&str; 20] = [
    "set",
    "workload",
    "scheme",
    "metric",
    "unit",
    "n",
    "mean",
    "std",
    "min",
    "p50",
    "p95",
    "p99",
    "max",
    "p95_is_max",
    "p99_is_max",
    "ci95_low",
    "ci95_high",
    "ci_method",
    "hash_mask",
    "poisson_mean_bytes",
];

/// summary.csv: one row a path and metric.
pub fn csv(summaries: &[PathSummary]) -> Vec<u8> {
    let rows = rows(summaries)
        .into_iter()
        .map(|cells| Row(cells.into_iter().map(cell).collect()));
    table(&COLUMNS, rows)
}

/// summary.json: the rows of summary.csv, each on a line.
pub fn json(summaries: &[PathSummary]) -> Vec<u8> {
    let object = |cells: Vec<Value>| -> String {
        let keys = COLUMNS.map(String::from);
        Value::Object(keys.into_iter().zip(cells).collect::<Map<String, Value>>()).to_string()
    };
    let rows: Vec<String> = rows(summaries).into_iter().map(object).collect();
    let rows = rows.join(",\n");
    format!("{{\"format\":\"sampler-summary\",\"format_version\":1,\"rows\":[\n{rows}\n]}}\n")
        .into_bytes()
}

fn rows(summaries: &[PathSummary]) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for summary in summaries {
        let run = summary.runs[0];
        for (metric, stat) in &summary.metrics {
            let Stat {
                n,
                mean,
                std,
                min,
                p50,
                p95,
                p99,
                max,
                interval,
            } = stat;
            rows.push(vec![
                json!(run.identity.set),
                json!(run.identity.workload),
                json!(summary.scheme()),
                json!(metric.name),
                json!(metric.unit),
                json!(n),
                json!(mean),
                json!(std),
                json!(min),
                json!(p50),
                json!(p95),
                json!(p99),
                json!(max),
                json!(is_max(*n, 95)),
                json!(is_max(*n, 99)),
                json!(interval.map(|interval| interval.low)),
                json!(interval.map(|interval| interval.high)),
                json!(interval.map(|interval| interval.method)),
                json!(run.origin.parameters.hash_mask),
                json!(run.origin.parameters.poisson_mean_bytes),
            ]);
        }
    }
    rows
}

fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        // JSON writes a whole floating-point number as 3.0, the other tables as 3.
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(String::new(), |number| number.to_string()),
        other => other.to_string(),
    }
}
