//! Formats and readers against what .NET gives.

use super::*;
use crate::dotnet::date::calendar::{TICKS_PER_DAY, date_ticks, time_ticks};
use crate::exception::Exception;
use crate::image::JsonContext;
use crate::render::Rendered;
use crate::value::{DateTime, DateTimeKind, DateTimeOffset};

/// Evaluates every expression of a pinned table and compares type and value, or the exception.
pub(in crate::dotnet) fn assert_pinned(table: &str) {
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (expression, expected) = line.rsplit_once(" => ").unwrap();
        let source = format!("@({expression})");
        let found = match crate::testing::rendered(&source, &mut JsonContext::default()) {
            Ok(Rendered { type_name, value }) => {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("{} {value}", type_name.as_deref().unwrap_or("null"))
            }
            Err(thrown) => format!("!{}", thrown.type_name()),
        };
        if found != expected {
            wrong.push(format!("{expression}\n    .NET {expected}\n    here {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The day on which the texts were read.
fn today() -> i64 {
    date_ticks(2026, 11, 22).unwrap()
}

fn outcome(result: Result<String, Exception>) -> String {
    result.unwrap_or_else(|thrown| format!("!{}", thrown.type_name().trim_start_matches("System.")))
}

fn number_outcome<T>(read: Result<T, NumberError>, number: fn(T) -> Number) -> String {
    match read {
        Ok(value) => number_text(&number(value)),
        Err(NumberError::Format) => "!FormatException".to_owned(),
        Err(NumberError::Overflow) => "!OverflowException".to_owned(),
    }
}

fn moment() -> i64 {
    date_ticks(2024, 2, 5).unwrap() + time_ticks(7, 8, 9).unwrap() + 1_234_567
}

fn date_outcome(read: Option<Read>, offset: bool) -> String {
    let Some(read) = read else { return "!FormatException".to_owned() };
    let moment = match (offset, read.offset_minutes) {
        (true, minutes) => Moment::Offset(DateTimeOffset {
            ticks: read.ticks,
            offset_minutes: i16::try_from(minutes.unwrap_or(0)).unwrap(),
        }),
        (false, None) => Moment::DateTime(DateTime { ticks: read.ticks, kind: DateTimeKind::Unspecified }),
        (false, Some(_)) => {
            Moment::DateTime(DateTime { ticks: read.utc_ticks().unwrap(), kind: DateTimeKind::Local })
        }
    };
    let kind = match moment {
        Moment::Offset(_) => "",
        Moment::DateTime(DateTime { kind: DateTimeKind::Local, .. }) => " Local",
        Moment::DateTime(_) => " Unspecified",
    };
    format!("{}{kind}", format_date(moment, "o").unwrap())
}

/// What this engine gives for one line of the pinned results.
fn ours(kind: &str, rest: &str) -> String {
    let (value, format) = rest.split_once('|').unwrap_or((rest, ""));
    match kind {
        "Int32" => outcome(format_number(&Number::Integer(value.parse().unwrap(), 32), format)),
        "Decimal" => outcome(format_number(&Number::Decimal(value.parse().unwrap()), format)),
        "Double" => outcome(format_number(&Number::Double(value.parse().unwrap()), format)),
        "DateTime" => {
            let kind = if value == "Utc" { DateTimeKind::Utc } else { DateTimeKind::Unspecified };
            outcome(format_date(Moment::DateTime(DateTime { ticks: moment(), kind }), format))
        }
        "DateTimeOffset" => {
            let value = DateTimeOffset { ticks: moment(), offset_minutes: -210 };
            outcome(format_date(Moment::Offset(value), format))
        }
        "TimeSpan" => outcome(format_time_span(read_time_span(value).unwrap(), format)),
        "Parse" => date_outcome(read_date(rest, today()), false),
        "OParse" => date_outcome(read_date(rest, today()), true),
        "TParse" => match read_time_span(rest) {
            Ok(ticks) => time_span_text(ticks),
            Err(SpanError::Format) => "!FormatException".to_owned(),
            Err(SpanError::Overflow) => "!OverflowException".to_owned(),
        },
        "int" => {
            let read = read_integer(rest);
            let read = read.and_then(|value| i32::try_from(value).map_err(|_| NumberError::Overflow));
            number_outcome(read, |value| Number::Integer(value.into(), 32))
        }
        "double" => number_outcome(read_double(rest), Number::Double),
        "decimal" => number_outcome(read_decimal(rest), Number::Decimal),
        _ => panic!("unknown kind {kind}"),
    }
}

#[test]
fn formats_and_readers_give_what_dotnet_gives() {
    let pinned = include_str!("pinned.txt");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in pinned.lines().filter(|line| !line.starts_with('#')) {
        let (input, expected) = line.split_once(" => ").unwrap();
        let (kind, rest) = input.split_once('|').unwrap();
        let found = ours(kind, rest);
        count += 1;
        if found != expected {
            wrong.push(format!("{input}\n    .NET {expected}\n    here {found}"));
        }
    }
    assert!(count > 700);
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn formats_within_expressions() {
    assert_pinned(include_str!("mixed.txt"));
}

#[test]
fn floating_text_is_the_shortest_that_reads_back() {
    // Current .NET; mono has 15 digits at most.
    let cases: [(f64, &str); 12] = [
        (0.1 + 0.2, "0.30000000000000004"),
        (1e14, "100000000000000"),
        (1e15, "1E+15"),
        (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
        (9_007_199_254_740_993.0, "9.007199254740992E+15"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (-0.0, "-0"),
        (f64::MAX, "1.7976931348623157E+308"),
        (5e-324, "5E-324"),
        (100.0, "100"),
        (f64::NEG_INFINITY, "-Infinity"),
    ];
    for (value, text) in cases {
        assert_eq!(number_text(&Number::Double(value)), text);
    }
    assert_eq!(number_text(&Number::Single(0.1)), "0.1");
    assert_eq!(number_text(&Number::Single(16_777_216.0)), "1.6777216E+07");
}

#[test]
fn standard_formats_round_as_the_framework_does() {
    // The first 15 digits count, and halves go away from zero; nothing is left of a minus in front of zero.
    let cases = [(2.5, "F0", "3"), (0.125, "F2", "0.13"), (2.675, "F2", "2.68"), (-0.001, "F2", "0.00")];
    for (value, format, text) in cases {
        assert_eq!(format_number(&Number::Double(value), format).unwrap(), text);
    }
    // A Decimal is exact already and rounds half up.
    assert_eq!(format_number(&Number::Decimal("0.125".parse().unwrap()), "F2").unwrap(), "0.13");
}

#[test]
fn a_precision_that_would_fill_memory_is_refused() {
    let thrown = format_number(&Number::Double(1.0), "F999999999").unwrap_err();
    assert!(!thrown.is_catchable());
}

#[test]
fn patterns_of_any_length_are_laid_out() {
    let moment = Moment::DateTime(DateTime::default());
    let length = 70_000;
    assert_eq!(format_date(moment, &"y".repeat(length)).unwrap().len(), length);
    assert_eq!(format_number(&Number::Integer(1, 32), &"0".repeat(length)).unwrap().len(), length);
    let exponent = format!("0E+{}", "0".repeat(length));
    assert_eq!(format_number(&Number::Integer(1, 32), &exponent).unwrap(), "1E+0000000000");
}

#[test]
fn exact_patterns_are_read_back() {
    let cases = [
        ("20240205T070809Z", "yyyyMMddTHHmmssZ", Some("2024-02-05T07:08:09.0000000")),
        ("05/02/2024", "dd/MM/yyyy", Some("2024-02-05T00:00:00.0000000")),
        ("Mon, 05 Feb 2024 07:08:09 GMT", "r", Some("2024-02-05T07:08:09.0000000Z")),
        ("2024-02-05T07:08:09.1234567Z", "o", Some("2024-02-05T07:08:09.1234567Z")),
        ("2/5/2024 3 PM", "M/d/yyyy h tt", Some("2024-02-05T15:00:00.0000000")),
        ("2024-02-05", "yyyyMMdd", None),
        ("2024-02-30", "yyyy-MM-dd", None),
    ];
    for (text, pattern, expected) in cases {
        let read = read_date_exact(text, pattern, today());
        let shown = read.map(|read| {
            let kind =
                if read.offset_minutes.is_some() { DateTimeKind::Utc } else { DateTimeKind::Unspecified };
            format_date(Moment::DateTime(DateTime { ticks: read.ticks, kind }), "o").unwrap()
        });
        assert_eq!(shown.as_deref(), expected, "{text}");
    }
}

#[test]
fn a_time_without_a_date_is_today() {
    let read = read_date("10:30", today()).unwrap();
    assert_eq!(read.ticks, today() + time_ticks(10, 30, 0).unwrap());
    assert_eq!(today() % TICKS_PER_DAY, 0);
}
