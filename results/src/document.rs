//! RESULTS.md: what was measured, then section after section what each part says in it.

use crate::figures;
use crate::findings::{Block, Findings, Table};
use crate::markdown::{escaped, figure, item, table};
use crate::parts::{Layout, PARTS, Part, SECTIONS};

const HEAD: &str = "\
# Results

Made by `make results`, and by every command of this table, from what the stages found: no number and no verdict is typed. The first three questions,
and what is expected below, are those of the earlier write-up that this project repeats and tests, here called the starting document. What brackets
mean is said for each part at the end; the reports have all tables, METHODOLOGY.md has the definitions.
";

/// The whole document.
pub fn text(layout: &Layout, found: &[Option<Findings>]) -> String {
    let parts: Vec<(&Part, Option<&Findings>)> =
        PARTS.iter().zip(found.iter().map(Option::as_ref)).collect();
    let mut text = format!("{HEAD}{}", overview(layout, &parts));
    for section in SECTIONS {
        text.push_str(&format!("\n## {section}\n"));
        let measured = |(part, findings): &(&Part, Option<&Findings>)| {
            findings.map_or(String::new(), |findings| {
                what_it_says(layout, part, findings, section)
            })
        };
        text.extend(parts.iter().map(measured));
        let is_missing = |(part, findings): &&(&Part, Option<&Findings>)| {
            findings.is_none() && part.sections.contains(&section)
        };
        let missing = |(part, _): &(&Part, Option<&Findings>)| match layout.lone_report(part) {
            Some(report) => format!(
                "\n*{}*: only its report is here, [{report}]({report}); `{}` makes its answers anew.\n",
                part.title, part.command
            ),
            None => format!(
                "\n*{}*: not measured yet; `{}` does it.\n",
                part.title, part.command
            ),
        };
        text.extend(parts.iter().filter(is_missing).map(missing));
    }
    text
}

/// A row a part: its runs and machine, or the command that measures it.
fn overview(layout: &Layout, parts: &[(&Part, Option<&Findings>)]) -> String {
    let mut text = String::from(
        "\n| part | runs | machine (processor; cores; memory in bytes; kernel; C library) | command | report |\n|---|---|---|---|---|\n",
    );
    for (part, findings) in parts {
        let (runs, machines, report) = match findings {
            Some(findings) => {
                let report = layout.report(part);
                (
                    escaped(&findings.runs),
                    escaped(&findings.machines.join(" / ")),
                    format!("[{report}]({report})"),
                )
            }
            None => match layout.lone_report(part) {
                Some(report) => (
                    "only the report is here".into(),
                    String::new(),
                    format!("[{report}]({report})"),
                ),
                None => ("**not measured yet**".into(), String::new(), String::new()),
            },
        };
        text.push_str(&format!(
            "| {} | {runs} | {machines} | `{}` | {report} |\n",
            part.title, part.command
        ));
    }
    text
}

/// Nothing if it says nothing there.
fn what_it_says(layout: &Layout, part: &Part, findings: &Findings, section: &str) -> String {
    let blocks = findings.blocks.iter().filter(|it| it.section == section);
    let said: String = blocks.map(block).collect();
    let figures: String = figures::of(part, section)
        .map(|it| (it.caption, layout.figure(part, it.name)))
        .filter(|(_, path)| layout.data.join(path).exists())
        .map(|(caption, path)| figure(caption, &path))
        .collect();
    if said.is_empty() && figures.is_empty() {
        return String::new();
    }
    format!("\n*{}*\n{said}{figures}", part.title)
}

fn block(block: &Block) -> String {
    let mut text = String::new();
    if !block.title.is_empty() {
        text.push_str(&format!("\n### {}\n", escaped(&block.title)));
    }
    if !block.sentences.is_empty() {
        let items = block.sentences.iter().map(|sentence| item(sentence));
        text.push_str(&format!("\n{}", items.collect::<String>()));
    }
    let rows = |table: &&Table| !table.rows.is_empty();
    text + &block
        .table
        .as_ref()
        .filter(rows)
        .map_or(String::new(), table)
}
