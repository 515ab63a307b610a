//! What a sentence may say of a scheme's error: observed, by design, or none because it is blind.

use statistics::intervals::Interval;

use crate::layout::percent;
use crate::measure::estimates::{RMSE, RMSE_BY_DESIGN, Subject, metric};
use crate::measure::ranking::blind_runs;
use crate::measure::rates::BLIND;
use crate::report::Data;
use crate::rows::{HORVITZ_THOMPSON, Number};
use crate::schemes::Decision;

/// The root mean square error of a scheme on a workload.
#[derive(Clone, Copy)]
pub struct Error {
    observed: Number,
    /// That of independent decisions, from exact sizes.
    by_design: Option<f64>,
    /// Decisions are independent, so it is exact; else keys share their fate, which can only add to it.
    is_independent: bool,
    /// Share of runs whose estimate was 0, if it is more than half.
    blind: Option<Number>,
}

/// Of set accuracy.
pub fn of(data: &Data, workload: &str, scheme: &str, subject: Subject) -> Option<Error> {
    let get = |what| data.get(workload, scheme, HORVITZ_THOMPSON, &metric(what, subject));
    let (_, cell) = data.cell(workload, scheme)?;
    let decision = cell.scheme.decision;
    Some(Error {
        observed: get(RMSE)?,
        by_design: get(RMSE_BY_DESIGN).map(|number| number.value),
        is_independent: matches!(decision, Decision::Bernoulli | Decision::PoissonBytes),
        blind: blind_runs(cell, subject).filter(|share| share.value > BLIND),
    })
}

impl Error {
    pub fn is_blind(&self) -> bool {
        self.blind.is_some()
    }

    /// Whether the runs contradict the closed form: no bootstrap over them knows of a block that none hit.
    fn is_contradicted(&self) -> bool {
        let contradicts = |(design, it): (f64, Interval)| {
            it.high < design || (self.is_independent && it.low > design)
        };
        self.by_design
            .zip(self.observed.interval)
            .is_some_and(contradicts)
    }

    /// To order by: what is blind stands behind all that see.
    pub fn value(&self) -> f64 {
        match self.by_design {
            _ if self.is_blind() => f64::INFINITY,
            Some(design) if self.is_contradicted() => design,
            _ => self.observed.value,
        }
    }

    /// Whether two are surely different. Not if the runs of either contradict its closed form, nor if both are blind.
    pub fn is_apart(&self, other: &Error) -> bool {
        // Blind in more than half of all runs, and not of these alone.
        let surely_blind = |it: &Error| {
            let interval = it.blind.and_then(|share| share.interval);
            interval.is_some_and(|it| it.low > BLIND)
        };
        match (self.is_blind(), other.is_blind()) {
            (true, true) => return false,
            (true, false) => return surely_blind(self),
            (false, true) => return surely_blind(other),
            (false, false) => {}
        }
        let ends = |it: &Error| {
            let point = (it.observed.value, it.observed.value);
            it.observed.interval.map_or(point, |it| (it.low, it.high))
        };
        let ((low, high), (other_low, other_high)) = (ends(self), ends(other));
        !self.is_contradicted()
            && !other.is_contradicted()
            && (high < other_low || other_high < low)
    }

    /// `79.0 [69.9, 87.3] %`
    pub fn text(&self) -> String {
        let observed = percent(Some(self.observed));
        match self.by_design {
            _ if self.is_blind() => {
                format!(
                    "blind (an estimate of 0 in {} % of runs)",
                    percent(self.blind)
                )
            }
            Some(design) if self.is_contradicted() => {
                let design = percent(Some(Number::exact(design)));
                let of = match self.is_independent {
                    true => "by design",
                    false => "of independent decisions",
                };
                format!("{design} % {of}, which the runs miss with {observed} %")
            }
            _ => format!("{observed} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(observed: f64, low: f64, high: f64, design: f64) -> Error {
        Error {
            observed: Number {
                value: observed,
                interval: Some(Interval { low, high }),
                n: 200,
            },
            by_design: Some(design),
            is_independent: true,
            blind: None,
        }
    }

    fn blind(low: f64) -> Error {
        let share = Number {
            value: 0.9,
            interval: Some(Interval { low, high: 1.0 }),
            n: 20,
        };
        Error {
            blind: Some(share),
            ..error(1.0, 1.0, 1.0, 1.0)
        }
    }

    #[test]
    fn what_the_runs_contradict_tells_nothing_apart() {
        let missed = error(0.066, 0.060, 0.072, 0.196);
        let other = error(0.46, 0.40, 0.52, 0.45);
        assert_eq!(missed.value(), 0.196);
        assert_eq!(
            missed.text(),
            "19.6 % by design, which the runs miss with 6.6 [6.0, 7.2] %"
        );
        assert!(!missed.is_apart(&other) && !other.is_apart(&missed));
        let good = error(0.19, 0.15, 0.25, 0.196);
        assert_eq!(
            (good.value(), good.text().as_str()),
            (0.19, "19.0 [15.0, 25.0] %")
        );
        assert!(good.is_apart(&other));
        // Keys that share their fate add to what independent decisions would err by, and take nothing from it.
        let hash = |number: Error| Error {
            is_independent: false,
            ..number
        };
        assert!(hash(error(0.9, 0.8, 1.0, 0.2)).is_apart(&good));
        assert!(!hash(missed).is_apart(&other));
    }

    #[test]
    fn blind_is_behind_all_and_no_tie_of_another() {
        let sighted = error(4.4, 1.0, 6.0, 4.5);
        assert_eq!(blind(0.6).value(), f64::INFINITY);
        assert!(blind(0.6).is_apart(&sighted) && sighted.is_apart(&blind(0.6)));
        assert!(!blind(0.6).is_apart(&blind(0.7)));
        // Nine of ten could have been fewer than half of all.
        assert!(!blind(0.4).is_apart(&sighted));
        assert_eq!(
            blind(0.6).text(),
            "blind (an estimate of 0 in 90.0 [60.0, 100.0] % of runs)"
        );
    }
}
