//! What plot refuses: one line that says what is wrong and where, status 1, and the pictures of an earlier run as they were.

mod support;

use std::fs;

use support::Fixture;

/// Breaks one table of the fixture and returns the line on stderr.
#[track_caller]
fn refused(table: &str, edit: impl Fn(&str) -> String) -> String {
    let fixture = Fixture::new();
    fixture.edit(table, edit);
    fixture.plot_fails()
}

/// The same, with this in place of gnuplot.
#[track_caller]
fn refused_with_gnuplot(script: &str) -> String {
    let fixture = Fixture::new();
    fixture.put_program("gnuplot", script);
    fixture.plot_fails()
}

#[test]
fn missing_tables_are_named() {
    for table in ["summary.csv", "runs.csv", "gaps.csv", "size_bins.csv"] {
        let fixture = Fixture::new();
        fs::remove_file(fixture.directory().join(table)).unwrap();
        let line = fixture.plot_fails();
        assert!(line.contains(&format!("{table}: No such file")), "{line}");
        assert!(
            line.contains("expected a table that `aggregate` wrote"),
            "{line}"
        );
    }
}

#[test]
fn a_missing_column_is_named() {
    for (table, column) in [
        ("summary.csv", "ci95_low"),
        ("runs.csv", "window_base"),
        ("gaps.csv", "clock"),
        ("size_bins.csv", "sampled_allocs"),
    ] {
        let line = refused(table, |text| text.replacen(column, "renamed", 1));
        assert!(
            line.contains(&format!("{table}: no column '{column}'; found '")),
            "{line}"
        );
    }
}

#[test]
fn a_bad_number_is_shown_with_its_place() {
    let line = refused("gaps.csv", |text| {
        text.replacen(
            "seed,monotonic,HEADER_HASH,allocs,0,0,",
            "seed,monotonic,HEADER_HASH,allocs,0,0,x",
            1,
        )
    });
    assert!(line.contains("gaps.csv line 2, gaps: found 'x"), "{line}");
    assert!(
        line.ends_with("expected an unsigned whole number"),
        "{line}"
    );

    let line = refused("summary.csv", |text| {
        text.replacen("ratio,10,", "ratio,10,nan", 1)
    });
    assert!(
        line.contains(", mean: found 'nan") && line.ends_with("expected a finite number"),
        "{line}"
    );

    let line = refused("summary.csv", |text| {
        text.replacen("ratio,10,", "ratio,,", 1)
    });
    assert!(line.contains(", n: found '', expected"), "{line}");
}

#[test]
fn a_cut_off_table_is_refused() {
    let line = refused("runs.csv", |text| text[..text.len() - 40].to_string());
    assert!(
        line.contains("runs.csv: ") && line.contains("fields"),
        "{line}"
    );
}

#[test]
fn an_interval_of_another_kind_is_refused() {
    let line = refused("summary.csv", |text| {
        text.replace(",student-t,", ",bootstrap,")
    });
    assert!(
        line.contains("ci_method: found 'bootstrap', expected student-t"),
        "{line}"
    );
}

#[test]
fn half_an_interval_is_refused() {
    let line = refused("summary.csv", |text| {
        let drop_low = |line: &str| {
            let mut cells: Vec<_> = line.split(',').collect();
            if cells[2] == "HEADER_HASH" {
                cells[15] = "";
            }
            cells.join(",") + "\n"
        };
        text.lines().map(drop_low).collect()
    });
    assert!(
        line.contains("ci95_low: found '', expected both ends"),
        "{line}"
    );
}

#[test]
fn a_repeated_row_is_refused() {
    let line = refused("summary.csv", |text| {
        format!("{text}{}\n", text.lines().last().unwrap())
    });
    assert!(
        line.contains("expected one row a workload, scheme and metric"),
        "{line}"
    );
}

#[test]
fn a_set_without_rows_is_refused_and_the_sets_there_are_named() {
    let fixture = Fixture::new();
    let line = fixture.plot().arg("--set").arg("nothing").fails();
    assert!(
        line.ends_with("summary.csv: no row of set 'nothing'; found sets: seed"),
        "{line}"
    );
}

#[test]
fn a_workload_that_is_no_file_name_is_refused() {
    let line = refused("summary.csv", |text| text.replace(",reuse,", ",../reuse,"));
    assert!(
        line.contains("workload: found '../reuse', expected a name"),
        "{line}"
    );
}

#[test]
fn workloads_that_share_figures_are_refused() {
    let fixture = Fixture::new();
    fixture.edit_all(|table| table.replace(",reuse,", ",mono,"));
    let line = fixture.plot_fails();
    assert!(
        line.contains("both be drawn as mono_all_headers_sample_rate_allocs.png"),
        "{line}"
    );
}

#[test]
fn gnuplot_that_is_not_there_is_said_with_how_to_install_it() {
    let fixture = Fixture::new();
    let line = fixture.plot().env("PATH", fixture.directory()).fails();
    assert!(line.contains("apt-get install gnuplot-nox"), "{line}");
}

#[test]
fn what_gnuplot_says_is_passed_on() {
    let line =
        refused_with_gnuplot("echo 'line 7: undefined variable' >&2\necho second >&2\nexit 3");
    assert!(
        line.contains("mono_all_headers_sample_rate_allocs.png: gnuplot failed (exit status: 3)"),
        "{line}"
    );
    assert!(
        line.ends_with("line 7: undefined variable; second"),
        "{line}"
    );
}

#[test]
fn a_warning_of_gnuplot_is_a_failure() {
    let line = refused_with_gnuplot("echo 'warning: empty y range' >&2");
    assert!(line.ends_with("warning: empty y range"), "{line}");
}

#[test]
fn a_picture_that_gnuplot_did_not_draw_is_missed() {
    let line = refused_with_gnuplot("exit 0");
    assert!(line.contains("gnuplot drew nothing"), "{line}");
}

#[test]
fn an_empty_or_broken_picture_is_refused() {
    let output = r#"file=$(sed -n 's/^set output "\(.*\)"$/\1/p' "$2")"#;
    let line = refused_with_gnuplot(&format!("{output}\n: > \"$file\""));
    assert!(
        line.contains("found 0 bytes, expected a whole PNG"),
        "{line}"
    );
    let line = refused_with_gnuplot(&format!(
        "{output}\nprintf '\\211PNG\\r\\n\\032\\n%01000d' 0 > \"$file\""
    ));
    assert!(line.contains("expected a whole PNG"), "{line}");
}
