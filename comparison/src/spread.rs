//! A number measured several times.

/// The mean of n values, the lowest and the highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean.
    pub value: f64,
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
    /// How many there were, at least 1.
    pub n: usize,
}

impl Spread {
    /// `None` of no values.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let first = *values.first()?;
        let fold = |pick: fn(f64, f64) -> f64| values.iter().copied().fold(first, pick);
        // A mean of equal values is that value, without an error of rounding.
        let mean =
            first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64;
        Some(Spread {
            value: mean,
            low: fold(f64::min),
            high: fold(f64::max),
            n: values.len(),
        })
    }

    /// Mean, lowest and highest times a factor above 0.
    pub fn times(self, factor: f64) -> Spread {
        Spread {
            value: self.value * factor,
            low: self.low * factor,
            high: self.high * factor,
            n: self.n,
        }
    }
}

impl std::ops::Add for Spread {
    type Output = Spread;

    /// The sum of two numbers that vary together; of the fewer runs.
    fn add(self, other: Spread) -> Spread {
        Spread {
            value: self.value + other.value,
            low: self.low + other.low,
            high: self.high + other.high,
            n: self.n.min(other.n),
        }
    }
}

/// Standard deviation with n - 1 in the denominator; `None` of fewer than 2 values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let n = values.len();
    let mean = Spread::of(values)?.value;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (n > 1).then(|| (squares / (n - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_lowest_highest_and_deviation() {
        let spread = Spread::of(&[2.0, 1.0, 6.0]).unwrap();
        assert_eq!(
            (spread.value, spread.low, spread.high, spread.n),
            (3.0, 1.0, 6.0, 3)
        );
        assert_eq!(Spread::of(&[0.1; 3]).unwrap().value, 0.1);
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(standard_deviation(&[2.0, 4.0, 6.0]), Some(2.0));
        assert_eq!(standard_deviation(&[2.0]), None);
    }
}
