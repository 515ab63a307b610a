//! How wrong estimates are, and how often their intervals hold the truth.

use gnuplot::Dash;
use gnuplot::Figure;

use super::curves::{Curve, Curves};
use super::groups::{Axis, Groups, Mark, Series};
use super::table::{Number, Table};
use super::{HORVITZ_THOMPSON, LOOKS, WORKLOADS};
use crate::marks::TARGET_COLOR;
use crate::text;

/// The name of a workload and the samples that it expects.
fn category(table: &Table, workload: &str) -> Vec<String> {
    let expected = LOOKS
        .iter()
        .find_map(|look| table.get(workload, look.scheme, "", "expected_samples"));
    let expected = expected.map_or(String::new(), |number| {
        format!("{:.0} expected", number.value)
    });
    vec![workload.to_string(), expected]
}

/// Those that ran.
pub fn workloads(table: &Table) -> Vec<&'static str> {
    let ran = |workload: &&str| {
        LOOKS.iter().any(|look| {
            table
                .get(workload, look.scheme, "", "rate_allocs")
                .is_some()
        })
    };
    WORKLOADS.into_iter().filter(ran).collect()
}

/// One series a scheme.
pub fn schemes() -> Vec<Series> {
    let series = LOOKS.iter().map(|look| Series {
        text: look.scheme.into(),
        color: look.color,
        fill: look.fill,
        marker: look.marker,
    });
    series.collect()
}

fn marks(table: &Table, metric: &str) -> Vec<Vec<Option<Mark>>> {
    let of = |workload: &&str| {
        let of = |look: &super::Look| {
            let number = table
                .get(workload, look.scheme, HORVITZ_THOMPSON, metric)?
                .percent();
            Some(Mark::Value {
                number,
                expected: None,
            })
        };
        LOOKS.iter().map(of).collect()
    };
    workloads(table).iter().map(of).collect()
}

fn categories(table: &Table) -> Vec<Vec<String>> {
    workloads(table)
        .into_iter()
        .map(|workload| category(table, workload))
        .collect()
}

/// Shares of runs whose interval holds the true bytes.
pub fn coverage(table: &Table, interval: &str) -> Option<Figure> {
    let (what, how) = match interval {
        "plain" => (
            "plain",
            "estimate +- 1.96 standard errors, as if decisions were independent",
        ),
        _ => (
            "score",
            "with the variance by key for hashes; a run without a sample always holds, but under POISSON_BYTES",
        ),
    };
    Groups {
        title: format!("How often {what} 95 % intervals hold the true bytes"),
        subtitle: vec![
            format!("{how}; N runs a marker; brackets: 95 % (Clopper and Pearson)"),
            "below each workload: samples that every scheme expects in a run".into(),
        ],
        y_label: "runs whose interval holds the truth  (%)".into(),
        categories: categories(table),
        series: schemes(),
        marks: marks(table, &format!("coverage_{interval}_bytes")),
        guide: Some((95.0, "nominal: 95 %".into())),
        expected: None,
        axis: Axis::Linear {
            low: 0.0,
            high: 103.0,
        },
    }
    .draw()
}

/// The two schemes whose decisions are independent, by the number of samples and the kind of interval.
pub fn coverage_against_samples(table: &Table) -> Option<Figure> {
    const INTERVALS: [(&str, char, char, &str); 3] = [
        ("plain", 'o', 'O', "plain"),
        ("log", 'd', 'D', "log scale"),
        ("score", 't', 'T', "score"),
    ];
    let mut curves = Vec::new();
    let mut runs = Vec::new();
    for look in &LOOKS[..1] {
        for ((interval, hollow, full, name), color) in
            INTERVALS.into_iter().zip(["#0072B2", "#D55E00", "#009E73"])
        {
            for (kind, marker) in [("monotonic", full), ("reuse", hollow)] {
                let point = |workload: &&str| {
                    let metric = format!("coverage_{interval}_bytes");
                    let expected = table.get(workload, look.scheme, "", "expected_samples")?;
                    let number = table.get(workload, look.scheme, HORVITZ_THOMPSON, &metric)?;
                    Some((expected.value, number.percent()))
                };
                let of_kind = WORKLOADS
                    .iter()
                    .filter(|workload| workload.starts_with(kind));
                let points: Vec<(f64, Number)> = of_kind.filter_map(point).collect();
                runs.extend(points.iter().map(|(_, number)| number.n));
                if !points.is_empty() {
                    curves.push(Curve {
                        text: format!("{name}, {kind}"),
                        color,
                        marker: Some(marker),
                        dash: None,
                        points,
                    });
                }
            }
        }
    }
    let nominal = |x| {
        (
            x,
            Number {
                value: 95.0,
                interval: None,
                n: 0,
            },
        )
    };
    if !curves.is_empty() {
        curves.push(Curve {
            text: "nominal: 95 %".into(),
            color: TARGET_COLOR,
            marker: None,
            dash: Some(Dash),
            points: vec![nominal(3.0), nominal(600.0)],
        });
    }
    Curves {
        title: "Coverage of 95 % intervals of bytes against the expected number of samples".into(),
        subtitle: vec![
            format!(
                "HEADER_POISSON_BYTES; n = {} a marker; brackets: 95 % (Clopper and Pearson)",
                text::runs(runs)
            ),
            "sizes 16 to 4096 B (monotonic) and 16 to 256 B over a few addresses (reuse); markers of one workload stand side by side".into(),
        ],
        x_label: "expected samples in a run",
        y_label: "runs whose interval holds the truth  (%)",
        x: (3.0, 600.0),
        is_x_log: true,
        y: (75.0, 101.0),
        curves,
    }
    .draw()
}

