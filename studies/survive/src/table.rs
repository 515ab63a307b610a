//! What is printed: programs x settings, and the reasons of failures below.

use std::fmt::Write;
use std::time::Duration;

use crate::program::Program;
use crate::setting::Setting;
use crate::verdict::Outcome;

const NAME_WIDTH: usize = 22;
const CELL_WIDTH: usize = 14;

/// One program.
pub struct Row {
    /// Its name.
    pub name: String,
    /// One for each setting; or why there is none, and whether that is fine.
    pub outcomes: Result<Vec<Outcome>, (String, bool)>,
    /// What all its runs took.
    pub elapsed: Duration,
}

impl Row {
    /// Whether it survived everything.
    pub fn is_fine(&self) -> bool {
        match &self.outcomes {
            Ok(outcomes) => !outcomes
                .iter()
                .any(|outcome| matches!(outcome, Outcome::Failed(_))),
            Err((_, is_fine)) => *is_fine,
        }
    }

    fn is_missing(&self) -> bool {
        matches!(self.outcomes, Err((_, true)))
    }
}

/// The table, the reasons, and one line that sums up.
pub fn table(settings: &[Setting], rows: &[Row], elapsed: Duration) -> String {
    let mut text = heading(settings);
    let mut reasons = String::new();
    for row in rows {
        let mut line = format!("{:NAME_WIDTH$}", row.name);
        match &row.outcomes {
            Err((reason, is_fine)) => {
                let word = if *is_fine { "" } else { "FAILED " };
                line.push_str(&format!("  {word}{reason}"));
            }
            Ok(outcomes) => {
                for (setting, outcome) in settings.iter().zip(outcomes) {
                    line.push_str(&format!("{:>CELL_WIDTH$}", cell(outcome)));
                    if let Outcome::Failed(reason) = outcome {
                        let _ = writeln!(reasons, "{} {}: {reason}", row.name, setting.name());
                    }
                }
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if !reasons.is_empty() {
        text.push('\n');
        text.push_str(&reasons);
    }
    let missing = rows.iter().filter(|row| row.is_missing()).count();
    let fine = rows.iter().filter(|row| row.is_fine()).count() - missing;
    let failed = rows.len() - fine - missing;
    let _ = writeln!(
        text,
        "\n{fine} programs survived, {failed} failed, {missing} missing; {} settings each; {:.0} s",
        settings.len(),
        elapsed.as_secs_f64()
    );
    text
}

/// What each program does.
pub fn list(programs: &[Program]) -> String {
    let mut text = String::new();
    for program in programs {
        let quick = if program.is_quick { " (quick)" } else { "" };
        let missing = program.missing();
        let missing = match missing.is_empty() {
            true => String::new(),
            false => format!(" (missing: {})", missing.join(" ")),
        };
        let (name, what) = (&program.name, &program.what);
        let _ = writeln!(text, "{name:NAME_WIDTH$}{what}{quick}{missing}");
    }
    text
}

/// Two lines: the scheme above its first column, which it may overhang to the right; what is sampled above each.
fn heading(settings: &[Setting]) -> String {
    let mut schemes = String::new();
    let mut samples = format!("{:NAME_WIDTH$}", "program");
    for (index, setting) in settings.iter().enumerate() {
        let word = if setting.everything {
            "everything"
        } else {
            let start = NAME_WIDTH + index * CELL_WIDTH;
            schemes = format!("{schemes:start$}       {}", setting.scheme);
            "default"
        };
        let _ = write!(samples, "{word:>CELL_WIDTH$}");
    }
    format!("{schemes}\n{samples}\n")
}

fn cell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(Some(allocs)) => format!("ok {allocs}"),
        Outcome::Ok(None) => "ok".into(),
        Outcome::Bypassed => "ok bypassed".into(),
        Outcome::Failed(_) => "FAILED".into(),
    }
}
