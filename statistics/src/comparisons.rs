//! Many tests read at once.

/// Holm's adjusted p-values, in the order given: the smallest times m, the next times m - 1, and so on, none below the one before it, none above 1
/// ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979). Rejecting what is at most 0.05 then errs in *any* of the m
/// tests with probability 0.05 at most, however they depend on each other. Worked: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        least = least.max((p_values[index] * factor).min(1.0));
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_is_as_r_has_it() {
        // R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and p.adjust(c(0.01, 0.04, 0.03), "holm").
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
        };
        close(
            holm(&[0.01, 0.02, 0.03, 0.04, 0.05]),
            &[0.05, 0.08, 0.09, 0.09, 0.09],
        );
        close(holm(&[0.01, 0.04, 0.03]), &[0.03, 0.06, 0.06]);
        close(holm(&[0.9, 0.8]), &[1.0, 1.0]);
        close(holm(&[]), &[]);
    }
}
