//! The sheet a figure is drawn on: its size, fonts and frame, and the run of gnuplot that turns it into a PNG.
//!
//! All text outside the axes is placed in pixels of the sheet, counted from the lower left corner, because the crate's tick
//! labels are neither escaped nor broken into lines, and its titles know nothing of each other.

use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

use gnuplot::AlignType::AlignCenter;
use gnuplot::BorderLocation2D::{Bottom, Left};
use gnuplot::LabelOption::{Font, Rotate, TextAlign, TextColor};
use gnuplot::MarginSide::{MarginBottom, MarginLeft, MarginRight, MarginTop};
use gnuplot::PlotOption::{Color, LineStyle, LineWidth};
use gnuplot::{
    AlignType, AutoOption::Auto, Axes2D, AxesCommon, Coordinate, Figure, Graph, LabelOption,
    RGBString, Solid, TickOption,
};

use crate::legend::Legend;
use crate::png;

/// 10 by 6 inches at 300 DPI.
pub const WIDTH: f64 = 3000.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 1800.0;

/// Sizes are doubled by `fontscale`, lines and points by the other two: what a screen picture of 1500 pixels would have.
const TERMINAL: &str = "pngcairo size 3000,1800 background \"#FFFFFF\" font \"DejaVu Sans,15\" fontscale 2.0 linewidth 3 pointscale 2.5";
const FONT: &str = "DejaVu Sans";
const BOLD: &str = "DejaVu Sans:Bold";

/// Pixels to a point of font size, by the terminal above (2 x 96/72).
pub const PX_PER_POINT: f64 = 2.0 * 96.0 / 72.0;

/// Text that belongs to the data.
pub const BLACK: &str = "#000000";
/// Text that explains.
pub const GRAY: &str = "#505050";

/// Where the axes lie on the sheet, in pixels.
#[derive(Clone, Copy)]
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub bottom: f64,
    pub top: f64,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub struct Style {
    pub points: f64,
    pub color: &'static str,
    pub bold: bool,
    pub align: AlignType,
    pub upwards: bool,
}

/// Black, centred, of the given size.
pub const fn centred(points: f64) -> Style {
    Style {
        points,
        color: BLACK,
        bold: false,
        align: AlignCenter,
        upwards: false,
    }
}

impl Frame {
    /// The whole sheet but for the margins: `foot_px` are left below the axes, and the heading and the legend above them.
    pub fn new(foot_px: f64, legend: &Legend) -> Frame {
        Frame {
            left: 290.0,
            right: WIDTH - 60.0,
            bottom: foot_px,
            top: HEIGHT - 300.0 - legend.height_px(),
        }
    }

    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.top - self.bottom
    }

    /// A pixel of the sheet, as the axes count it.
    pub fn at(&self, x: f64, y: f64) -> (Coordinate, Coordinate) {
        (
            Graph((x - self.left) / self.width()),
            Graph((y - self.bottom) / self.height()),
        )
    }

    /// Sets one line of text with its middle (or end) at a pixel of the sheet.
    pub fn text(&self, axes: &mut Axes2D, x: f64, y: f64, text: &str, style: Style) {
        let (x, y) = self.at(x, y);
        let mut options = vec![
            Font(if style.bold { BOLD } else { FONT }, style.points),
            TextColor(RGBString(style.color)),
            TextAlign(style.align),
        ];
        if style.upwards {
            options.push(Rotate(90.0));
        }
        axes.label(text, x, y, &options);
    }

    /// Title, and below it a line or two that say what is drawn.
    pub fn heading(&self, axes: &mut Axes2D, title: &str, subtitle: &[String]) {
        let room = WIDTH - 120.0;
        let mut style = centred(fit(title, 20.0, room));
        style.bold = true;
        let title = cut(title, style.points, room);
        self.text(axes, WIDTH / 2.0, HEIGHT - 65.0, &title, style);
        for (i, line) in subtitle.iter().enumerate() {
            let mut style = centred(fit(line, 14.0, room));
            style.color = GRAY;
            let y = HEIGHT - 145.0 - 56.0 * i as f64;
            self.text(axes, WIDTH / 2.0, y, line, style);
        }
    }
}

/// The smallest font that can be read in print.
const POINTS_MIN: f64 = 8.0;

/// A text that is cut where it is too wide for its room even in the smallest font.
pub fn cut(text: &str, points: f64, room: f64) -> String {
    let mut kept = text.to_string();
    while width(&kept, points) > room && kept.pop().is_some() {}
    if kept.len() < text.len() {
        kept.pop();
        kept.push('\u{2026}');
    }
    kept
}

/// The font size, at most `points`, at which a text is no wider than `room` pixels (but never too small to read).
pub fn fit(text: &str, points: f64, room: f64) -> f64 {
    (points * room / width(text, points).max(1.0)).clamp(POINTS_MIN, points)
}

