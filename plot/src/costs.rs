//! What schemes cost: one row a subject, its values along the row, so that names can be read and peers stand beside schemes.

use std::path::Path;

use gnuplot::PlotOption::{Color, LineWidth, PointSize, PointSymbol};
use gnuplot::{
    AlignRight, AutoOption::Fix, Axes2D, AxesCommon, Figure, LabelOption, RGBString, Tick,
};

use crate::Plan;
use crate::canvas::{self, BLACK, Frame, GRAY, Style, centred, fit};
use crate::cost_file::{CostRow, CostTable};
use crate::legend::{Entry, Legend, Sample};

/// Values of one kind: what is measured where, and its look.
struct Series {
    place: &'static str,
    threads: Option<u64>,
    metric: &'static str,
    text: String,
    color: &'static str,
    marker: char,
}

/// One figure.
struct Dots {
    title: &'static str,
    subtitle: Vec<String>,
    label: &'static str,
    series: Vec<Series>,
    /// A line at this value: what everything is compared with.
    base: Option<f64>,
    log: bool,
    /// Values beyond it are left to the table, and the row says so.
    high: Option<f64>,
}

const COLORS: [(&str, char); 4] = [
    ("#0072B2", 'O'),
    ("#D55E00", 'S'),
    ("#009E73", 'T'),
    ("#CC79A7", 'R'),
];

/// Every figure of the table, by file name; none where the table has nothing for it.
pub fn plans(data: &Path) -> Result<Vec<Plan>, String> {
    let table = CostTable::read(&data.join("cost.csv"))?;
    let named = [
        ("cost_time.png", time()),
        ("cost_instructions.png", instructions()),
        ("cost_memory.png", memory()),
        ("cost_programs.png", programs()),
        ("cost_sampled.png", sampled()),
    ];
    let plans = named.into_iter().map(|(name, dots)| Plan {
        name: name.into(),
        figure: dots.draw(&table).ok_or("cost.csv has no value for it"),
    });
    Ok(plans.collect())
}

fn series(
    i: usize,
    place: &'static str,
    threads: Option<u64>,
    metric: &'static str,
    text: &str,
) -> Series {
    let (color, marker) = COLORS[i % COLORS.len()];
    Series {
        place,
        threads,
        metric,
        text: text.into(),
        color,
        marker,
    }
}

fn time() -> Dots {
    Dots {
        title: "Time of a pair of free and malloc",
        subtitle: vec![
            "1000 live blocks of 16-256 B; processor time over that of plain glibc, median of paired rounds with its 95 % interval".into(),
            "mask 0xFF, mean gap 512 KiB; peers are allocators of their own and are compared with glibc too".into(),
        ],
        label: "time over plain glibc (ratio, logarithmic)",
        series: vec![
            series(0, "window", Some(1), "time_ratio", "1 thread"),
            series(1, "window", Some(2), "time_ratio", "2 threads"),
        ],
        base: Some(1.0),
        log: true,
        high: Some(1.6),
    }
}

fn instructions() -> Dots {
    Dots {
        title: "Instructions of a pair of free and malloc, over plain glibc",
        subtitle: vec![
            "exact, counted by callgrind; mask 0xFF, mean gap 512 KiB".into(),
            "window: 1000 live blocks of 16-256 B; tight: the same 64 B again and again; mixed: 1000 live blocks of 16 B to 64 KiB".into(),
        ],
        label: "instructions of a pair over plain glibc (below zero: fewer)",
        series: vec![
            series(0, "window", Some(1), "instructions_over_plain", "window"),
            series(1, "tight", Some(1), "instructions_over_plain", "tight"),
            series(2, "mixed", Some(1), "instructions_over_plain", "mixed"),
        ],
        base: Some(0.0),
        log: false,
        high: Some(150.0),
    }
}

fn memory() -> Dots {
    Dots {
        title: "Resident memory of a live block, over that of plain forwarding",
        subtitle: vec![
            "a million live blocks of one size; resident bytes a block over those under NONE"
                .into(),
            "mask 0xFF, mean gap 512 KiB".into(),
        ],
        label: "bytes a block over NONE",
        series: vec![
            series(0, "live-16", None, "resident_per_block_over_none", "16 B"),
            series(1, "live-64", None, "resident_per_block_over_none", "64 B"),
            series(2, "live-256", None, "resident_per_block_over_none", "256 B"),
            series(
                3,
                "live-4096",
                None,
                "resident_per_block_over_none",
                "4 KiB",
            ),
        ],
        base: Some(0.0),
        log: false,
        high: Some(24.0),
    }
}

