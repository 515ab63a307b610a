use super::*;

fn uniform_values(n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.unit()).collect()
}

#[test]
fn draws_stay_between_the_ends_of_their_gap() {
    let mut uniforms = Uniforms::new(1);
    for _ in 0..1000 {
        // 1 - exp(-0.5) and 1 - exp(-0.6).
        let u = uniforms.bytes(500.0, 100.0, 1000.0);
        assert!((0.393_469_3..0.451_188_4).contains(&u), "{u}");
        let u = uniforms.unfinished_bytes(500.0, 1000.0);
        assert!((0.393_469_3..1.0).contains(&u), "{u}");
        // 1 - 0.75^2 and 1 - 0.75^3.
        let u = uniforms.allocs(2.0, 0.25);
        assert!((0.4375..0.578_125).contains(&u), "{u}");
        let u = uniforms.unfinished_allocs(2.0, 0.25);
        assert!((0.4375..1.0).contains(&u), "{u}");
        // Everything sampled: every gap is 0.
        let u = uniforms.allocs(0.0, 1.0);
        assert!((0.0..1.0).contains(&u), "{u}");
    }
}

#[test]
fn kolmogorovs_limit_is_as_tabled() {
    // Smirnov, "Table for estimating the goodness of fit of empirical distributions", 1948; and the usual critical values.
    for (x, p) in [
        (0.5, 0.963_945),
        (0.827_574, 0.5),
        (1.0, 0.270_000),
        (1.358_1, 0.05),
        (1.627_6, 0.01),
        (1.949_5, 0.001),
    ] {
        let found = kolmogorov_tail(x);
        assert!((found - p).abs() < 1e-4 * p.max(0.1), "{found} for {x}");
    }
    assert_eq!((kolmogorov_tail(0.0), kolmogorov_tail(0.1)), (1.0, 1.0));
    assert!((kolmogorov_tail(0.2) - 1.0).abs() < 1e-9);
}

#[test]
fn small_samples_have_their_published_critical_values() {
    // Massey, "The Kolmogorov-Smirnov test for goodness of fit", JASA 46, 1951, table 1; Stephens' form gives them to two digits.
    for (n, distance, level) in [
        (5, 0.565, 0.05),
        (10, 0.410, 0.05),
        (10, 0.490, 0.01),
        (20, 0.294, 0.05),
        (20, 0.356, 0.01),
    ] {
        // Each value lies that distance below its share, or at 0.
        let values: Vec<f64> = (1..=n)
            .map(|rank| (f64::from(rank) / f64::from(n) - distance).max(0.0))
            .collect();
        let test = kolmogorov_smirnov(&values).unwrap();
        assert!((test.distance - distance).abs() < 1e-12);
        let found = test.p_value;
        assert!(
            (found / level - 1.0).abs() < 0.1,
            "{found} for {n}, {distance}"
        );
    }
}

#[test]
fn distances_are_those_of_the_definition() {
    // The share of values up to x against x, just before and at each value.
    for (n, seed) in [(5, 1), (20, 2), (300, 3)] {
        let values = uniform_values(n, seed);
        let mut distance: f64 = 0.0;
        for &x in &values {
            let at = values.iter().filter(|&&value| value <= x).count() as f64 / n as f64;
            let before = values.iter().filter(|&&value| value < x).count() as f64 / n as f64;
            distance = distance.max((at - x).abs()).max((x - before).abs());
        }
        let found = kolmogorov_smirnov(&values).unwrap();
        assert!((found.distance - distance).abs() < 1e-12);
    }
}

#[test]
fn a_hand_worked_distance() {
    // Shares 0.2 to 1 at 0.1, 0.2, 0.3, 0.4, 0.9: the fourth is 0.8 against 0.4.
    let found = kolmogorov_smirnov(&[0.9, 0.1, 0.4, 0.2, 0.3]).unwrap();
    assert!((found.distance - 0.4).abs() < 1e-12);
    assert_eq!(kolmogorov_smirnov(&[0.5; 4]), None);
    assert_eq!(kolmogorov_smirnov(&[0.1, 0.2, 0.3, 0.4, 1.1]), None);
    assert_eq!(kolmogorov_smirnov(&[0.1, 0.2, 0.3, 0.4, f64::NAN]), None);
}

#[test]
fn p_values_are_uniform_over_uniform_values() {
    // 2000 samples of 16: the share at most 0.05 is 0.05 with sigma 0.0049, and 4 of these.
    let low = |p: &dyn Fn(&[f64]) -> f64| {
        let tries = 2000;
        let hits = (0..tries)
            .filter(|&seed| p(&uniform_values(16, 1000 + seed)) <= 0.05)
            .count();
        hits as f64 / tries as f64
    };
    let found = low(&|values| kolmogorov_smirnov(values).unwrap().p_value);
    assert!((found - 0.05).abs() < 0.02, "{found}");
}

#[test]
fn lag1_of_known_sequences() {
    // 0 1 0 1 ...: each product is -1/4, so r = -3; constant 1: +3. Three sequences have no pair across their ends.
    let alternating: Vec<f64> = (0..41).map(|index| f64::from(index % 2)).collect();
    let found = lag1([alternating.as_slice()]).unwrap();
    assert_eq!((found.n, found.correlation), (40, -3.0));
    assert!(found.p_value < 1e-70);
    let ones = [1.0; 11];
    let found = lag1([&ones[..], &ones[..], &ones[..]]).unwrap();
    assert_eq!((found.n, found.correlation), (30, 3.0));
    assert_eq!(lag1([&ones[..], &ones[..]]), None);
    assert_eq!(lag1([]), None);
}

#[test]
fn lag1_has_the_spread_it_says() {
    let tries = 2000;
    let mut low = 0;
    for seed in 0..tries {
        let values = uniform_values(100, 9000 + seed);
        low += u32::from(lag1([values.as_slice()]).unwrap().p_value <= 0.05);
    }
    let found = f64::from(low) / tries as f64;
    // Sigma 0.0049.
    assert!((found - 0.05).abs() < 0.02, "{found}");
}
