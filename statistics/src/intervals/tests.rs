use super::*;

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-4 * expected.abs().max(1e-3),
        "found {found}, expected {expected}"
    );
}

fn ends(interval: Interval, low: f64, high: f64) {
    close(interval.low, low);
    close(interval.high, high);
}

#[test]
fn hand_worked_intervals_of_four_samples() {
    // z = 1.959964: half of the plain one is z 2000; of the logarithm z/2; the score 1000 (4 + 1.920729 +- 1.959964 sqrt(4.960365)).
    let (t, v) = (4000.0, 4e6);
    ends(plain(t, v, LEVEL).unwrap(), 80.072, 7919.928);
    ends(log_scale(t, v, LEVEL).unwrap(), 1501.26, 10_657.74);
    ends(score(t, v, 1000.0, LEVEL), 1555.53, 10_285.93);
    // The scale of samples of one size is their weight.
    assert_eq!(scale_of(t, v), Some(1000.0));
}

#[test]
fn scores_of_counts_are_those_of_the_published_formula() {
    // n + z^2/2 +- z sqrt(n + z^2/4): "SN" of Barker, "A comparison of nine confidence intervals for a Poisson parameter when the expected number of events is <= 5",
    // The American Statistician 56, 2002. By hand for n = 1: 2.920729 +- 2.744199.
    ends(score(1.0, 1.0, 1.0, 0.95), 0.176_53, 5.664_93);
    // At 90 % z is 1.644854: 10 + 1.352772 +- 1.644854 sqrt(10.676386).
    ends(score(10.0, 10.0, 1.0, 0.90), 5.978_23, 16.727_31);
}

#[test]
fn the_ends_of_the_score_solve_its_equation() {
    let (t, v, c) = (5e6, 3e11, 524_288.0);
    let interval = score(t, v, c, LEVEL);
    for end in [interval.low, interval.high] {
        close((t - end).powi(2), z(LEVEL).powi(2) * (v + c * (end - t)));
    }
}

#[test]
fn nothing_sampled_is_not_nothing_there() {
    assert_eq!(
        (plain(0.0, 0.0, LEVEL), log_scale(0.0, 0.0, LEVEL)),
        (None, None)
    );
    assert_eq!(scale_of(0.0, 0.0), None);
    // exp(-3.688879) = 0.025; at 90 % ln 20 = 2.995732.
    ends(score(0.0, 0.0, 1000.0, LEVEL), 0.0, 3688.879);
    ends(without_sample(1000.0, 0.90), 0.0, 2995.732);
    close(scale_of_allocs(1.0 / 256.0), 255.499_674);
    let allocs = without_sample(scale_of_allocs(1.0 / 256.0), LEVEL);
    close((255f64 / 256.0).powf(allocs.high), 0.025);
}

/// Estimates of live blocks may have been added and taken back in floating point; below 0 they may be of a child that frees what it inherited.
#[test]
fn what_rounding_leaves_is_no_sample() {
    for estimate in [1e-11, -1e-11, 0.999, -5.0] {
        for variance in [0.0, 1e-9, -1e-9] {
            assert_eq!(plain(estimate, variance, LEVEL), None);
            assert_eq!(log_scale(estimate, variance, LEVEL), None);
            assert_eq!(scale_of(estimate, variance), None);
            let found = score(estimate, variance, 1000.0, LEVEL);
            assert_eq!(found, without_sample(1000.0, LEVEL));
        }
    }
    // One block of one byte, sampled surely.
    assert!(plain(1.0, 0.0, LEVEL).is_some_and(|point| point.holds(1.0)));
    assert_eq!(scale_of(1.0, 0.0), Some(0.0));
}

#[test]
fn a_sure_sample_leaves_room_for_what_may_be_missing() {
    // p = 1: variance 0. Plain and logarithm are a point; small blocks beside may still have gone unsampled.
    assert_eq!(
        plain(1e6, 0.0, LEVEL).unwrap(),
        Interval {
            low: 1e6,
            high: 1e6
        }
    );
    ends(score(1e6, 0.0, 1000.0, LEVEL), 1e6, 1e6 + 3841.459);
}

#[test]
fn totals_are_never_negative() {
    assert_eq!(plain(1.0, 1.0, LEVEL).unwrap().low, 0.0);
    assert!(log_scale(1.0, 1.0, LEVEL).unwrap().low > 0.0);
    assert!(score(1.0, 100.0, 1.0, LEVEL).low >= 0.0);
    // Variances of live blocks are differences, and may round below 0.
    assert_eq!(plain(1.0, -1e-9, LEVEL).unwrap().low, 1.0);
}

