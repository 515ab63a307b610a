//! budget.json: what each scheme's parameters lead one to expect on a workload, from exact sizes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::node::Node;
use crate::schemes::Decision;

/// Windows of 1, 10 and 100 base windows.
pub const SCALES: usize = 3;

/// One workload at one budget.
pub struct Budget {
    /// Share that is sampled.
    pub share: f64,
    /// What the share is of: `allocs` or `bytes`.
    pub of: String,
    pub allocs: f64,
    pub bytes: f64,
    pub window_base: u64,
    /// Every size with its allocations.
    pub sizes: Vec<(f64, f64)>,
    /// Blocks and bytes that stay alive, by size bin.
    pub live_by_bin: Vec<(String, f64, f64)>,
    /// By the scheme's name.
    designs: Vec<(String, Design)>,
}

/// One scheme's parameters and expectations.
#[derive(Clone, Debug)]
pub struct Design {
    pub hash_mask: Option<u64>,
    pub mean_bytes: Option<u64>,
    pub expected_samples: f64,
    pub expected_rate_allocs: f64,
    pub expected_rate_bytes: f64,
    /// Sum of p^2 over all allocations.
    pub sum_p_squared: f64,
    pub is_off_target: bool,
    /// Expected share of dead windows, if decisions are independent.
    pub dead_zones: [Option<f64>; SCALES],
}

impl Budget {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Budget, String> {
        let in_file = |error: String| format!("{}: {error}", path.display());
        let text = fs::read(path).map_err(|error| {
            in_file(format!("{error}, expected what the program budget writes"))
        })?;
        let value: Value =
            serde_json::from_slice(&text).map_err(|error| in_file(format!("not JSON: {error}")))?;
        Budget::of(&Node::root(&value)).map_err(in_file)
    }

    fn of(node: &Node) -> Result<Budget, String> {
        node.field("format")?.expect_text("sampler-budget")?;
        node.field("format_version")?.expect_count(1)?;
        let number = |name| node.field(name)?.number();
        let mut sizes = Vec::new();
        for pair in node.field("sizes")?.elements()? {
            let [size, allocs] = pair.tuple()?;
            sizes.push((size.number()?, allocs.number()?));
        }
        let mut live_by_bin = Vec::new();
        for bin in node.field("live_by_bin")?.elements()? {
            let [name, blocks, bytes] = bin.tuple()?;
            live_by_bin.push((name.text()?.to_string(), blocks.number()?, bytes.number()?));
        }
        let mut designs = Vec::new();
        for scheme in node.field("schemes")?.elements()? {
            designs.push((
                scheme.field("scheme")?.text()?.to_string(),
                design(&scheme)?,
            ));
        }
        let share = number("budget")?;
        if !(share > 0.0 && share <= 1.0) {
            return Err(node.field("budget")?.wrong("a share above 0 and at most 1"));
        }
        Ok(Budget {
            share,
            of: node.field("of")?.text()?.to_string(),
            allocs: number("allocs")?,
            bytes: number("bytes")?,
            window_base: node.field("window_base")?.count()?,
            sizes,
            live_by_bin,
            designs,
        })
    }

    /// What is expected of a scheme.
    pub fn design(&self, scheme: &str) -> Option<&Design> {
        let found = self.designs.iter().find(|(name, _)| name == scheme);
        found.map(|(_, design)| design)
    }

    /// `1/256 of allocs`
    pub fn name(&self) -> String {
        format!("1/{:.0} of {}", 1.0 / self.share, self.of)
    }
}

impl Design {
    /// The probability with which a block of this size is sampled.
    pub fn probability(&self, decision: Decision, size_bytes: f64) -> f64 {
        match (decision.draws_bytes(size_bytes), self.mean_bytes) {
            (true, Some(mean)) if mean > 0 => -(-size_bytes / mean as f64).exp_m1(),
            (true, Some(_)) => 1.0,
            _ => 0.5f64.powi(self.hash_mask.unwrap_or(0).count_ones() as i32),
        }
    }
}

fn design(node: &Node) -> Result<Design, String> {
    let number = |name| node.field(name)?.number();
    let count = |name| node.field(name)?.or_null(Node::count);
    let [one, ten, hundred]: [Node; SCALES] = node.field("dead_zones")?.tuple()?;
    Ok(Design {
        hash_mask: count("hash_mask")?,
        mean_bytes: count("poisson_mean_bytes")?,
        expected_samples: number("expected_samples")?,
        expected_rate_allocs: number("expected_rate_allocs")?,
        expected_rate_bytes: number("expected_rate_bytes")?,
        sum_p_squared: number("sum_p_squared")?,
        is_off_target: node.field("is_off_target")?.truth()?,
        dead_zones: [
            one.or_null(Node::number)?,
            ten.or_null(Node::number)?,
            hundred.or_null(Node::number)?,
        ],
    })
}
