//! The figure of soak.csv: live bytes as they are and as the samples have them, over time, with the service's resident memory beside.

use std::path::Path;

use gnuplot::PlotOption::{Color, FillAlpha, LineStyle, LineWidth};
use gnuplot::TickOption::{Format, Inward, Mirror};
use gnuplot::{Auto, AxesCommon, Dash, Figure, Fix, RGBString, Solid};
use statistics::intervals::{self, Interval, LEVEL};

use crate::Plan;
use crate::canvas::{self, BLACK, Frame, centred};
use crate::csv_file::CsvFile;
use crate::legend::{Entry, Legend, Sample};
use crate::text;

const ESTIMATE: &str = "#009E73";
/// The same over white.
const BAND: &str = "#A6DBCB";
const RSS: &str = "#D55E00";
const MIB: f64 = 1048576.0;

/// Readings, column by column, in seconds and MiB.
#[derive(Default)]
struct Readings {
    time_s: Vec<f64>,
    exact: Vec<f64>,
    estimate: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    rss: Vec<f64>,
    /// Readings whose interval holds the truth.
    covered: usize,
    mean_bytes: u64,
}

/// The one figure, or what is missing to draw it.
pub fn plans(data: &Path) -> Result<Vec<Plan>, String> {
    let readings = read(data)?;
    Ok(vec![Plan {
        name: "soak.png".into(),
        figure: draw(&readings).ok_or("soak.csv has fewer than two readings"),
    }])
}

fn read(data: &Path) -> Result<Readings, String> {
    let columns = [
        "time_s",
        "live_bytes_exact",
        "live_bytes_estimate",
        "live_bytes_standard_error",
        "rss_bytes",
        "poisson_mean_bytes",
    ];
    let file = CsvFile::read_all(data.join("soak.csv"), &columns)?;
    let mut readings = Readings::default();
    for row in file.rows() {
        let mib = |column: &str| Ok::<f64, String>(row.number::<f64>(column)? / MIB);
        let time_s: f64 = row.number("time_s")?;
        if readings.time_s.last().is_some_and(|last| *last >= time_s) {
            return Err(row.error("time_s", "more than in the row before"));
        }
        let (exact, estimate) = (mib("live_bytes_exact")?, mib("live_bytes_estimate")?);
        let error = mib("live_bytes_standard_error")?;
        if error < 0.0 {
            return Err(row.error("live_bytes_standard_error", "no negative number"));
        }
        let interval = interval(estimate, error);
        readings.time_s.push(time_s);
        readings.exact.push(exact);
        readings.estimate.push(estimate);
        readings.low.push(interval.low);
        readings.high.push(interval.high);
        readings.rss.push(mib("rss_bytes")?);
        readings.covered += usize::from(interval.holds(exact));
        readings.mean_bytes = row.number("poisson_mean_bytes")?;
    }
    Ok(readings)
}

/// Without a sample alive it is the point 0.
fn interval(estimate: f64, error: f64) -> Interval {
    let nothing = Interval {
        low: 0.0,
        high: 0.0,
    };
    intervals::plain(estimate, error.powi(2), LEVEL).unwrap_or(nothing)
}

fn draw(readings: &Readings) -> Option<Figure> {
    let n = readings.time_s.len();
    let (first, last) = (*readings.time_s.first()?, *readings.time_s.last()?);
    if n < 2 {
        return None;
    }
    let highest = [&readings.high, &readings.rss, &readings.exact];
    let high = highest.into_iter().flatten().copied().fold(0.0, f64::max);
    let legend = Legend::new(vec![
        entry(Sample::Line(Solid), BLACK, "live, exact"),
        entry(
            Sample::Line(Solid),
            ESTIMATE,
            "live, estimated from samples",
        ),
        entry(Sample::Fill, BAND, "its 95 % interval"),
        entry(Sample::Line(Dash), RSS, "resident memory"),
    ]);
    let frame = Frame::new(210.0, &legend);
    Some(canvas::figure(&frame, &legend, |axes| {
        let share = readings.covered as f64 / n as f64;
        let subtitle = vec![
            format!(
                "redis-server under SET, APPEND and DEL, read while it runs; mean gap {}; n = {} readings of one run",
                text::bytes(readings.mean_bytes),
                text::thousands(n as u64)
            ),
            format!(
                "interval: estimate and 1.96 of its standard errors; it holds the truth in {} of the readings, 95 % expected",
                text::percent_unbroken(share)
            ),
        ];
        frame.heading(
            axes,
            "Live bytes of a service, exact and estimated",
            &subtitle,
        );
        canvas::y_label(axes, &frame, "memory  (MiB)");
        axes.set_x_range(Fix(0.0), Fix(last + first))
            .set_y_range(Fix(0.0), Fix(high * 1.05));
        let ticks = [Mirror(false), Inward(false), Format("%g")];
        axes.set_x_ticks(Some((Auto, 0)), &ticks, &[]);
        let middle = (frame.left + frame.right) / 2.0;
        frame.text(
            axes,
            middle,
            65.0,
            "time since the watching began  (s)",
            centred(15.0),
        );
        let (x, line) = (&readings.time_s, |color, width| {
            [Color(RGBString(color)), LineWidth(width)]
        });
        let band = [Color(RGBString(BAND)), FillAlpha(1.0)];
        axes.fill_between(x, &readings.low, &readings.high, &band);
        let dashed = [Color(RGBString(RSS)), LineWidth(1.2), LineStyle(Dash)];
        axes.lines(x, &readings.rss, &dashed);
        axes.lines(x, &readings.estimate, &line(ESTIMATE, 1.0));
        axes.lines(x, &readings.exact, &line(BLACK, 1.2));
    }))
}

fn entry(sample: Sample, color: &'static str, text: &str) -> Entry {
    Entry {
        sample,
        color,
        text: text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_a_95_percent_interval() {
        let interval = interval(100.0, 10.0);
        assert!(interval.holds(119.59) && interval.holds(80.41));
        assert!(!interval.holds(119.61) && !interval.holds(80.39));
    }
}
