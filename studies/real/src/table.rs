//! real.csv: everything measured, then the starting document's claims.

use crate::claims::Claim;
use crate::measures::Measures;
use crate::over_runs::Value;

const COLUMNS: [&str; 16] = [
    "set",
    "workload",
    "scheme",
    "phase",
    "over",
    "metric",
    "unit",
    "value",
    "low",
    "high",
    "n",
    "detectable",
    "bound",
    "claim",
    "verdict",
    "p_holm",
];

/// The table's text.
pub fn csv(measures: &Measures, claims: &[Claim]) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for row in &measures.0 {
        let what = [
            "real",
            &row.workload,
            row.scheme,
            &row.phase,
            row.over,
            row.metric,
            row.unit,
        ];
        let bound = row.bound.map(|bound| bound.at_most.to_string());
        let judged = [
            bound.unwrap_or_default(),
            String::new(),
            row.bound.map_or("", |bound| bound.verdict.name()).into(),
            shown(row.bound.and_then(|bound| bound.p)),
        ];
        let what = what.map(String::from);
        let cells = cells(Some(row.value));
        writer
            .write_record(what.iter().chain(&cells).chain(&judged))
            .expect(IN_MEMORY);
    }
    for claim in claims {
        let over = if claim.unit == "ratio" { "PLAIN" } else { "" };
        let what = [
            "real",
            &claim.workload,
            claim.scheme,
            "",
            over,
            claim.metric,
            claim.unit,
        ];
        let judged = ["", claim.claim, claim.verdict, &shown(claim.p)].map(String::from);
        let what = what.map(String::from);
        let cells = cells(claim.measured);
        writer
            .write_record(what.iter().chain(&cells).chain(&judged))
            .expect(IN_MEMORY);
    }
    writer.into_inner().expect(IN_MEMORY)
}

fn cells(value: Option<Value>) -> [String; 5] {
    let Some(value) = value else {
        return Default::default();
    };
    [
        value.value.to_string(),
        shown(value.interval.map(|(low, _)| low)),
        shown(value.interval.map(|(_, high)| high)),
        value.n.to_string(),
        shown(value.detectable),
    ]
}

fn shown(number: Option<f64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
