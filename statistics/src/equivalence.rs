//! Whether errors are absent on average: a claim of absence, which no interval that merely holds 0
//! can show, since a wide one always does.
//!
//! A bias is *within* a margin if its whole interval is (two one-sided tests: Schuirmann, "A
//! comparison of the two one-sided tests procedure and the power approach for assessing the
//! equivalence of average bioavailability", Journal of Pharmacokinetics and Biopharmaceutics 15,
//! 1987; at 95 % intervals each of the two has level 0.025). It is *outside* if it is shown to be
//! beyond the margin. Else it is *undecided*.
//!
//! A claim about many biases holds if every one is within. That needs no correction: one that is
//! beyond its margin must pass its own test for the claim to hold wrongly (Berger,
//! "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982). It is
//! wrong if one is outside by Holm's adjusted p-values, of which the smallest of many right ones is
//! below 0.05 in 5 % of such sets at most.
//!
//! **Which width.** Runs that never hit a rare and heavy sample show a small spread about a mean
//! that is too low; so where a sampler's design gives the deviation of a run, the interval is made
//! with the larger of that and the one which the runs show. The first holds for a sampler that does
//! what it says, the second for any other.

use crate::comparisons::holm;
use crate::intervals::{Interval, mean_over_runs, quantile_of_mean, tail_of_mean};

/// What an interval says of a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nowhere beyond it.
    Within,
    /// Nowhere inside it.
    Outside,
    /// Both could be.
    Undecided,
}

/// A mean of errors over runs, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bias {
    /// Mean error.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
    /// Runs.
    pub n: usize,
}

/// What many biases say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Of the claim that all are within the margin.
    pub all: Verdict,
    /// Of each one, in the order given.
    pub each: Vec<Verdict>,
}

impl Bias {
    /// Of the errors of runs. `deviation_by_design` is what the errors of single runs deviate by if
    /// the sampler does what it says. `None` of fewer than two runs, and of equal ones where no design
    /// says that they must be.
    pub fn of(errors: &[f64], deviation_by_design: Option<f64>) -> Option<Bias> {
        let mean = mean_over_runs(errors, crate::intervals::LEVEL)?;
        let observed = mean.deviation?;
        let deviation = match deviation_by_design {
            None if observed == 0.0 => return None,
            None => observed,
            Some(design) => observed.max(design),
        };
        Some(Bias {
            mean: mean.mean,
            error: deviation / (mean.n as f64).sqrt(),
            n: mean.n,
        })
    }

    /// Student's, of the larger width.
    pub fn interval(&self, level: f64) -> Interval {
        let half = quantile_of_mean(self.n, level) * self.error;
        Interval {
            low: self.mean - half,
            high: self.mean + half,
        }
    }

    /// Two-sided probability of a mean so far beyond the margin or farther, if the true one is at its end.
    fn p_beyond(&self, margin: f64) -> f64 {
        match self.mean.abs() - margin {
            inside if inside <= 0.0 => 1.0,
            _ if self.error == 0.0 => 0.0,
            beyond => tail_of_mean(self.n, beyond / self.error),
        }
    }
}

/// Holds biases against one margin, symmetric about 0. `None` is one of which nothing is known. Of no
/// bias at all nothing is decided.
pub fn judge(biases: &[Option<Bias>], margin: f64, level: f64) -> Judged {
    let p_values: Vec<f64> = biases
        .iter()
        .map(|bias| bias.map_or(1.0, |bias| bias.p_beyond(margin)))
        .collect();
    let each: Vec<Verdict> = biases
        .iter()
        .zip(holm(&p_values))
        .map(|(bias, p)| match bias.map(|bias| bias.interval(level)) {
            Some(_) if p < 1.0 - level => Verdict::Outside,
            Some(it) if -margin <= it.low && it.high <= margin => Verdict::Within,
            _ => Verdict::Undecided,
        })
        .collect();
    let all = match () {
        () if each.contains(&Verdict::Outside) => Verdict::Outside,
        () if !each.is_empty() && each.iter().all(|it| *it == Verdict::Within) => Verdict::Within,
        () => Verdict::Undecided,
    };
    Judged { all, each }
}

