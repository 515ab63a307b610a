//! real-instructions.csv.

use crate::rows::Row;

const COLUMNS: [&str; 12] = [
    "set",
    "workload",
    "scheme",
    "poisson_mean_bytes",
    "part",
    "per",
    "over",
    "unit",
    "value",
    "low",
    "high",
    "n",
];

/// The table's text.
pub fn csv(rows: &[Row]) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for row in rows {
        let unit = match row.over {
            "" => "instructions",
            _ => "ratio",
        };
        let mean = row.mean_bytes.map(|mean| mean.to_string());
        let numbers = [row.value, row.low, row.high].map(|number| number.to_string());
        let cells = [
            "real",
            &row.workload,
            row.scheme,
            &mean.unwrap_or_default(),
            &row.part,
            &row.per,
            row.over,
            unit,
            &numbers[0],
            &numbers[1],
            &numbers[2],
            &row.n.to_string(),
        ];
        writer.write_record(cells).expect(IN_MEMORY);
    }
    writer.into_inner().expect(IN_MEMORY)
}
