//! How far a scheme's account of frees is from the truth.

use gnuplot::Figure;

use super::groups::{Form, Groups, Mark, columns, runs};
use super::table::{Spread, Table};

const WAYS: [(&str, &str, char); 4] = [
    ("frees-plain", "plain", 'O'),
    ("frees-realloc", "after realloc", 'S'),
    ("frees-cross-thread", "by another thread", 'T'),
    ("frees-reuse", "addresses return", 'R'),
];
const FREES: (&str, &str, &str) = ("frees_reported_over_true", "frees", "#0072B2");
const BYTES: (&str, &str, &str) = ("freed_bytes_reported_over_true", "bytes", "#D55E00");

/// Eight markers a scheme: frees and bytes, freed in four ways.
pub fn accuracy(table: &Table) -> Option<Figure> {
    let marks = [FREES, BYTES].map(|(_, what, color)| {
        WAYS.map(|(_, how, symbol)| Mark {
            text: format!("{what}, {how}"),
            form: Form::Marker(symbol, color),
        })
    });
    let columns = columns(|look| {
        let of = |metric: &str, workload: &str| {
            table.get(workload, look.scheme, metric).map(error_percent)
        };
        [FREES, BYTES]
            .iter()
            .flat_map(|(metric, ..)| WAYS.map(|(workload, ..)| of(metric, workload)))
            .collect()
    });
    let groups = Groups {
        title: "What schemes report of the frees of sampled blocks, against the truth".into(),
        subtitle: vec![
            format!(
                "mean, lowest and highest run; n = {} a marker; thousands of sampled frees a run; 0 is exact, but for the runtime's own few blocks",
                runs(&columns)
            ),
            "the Bernoulli scheme estimates frees from sizes and does not know their bytes; hashes know usable sizes alone".into(),
        ],
        y_label: "reported less true, over true  (%)",
        marks: marks.into_iter().flatten().collect(),
        columns,
    };
    groups.draw()
}

fn error_percent(ratio: Spread) -> Spread {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    Spread {
        value: percent(ratio.value),
        low: percent(ratio.low),
        high: percent(ratio.high),
        n: ratio.n,
    }
}
