//! Formatting and reading of numbers, dates and times in the invariant culture.

pub(crate) mod composite;
mod date;
mod date_read;
mod date_read_exact;
mod digits;
mod number;
mod number_custom;
mod number_read;
mod time_span;
mod time_span_read;

pub(crate) use composite::composite;
pub(crate) use date::{Moment, format_date};
pub(crate) use date_read::{Read, read_date};
pub(crate) use date_read_exact::read_date_exact;
pub(crate) use digits::Number;
pub(crate) use number::{format_number, number_text};
pub(crate) use number_read::{NumberError, read_decimal, read_double, read_integer};
pub(crate) use time_span::{format_time_span, time_span_text};
pub(crate) use time_span_read::{SpanError, read_time_span, read_time_span_exact};

#[cfg(test)]
pub(super) mod tests;
