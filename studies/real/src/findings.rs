//! real-findings.json: the answers, claims and tables of real.txt, for data/RESULTS.md.

use serde_json::{Value, json};

use crate::answers;
use crate::claims::Claim;
use crate::counted::Instructions;
use crate::measures::Measures;
use crate::notes;
use crate::report::{self, Table};
use crate::run::Runs;

/// The file's text.
pub fn json(
    runs: &Runs,
    measures: &Measures,
    instructions: &Instructions,
    claims: &[Claim],
) -> Vec<u8> {
    let mut answers = answers::header_overhead(runs, measures);
    answers.extend(answers::header_instructions(instructions));
    let mut blocks = vec![sentences_of(answers::OVERHEAD, answers)];
    let claims = claims.iter().map(|claim| {
        vec![
            claim.subject(),
            claim.claim.into(),
            claim.verdict.into(),
            claim.why.clone(),
        ]
    });
    let claims = Table {
        title: String::new(),
        header: ["of", "it says", "verdict", "measured"]
            .map(String::from)
            .into(),
        rows: claims.collect(),
    };
    blocks.push(table_of("What the starting document expects", "", &claims));
    blocks.push(table_of(
        "Tables",
        "",
        &report::bounds(measures, instructions),
    ));
    blocks.push(table_of("Tables", "", &report::counted(instructions)));
    for workload in runs.workloads() {
        for table in report::tables(runs, measures, workload) {
            blocks.push(table_of("Tables", &format!("{workload}: "), &table));
        }
    }
    let mut legend = report::LEGEND.map(String::from).to_vec();
    if !instructions.0.is_empty() {
        legend.push(report::LEGEND_OF_INSTRUCTIONS.into());
    }
    blocks.push(sentences_of(
        "Where the numbers come from",
        legend
            .into_iter()
            .chain(notes::all(runs, measures))
            .collect(),
    ));
    blocks.retain(|block| {
        let has = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
        has(&block["sentences"]) || has(&block["table"]["rows"])
    });
    let findings = json!({
        "format": "sampler-findings",
        "format_version": 1,
        "part": "real",
        "runs": notes::number_of_runs(runs),
        "machines": notes::machines(runs),
        "blocks": blocks,
    });
    format!("{findings:#}\n").into_bytes()
}

fn sentences_of(section: &str, sentences: Vec<String>) -> Value {
    json!({ "section": section, "title": "", "sentences": sentences, "table": null })
}

fn table_of(section: &str, before: &str, table: &Table) -> Value {
    json!({
        "section": section,
        "title": format!("{before}{}", table.title),
        "sentences": [],
        "table": { "header": table.header, "rows": table.rows },
    })
}
