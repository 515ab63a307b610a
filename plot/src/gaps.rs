//! How far apart samples lie: the share of gaps that are at least so long, on two logarithmic axes.
//!
//! The table holds log2 bins, so the share is exact at the lower edges of bins, where the markers are; lines only guide the eye.
//! A gap of 0 (two samples in a row) has no place on a logarithmic axis: the share of gaps of at least 1 is below 100 % by those.

use gnuplot::PlotOption::{Color, LineStyle, LineWidth, PointSize, PointSymbol};
use gnuplot::TickOption::{Format, Inward, Mirror};
use gnuplot::{Auto, AxesCommon, Dot, Figure, Fix, RGBString};

use crate::canvas::{self, Frame, GRAY, centred};
use crate::legend::{Entry, Legend, Sample};
use crate::schemes::{ALL_HEADERS, Scheme, mask_rate, masks};
use crate::tables::Tables;
use crate::text;

/// What a gap is measured in.
#[derive(Clone, Copy)]
pub struct Clock {
    /// In the table and in file names.
    pub name: &'static str,
    x_label: &'static str,
}

/// Unsampled allocations between samples.
pub const ALLOCS: Clock = Clock {
    name: "allocs",
    x_label: "gap: unsampled allocations between two samples  (allocations)",
};

/// Bytes that the unsampled allocations between samples requested.
pub const BYTES: Clock = Clock {
    name: "bytes",
    x_label: "gap: bytes requested between two samples  (bytes)",
};

/// The gaps of one scheme.
struct Curve {
    scheme: &'static Scheme,
    caption: String,
    runs: u64,
    /// Gap, and the share in percent of gaps at least as long.
    points: Vec<(f64, f64)>,
}

/// One curve a scheme.
pub fn of_workload(tables: &Tables, workload: &String, clock: Clock) -> Option<Figure> {
    let curves: Vec<Curve> = ALL_HEADERS
        .iter()
        .filter_map(|scheme| curve(tables, workload, scheme, clock))
        .collect();
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let longest = points().map(|(gap, _)| *gap).fold(0.0, f64::max);
    let rarest = points().map(|(_, share)| *share).fold(100.0, f64::min);
    if longest == 0.0 {
        return None;
    }
    // The last marker is the lower edge of a bin that reaches to twice its value; and some room under the rarest.
    let right = longest * 4.0;
    let low = 10f64.powf((rarest * 0.9).log10().floor());

    // Only allocations have a rate to compare with: bytes between samples depend on the sizes.
    let coins = if clock.name == ALLOCS.name {
        masks(tables, [workload])
    } else {
        Vec::new()
    };
    let runs = curves.iter().map(|curve| curve.runs);
    let legend = Legend::new(legend(&curves, &coins));
    let frame = Frame::new(210.0, &legend);
    Some(canvas::figure(&frame, &legend, |axes| {
        let subtitle = vec![
            format!(
                "set {}; a header on every block; gaps of all n = {} of a scheme together",
                tables.set,
                text::runs(runs)
            ),
            "exact at the markers (lower edges of log2 bins); the lines between them guide the eye"
                .into(),
        ];
        let title = format!(
            "Gaps between samples in {}: workload {workload}",
            clock.name.replace("allocs", "allocations")
        );
        frame.heading(axes, &title, &subtitle);
        canvas::y_label(axes, &frame, "share of gaps that are at least as long  (%)");
        axes.set_x_range(Fix(1.0), Fix(right))
            .set_x_log(Some(10.0))
            .set_y_range(Fix(low), Fix(130.0))
            .set_y_log(Some(10.0))
            .set_x_grid(true)
            .set_x_ticks(
                Some((Auto, 0)),
                &[Mirror(false), Inward(false), Format("%.0s%c")],
                &[],
            );
        let middle = (frame.left + frame.right) / 2.0;
        frame.text(axes, middle, 65.0, clock.x_label, centred(15.0));

        for curve in &curves {
            let (xs, ys): (Vec<f64>, Vec<f64>) = curve.points.iter().copied().unzip();
            axes.lines_points(
                xs,
                ys,
                &[
                    Color(RGBString(curve.scheme.color)),
                    LineStyle(curve.scheme.dash),
                    LineWidth(1.4),
                    PointSymbol(curve.scheme.marker),
                    PointSize(0.9),
                ],
            );
        }
        for mask in &coins {
            draw_fair_coin(axes, *mask, right, low);
        }
    }))
}