/// Runs after which a bias of 0 is found within the margin with probability 0.9, by the normal
/// distribution: `((1.960 + 1.645) deviation / margin)^2` for intervals of 95 %. Worked: a deviation of
/// 0.39 and a margin of 0.1: 198.
pub fn runs_to_decide(deviation: f64, margin: f64) -> f64 {
    // Both ends must be inside: each fails with 0.05.
    const SUM_OF_QUANTILES: f64 = 1.959_964 + 1.644_854;
    (SUM_OF_QUANTILES * deviation / margin)
        .powi(2)
        .ceil()
        .max(2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intervals::LEVEL;

    const MARGIN: f64 = 0.1;

    fn bias(mean: f64, error: f64) -> Option<Bias> {
        Some(Bias {
            mean,
            error,
            n: 200,
        })
    }

    fn all(biases: &[Option<Bias>]) -> Verdict {
        judge(biases, MARGIN, LEVEL).all
    }

    #[test]
    fn a_wide_interval_about_0_shows_nothing() {
        // 1.972 x 0.05 = 0.0986, and 1.972 x 0.051 = 0.1006.
        assert_eq!(all(&[bias(0.0, 0.050)]), Verdict::Within);
        assert_eq!(all(&[bias(0.0, 0.051)]), Verdict::Undecided);
        // -5.3 [-34.6, 23.9] %, which holds 0.
        assert_eq!(all(&[bias(-0.053, 0.148)]), Verdict::Undecided);
        assert_eq!(all(&[None]), Verdict::Undecided);
        assert_eq!(all(&[]), Verdict::Undecided);
    }

    #[test]
    fn a_small_bias_that_is_sure_is_within() {
        assert_eq!(all(&[bias(0.05, 0.01)]), Verdict::Within);
        assert_eq!(all(&[bias(-0.09, 0.01)]), Verdict::Undecided);
        assert_eq!(all(&[bias(-0.15, 0.01)]), Verdict::Outside);
        // No width: nothing is unknown.
        assert_eq!(all(&[bias(0.1, 0.0)]), Verdict::Within);
        assert_eq!(all(&[bias(0.11, 0.0)]), Verdict::Outside);
    }

    #[test]
    fn every_one_must_be_within_and_one_of_many_is_outside_by_holm() {
        let good = bias(0.0, 0.01);
        assert_eq!(all(&[good, good]), Verdict::Within);
        assert_eq!(all(&[good, bias(0.09, 0.03)]), Verdict::Undecided);
        assert_eq!(all(&[good, None]), Verdict::Undecided);
        assert_eq!(all(&[good, bias(0.3, 0.01)]), Verdict::Outside);
        // 2.2 errors beyond the end: p = 0.029, and of twenty 0.58.
        let beyond = bias(0.21, 0.05);
        assert_eq!(all(&[beyond]), Verdict::Outside);
        let of_twenty = judge(&[vec![beyond], vec![good; 19]].concat(), MARGIN, LEVEL);
        assert_eq!(of_twenty.all, Verdict::Undecided);
        assert_eq!(of_twenty.each[0], Verdict::Undecided);
        assert_eq!(of_twenty.each[1], Verdict::Within);
    }

    #[test]
    fn the_larger_width_counts_and_equal_runs_are_none() {
        let errors = [-0.02, 0.02, -0.02, 0.02];
        let observed = (4.0 * 0.02f64.powi(2) / 3.0).sqrt() / 2.0;
        let close = |found: Option<Bias>, error: f64| {
            let found = found.expect("four runs");
            assert_eq!((found.mean, found.n), (0.0, 4));
            assert!((found.error - error).abs() < 1e-15, "{found:?}");
        };
        close(Bias::of(&errors, None), observed);
        close(Bias::of(&errors, Some(0.001)), observed);
        close(Bias::of(&errors, Some(3.0)), 1.5);
        // 200 runs that saw nothing: -100 % is no certainty.
        let blind = [-1.0; 200];
        assert_eq!(Bias::of(&blind, None), None);
        assert_eq!(all(&[Bias::of(&blind, Some(10.0))]), Verdict::Undecided);
        assert_eq!(all(&[Bias::of(&blind, Some(1.0))]), Verdict::Outside);
        assert_eq!(Bias::of(&[0.0], Some(1.0)), None);
    }

    #[test]
    fn runs_to_decide_by_hand() {
        assert_eq!(runs_to_decide(0.39, 0.1), 198.0);
        assert_eq!(runs_to_decide(0.1, 0.1), 13.0);
        assert_eq!(runs_to_decide(0.0, 0.1), 2.0);
    }
}
