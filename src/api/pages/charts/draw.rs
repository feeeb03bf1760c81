//! Draws numbers as SVG. Colours are markers, each a number of its own, which `app.css` maps to the colours of the theme: the pages' policy
//! lets no style stand in an SVG.

use std::ops::Range;

use plotters::prelude::*;

/// Size of a chart in its own units, which are pixels where it has its full width.
pub(super) const SIZE: (u32, u32) = (600, 290);

const TEXT: RGBColor = RGBColor(0, 0, 10);
const AXIS: RGBColor = RGBColor(0, 0, 11);
const GRID: RGBColor = RGBColor(0, 0, 12);
/// What the chart is about, and what it is held against.
const FIRST: RGBColor = RGBColor(0, 0, 1);
const SECOND: RGBColor = RGBColor(0, 0, 2);

/// What a chart shows.
#[derive(Debug, Default)]
pub(super) struct Plot {
    /// In order of their x.
    pub points: Vec<(f64, f64)>,
    pub shape: Shape,
    /// A value to compare with, over the whole width.
    pub level: Option<f64>,
    /// An x to mark.
    pub mark: Option<f64>,
    /// What stands below the points, where a number would not do: one each.
    pub names: Vec<String>,
}

/// How points are shown.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Line,
    Bars,
}

/// What stands within the chart's `svg` element; empty if nothing can be drawn.
pub(super) fn draw(plot: &Plot) -> String {
    let mut text = String::new();
    let drawn = draw_into(&mut text, plot);
    let inner = text
        .split_once('>')
        .and_then(|(_, rest)| rest.rsplit_once("</svg>"));
    match (drawn, inner) {
        (Ok(()), Some((inner, _))) => inner.trim().to_owned(),
        _ => String::new(),
    }
}

type Drawing<'d> = DrawingAreaErrorKind<<SVGBackend<'d> as DrawingBackend>::ErrorType>;

fn draw_into<'d>(text: &'d mut String, plot: &Plot) -> Result<(), Drawing<'d>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let (x, y) = (range_of_x(plot), range_of_y(plot));
    let mut chart = ChartBuilder::on(&root)
        .margin(6)
        .margin_right(22)
        .x_label_area_size(28)
        .y_label_area_size(58)
        .build_cartesian_2d(x.clone(), y.clone())?;
    let style = ("sans-serif", 16).into_font().color(&TEXT);
    let x_name = |x: &f64| match plot.names.is_empty() {
        true => label(*x),
        // Names stand below the middles of bars.
        false => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(5)
        .y_labels(5)
        .label_style(style)
        .axis_style(AXIS)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&x_name)
        .y_label_formatter(&|y| label(*y))
        .draw()?;
    match plot.shape {
        Shape::Line => {
            let points = plot.points.iter().copied();
            chart.draw_series(LineSeries::new(points, FIRST.stroke_width(2)))?;
            // A line of one point is nothing to see.
            if let [only] = plot.points.as_slice() {
                chart.draw_series([Circle::new(*only, 4, FIRST.filled())])?;
            }
        }
        Shape::Bars => {
            let half = 0.4 * (x.end - x.start) / plot.points.len().max(1) as f64;
            let bars = plot.points.iter().map(|(at, high)| {
                Rectangle::new([(at - half, 0.0), (at + half, *high)], FIRST.filled())
            });
            chart.draw_series(bars)?;
        }
    }
    if let Some(level) = plot.level {
        let line = [(x.start, level), (x.end, level)];
        chart.draw_series([PathElement::new(line, SECOND.stroke_width(2))])?;
    }
    if let Some(mark) = plot.mark {
        let line = [(mark, y.start), (mark, y.end)];
        chart.draw_series([PathElement::new(line, SECOND.stroke_width(2))])?;
    }
    let style = ("sans-serif", 14).into_font().color(&TEXT);
    // As many as have room beside each other.
    let every = plot.names.len().div_ceil(7).max(1);
    for ((at, _), name) in plot.points.iter().zip(&plot.names).step_by(every) {
        let (left, below) = chart.backend_coord(&(*at, y.start));
        let half = (name.chars().count() as i32 * 7) / 2;
        root.draw_text(name, &style, (left - half, below + 8))?;
    }
    root.present()
}

