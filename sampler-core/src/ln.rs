//! The natural logarithm, since `core` has none.
//!
//! Relative error below 1e-15 over all of `(0, 1]`, the range that gaps need, and all normal numbers above: tested against the
//! standard library's, which is within an ulp of the truth.
//!
//! Method: x = 2^e m with m in `[sqrt(1/2), sqrt(2))`; with s = (m - 1)/(m + 1), `ln m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...)`.
//! There |s| <= 0.1716, so the terms up to s^21 leave less than `s^22 / 23` = 6e-19 of the first. Worked: ln 0.5 = -ln 2 + 2 atanh(0) = -0.6931.

/// Terms 1/3, 1/5, ... 1/21 of the series.
const TERMS: [f64; 10] = {
    let mut all = [0.0; 10];
    let mut k = 0;
    while k < all.len() {
        all[k] = 1.0 / (2 * k + 3) as f64;
        k += 1;
    }
    all
};

/// The natural logarithm of a positive, normal number.
pub fn ln(x: f64) -> f64 {
    const MANTISSA_BITS: u32 = 52;
    const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
    const ONE: u64 = 1.0f64.to_bits();

    let bits = x.to_bits();
    let mut exponent = (bits >> MANTISSA_BITS) as i64 - 1023;
    let mut m = f64::from_bits((bits & MANTISSA) | ONE);
    if m >= core::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    // Two chains of dependent operations, each half as long.
    let fourth = square * square;
    let (mut even, mut odd) = (0.0, 0.0);
    for [first, second] in TERMS.as_chunks::<2>().0.iter().rev() {
        even = even * fourth + first;
        odd = odd * fourth + second;
    }
    let series = (even + odd * square) * square;
    exponent as f64 * core::f64::consts::LN_2 + 2.0 * (s + s * series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    fn relative_error(x: f64) -> f64 {
        let expected = x.ln();
        if expected == 0.0 {
            return ln(x).abs();
        }
        ((ln(x) - expected) / expected).abs()
    }

    #[test]
    fn one_is_exactly_zero() {
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn error_is_below_the_stated_bound_on_the_unit_interval() {
        let mut random = SplitMix64::new(3);
        for _ in 0..1_000_000 {
            let x = ((random.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
    }

    #[test]
    fn error_is_below_the_stated_bound_near_one_and_at_the_ends() {
        for k in 0..100_000u64 {
            let x = 1.0 - k as f64 / (1u64 << 53) as f64;
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
        for x in [
            f64::MIN_POSITIVE,
            1e-300,
            2f64.powi(-53),
            0.5,
            2.0,
            1e300,
            f64::MAX,
        ] {
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
    }

    #[test]
    fn error_is_below_the_stated_bound_where_the_mantissa_is_halved() {
        let edge = core::f64::consts::FRAC_1_SQRT_2.to_bits();
        for bits in edge - 50_000..edge + 50_000 {
            let x = f64::from_bits(bits);
            assert!(relative_error(x) < 1e-15, "{x:e}");
        }
    }
}
