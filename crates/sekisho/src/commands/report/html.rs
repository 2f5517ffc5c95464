//! A page with charts: one file that needs nothing else.

use anyhow::Result;
use html_escape::encode_text;
use jiff::Timestamp;

use super::{Report, chart, rows};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;width:100%;margin-top:1.5rem}th,td{padding:.35rem .6rem;border-bottom:1px solid #ddd;text-align:left}\
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}tfoot td{font-weight:600}svg{max-width:100%;height:auto}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}th,td{border-color:#444}svg{background:#fff;border-radius:4px}}";

/// The page.
pub(super) fn page(report: &Report) -> Result<String> {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>Use of models</title>\n");
    page.push_str(&format!("<style>{STYLE}</style>\n</head>\n<body>\n<h1>Use of models</h1>\n"));
    let (start, end) = report.timespan;
    page.push_str(&format!("<p>From {} to {}</p>\n", time(start), time(end)));
    for place in 0..report.dimensions.len() {
        page.push_str(&chart::of(report, place)?);
    }
    page.push_str(&table(report));
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

fn time(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

fn table(report: &Report) -> String {
    let keys = report.dimensions.len();
    let class = |place: usize| if place < keys { "" } else { " class=\"number\"" };
    let cells = |tag: &str, texts: &[String]| -> String {
        let cell =
            |(place, text): (usize, &String)| format!("<{tag}{}>{}</{tag}>", class(place), encode_text(text));
        texts.iter().enumerate().map(cell).collect()
    };
    let names: Vec<String> = report.names().into_iter().map(str::to_owned).collect();
    let mut table = format!("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n", cells("th", &names));
    for row in report.texts() {
        table.push_str(&format!("<tr>{}</tr>\n", cells("td", &row)));
    }
    let total = rows::total(&report.rows, keys).texts(report.currency.as_deref());
    table.push_str(&format!("</tbody>\n<tfoot><tr>{}</tr></tfoot>\n</table>\n", cells("td", &total)));
    table
}
