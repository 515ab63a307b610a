//! The tables of samples, errors, coverage, bins and estimators.

use crate::layout::{NO_NUMBER, item, number, p_value, percent, percent_alone, plain, rate, table};
use crate::measure::estimates::{
    ALLOCS, BIAS, BYTES, COVERAGE_LOG, COVERAGE_PLAIN, COVERAGE_PLAIN_BY_KEY, COVERAGE_SCORE,
    DESIGN_EFFECT, LIVE_ALLOCS, LIVE_BYTES, MAE, RMSE, RMSE_BY_DESIGN, SCORE_WITHOUT_END, Subject,
    VARIANCE_RATIO, metric,
};
use crate::measure::others::ESTIMATORS;
use crate::measure::ranking::{P, RANK, is_blind};
use crate::measure::rates::{
    BLIND, DISPERSION, DISPERSION_IDEAL, DISTINCT, EMPTY, EXPECTED_RATE_ALLOCS,
    EXPECTED_RATE_BYTES, EXPECTED_SAMPLES, RATE_ALLOCS, RATE_BYTES,
};
use crate::paths::{Cell, Workload};
use crate::report::Data;
use crate::rows::HORVITZ_THOMPSON;
use crate::schemes::SCHEMES;

/// `accuracy/reuse-50, 1/256 of allocs`
pub fn title(workload: &Workload) -> String {
    format!(
        "{}/{}, {}",
        workload.set,
        workload.name,
        workload.budget.name()
    )
}

/// How many samples there were, and how they spread over runs.
pub fn samples(data: &Data) -> String {
    let mut text = item(
        "dispersion is the variance of a run's samples over the number that is expected; ideal is that of independent decisions, 1 - sum p^2 / sum p. It is the variance of a sampler's overhead. distinct: different numbers of samples that the runs had.",
    );
    for workload in data.workloads {
        let row = |cell: &Cell| {
            let of = |metric| data.of(workload, cell, "", metric);
            let mark = if cell.design.is_off_target {
                " OFF TARGET"
            } else {
                ""
            };
            vec![
                format!("{}{mark}", cell.scheme.name),
                cell.runs.len().to_string(),
                randomness(cell),
                plain(of(EXPECTED_SAMPLES)),
                rate(of(EXPECTED_RATE_ALLOCS)),
                rate(of(RATE_ALLOCS)),
                rate(of(EXPECTED_RATE_BYTES)),
                rate(of(RATE_BYTES)),
                percent_alone(of(EMPTY)),
                match of(EMPTY) {
                    Some(empty) if empty.value > BLIND => "blind".to_string(),
                    _ => plain(of(DISPERSION)),
                },
                plain(of(DISPERSION_IDEAL)),
                plain(of(DISTINCT)),
            ]
        };
        let header = [
            "scheme",
            "n",
            "randomness",
            "expected",
            "rate of allocs, %: expected",
            "realised",
            "of bytes, %: expected",
            "realised",
            "runs without, %",
            "dispersion",
            "ideal",
            "distinct",
        ];
        text.push_str(&table(
            &title(workload),
            &header,
            workload.cells.iter().map(row).collect(),
        ));
    }
    text
}

/// What two runs of a cell differ by.
pub fn randomness(cell: &Cell) -> String {
    match cell.randomness().as_slice() {
        [] => "none: no interval".into(),
        names => names.join(", "),
    }
}

/// Bias, root mean square error, rank and coverage, a table a subject.
pub fn errors(data: &Data) -> String {
    let mut text = String::new();
    for workload in data.workloads {
        for subject in [BYTES, ALLOCS, LIVE_BYTES, LIVE_ALLOCS] {
            let row = |cell: &Cell| error_row(data, workload, cell, subject);
            let rows: Vec<Vec<String>> = workload.cells.iter().filter_map(row).collect();
            let header = [
                "scheme",
                "bias, %",
                "RMSE, %",
                "by design",
                "MAE, %",
                "rank",
                "p",
                "coverage, %: plain",
                "plain, by key",
                "log",
                "score",
                "score without end, %",
            ];
            let what = subject.name.replace('_', " ");
            text.push_str(&table(
                &format!("{what}: {}", title(workload)),
                &header,
                rows,
            ));
        }
    }
    text
}