fn range_of_x(plot: &Plot) -> Range<f64> {
    let first = plot.points.first().map_or(0.0, |point| point.0);
    let last = plot.points.last().map_or(1.0, |point| point.0);
    let (first, last) = match plot.mark {
        Some(mark) => (first.min(mark), last.max(mark)),
        None => (first, last),
    };
    let room = match plot.shape {
        Shape::Line if last > first => 0.0,
        Shape::Line => 1.0,
        Shape::Bars => {
            0.5 * ((last - first) / plot.points.len().saturating_sub(1).max(1) as f64).max(1.0)
        }
    };
    first - room..last + room
}

fn range_of_y(plot: &Plot) -> Range<f64> {
    let values = plot.points.iter().map(|point| point.1).chain(plot.level);
    let (least, most) = values.fold((0.0_f64, 0.0_f64), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let most = if most > least { most } else { least + 1.0 };
    // Air above the highest.
    least..most + 0.08 * (most - least)
}

/// A number beside an axis, in few characters.
pub(super) fn label(value: f64) -> String {
    let size = value.abs();
    let (scaled, unit) = match size {
        _ if size >= 1e18 => return format!("{value:.0e}"),
        _ if size >= 1e15 => (value / 1e15, "P"),
        _ if size >= 1e12 => (value / 1e12, "T"),
        _ if size >= 1e9 => (value / 1e9, "G"),
        _ if size >= 1e6 => (value / 1e6, "M"),
        _ if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = match scaled {
        _ if scaled.fract().abs() < 1e-9 => format!("{scaled:.0}"),
        _ if scaled.abs() < 1.0 => format!("{scaled:.2}"),
        _ => format!("{scaled:.2}"),
    };
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_no_style_and_only_colours_that_the_style_sheet_maps() {
        let css = include_str!("../assets/app.css");
        let points: Vec<(f64, f64)> = (0..100).map(|x| (f64::from(x), f64::from(x * x))).collect();
        for shape in [Shape::Line, Shape::Bars] {
            let names = match shape {
                Shape::Line => Vec::new(),
                Shape::Bars => points.iter().map(|(x, _)| format!("<{x}>")).collect(),
            };
            let svg = draw(&Plot {
                points: points.clone(),
                shape,
                level: Some(50.0),
                mark: Some(7.0),
                names,
            });
            assert!(!svg.is_empty() && !svg.contains("style=") && !svg.contains("<svg"));
            assert!(!svg.contains("<0>") && !svg.contains("NaN") && !svg.contains("script"));
            for attribute in ["stroke", "fill"] {
                for colour in svg.split(&format!("{attribute}=\"#")).skip(1) {
                    let colour = &colour[..6];
                    assert!(
                        css.contains(&format!("[{attribute}=\"#{colour}\"]")),
                        "{attribute} {colour}"
                    );
                }
            }
            assert!(svg.len() < 16_000, "{}", svg.len());
        }
    }

    #[test]
    fn whatever_the_numbers_are_something_is_drawn() {
        for points in [
            vec![(5.0, 0.0)],
            vec![(1.0, 3.0), (2.0, -3.0)],
            vec![(1e6, 1e30), (1e6 + 1.0, 1e31)],
        ] {
            for shape in [Shape::Line, Shape::Bars] {
                let plot = Plot {
                    points: points.clone(),
                    shape,
                    ..Plot::default()
                };
                assert!(!draw(&plot).is_empty(), "{points:?} {shape:?}");
            }
        }
        draw(&Plot::default());
    }

    #[test]
    fn labels_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (12.5, "12.5"),
            (1_500.0, "1500"),
            (12_000.0, "12k"),
            (21e6, "21M"),
            (0.25, "0.25"),
            (100.0, "100"),
        ] {
            assert_eq!(label(value), text);
        }
    }
}
