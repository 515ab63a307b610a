//! What is not seen: leaks, dead zones, and gaps that do not come as designed.

use gnuplot::{Dot, Figure, Solid};

use super::curves::{Curve, Curves};
use super::errors::{schemes, workloads};
use super::groups::{Axis, Groups, Mark};
use super::table::{Number, Table};
use super::{LOOKS, Look};
use crate::text;

/// Sizes of which more than one number of blocks leaked.
pub fn leak_sizes(table: &Table) -> Vec<u64> {
    let mut sizes: Vec<u64> = Vec::new();
    for (workload, scheme, bin, size) in table.all("leak_size_bytes") {
        let blocks = table.of_bin(workload, scheme, "", "leak_blocks", bin);
        if blocks.is_some_and(|blocks| blocks.value > 1.0) {
            sizes.push(size.value as u64);
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// A metric of leaks of one size against the number of leaked blocks.
fn against_blocks(
    table: &Table,
    scheme: &str,
    size_bytes: u64,
    metric: &str,
) -> Vec<(f64, Number)> {
    let mut points = Vec::new();
    for (workload, of, bin, size) in table.all("leak_size_bytes") {
        if of == scheme && size.value as u64 == size_bytes {
            let blocks = table.of_bin(workload, scheme, "", "leak_blocks", bin);
            let number = table.of_bin(workload, scheme, "", metric, bin);
            points.extend(
                blocks
                    .zip(number)
                    .map(|(blocks, number)| (blocks.value, number.percent())),
            );
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Probability of seeing a leak, measured and by closed forms.
pub fn leak_power(table: &Table, size_bytes: u64) -> Option<Figure> {
    let mut curves = Vec::new();
    let mut runs = Vec::new();
    let closed =
        |look: &Look| against_blocks(table, look.scheme, size_bytes, "leak_seen_closed_form");
    let line = |text: &str, color, dash, points| Curve {
        text: text.into(),
        color,
        marker: None,
        dash: Some(dash),
        points,
    };
    let [poisson, bernoulli, hybrid, _, _, page] = &LOOKS;
    curves.push(line(
        "1 - exp(-k size/mean)",
        poisson.color,
        Solid,
        closed(poisson),
    ));
    curves.push(line(
        "1 - (1-p)^k",
        bernoulli.color,
        Solid,
        closed(bernoulli),
    ));
    if size_bytes < 256 {
        curves.push(line(
            "the hybrid's drawn half",
            hybrid.color,
            hybrid.dash,
            closed(hybrid),
        ));
    }
    let fewest = closed(page).into_iter().map(|(blocks, number)| {
        let value = number.interval.map_or(number.value, |(low, _)| low);
        (blocks, Number { value, ..number })
    });
    curves.push(line(
        "1 - (1-p)^pages, fewest pages",
        page.color,
        Dot,
        fewest.collect(),
    ));
    for look in &LOOKS {
        let points = against_blocks(table, look.scheme, size_bytes, "leak_seen");
        runs.extend(points.iter().map(|(_, number)| number.n));
        curves.push(Curve {
            text: look.scheme.into(),
            color: look.color,
            marker: Some(look.marker),
            dash: None,
            points,
        });
    }
    curves.retain(|curve| !curve.points.is_empty());
    Curves {
        title: format!("Probability of seeing a leak of blocks of {} B", text::thousands(size_bytes)),
        subtitle: vec![
            format!(
                "runs in which at least one leaked block was sampled; n = {} a marker; brackets: 95 % (Clopper and Pearson)",
                text::runs(runs)
            ),
            "lines: closed forms; each number of blocks is a workload of its own, with its own mean gap at the same budget".into(),
        ],
        x_label: "leaked blocks k",
        y_label: "runs that saw the leak  (%)",
        x: (0.7, 450.0),
        is_x_log: true,
        y: (0.0, 103.0),
        curves,
    }
    .draw()
}

/// Dead windows of each scheme, and what its design leads one to expect.
pub fn dead_zones(table: &Table) -> Option<Figure> {
    const SCALES: [(&str, &str); 3] = [
        ("1x", "1 window"),
        ("10x", "10 windows"),
        ("100x", "100 windows"),
    ];
    let mut categories = Vec::new();
    let mut marks = Vec::new();
    for workload in workloads(table) {
        for (scale, _) in &SCALES[..2] {
            let of = |look: &Look| {
                let of = |what: &str| {
                    table.get(
                        workload,
                        look.scheme,
                        "",
                        &format!("dead_zones_{what}{scale}"),
                    )
                };
                Some(Mark::Value {
                    number: of("")?.percent(),
                    expected: of("design_").map(|design| design.value * 100.0),
                })
            };
            let row: Vec<Option<Mark>> = LOOKS.iter().map(of).collect();
            if row.iter().any(Option::is_some) {
                let base = if *scale == "1x" { "1000" } else { "10 000" };
                let (kind, number) = workload.rsplit_once('-').unwrap_or((workload, ""));
                categories.push(vec![kind.into(), number.into(), format!("of {base}")]);
                marks.push(row);
            }
        }
    }
    Groups {
        title: "Windows without a sample, against each scheme's own design".into(),
        subtitle: vec![
            "finished windows of 1000 and 10 000 allocations; all of N runs a marker; brackets: 95 % (bootstrap over runs)".into(),
            "below: workload, samples that it expects (t4: 300, four threads), window; design: mean over windows of the product of 1 - p".into(),
        ],
        y_label: "windows without a sample  (%)".into(),
        categories,
        series: schemes(),
        marks,
        guide: None,
        expected: Some("expected by design, if decisions are independent".into()),
        axis: Axis::Linear { low: -2.0, high: 103.0 },
    }
    .draw()
}

/// How far the distribution of gaps is from its ideal.
pub fn gaps(table: &Table, workload: &str) -> Option<Figure> {
    let mut curves = Vec::new();
    let mut gaps: Vec<u64> = Vec::new();
    let mut furthest = 5.0;
    for look in &LOOKS {
        let end = |x| {
            (
                x,
                Number {
                    value: 0.0,
                    interval: None,
                    n: 0,
                },
            )
        };
        let mut points = vec![end(0.0)];
        for tenth in 1..10 {
            let limit = f64::from(tenth) / 10.0;
            let bin = format!("{limit}");
            let share = table.of_bin(workload, look.scheme, "", "gap_cumulated", &bin);
            points.extend(share.map(|share| {
                let value = (share.value - limit) * 100.0;
                (limit, Number { value, ..share })
            }));
        }
        if points.len() == 1 {
            continue;
        }
        points.push(end(1.0));
        gaps.extend(
            table
                .get(workload, look.scheme, "", "gaps")
                .map(|number| number.value as u64),
        );
        furthest = points
            .iter()
            .map(|(_, number)| number.value.abs())
            .fold(furthest, f64::max);
        curves.push(Curve {
            text: look.scheme.into(),
            color: look.color,
            marker: Some(look.marker),
            dash: Some(look.dash),
            points,
        });
    }
    Curves {
        title: format!("Gaps between samples against their ideal, {workload}"),
        subtitle: vec![
            format!("gaps in the scheme's own clock, made uniform by their ideal distribution; n = {} gaps a curve", text::range(gaps)),
            "above 0: more short gaps than an ideal sampler has; an ideal one stays at 0 but for chance".into(),
        ],
        x_label: "quantile of the ideal distribution of gaps",
        y_label: "share of gaps below it, less the ideal share  (percentage points)",
        x: (-0.02, 1.02),
        is_x_log: false,
        y: (-furthest * 1.08, furthest * 1.08),
        curves,
    }
    .draw()
}