fn error_row(
    data: &Data,
    workload: &Workload,
    cell: &Cell,
    subject: Subject,
) -> Option<Vec<String>> {
    let of = |what| data.of(workload, cell, HORVITZ_THOMPSON, &metric(what, subject));
    of(BIAS)?;
    let rank = match cell.design.is_off_target {
        true => "off target".to_string(),
        false if is_blind(cell, subject) => "blind".to_string(),
        false => plain(of(RANK)),
    };
    Some(vec![
        cell.scheme.name.to_string(),
        percent(of(BIAS)),
        percent(of(RMSE)),
        percent(of(RMSE_BY_DESIGN)),
        percent(of(MAE)),
        rank,
        p_value(of(P)),
        percent(of(COVERAGE_PLAIN)),
        by_key(cell, percent_alone(of(COVERAGE_PLAIN_BY_KEY))),
        percent_alone(of(COVERAGE_LOG)),
        percent(of(COVERAGE_SCORE)),
        percent_alone(of(SCORE_WITHOUT_END)),
    ])
}

/// What rests on the variance by key, marked where that is known not to hold.
fn by_key(cell: &Cell, text: String) -> String {
    let has_independent_keys = cell.scheme.has_independent_keys();
    match cell.scheme.decision.has_keys() && !has_independent_keys && text != NO_NUMBER {
        true => format!("{text}*"),
        false => text,
    }
}

/// Workloads down, by the samples that they expect; schemes across.
pub fn coverage(data: &Data) -> String {
    let mut workloads: Vec<&Workload> = data
        .workloads
        .iter()
        .filter(|it| !it.cells.is_empty())
        .collect();
    let expected = |it: &Workload| it.cells[0].design.expected_samples;
    workloads.sort_by(|a, b| expected(a).total_cmp(&expected(b)));
    let mut text = String::new();
    for subject in [BYTES, ALLOCS] {
        let row = |workload: &&Workload| {
            let mut row = vec![format!("{}/{}", workload.set, workload.name)];
            for scheme in &SCHEMES {
                let cell = workload
                    .cells
                    .iter()
                    .find(|cell| cell.scheme.name == scheme.name);
                row.push(cell.map_or(NO_NUMBER.into(), |cell| {
                    let of =
                        |what| data.of(workload, cell, HORVITZ_THOMPSON, &metric(what, subject));
                    format!(
                        "{}: {} / {}",
                        number((cell.design.expected_samples * 10.0).round() / 10.0),
                        percent_alone(of(COVERAGE_PLAIN)),
                        percent_alone(of(COVERAGE_SCORE))
                    )
                }));
            }
            row
        };
        let mut header = vec!["samples expected: plain / score, %"];
        header.extend(SCHEMES.map(|scheme| scheme.name));
        let rows = workloads.iter().map(row).collect();
        text.push_str(&table(
            &format!("{}, of the 95 % intervals", subject.name),
            &header,
            rows,
        ));
    }
    text
}

