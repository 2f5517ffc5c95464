//! Bars of what each value of a dimension cost; of its tokens where nothing has a price.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::Report;
use crate::cli::Dimension;

/// The most bars; the others are one.
const MAXIMUM_BARS: usize = 20;
const WIDTH: u32 = 1100;
const BAR_HEIGHT: u32 = 28;
const MARGINS: u32 = 110;
const COLOUR: RGBColor = RGBColor(15, 108, 189);

/// The chart of the dimension at this place, as SVG.
pub(super) fn of(report: &Report, place: usize) -> Result<String> {
    let Some(dimension) = report.dimensions.get(place) else { return Ok(String::new()) };
    let is_priced = report.rows.iter().any(|row| row.cost.is_some());
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for row in &report.rows {
        #[allow(clippy::cast_precision_loss)] // A bar does not need the last token.
        let value = if is_priced { row.cost.unwrap_or(0.0) } else { row.tokens() as f64 };
        let key = row.keys.get(place).map_or("", String::as_str);
        *sums.entry(if key.is_empty() { "(none)" } else { key }).or_default() += value;
    }
    let bars = bars(sums, *dimension);
    let measure = match (&report.currency, is_priced) {
        (Some(currency), true) => format!("cost in {currency}"),
        (None, true) => "cost".to_owned(),
        (_, false) => "tokens".to_owned(),
    };
    draw(&bars, &format!("{}: {measure}", dimension.title())).map_err(|error| anyhow!("no chart: {error}"))
}

/// Days in their order, all others by their size.
fn bars(sums: BTreeMap<&str, f64>, dimension: Dimension) -> Vec<(String, f64)> {
    let mut bars: Vec<(String, f64)> = sums.into_iter().map(|(key, sum)| (key.to_owned(), sum)).collect();
    if dimension != Dimension::Day {
        bars.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    }
    if bars.len() > MAXIMUM_BARS {
        let rest = bars.split_off(MAXIMUM_BARS - 1);
        bars.push((format!("{} others", rest.len()), rest.iter().map(|(_, sum)| sum).sum()));
    }
    bars
}

fn draw(bars: &[(String, f64)], title: &str) -> Result<String, Box<dyn std::error::Error>> {
    let most = bars.iter().map(|(_, sum)| *sum).fold(0.0, f64::max);
    let count = i32::try_from(bars.len())?;
    let mut svg = String::new();
    {
        let height = BAR_HEIGHT * u32::try_from(bars.len())? + MARGINS;
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20))
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(220)
            .build_cartesian_2d(0.0..most.max(f64::MIN_POSITIVE) * 1.05, (0..count).into_segmented())?;
        let name = |segment: &SegmentValue<i32>| match segment {
            SegmentValue::CenterOf(place) | SegmentValue::Exact(place) => usize::try_from(count - 1 - place)
                .ok()
                .and_then(|place| bars.get(place))
                .map_or_else(String::new, |(key, _)| shortened(key)),
            SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(bars.len())
            .y_label_formatter(&name)
            .x_labels(6)
            .draw()?;
        // The first bar stands on top.
        for (place, (_, sum)) in (0..count).rev().zip(bars) {
            let corners = [(0.0, SegmentValue::Exact(place)), (*sum, SegmentValue::Exact(place + 1))];
            let mut bar = Rectangle::new(corners, COLOUR.filled());
            bar.set_margin(4, 4, 0, 0);
            chart.draw_series([bar])?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn shortened(key: &str) -> String {
    const LONGEST: usize = 30;
    match key.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", key.get(..at).unwrap_or(key)),
        None => key.to_owned(),
    }
}
