//! A program: a shell script whose first lines declare what it needs and what its records must show.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a script declares, one `# key: value` a line, before its first other line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// The script's name without `.sh`.
    pub name: String,
    /// The script.
    pub script: PathBuf,
    /// What it does and how that is verified (`what`).
    pub what: String,
    /// Commands that must be installed (`needs`).
    pub needs: Vec<String>,
    /// Commands that must have a record with allocations (`counts`).
    pub counts: Vec<String>,
    /// Commands that bring a malloc of their own, and may say so; the first must (`bypassed`).
    pub bypassed: Vec<String>,
    /// Whether it belongs to the quick ones (`quick`).
    pub is_quick: bool,
    /// Whether it may be missing (`optional`).
    pub is_optional: bool,
}

/// The programs in the directory that were asked for, in order of their names.
pub fn select(directory: &Path, names: &[String], quick: bool) -> Result<Vec<Program>, String> {
    let unreadable = |error| format!("{}: {error}", directory.display());
    let mut programs = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            programs.push(Program::read(path)?);
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(unknown) = names
        .iter()
        .find(|&name| programs.iter().all(|program| program.name != *name))
    {
        let known: Vec<&str> = programs
            .iter()
            .map(|program| program.name.as_str())
            .collect();
        return Err(format!(
            "no program '{unknown}'; accepted: {}",
            known.join(" ")
        ));
    }
    programs.retain(|program| {
        (names.is_empty() || names.contains(&program.name)) && (program.is_quick || !quick)
    });
    if programs.is_empty() {
        return Err(format!("no program to run in {}", directory.display()));
    }
    Ok(programs)
}

impl Program {
    fn read(script: PathBuf) -> Result<Program, String> {
        let text = fs::read_to_string(&script)
            .map_err(|error| format!("{}: {error}", script.display()))?;
        let mut program =
            Program::parse(&text).map_err(|line| format!("{}: {line}", script.display()))?;
        let stem = script.file_stem().unwrap_or_default();
        program.name = stem.to_string_lossy().into_owned();
        program.script = script;
        Ok(program)
    }

    fn parse(text: &str) -> Result<Program, String> {
        let mut program = Program::default();
        for line in text.lines().map_while(|line| line.strip_prefix('#')) {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            let words = || value.split_whitespace().map(String::from).collect();
            match key.trim() {
                "what" => program.what = value.trim().into(),
                "needs" => program.needs = words(),
                "counts" => program.counts = words(),
                "bypassed" => program.bypassed = words(),
                "quick" => program.is_quick = true,
                "optional" => program.is_optional = true,
                other => {
                    return Err(format!(
                        "declares '{other}'; accepted: what, needs, counts, bypassed, quick, optional"
                    ));
                }
            }
        }
        if program.what.is_empty() {
            return Err("does not declare what it does (# what: ...)".into());
        }
        if program.counts.is_empty() && program.bypassed.is_empty() {
            return Err("declares neither counts nor bypassed: nothing would show that the library was reached".into());
        }
        Ok(program)
    }

    /// The commands that it needs and that are not there.
    pub fn missing(&self) -> Vec<&str> {
        let needs = self.needs.iter().map(String::as_str);
        needs.filter(|name| !is_installed(name)).collect()
    }
}

/// `PATH`, and where Debian has programs that are not in everybody's path.
pub fn path() -> OsString {
    let mut directories: Vec<PathBuf> = env::var_os("PATH")
        .iter()
        .flat_map(env::split_paths)
        .collect();
    directories.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    // Before the rest: Debian's wrappers of the same names are scripts that want a cluster of theirs.
    let newest = versions.flatten().map(|entry| entry.path()).max();
    directories.splice(0..0, newest.map(|version| version.join("bin")));
    env::join_paths(directories).unwrap_or_default()
}

fn is_installed(name: &str) -> bool {
    env::split_paths(&path()).any(|directory| {
        fs::metadata(directory.join(name))
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_end_at_the_first_other_line() {
        let text = "# what: does it\n# needs: a b\n# counts: a\n# quick\n\n# needs: c\necho\n";
        let program = Program::parse(text).unwrap();
        assert_eq!(program.what, "does it");
        assert_eq!(program.needs, ["a", "b"]);
        assert_eq!(program.counts, ["a"]);
        assert!(program.is_quick && !program.is_optional);
    }

    #[test]
    fn a_script_that_would_show_nothing_is_refused() {
        for text in [
            "echo\n",
            "# what: x\n",
            "# what: x\n# count: x\n",
            "# counts: x\n",
        ] {
            assert!(Program::parse(text).is_err(), "{text:?}");
        }
    }
}
