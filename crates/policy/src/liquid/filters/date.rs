//! `Date`: .NET's formats in the invariant culture; local time is UTC.

use sekisho_expression::framework;
use sekisho_expression::value::{DateTime, DateTimeKind};

use super::Call;
use crate::liquid::Failure;
use crate::liquid::value::Value;

const TICKS_PER_DAY: i64 = 864_000_000_000;

/// `Date`: of a date, of `now` and `today`, or of a text that is a date; every other value stays as it is.
pub(super) fn date(call: &mut Call<'_, '_>) -> Result<Value, Failure> {
    let format = call.text(0)?.filter(|format| !format.trim().is_empty());
    let now = call.renderer.roots.now_ticks();
    let today = now - now.rem_euclid(TICKS_PER_DAY);
    let date = match &call.input {
        Value::Nil => return Ok(Value::Nil),
        Value::Date(date) => *date,
        other => {
            let text = other.to_text();
            if text.eq_ignore_ascii_case("now") || text.eq_ignore_ascii_case("today") {
                DateTime { ticks: now, kind: DateTimeKind::Local }
            } else {
                match framework::read_date(&text, today) {
                    Some(date) if format.is_some() => date,
                    _ => return Ok(Value::Text(text)),
                }
            }
        }
    };
    let text = framework::date_text(date, format.as_deref().unwrap_or(""))?;
    call.allocate(text.len())?;
    Ok(Value::text(text))
}