fn legend(curves: &[Curve], coins: &[u64]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for Curve {
        scheme, caption, ..
    } in curves
    {
        entries.push(Entry {
            sample: Sample::LineMarker(scheme.dash, scheme.marker),
            color: scheme.color,
            text: caption.clone(),
        });
    }
    for mask in coins {
        let rate = text::percent(mask_rate(*mask));
        entries.push(Entry {
            sample: Sample::Line(Dot),
            color: GRAY,
            text: format!("independent draws at the mask's {rate} %"),
        });
    }
    entries
}

fn curve(tables: &Tables, workload: &str, scheme: &'static Scheme, clock: Clock) -> Option<Curve> {
    let summary = tables.summary(workload, scheme, "sample_rate_allocs")?;
    let mut bins: Vec<(u64, u64)> = tables
        .gaps
        .iter()
        .filter(|bin| bin.workload == workload && bin.scheme == scheme.name)
        .filter(|bin| bin.clock == clock.name)
        .map(|bin| (bin.low, bin.gaps))
        .collect();
    bins.sort_unstable();
    let n: u64 = bins.iter().map(|(_, gaps)| gaps).sum();
    let (name, parameters) = (scheme.name, summary.parameters());
    let caption = match n {
        0 => format!("{name} ({parameters}): no sample, no gap"),
        _ => format!("{name} ({parameters}): {} gaps", text::thousands(n)),
    };
    Some(Curve {
        scheme,
        caption,
        runs: summary.n,
        points: shares(&bins, n),
    })
}

/// The share of `n` gaps, in percent, that is at least as long as the lower edge of each bin of `(lower edge, gaps)`.
fn shares(bins: &[(u64, u64)], n: u64) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    if bins.first().is_some_and(|(low, _)| *low > 1) {
        points.push((1.0, 100.0));
    }
    let mut shorter = 0;
    for (low, gaps) in bins {
        if *low > 0 && shorter < n {
            let share = (n - shorter) as f64 / n as f64;
            points.push((*low as f64, share * 100.0));
        }
        shorter += gaps;
    }
    points
}

/// What sampling each allocation independently at the mask's rate p would give: a gap of at least g has the share (1 - p)^g, so
/// with p = 1/256, 37 % of gaps are 256 or longer.
fn draw_fair_coin(axes: &mut gnuplot::Axes2D, mask: u64, right: f64, low: f64) {
    let rate = mask_rate(mask);
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    let mut gap = 1.0;
    while gap < right {
        let share = (1.0 - rate).powf(gap) * 100.0;
        if share < low / 10.0 {
            break;
        }
        xs.push(gap);
        ys.push(share);
        gap *= 1.05;
    }
    let look = [Color(RGBString(GRAY)), LineStyle(Dot), LineWidth(1.4)];
    axes.lines(xs, ys, &look);
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_count_the_gaps_that_are_as_long() {
        // Of 8 gaps 2 are 0, 4 are 1, none is 2 or 3, and 2 are 4 to 7.
        let bins = [(0, 2), (1, 4), (2, 0), (4, 2)];
        assert_eq!(shares(&bins, 8), [(1.0, 75.0), (2.0, 25.0), (4.0, 25.0)]);
    }

    #[test]
    fn all_gaps_are_longer_than_the_bins_before_the_first() {
        assert_eq!(shares(&[(64, 5)], 5), [(1.0, 100.0), (64.0, 100.0)]);
    }

    #[test]
    fn gaps_of_zero_alone_have_no_point() {
        assert_eq!(shares(&[(0, 5)], 5), []);
        assert_eq!(shares(&[], 0), []);
    }
}
