//! accuracy-findings.json: the sentences and verdicts of accuracy.txt, for data/RESULTS.md.

use serde_json::{Value, json};

use crate::report::{Data, LEGEND, answers, claims, notes};

/// The file's text.
pub fn json(data: &Data) -> Vec<u8> {
    let mut blocks: Vec<Value> = answers::all(data)
        .into_iter()
        .map(|(question, sentences)| match question {
            answers::BEST | answers::WHEN => sentences_of(question, "", sentences),
            other => sentences_of("Further answers", other, sentences),
        })
        .collect();
    let claims: Vec<[String; 3]> = claims::all(data)
        .into_iter()
        .map(|claim| [claim.claim, claim.verdict.into(), claim.why])
        .collect();
    if !claims.is_empty() {
        blocks.push(json!({
            "section": "What the starting document expects",
            "title": "",
            "sentences": [],
            "table": { "header": ["it says", "verdict", "measured"], "rows": claims },
        }));
    }
    let notes = notes::of(data);
    let legend = LEGEND.map(String::from).into_iter();
    blocks.push(sentences_of(
        "Where the numbers come from",
        "",
        legend.chain(notes.others).collect(),
    ));
    let machines: Vec<String> = notes.machines.into_iter().map(|(name, _)| name).collect();
    let findings = json!({
        "format": "sampler-findings",
        "format_version": 1,
        "part": "accuracy",
        "runs": notes.runs,
        "machines": machines,
        "blocks": blocks,
    });
    format!("{findings:#}\n").into_bytes()
}

fn sentences_of(section: &str, title: &str, sentences: Vec<String>) -> Value {
    json!({ "section": section, "title": title, "sentences": sentences, "table": null })
}
