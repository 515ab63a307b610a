//! What an ideal sampler sees: closed forms to hold measurements against.
//!
//! "Ideal" means that decisions are independent. Hashes of addresses are ideal only as far as keys do not repeat and the hash mixes; for them these are yardsticks.

/// Probability to sample at least one of `blocks` blocks of `size_bytes` by exponential gaps: `1 - exp(-blocks size/mean)`. It depends on the bytes leaked
/// alone, not on how they are divided. 1 at mean 0. Worked: 100 blocks of 48 B under a mean of 64 KiB: 0.0706.
pub fn sees_bytes(blocks: f64, size_bytes: f64, mean_bytes: f64) -> f64 {
    if mean_bytes == 0.0 {
        return 1.0;
    }
    -(-blocks * size_bytes / mean_bytes).exp_m1()
}

/// Probability to sample at least one of `keys` keys that are each sampled with probability p: `1 - (1-p)^keys`. Keys are blocks for a draw or an ideal hash
/// of addresses, pages for one of pages, however many blocks lie there. Worked: 100 blocks at 1/256: 0.324; on 2 pages: 0.0078.
pub fn sees_keys(keys: f64, p: f64) -> f64 {
    if keys == 0.0 {
        return 0.0;
    }
    -(keys * (-p).ln_1p()).exp_m1()
}

/// Probability that a window has no sample: the product of `1 - p` over its allocations, summed as logarithms. Worked: 1000 at 1/256: 0.0200.
pub fn dead_window(probabilities: impl IntoIterator<Item = f64>) -> f64 {
    probabilities
        .into_iter()
        .map(|p| (-p).ln_1p())
        .sum::<f64>()
        .exp()
}

/// The same under exponential gaps, which needs the window's bytes alone: `exp(-bytes/mean)`.
pub fn dead_window_bytes(bytes: f64, mean_bytes: f64) -> f64 {
    1.0 - sees_bytes(1.0, bytes, mean_bytes)
}

/// Variance over mean of the number of samples, if decisions are independent: `sum p (1-p) / sum p = 1 - sum p^2 / sum p`. `None` if nothing is ever sampled.
/// Worked: all at 1/256: 0.996. A scheme below it spreads its samples more evenly than chance, one above it clusters them.
pub fn dispersion(sum_p: f64, sum_p_squared: f64) -> Option<f64> {
    (sum_p > 0.0).then(|| 1.0 - sum_p_squared / sum_p)
}

/// Variance of the estimate `sum of y/p` over samples, if decisions are independent: `sum of (1-p)/p y^2`
/// over all blocks. Each triple is a number of blocks, the y of each and the p of each.
/// Worked: 100 blocks that count 1 each at p = 1/4: 300.
pub fn variance(blocks: impl IntoIterator<Item = (f64, f64, f64)>) -> f64 {
    let of = |(blocks, y, p): (f64, f64, f64)| blocks * (1.0 - p) / p * y * y;
    blocks.into_iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12 * expected.abs().max(1.0),
            "found {found}, expected {expected}"
        );
    }

    #[test]
    fn leaks_are_seen_by_bytes_keys_or_pages() {
        close(sees_bytes(1.0, 1048576.0, 524288.0), 1.0 - (-2f64).exp());
        close(
            sees_bytes(100.0, 48.0, 65536.0),
            1.0 - (-4800.0 / 65536f64).exp(),
        );
        assert_eq!(
            (sees_bytes(0.0, 48.0, 65536.0), sees_bytes(1.0, 1.0, 0.0)),
            (0.0, 1.0)
        );
        close(
            sees_keys(100.0, 1.0 / 256.0),
            1.0 - (255f64 / 256.0).powi(100),
        );
        close(sees_keys(2.0, 0.25), 0.4375);
        assert_eq!(
            (
                sees_keys(0.0, 0.5),
                sees_keys(3.0, 0.0),
                sees_keys(1.0, 1.0)
            ),
            (0.0, 0.0, 1.0)
        );
        assert_eq!(sees_keys(0.0, 1.0), 0.0);
        // Far below what 1 - (1 - p)^k keeps: k p.
        let tiny = sees_keys(10.0, 1e-20);
        assert!((tiny / 1e-19 - 1.0).abs() < 1e-12, "{tiny}");
    }

    #[test]
    fn dead_windows_are_products() {
        close(dead_window([0.5, 0.5, 0.75]), 0.0625);
        close(dead_window([]), 1.0);
        close(dead_window([0.1, 1.0]), 0.0);
        close(
            dead_window([1.0 / 256.0; 1000]),
            (255f64 / 256.0).powi(1000),
        );
        // The product of exp(-s/mean) is exp(-bytes/mean).
        let sizes = [16.0, 4096.0, 1.0];
        let by_block = dead_window(sizes.map(|size: f64| sees_bytes(1.0, size, 4096.0)));
        close(by_block, dead_window_bytes(sizes.iter().sum(), 4096.0));
    }

    #[test]
    fn variance_by_hand() {
        assert_eq!(variance([(100.0, 1.0, 0.25), (3.0, 7.0, 1.0)]), 300.0);
        assert_eq!(variance([(2.0, 10.0, 0.5)]), 200.0);
        assert_eq!(variance([]), 0.0);
    }

    #[test]
    fn dispersion_of_equal_probabilities_is_the_binomials() {
        close(dispersion(100.0 * 0.25, 100.0 * 0.0625).unwrap(), 0.75);
        assert_eq!(dispersion(0.0, 0.0), None);
    }
}