fn programs() -> Dots {
    Dots {
        title: "Processor time of whole programs",
        subtitle: vec![
            "over the same program with nothing under it, median of paired rounds with its 95 % interval; redis: the server alone".into(),
            "python3 with PYTHONMALLOC=malloc; mask 0xFF, mean gap 512 KiB; redis brings jemalloc, the others use glibc".into(),
        ],
        label: "processor time over plain (ratio, logarithmic)",
        series: vec![
            series(0, "redis", None, "time_ratio", "redis"),
            series(1, "python3", None, "time_ratio", "python3"),
            series(2, "sqlite3", None, "time_ratio", "sqlite3"),
            series(3, "gcc", None, "time_ratio", "gcc"),
        ],
        base: Some(1.0),
        log: true,
        high: Some(1.3),
    }
}

fn sampled() -> Dots {
    Dots {
        title: "What a sampled block costs over an unsampled one",
        subtitle: vec![
            "malloc and free together, nanoseconds of processor time; 1000 live blocks of 16-256 B".into(),
            "from rounds that sample often and rounds that sample as usual, median with its 95 % interval".into(),
        ],
        label: "ns a sampled block",
        series: vec![series(0, "window", Some(1), "sample_extra", "malloc and free")],
        base: Some(0.0),
        log: false,
        high: None,
    }
}

