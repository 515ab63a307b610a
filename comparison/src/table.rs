//! comparison.csv: everything measured, then the seed's claims with what they were held against.

use crate::claims::Claim;
use crate::measures::Measures;
use crate::spread::Spread;

const COLUMNS: [&str; 11] = [
    "part", "workload", "subject", "metric", "unit", "value", "low", "high", "n", "claim",
    "verdict",
];

/// The table's text.
pub fn csv(measures: &Measures, claims: &[Claim]) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for row in &measures.rows {
        let [value, low, high, n] = cells(Some(row.spread));
        let before = [
            row.part.name(),
            &row.workload,
            &row.subject,
            row.metric,
            row.unit,
        ];
        let after = [value.as_str(), &low, &high, &n, "", ""];
        writer
            .write_record(before.iter().chain(&after))
            .expect(IN_MEMORY);
    }
    for claim in claims {
        let [value, low, high, n] = cells(claim.measured);
        let before = [
            "claims",
            &claim.workload,
            claim.subject,
            claim.metric,
            claim.unit,
        ];
        let after = [
            value.as_str(),
            &low,
            &high,
            &n,
            claim.claim,
            claim.verdict.name(),
        ];
        writer
            .write_record(before.iter().chain(&after))
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
