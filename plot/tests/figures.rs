//! The figures, drawn by the real program through the real gnuplot (`apt-get install gnuplot-nox fonts-dejavu-core`).
//!
//! `tests/fixture` has the form that FORMAT.md describes, but simulated runs: nothing in it was measured.

mod support;

use std::fs;

use support::{Fixture, read_png};

const FIGURES: [&str; 14] = [
    "comparison_across_workloads_sample_rate_allocs.png",
    "mono_all_headers_sample_rate_allocs.png",
    "mono_all_headers_sample_rate_bytes.png",
    "mono_dead_zones_by_scale.png",
    "mono_gap_distribution_allocs.png",
    "mono_gap_distribution_bytes.png",
    "mono_sample_rate_by_size.png",
    "page_hash_page_coverage_all_headers.png",
    "reuse_all_headers_sample_rate_allocs.png",
    "reuse_all_headers_sample_rate_bytes.png",
    "reuse_dead_zones_by_scale.png",
    "reuse_gap_distribution_allocs.png",
    "reuse_gap_distribution_bytes.png",
    "reuse_sample_rate_by_size.png",
];

#[test]
fn every_figure_is_a_whole_png_at_300_dpi() {
    let fixture = Fixture::new();
    let stdout = fixture.plot().succeeds();
    assert!(stdout.starts_with("14 figures in "), "{stdout}");
    assert_eq!(fixture.pictures(), FIGURES, "and no temporary file is left");
    for name in FIGURES {
        let png = read_png(&fs::read(fixture.out().join(name)).unwrap());
        assert_eq!((png.width, png.height), (3000, 1800), "{name}");
        // 300 DPI is 11811 pixels a metre, and 1 says that it is the metre.
        assert_eq!(png.resolution, Some((11_811, 11_811, 1)), "{name}");
        // An empty sheet with a title has 20 KB, the sparsest figure of the fixture 150 KB.
        assert!(png.bytes > 100_000, "{name} has {} bytes", png.bytes);
    }
}

#[test]
fn the_same_tables_give_the_same_pictures() {
    let (first, second) = (Fixture::new(), Fixture::new());
    first.plot().succeeds();
    second.plot().succeeds();
    for name in FIGURES {
        let read = |fixture: &Fixture| fs::read(fixture.out().join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name} differs");
    }
}

#[test]
fn a_workload_of_any_name_is_drawn_and_runs_no_command() {
    let fixture = Fixture::new();
    let name = "my prog `touch ran` $HOME \"q\" \\n %d";
    fixture.edit_all(|table| {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        table.replace(",reuse,", &format!(",{quoted},"))
    });
    fixture.plot().succeeds();
    assert_eq!(fixture.pictures().len(), 14);
    let picture = format!("{name}_all_headers_sample_rate_allocs.png");
    assert!(fixture.out().join(picture).is_file());
    assert!(!fixture.directory().join("ran").exists());
}

#[test]
fn only_the_set_that_was_asked_for_is_drawn() {
    let fixture = Fixture::new();
    fixture.edit_all(|table| table.replace("seed,reuse,", "other,reuse,"));
    fixture.plot().arg("--set").arg("other").succeeds();
    let pictures = fixture.pictures();
    assert_eq!(pictures.len(), 8, "{pictures:?}");
    assert!(!pictures.iter().any(|name| name.starts_with("mono")));
}

#[test]
fn a_figure_without_data_is_named_and_its_old_picture_removed() {
    let fixture = Fixture::new();
    fixture.edit_all(|table| {
        let keep = |line: &&str| !line.contains(",HEADER_PAGE_HASH,");
        table
            .lines()
            .filter(keep)
            .map(|line| format!("{line}\n"))
            .collect()
    });
    let stale = fixture.leave_old_picture("page_hash_page_coverage_all_headers.png");
    let stdout = fixture.plot().succeeds();
    let line = "not drawn: page_hash_page_coverage_all_headers.png: no run of HEADER_PAGE_HASH counted pages\n";
    assert!(stdout.contains(line), "{stdout}");
    assert!(!stale.exists());
    assert_eq!(fixture.pictures().len(), 13);
}

#[test]
fn schemes_of_other_figures_are_named() {
    let fixture = Fixture::new();
    fixture.edit_all(|table| table.replace(",HEADER_HASH,", ",STATELESS_HASH_XOR,"));
    let stdout = fixture.plot().succeeds();
    let line = "not drawn: schemes without a header on every block: STATELESS_HASH_XOR\n";
    assert!(stdout.contains(line), "{stdout}");
}

#[test]
fn one_run_and_windows_that_never_finished_are_drawn() {
    let fixture = Fixture::new();
    fixture.edit("runs.csv", |table| {
        let mut lines = table.lines();
        let header = lines.next().unwrap();
        let first = |line: &&str| line.split(',').nth(3) == Some("1");
        let kept: Vec<_> = lines.filter(first).collect();
        format!("{header}\n{}\n", kept.join("\n"))
    });
    fixture.edit("summary.csv", |table| {
        let keep = |line: &&str| !line.contains(",dead_zone_rate_100x,");
        table
            .lines()
            .filter(keep)
            .map(|line| format!("{line}\n"))
            .collect()
    });
    fixture.plot().succeeds();
    assert_eq!(fixture.pictures(), FIGURES);
}

#[test]
fn the_example_that_aggregate_wrote_is_drawn() {
    let fixture = Fixture::of("../data/example");
    fixture.plot().succeeds();
    let picture = "reuse_all_headers_sample_rate_allocs.png";
    assert!(fixture.pictures().iter().any(|name| name == picture));
}

#[test]
fn help_shows_an_example() {
    let fixture = Fixture::new();
    let stdout = fixture.plot().arg("--help").succeeds();
    assert!(
        stdout.contains("plot --data data --set seed --out data/plots"),
        "{stdout}"
    );
}