/// Bins of the largest workload of each kind.
pub fn bins(data: &Data) -> String {
    let mut text = item(
        "Bins that expect at least one sample, of the largest workloads; the others are in accuracy.csv. by key: plain with the variance over the keys of the bin, which of schemes that hash the score interval takes too.",
    );
    for workload in data.workloads {
        let is_large = ["-300", "-400"]
            .iter()
            .any(|end| workload.name.ends_with(end));
        if workload.set != super::MAIN_SET || !is_large {
            continue;
        }
        let mut rows = Vec::new();
        for cell in &workload.cells {
            let place = data.place(workload, cell);
            for bin in &cell.runs[0].bins {
                let of = |estimator, metric: &str| {
                    data.rows.of_bin(&place, estimator, metric, &bin.name)
                };
                let Some(expected) = of("", EXPECTED_SAMPLES) else {
                    continue;
                };
                let what = |what| of(HORVITZ_THOMPSON, &metric(what, BYTES));
                rows.push(vec![
                    cell.scheme.name.to_string(),
                    bin.name.clone(),
                    plain(Some(expected)),
                    percent(what(BIAS)),
                    percent(what(COVERAGE_PLAIN)),
                    by_key(cell, percent(what(COVERAGE_PLAIN_BY_KEY))),
                    percent(what(COVERAGE_SCORE)),
                ]);
            }
        }
        let header = [
            "scheme",
            "bin, B",
            "samples expected",
            "bias of bytes, %",
            "coverage, %: plain",
            "by key",
            "score",
        ];
        text.push_str(&table(&title(workload), &header, rows));
    }
    text
}

/// Estimators in use elsewhere, on the identical samples of exponential gaps in bytes.
pub fn others(data: &Data) -> String {
    let mut text = item(
        "All on the same samples of HEADER_POISSON_BYTES. sum-then-unbias takes the whole run for one call site and weighs the sum once, by the p of the mean sampled size: what jemalloc did before it weighed each sample.",
    );
    let row = |workload: &Workload, cell: &Cell, estimator: &'static str| {
        let of = |what, subject| data.of(workload, cell, estimator, &metric(what, subject));
        of(BIAS, BYTES)?;
        Some(vec![
            format!("{}/{}", workload.set, workload.name),
            estimator.to_string(),
            cell.runs.len().to_string(),
            percent(of(BIAS, BYTES)),
            percent(of(RMSE, BYTES)),
            percent(of(BIAS, ALLOCS)),
            percent(of(RMSE, ALLOCS)),
        ])
    };
    let mut rows = Vec::new();
    for workload in data.workloads {
        let cells = workload
            .cells
            .iter()
            .filter(|cell| cell.scheme.name == SCHEMES[0].name);
        for cell in cells {
            let estimators = [HORVITZ_THOMPSON].into_iter().chain(ESTIMATORS);
            rows.extend(estimators.filter_map(|estimator| row(workload, cell, estimator)));
        }
    }
    let header = [
        "workload",
        "estimator",
        "n",
        "bytes: bias, %",
        "RMSE, %",
        "allocs: bias, %",
        "RMSE, %",
    ];
    text.push_str(&table("HEADER_POISSON_BYTES", &header, rows));
    text
}

/// Design effects, as the runs estimate them and as the runs show them.
pub fn design_effects(data: &Data) -> String {
    let mut text = item(
        "design effect: the variance by key over that of independent decisions, both as a run estimates them. variance over independent: that of the estimates over runs, over that of independent decisions from exact sizes; above 1 the plain intervals are too narrow. Where it is above the design effect, keys do not decide independently of each other either.",
    );
    let mut rows = Vec::new();
    for workload in data.workloads.iter().filter(|it| it.set == super::MAIN_SET) {
        for cell in &workload.cells {
            let of =
                |what, subject| data.of(workload, cell, HORVITZ_THOMPSON, &metric(what, subject));
            if of(DESIGN_EFFECT, BYTES).is_none() {
                continue;
            }
            let ratio = |subject| match is_blind(cell, subject) {
                true => "blind".to_string(),
                false => plain(of(VARIANCE_RATIO, subject)),
            };
            rows.push(vec![
                workload.name.clone(),
                cell.scheme.name.to_string(),
                plain(of(DESIGN_EFFECT, ALLOCS)),
                ratio(ALLOCS),
                plain(of(DESIGN_EFFECT, BYTES)),
                ratio(BYTES),
            ]);
        }
    }
    let header = [
        "workload",
        "scheme",
        "allocs: design effect",
        "variance over independent",
        "bytes: design effect",
        "variance over independent",
    ];
    text.push_str(&table("Schemes that hash", &header, rows));
    text
}
