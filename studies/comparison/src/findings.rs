//! comparison-findings.json: the answers and claims of comparison.txt, for data/RESULTS.md.

use serde_json::{Value, json};

use crate::answers;
use crate::claims::{Claim, Topic};
use crate::measures::Measures;
use crate::notes;
use crate::report::LEGEND;
use crate::run::Runs;

/// The file's text.
pub fn json(runs: &Runs, measures: &Measures, claims: &[Claim]) -> Vec<u8> {
    let mut blocks: Vec<Value> = answers::all(measures)
        .into_iter()
        .map(|(question, sentences)| sentences_of(question, sentences))
        .collect();
    blocks.extend(Topic::ALL.map(|(topic, title)| {
        let of_topic = claims.iter().filter(|claim| claim.topic == topic);
        let rows: Vec<[String; 5]> = of_topic.map(cells).collect();
        json!({
            "section": "What the starting document expects",
            "title": title,
            "sentences": [],
            "table": { "header": ["of", "it says", "verdict", "measured", "number"], "rows": rows },
        })
    }));
    let notes = notes::of(runs);
    let legend = LEGEND.map(String::from).into_iter();
    blocks.push(sentences_of(
        "Where the numbers come from",
        legend.chain(notes.lost).collect(),
    ));
    let machines: Vec<String> = notes.machines.into_iter().map(|(name, _)| name).collect();
    let findings = json!({
        "format": "sampler-findings",
        "format_version": 1,
        "part": "comparison",
        "runs": notes.runs,
        "machines": machines,
        "blocks": blocks,
    });
    format!("{findings:#}\n").into_bytes()
}

fn sentences_of(section: &str, sentences: Vec<String>) -> Value {
    json!({ "section": section, "title": "", "sentences": sentences, "table": null })
}

fn cells(claim: &Claim) -> [String; 5] {
    [
        claim.subject.into(),
        claim.claim.into(),
        claim.verdict.name().into(),
        claim.why.clone(),
        claim.number().unwrap_or_default(),
    ]
}
