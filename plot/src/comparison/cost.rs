//! What a free and a malloc cost under each scheme.

use gnuplot::Figure;

use super::groups::{Column, Form, Groups, Mark, columns, runs};
use super::table::Table;

/// Instructions more than forwarding takes: with every call counted, and with sampled ones alone.
pub fn instructions(table: &Table) -> Option<Figure> {
    let metric = "instructions_more_than_none";
    let columns = without_baseline(columns(|look| {
        ["window-t1", "window-t1-no-truth"]
            .map(|workload| table.get(workload, look.scheme, metric))
            .to_vec()
    }));
    let bar = |form| Mark {
        text: String::new(),
        form,
    };
    let groups = Groups {
        title: "Instructions of a free and a malloc, more than forwarding takes".into(),
        subtitle: vec![
            format!(
                "over live blocks, one thread; counted by callgrind, n = {}",
                runs(&columns)
            ),
            "left, wide: every call counted; right, narrow: sampled calls alone (SAMPLER_TRUTH=0)"
                .into(),
        ],
        y_label: "instructions more than NONE",
        marks: vec![bar(Form::Bar), bar(Form::ThinBar)],
        columns,
    };
    groups.draw()
}

/// Times over no library, with one thread and with two.
pub fn times(table: &Table) -> Option<Figure> {
    let columns = columns(|look| {
        ["window-t1", "window-t2"]
            .map(|workload| table.get(workload, look.scheme, "time_over_plain"))
            .to_vec()
    });
    let bar = |form| Mark {
        text: String::new(),
        form,
    };
    let groups = Groups {
        title: "Time of a free and a malloc, over that without a library".into(),
        subtitle: vec![
            format!(
                "over live blocks, every call counted; n = {} a bar; brackets: 95 % (of the median)",
                runs(&columns)
            ),
            "left, wide: one thread; right, narrow: two threads at once".into(),
        ],
        y_label: "time over that without a library  (ratio)",
        marks: vec![bar(Form::Bar), bar(Form::ThinBar)],
        columns,
    };
    groups.draw()
}

/// `NONE` more than itself is 0.
fn without_baseline(columns: Vec<Column>) -> Vec<Column> {
    let is_other = |column: &Column| column.look.scheme != "NONE";
    columns.into_iter().filter(is_other).collect()
}
