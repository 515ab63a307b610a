//! comparison.csv: everything measured, then the seed's claims with what they were held against.

use crate::claims::Claim;
use crate::measures::Measures;
use crate::spread::Spread;

const COLUMNS: [&str; 13] = [
    "set", "workload", "scheme", "part", "metric", "unit", "value", "low", "high", "n", "claim",
    "verdict", "ends",
];

const SET: &str = "comparison";

/// The table's text.
pub fn csv(measures: &Measures, claims: &[Claim]) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for row in &measures.rows {
        let [value, low, high, n] = cells(Some(row.spread));
        let what = [
            SET,
            &row.workload,
            &row.subject,
            row.part.name(),
            row.metric,
            row.unit,
        ];
        let ends = row.spread.ends.name();
        let measured = [value.as_str(), &low, &high, &n, "", "", ends];
        writer
            .write_record(what.iter().chain(&measured))
            .expect(IN_MEMORY);
    }
    for claim in claims {
        let [value, low, high, n] = cells(claim.measured);
        let what = [
            SET,
            &claim.workload,
            claim.subject,
            "claims",
            claim.metric,
            claim.unit,
        ];
        let judged = [
            value.as_str(),
            &low,
            &high,
            &n,
            claim.claim,
            claim.verdict.name(),
            claim.measured.map_or("", |measured| measured.ends.name()),
        ];
        writer
            .write_record(what.iter().chain(&judged))
            .expect(IN_MEMORY);
    }
    writer.into_inner().expect(IN_MEMORY)
}

fn cells(spread: Option<Spread>) -> [String; 4] {
    spread.map_or_else(
        Default::default,
        |Spread {
             value,
             low,
             high,
             n,
             ..
         }| {
            [
                value.to_string(),
                low.to_string(),
                high.to_string(),
                n.to_string(),
            ]
        },
    )
}