/// Mean errors.
pub fn bias(table: &Table) -> Option<Figure> {
    let metric = "bias_bytes";
    Groups {
        title: "Bias of estimated bytes".into(),
        subtitle: vec![
            "mean of (estimate - truth) / truth; N runs a marker; brackets: 95 % (Student); cut at the axis' ends".into(),
            "below each workload: samples that every scheme expects in a run".into(),
        ],
        y_label: "mean error  (%)".into(),
        categories: categories(table),
        series: schemes(),
        marks: marks(table, metric),
        guide: Some((0.0, "unbiased".into())),
        expected: None,
        axis: Axis::Linear { low: -60.0, high: 60.0 },
    }
    .draw()
}

/// Root mean square errors, on a logarithmic axis.
pub fn rmse(table: &Table) -> Option<Figure> {
    Groups {
        title: "Error of estimated bytes at equal budget".into(),
        subtitle: vec![
            "root of the mean square of (estimate - truth) / truth; N runs a marker; brackets: 95 % (bootstrap over runs)".into(),
            "below each workload: samples that every scheme expects in a run".into(),
        ],
        y_label: "root mean square error  (%)".into(),
        categories: categories(table),
        series: schemes(),
        marks: marks(table, "rmse_bytes"),
        guide: None,
        expected: None,
        axis: Axis::Log { floor: 1.0, high: 3000.0 },
    }
    .draw()
}

/// Quantiles of errors over runs.
pub fn distribution(table: &Table) -> Option<Figure> {
    let of = |workload: &&str| {
        let of = |look: &super::Look| {
            let quantile = |name: &str| {
                let metric = format!("error_{name}_bytes");
                table
                    .get(workload, look.scheme, HORVITZ_THOMPSON, &metric)
                    .map(Number::percent)
            };
            let middle = quantile("p50")?;
            Some(Mark::Box {
                quantiles: [
                    quantile("p5")?.value,
                    quantile("p25")?.value,
                    middle.value,
                    quantile("p75")?.value,
                    quantile("p95")?.value,
                ],
                n: middle.n,
            })
        };
        LOOKS.iter().map(of).collect()
    };
    Groups {
        title: "Errors of estimated bytes over runs".into(),
        subtitle: vec![
            "(estimate - truth) / truth; N runs a box: from 25 to 75 % of runs, black the median, whiskers from 5 to 95 %".into(),
            "-100 %: no sample at all; cut at the upper end of the axis".into(),
        ],
        y_label: "error  (%)".into(),
        categories: categories(table),
        series: schemes(),
        marks: workloads(table).iter().map(of).collect(),
        guide: Some((0.0, "the truth".into())),
        expected: None,
        axis: Axis::Linear { low: -105.0, high: 250.0 },
    }
    .draw()
}

/// Estimators in use elsewhere, on the same samples.
pub fn estimators(table: &Table) -> Option<Figure> {
    const ESTIMATORS: [(&str, &str, char); 5] = [
        (HORVITZ_THOMPSON, "#009E73", 'T'),
        ("tcmalloc", "#0072B2", 'O'),
        ("ddprof", "#E69F00", 'S'),
        ("heapprofd", "#CC79A7", 'R'),
        ("sum-then-unbias", "#000000", 'D'),
    ];
    let scheme = LOOKS[0].scheme;
    let of = |workload: &&str| {
        let of = |(estimator, ..): &(&str, &str, char)| {
            let number = table
                .get(workload, scheme, estimator, "bias_bytes")?
                .percent();
            Some(Mark::Value {
                number,
                expected: None,
            })
        };
        ESTIMATORS.iter().map(of).collect()
    };
    let series = ESTIMATORS.map(|(estimator, color, marker)| Series {
        text: estimator.into(),
        color,
        fill: color,
        marker,
    });
    Groups {
        title: "Estimators of bytes on the same samples".into(),
        subtitle: vec![
            format!("{scheme}; mean of (estimate - truth) / truth; N runs a marker; brackets: 95 % (Student)"),
            "sum-then-unbias weighs the sum of a run's samples once, by their mean size; the others weigh each sample".into(),
        ],
        y_label: "mean error of bytes  (%)".into(),
        categories: categories(table),
        series: series.into(),
        marks: workloads(table).iter().map(of).collect(),
        guide: Some((0.0, "unbiased".into())),
        expected: None,
        axis: Axis::Linear { low: -18.0, high: 12.0 },
    }
    .draw()
}
