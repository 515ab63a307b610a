//! `1 - exp(-x)`, since `core` has no exponential: the probability that an exponential gap of mean 1 ends within `x`.
//!
//! Relative error below 1e-15 for all `x >= 0`, infinity included: tested against the standard library's `exp_m1`, which is within an ulp or so of the truth.
//!
//! Method. Below 1/2, where `1 - exp(-x)` would cancel, the series `x (1 - x/2! + x^2/3! - ...)`: after 16 terms what is left out is below
//! `2^-17 / 17!` = 2e-20 of the first; below 1/64, where the blocks of most programs are, after 8 it is below `2^-48 / 9!` = 1e-20. From 1/2 on
//! `1 - exp(-x)` with `exp(-x) = 2^-n exp(-r)`, `x = n ln 2 + r` and `|r| <= 0.347`; ln 2 is
//! taken in two parts, so that `n ln 2` is exact, and the series of `exp(-r)` ends after 17 terms, below 1e-20.
//! Worked: a block of 1 MiB under a mean of 512 KiB has x = 2: n = 3, r = -0.0794, exp(-r) = 1.0827, p = 1 - 1.0827/8 = 0.8647.

const SERIES_END: f64 = 0.5;
const SHORT_SERIES_END: f64 = 1.0 / 64.0;
/// From here on `exp(-x)` is below half an ulp of 1.
const CERTAIN: f64 = 38.0;

/// ln 2 in two parts: the first has 32 significant bits, so that its product with a small whole number is exact (fdlibm, `e_exp.c`).
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN_2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// `(-1)^k / k!`.
const COEFFICIENTS: [f64; 17] = {
    let mut all = [1.0; 17];
    let (mut k, mut factorial) = (1, 1.0);
    while k < all.len() {
        // Exact: 16! has 45 bits.
        factorial *= k as f64;
        all[k] = if k % 2 == 0 { 1.0 } else { -1.0 } / factorial;
        k += 1;
    }
    all
};

/// `1 - exp(-x)` for `x >= 0`.
pub fn one_minus_exp(x: f64) -> f64 {
    match x {
        _ if x < SHORT_SERIES_END => x * -polynomial(&COEFFICIENTS[1..9], x),
        _ if x < SERIES_END => x * -polynomial(&COEFFICIENTS[1..], x),
        _ if x < CERTAIN => 1.0 - exp_minus(x),
        _ => 1.0,
    }
}

/// `exp(-x)` for `x` from 0 to [`CERTAIN`].
fn exp_minus(x: f64) -> f64 {
    let halvings = (x / core::f64::consts::LN_2 + 0.5) as u32;
    let n = f64::from(halvings);
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // 2^-n, exact: n is at most 55.
    polynomial(&COEFFICIENTS, r) / (1u64 << halvings) as f64
}

/// The polynomial with these coefficients, lowest first. Even and odd powers apart: two chains of dependent operations, each half as long.
#[inline(always)]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    let square = x * x;
    let (pairs, last) = coefficients.as_chunks::<2>();
    let mut even = last.first().copied().unwrap_or(0.0);
    let mut odd = 0.0;
    for [first, second] in pairs.iter().rev() {
        even = even * square + first;
        odd = odd * square + second;
    }
    even + x * odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    fn relative_error(x: f64) -> f64 {
        let expected = -(-x).exp_m1();
        if expected == 0.0 {
            return one_minus_exp(x).abs();
        }
        ((one_minus_exp(x) - expected) / expected).abs()
    }

    #[test]
    fn nothing_has_probability_0_and_infinity_1() {
        assert_eq!(one_minus_exp(0.0), 0.0);
        assert_eq!(one_minus_exp(f64::INFINITY), 1.0);
        assert_eq!(one_minus_exp(f64::MIN_POSITIVE), f64::MIN_POSITIVE);
    }

    #[test]
    fn error_is_below_the_stated_bound_over_every_magnitude() {
        let mut random = SplitMix64::new(31);
        for _ in 0..1_000_000 {
            let mantissa = 1.0 + (random.next_u64() >> 12) as f64 / (1u64 << 52) as f64;
            let exponent = (random.next_u64() % 70) as i32 - 63;
            let x = mantissa * 2f64.powi(exponent);
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
    }

    #[test]
    fn error_is_below_the_stated_bound_at_the_seams() {
        for seam in [
            SHORT_SERIES_END,
            SERIES_END,
            CERTAIN,
            core::f64::consts::LN_2,
        ] {
            let seam = seam.to_bits();
            for bits in seam - 20_000..seam + 20_000 {
                let x = f64::from_bits(bits);
                assert!(relative_error(x) < 1e-15, "{x:e}");
            }
        }
        for halves in 1..110 {
            let x = f64::from(halves) * 0.5 * core::f64::consts::LN_2;
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
    }
}
