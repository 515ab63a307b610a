//! One run file: read whole, checked against FORMAT.md and its own path, and reduced to a [`Run`].

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::json::Node;
use crate::record::{self, Record};
use crate::run::{GROUND_TRUTH, GroundTruth, Identity, Parameters, Run, Totals};
use crate::schemes::{accepted, rank_of};

/// Components of `<set>/<workload>/<scheme>/run-<nn>.json`.
const PATH_PARTS: usize = 4;

/// Reads the file at `path`, found by a search below `root`. An error does not name the file: the caller does.
pub fn run(path: &Path, root: &Path) -> Result<Run, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| format!("not JSON: {error}, expected a whole run file"))?;
    let node = Node::root(&value);
    node.field("format").expect(&json!("sampler-run"))?;
    node.field("format_version").expect(&json!(1))?;
    node.field("runner_version").text()?;
    let identity = read_identity(&node)?;
    check_path(path, root, &identity)?;
    node.field("command").texts()?;
    node.field("exit_status").integer()?;
    let settings = node.field("parameters");
    let parameters = read_parameters(&settings)?;
    let records = read_records(&node.field("processes"), &identity, &parameters)?;
    node.field("peak_rss_floor_bytes").count()?;
    let losses = node.field("losses");
    let ground_truth = node.field("ground_truth");
    let own_cpu_ns =
        u128::from(node.field("user_ns").count()?) + u128::from(node.field("system_ns").count()?);
    Ok(Run {
        file: path.to_path_buf(),
        identity,
        parameters,
        seed: settings.field("seed").seed()?.to_string(),
        machine: read_machine(&node.field("machine"))?,
        wall_ns: node.field("wall_ns").count()?,
        cpu_ns: read_server_cpu_ns(&ground_truth)?.unwrap_or(own_cpu_ns),
        peak_rss_bytes: node.field("peak_rss_bytes").count_or_null()?,
        truth: read_ground_truth(&ground_truth)?,
        unfinished_records: losses.field("unfinished_records").count()?,
        descendants_alive: losses.field("descendants_alive").count()?,
        bypassed_programs: losses.field("bypassed_programs").count()?,
        totals: Totals::of(&records),
        processes: records.into_iter().map(|record| record.process).collect(),
    })
}

fn read_identity(node: &Node) -> Result<Identity, String> {
    let scheme = node.field("scheme");
    Ok(Identity {
        set: node.field("set").text()?.to_string(),
        workload: node.field("workload").text()?.to_string(),
        scheme_rank: rank_of(scheme.text()?)
            .ok_or_else(|| scheme.wrong(&format!("one of {}", accepted())))?,
        run: node.field("run").count()?,
    })
}

/// A file that lies in `<set>/<workload>/<scheme>/run-<nn>.json` says the same of itself; its number is checked wherever it
/// lies. It lies in such a path if that many components lead to it from the root, or if its directory has a scheme's name.
fn check_path(path: &Path, root: &Path, identity: &Identity) -> Result<(), String> {
    let parts: Vec<String> = path
        .iter()
        .rev()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let number = parts[0]
        .strip_prefix("run-")
        .and_then(|name| name.strip_suffix(".json"));
    if number.and_then(|digits| digits.parse().ok()) != Some(identity.run) {
        return Err(format!(
            "run: found {}, expected the number in the file's name",
            identity.run
        ));
    }
    let below_root = path
        .strip_prefix(root)
        .map_or(0, |relative| relative.iter().count());
    let in_such_a_path = parts.len() >= PATH_PARTS && rank_of(&parts[1]).is_some();
    if below_root < PATH_PARTS && !in_such_a_path {
        return Ok(());
    }
    let found = [
        ("scheme", identity.scheme().name),
        ("workload", &identity.workload),
        ("set", &identity.set),
    ];
    for ((field, found), expected) in found.into_iter().zip(&parts[1..]) {
        if found != expected {
            return Err(format!(
                "{field}: found {found:?}, expected {expected:?} as in the path"
            ));
        }
    }
    Ok(())
}

fn read_parameters(node: &Node) -> Result<Parameters, String> {
    let window_base = node.field("window_base");
    // The largest window is 100 times the base and has to fit its field.
    let is_window = |&allocs: &u64| (1..=u64::MAX / 100).contains(&allocs);
    Ok(Parameters {
        hash_mask: node.field("hash_mask").count_or_null()?,
        hash_salt: node.field("hash_salt").salt()?.map(String::from),
        poisson_mean_bytes: node.field("poisson_mean_bytes").count_or_null()?,
        window_base: Some(window_base.count()?)
            .filter(is_window)
            .ok_or_else(|| window_base.wrong(&format!("1 to {} allocations", u64::MAX / 100)))?,
        truth: node.field("truth").flag()?,
        aslr: node.field("aslr").flag()?,
    })
}

fn read_records(
    node: &Node,
    identity: &Identity,
    parameters: &Parameters,
) -> Result<Vec<Record>, String> {
    let elements = node.elements()?;
    let scheme = identity.scheme();
    if scheme.is_plain() && !elements.is_empty() {
        return Err(format!(
            "processes: found {} records, expected none under PLAIN",
            elements.len()
        ));
    }
    if !scheme.is_plain() && elements.is_empty() {
        return Err(format!(
            "processes: found no record, expected at least one under {}",
            scheme.name
        ));
    }
    elements
        .iter()
        .map(|element| record::read(element, scheme, parameters))
        .collect()
}

/// What cannot be told of a machine is `null`, and shown as `?`.
fn read_machine(node: &Node) -> Result<String, String> {
    let text = |key| -> Result<String, String> {
        Ok(node.field(key).text_or_null()?.unwrap_or("?").to_string())
    };
    let count = |key| -> Result<String, String> {
        Ok(node
            .field(key)
            .count_or_null()?
            .map_or("?".to_string(), |count| count.to_string()))
    };
    Ok([
        text("cpu")?,
        count("cores")?,
        count("memory_bytes")?,
        text("kernel")?,
        text("libc")?,
    ]
    .join("; "))
}

/// Of a real program under load: the processor time of what is measured alone. The run's own has the load in it.
fn read_server_cpu_ns(node: &Node) -> Result<Option<u128>, String> {
    let cpu_ns = node.field("server_cpu_ns");
    if cpu_ns.is_missing() {
        return Ok(None);
    }
    cpu_ns.count().map(|cpu_ns| Some(cpu_ns.into()))
}

/// What the workload says of the blocks that it asked for; a real program says nothing of them.
fn read_ground_truth(node: &Node) -> Result<Option<GroundTruth>, String> {
    if node.is_null() {
        return Ok(None);
    }
    node.field("workload").text()?;
    if !node.field("server_cpu_ns").is_missing() {
        node.field("unit").text()?;
        node.field("units").count()?;
        node.field("verified").count()?;
        return Ok(None);
    }
    node.field("seed").seed()?;
    let mut counts = [0; GROUND_TRUTH.len()];
    for (count, key) in counts.iter_mut().zip(GROUND_TRUTH) {
        *count = node.field(key).count()?;
    }
    Ok(Some(GroundTruth(counts)))
}