#[test]
fn clopper_pearson_is_as_published() {
    for (hits, n, low, high) in [
        (0, 10, 0.0, 0.308497),
        (10, 10, 0.691503, 1.0),
        (1, 10, 0.00252858, 0.445016),
        (5, 10, 0.187086, 0.812914),
        (0, 1, 0.0, 0.975),
        (0, 10_000, 0.0, 0.00036882),
    ] {
        ends(share(hits, n, LEVEL).unwrap(), low, high);
    }
    assert_eq!((share(0, 0, LEVEL), share(2, 1, LEVEL)), (None, None));
}

#[test]
fn wilson_is_as_published() {
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I, method 3.
    for (hits, n, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let interval = share_wilson(hits, n, LEVEL).unwrap();
        assert!((interval.low - low).abs() < 6e-5 && (interval.high - high).abs() < 6e-5);
    }
    assert_eq!(
        (share_wilson(0, 0, LEVEL), share_wilson(2, 1, LEVEL)),
        (None, None)
    );
}

#[test]
fn students_t_is_as_published() {
    // t(0.975) of NIST's table 1.3.6.7.2; the half-interval of 0 and 2 is t(1) sqrt(2) / sqrt(2).
    let of = |values: &[f64]| mean_over_runs(values, LEVEL).unwrap();
    ends(
        of(&[0.0, 2.0]).interval.unwrap(),
        1.0 - 12.7062,
        1.0 + 12.7062,
    );
    // 1 to 10: deviation 3.02765, t(9) = 2.262157.
    let ten: Vec<f64> = (1..=10).map(f64::from).collect();
    let found = of(&ten);
    assert_eq!((found.n, found.mean), (10, 5.5));
    close(found.deviation.unwrap(), 3.027_65);
    ends(found.interval.unwrap(), 5.5 - 2.165_85, 5.5 + 2.165_85);
}

#[test]
fn equal_runs_and_a_single_one_have_no_interval() {
    let equal = mean_over_runs(&[0.1; 10], LEVEL).unwrap();
    assert_eq!(
        (equal.mean, equal.deviation, equal.interval),
        (0.1, Some(0.0), None)
    );
    let single = mean_over_runs(&[0.1], LEVEL).unwrap();
    assert_eq!(
        (single.n, single.deviation, single.interval),
        (1, None, None)
    );
    assert_eq!(mean_over_runs(&[], LEVEL), None);
}

#[test]
fn the_tabled_quantile_is_the_computed_one() {
    let computed = Normal::standard().inverse_cdf(0.975);
    assert!((z(LEVEL) - computed).abs() < 1e-9, "{computed}");
    // Two-sided 1.96: 0.04999579.
    close(two_sided(1.96), 0.049_995_79);
    close(two_sided(-1.96), 0.049_995_79);
}

#[test]
fn few_hits_are_as_unlikely_as_the_binomial_says() {
    assert!((at_most(0, 3, 0.5).unwrap() - 0.125).abs() < 1e-12);
    // 0.95^20 = 0.358486: 20 of 20; so at most 19 of them has the rest.
    assert!((at_most(19, 20, 0.95).unwrap() - 0.641_514).abs() < 1e-6);
    assert_eq!(at_most(20, 20, 0.95), Some(1.0));
    assert_eq!(at_most(0, 0, 0.5), None);
}

#[test]
fn wilsons_interval_is_the_published_one() {
    // 10 of 100 at 95 %: 0.0552 to 0.1744 (Newcombe, Statistics in Medicine 17, 1998, method 3); none and all of them reach the ends.
    let found = share_wilson(10, 100, LEVEL).unwrap();
    assert!((found.low - 0.055_229).abs() < 1e-6, "{found:?}");
    assert!((found.high - 0.174_366).abs() < 1e-6, "{found:?}");
    let none = share_wilson(0, 10, LEVEL).unwrap();
    let all = share_wilson(10, 10, LEVEL).unwrap();
    assert_eq!((none.low, all.high), (0.0, 1.0));
    assert!((none.high - 0.277_533).abs() < 1e-6 && (all.low - 0.722_467).abs() < 1e-6);
    assert_eq!(share_wilson(0, 0, LEVEL), None);
    assert_eq!(share_wilson(11, 10, LEVEL), None);
}

#[test]
fn an_interval_over_a_number_has_both_ends_divided() {
    let interval = Interval {
        low: 3.0,
        high: 8.0,
    };
    let expected = Interval {
        low: 1.5,
        high: 4.0,
    };
    assert_eq!(interval.over(2.0), expected);
}