/// Pixels that a text takes in DejaVu Sans, by kinds of characters: within a few per cent for the texts of these figures.
pub fn width(text: &str, points: f64) -> f64 {
    let in_heights = text.chars().map(|character| match character {
        ' ' | '\u{a0}' | '.' | ',' | ':' | ';' | 'i' | 'j' | 'l' | '\'' => 0.32,
        '(' | ')' | '[' | ']' | '-' | 'f' | 'r' | 't' | '/' => 0.39,
        'A'..='Z' => 0.67,
        '%' | 'm' | 'w' => 0.9,
        _ if character.is_ascii() => 0.62,
        _ => 1.0,
    });
    in_heights.sum::<f64>() * points * PX_PER_POINT
}

/// An empty figure with axes in `frame`: a light horizontal grid, no box, the legend above.
pub fn figure(frame: &Frame, legend: &Legend, draw: impl FnOnce(&mut Axes2D)) -> Figure {
    let mut figure = Figure::new();
    figure.set_enhanced_text(false); // or every underscore lowers the letter after it
    let axes = figure.axes2d();
    let light = [
        Color(RGBString("#C8C8C8")),
        LineWidth(0.7),
        LineStyle(Solid),
    ];
    let line = [Color(RGBString("#404040")), LineWidth(0.8)];
    axes.set_margins(&[
        MarginLeft((frame.left / WIDTH) as f32),
        MarginRight((frame.right / WIDTH) as f32),
        MarginBottom((frame.bottom / HEIGHT) as f32),
        MarginTop((frame.top / HEIGHT) as f32),
    ])
    .set_border(true, &[Bottom, Left], &line)
    .set_y_grid(true)
    .set_grid_options(false, &light)
    .set_x_ticks(None, &[], &[]);
    legend.draw(axes, frame);
    draw(axes);
    figure
}

/// Numbers on an axis, on its own side only, pointing outwards.
pub const TICKS: [TickOption<&str>; 3] = [
    TickOption::Mirror(false),
    TickOption::Inward(false),
    TickOption::Format("%g"),
];

/// The title of the y axis, with its unit.
pub fn y_label(axes: &mut Axes2D, frame: &Frame, text: &str) {
    let style = Style {
        upwards: true,
        ..centred(fit(text, 15.0, frame.height()))
    };
    let middle = (frame.bottom + frame.top) / 2.0;
    frame.text(axes, 70.0, middle, text, style);
    axes.set_y_ticks(Some((Auto, 0)), &TICKS, &[] as &[LabelOption<&str>]);
}

/// Runs gnuplot and returns the PNG with its resolution in it. `name` is for the error.
///
/// The crate's own `show` and `save_to_png` hide failures, so the commands go to a file and gnuplot is run on it here: status 0,
/// nothing on stderr and a whole picture is success, everything else is not.
pub fn render(figure: &mut Figure, name: &str) -> Result<Vec<u8>, String> {
    let fail = |message: String| format!("{name}: {message}");
    let directory = tempfile::Builder::new()
        .prefix("plot-")
        .tempdir()
        .map_err(|e| fail(format!("temporary directory: {e}")))?;
    let in_directory = |file: &str| {
        let path = directory.path().join(file);
        let text = path.to_str().map(str::to_string);
        text.ok_or_else(|| fail(format!("{}: expected a UTF-8 path", path.display())))
    };
    let (data, script, picture) = (
        in_directory("data")?,
        in_directory("figure.gp")?,
        in_directory("figure.png")?,
    );
    figure
        .set_data_directory(Some(data))
        .set_terminal(TERMINAL, &picture)
        .set_post_commands("unset output") // closes the picture before gnuplot ends
        .echo_to_file(&script);

    let output = Command::new("gnuplot")
        .arg("--default-settings") // nobody's ~/.gnuplot changes a figure
        .arg(&script)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| match e.kind() {
            ErrorKind::NotFound => {
                "gnuplot is not in PATH; install it: apt-get install gnuplot-nox fonts-dejavu-core"
                    .to_string()
            }
            _ => format!("gnuplot: {e}"),
        })?;
    if !output.status.success() || !output.stderr.is_empty() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = stderr.split('\n').map(str::trim).collect();
        let said: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        return Err(fail(format!(
            "gnuplot failed ({}): {}",
            output.status,
            said.join("; ")
        )));
    }
    let bytes = fs::read(&picture).map_err(|e| fail(format!("gnuplot drew nothing: {e}")))?;
    png::with_resolution(&bytes, WIDTH as u32, HEIGHT as u32)
        .map_err(|e| fail(format!("what gnuplot drew: {e}")))
}