impl Dots {
    fn draw(&self, table: &CostTable) -> Option<Figure> {
        let found = |subject: &str, series: &Series| {
            table.get(subject, series.place, series.threads, series.metric)
        };
        let subjects: Vec<&String> = table
            .subjects
            .iter()
            .filter(|subject| {
                self.series
                    .iter()
                    .any(|series| found(subject, series).is_some())
            })
            .collect();
        let values: Vec<&CostRow> = subjects
            .iter()
            .flat_map(|subject| {
                self.series
                    .iter()
                    .filter_map(|series| found(subject, series))
            })
            .collect();
        if values.is_empty() {
            return None;
        }
        let legend = Legend::new(self.legend(&values));
        let mut frame = Frame::new(190.0, &legend);
        frame.left = 860.0;
        let rows = subjects.len() as f64;
        let (low, high) = self.range(&values);
        let mut figure = canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, self.title, &self.subtitle);
            axes.set_y_range(Fix(0.0), Fix(rows));
            axes.set_y_ticks(None, &[], &[] as &[LabelOption<&str>]);
            axes.set_y_grid(false).set_x_grid(true);
            axes.set_x_range(Fix(low), Fix(high));
            self.ticks(axes, low, high);
            let label = centred(fit(self.label, 15.0, frame.width()));
            frame.text(
                axes,
                (frame.left + frame.right) / 2.0,
                50.0,
                self.label,
                label,
            );
            if let Some(base) = self.base {
                let look = [Color(RGBString(GRAY)), LineWidth(1.2)];
                axes.lines([base; 2], [0.0, rows], &look);
            }
            for (i, subject) in subjects.iter().enumerate() {
                let y = rows - 0.5 - i as f64;
                self.name(axes, &frame, subject, y / rows);
                self.beyond(axes, &frame, y / rows, &|series| {
                    found(subject, series)
                        .map(|row| row.value)
                        .filter(|&value| value > high)
                });
            }
            for (k, series) in self.series.iter().enumerate() {
                // Beside each other within the row, so that none covers another.
                let shift = ((self.series.len() as f64 - 1.0) / 2.0 - k as f64) * 0.18;
                let (mut xs, mut ys) = (Vec::new(), Vec::new());
                for (i, subject) in subjects.iter().enumerate() {
                    let Some(row) = found(subject, series) else {
                        continue;
                    };
                    let y = rows - 0.5 - i as f64 + shift;
                    if row.value > high {
                        continue;
                    }
                    xs.push(row.value);
                    ys.push(y);
                    if let Some((from, to)) = row.interval {
                        let look = [Color(RGBString(series.color)), LineWidth(1.4)];
                        axes.lines([from, to], [y; 2], &look);
                    }
                }
                let look = [
                    Color(RGBString(series.color)),
                    PointSymbol(series.marker),
                    PointSize(0.75),
                ];
                axes.points(xs, ys, &look);
            }
        });
        figure.set_enhanced_text(false);
        Some(figure)
    }

    fn name(&self, axes: &mut Axes2D, frame: &Frame, subject: &str, share: f64) {
        let room = frame.left - 60.0;
        let style = Style {
            align: AlignRight,
            color: if subject == "PLAIN" { GRAY } else { BLACK },
            ..centred(fit(subject, 11.0, room))
        };
        let y = frame.bottom + share * frame.height();
        frame.text(axes, frame.left - 25.0, y, subject, style);
    }

    /// Says at the row's end which of its values are beyond the axis.
    fn beyond(
        &self,
        axes: &mut Axes2D,
        frame: &Frame,
        share: f64,
        value: &dyn Fn(&Series) -> Option<f64>,
    ) {
        let beyond = self.series.iter().filter_map(|series| {
            let value = value(series)?;
            let digits = if value < 10.0 { 2 } else { 0 };
            Some(format!("{}: {value:.digits$}", series.text))
        });
        let text: Vec<String> = beyond.collect();
        if text.is_empty() {
            return;
        }
        let text = format!("beyond the axis: {} \u{2192}", text.join(", "));
        let style = Style {
            align: AlignRight,
            color: GRAY,
            ..centred(fit(&text, 10.0, frame.width() * 0.6))
        };
        let y = frame.bottom + share * frame.height();
        frame.text(axes, frame.right - 15.0, y, &text, style);
    }

    fn legend(&self, values: &[&CostRow]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .series
            .iter()
            .map(|series| {
                let places = |row: &&&CostRow| {
                    row.place == series.place
                        && row.threads == series.threads
                        && row.metric == series.metric
                };
                let of_series: Vec<u64> = values.iter().filter(places).map(|row| row.n).collect();
                let n = match (of_series.iter().min(), of_series.iter().max()) {
                    (Some(1), Some(1)) | (None, _) | (_, None) => String::new(),
                    (Some(least), Some(most)) if least == most => format!(" (n = {most} rounds)"),
                    (Some(least), Some(most)) => format!(" (n = {least} to {most} rounds)"),
                };
                Entry {
                    sample: Sample::Marker(series.marker, 1.0),
                    color: series.color,
                    text: format!("{}{n}", series.text),
                }
            })
            .collect();
        if values.iter().all(|row| row.n == 1) {
            entries.push(Entry {
                sample: Sample::Line(gnuplot::Solid),
                color: GRAY,
                text: "exact, one measurement each".into(),
            });
        }
        entries
    }

    fn range(&self, values: &[&CostRow]) -> (f64, f64) {
        let ends = values.iter().flat_map(|row| {
            let (low, high) = row.interval.unwrap_or((row.value, row.value));
            [low.min(row.value), high.max(row.value)]
        });
        let all: Vec<f64> = ends.chain(self.base).collect();
        let low = all.iter().copied().fold(f64::INFINITY, f64::min);
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let high = self.high.map_or(high, |most| high.min(most));
        match self.log {
            true => (low / 1.06, high * 1.06),
            false => {
                let margin = ((high - low) * 0.04).max(1e-9);
                (low - margin, high + margin)
            }
        }
    }

    fn ticks(&self, axes: &mut Axes2D, low: f64, high: f64) {
        if !self.log {
            axes.set_x_ticks(Some((gnuplot::AutoOption::Auto, 0)), &canvas::TICKS, &[]);
            return;
        }
        axes.set_x_log(Some(10.0));
        const MARKS: [f64; 18] = [
            0.25, 0.5, 0.6, 0.75, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0,
            50.0, 100.0,
        ];
        // Where the axis spans decades, marks of tenths would stand in each other.
        let is_wide = high / low > 6.0;
        let marks = MARKS.into_iter().filter(|mark| (low..=high).contains(mark));
        let marks = marks.filter(|mark| !is_wide || ![0.9, 1.1, 1.3, 0.75].contains(mark));
        let ticks: Vec<Tick<f64, String>> = marks
            .map(|mark| Tick::Major(mark, gnuplot::AutoOption::Fix(format!("{mark}"))))
            .collect();
        let options = [
            gnuplot::TickOption::Mirror(false),
            gnuplot::TickOption::Inward(false),
        ];
        axes.set_x_ticks_custom(ticks, &options, &[]);
    }
}
