//! Faults on command: by configuration of a deployment, by the control endpoint, or by the request itself.
//!
//! # The header and the mark
//!
//! `x-sim-fault: part; part; …`, or `[sim:fault=part; part]` in a prompt where no header can be sent. A part
//! is one of
//!
//! | part | effect |
//! |---|---|
//! | `status=N` | the reply is this error, in Azure's body shape |
//! | `retry-after=N` | with `status`: `Retry-After: N` (seconds) |
//! | `retry-after-date=N` | with `status`: `Retry-After` as the HTTP date N seconds from now |
//! | `retry-after-ms=N` | with `status`: `retry-after-ms: N` |
//! | `header-delay-ms=N` | the headers come N ms later |
//! | `chunk-delay-ms=N` | N ms between two events of a stream (or two slices of 64 bytes of a plain body) |
//! | `cut-after=N` | after N events or slices the connection is closed without an end of the body |
//! | `reset` | the connection is reset before any header |
//! | `reset-after=N` | after N events or slices the connection is reset |
//! | `cut-at-random=SEED` | closed after a number of events that the seed decides: at least one, never all |
//! | `hang` | no reply at all, until the caller goes or an hour is over |
//! | `no-usage` | the reply has no usage |
//! | `always-usage` | a stream tells its usage without being asked |
//! | `once=KEY` | only the first call with this KEY is hit: a retry of the same request gets its answer |
//!
//! The same names in camel case are the members of a fault in JSON (`retry-after` is `retryAfterSeconds`,
//! `retry-after-date` is `retryAfterDateSeconds`), with beside them `deployment`, `count`, and `percent`: only so many of
//! a hundred calls are hit, which ones the `seed` decides. Each call hit by a `cutAtRandom` is cut elsewhere, in
//! the same places in every run. Precedence: header, mark, control endpoint, configuration; they do not mix.

mod waiting;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use waiting::{FaultSet, OnceKeys};

/// The request header that asks for a fault.
pub(crate) const HEADER: &str = "x-sim-fault";

/// The fault a mark in a request's body asks for, as [`Fault::from_str`] reads it.
pub(crate) fn mark(body: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"[sim:fault=";
    let begin = memchr::memmem::rfind(body, MARK)? + MARK.len();
    let rest = body.get(begin..)?;
    std::str::from_utf8(rest.get(..memchr::memchr(b']', rest)?)?).ok()
}

/// One fault. Several effects may stand together, such as a slow and cut stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Fault {
    /// Only calls of this deployment; `None`: any call of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// How many calls are hit; `None`: all until cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Status code of an error reply (100 is not possible; 400 to 599 make sense).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `Retry-After` in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// `Retry-After` as an HTTP date so many seconds ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_date_seconds: Option<u32>,
    /// `retry-after-ms` in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Milliseconds before the headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_delay_ms: Option<u64>,
    /// Milliseconds between two events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_delay_ms: Option<u64>,
    /// Events after which the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_after: Option<usize>,
    /// Whether the connection is reset before any header.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
    /// Events after which the connection is reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_after: Option<usize>,
    /// Seed of the number of events after which the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_at_random: Option<u64>,
    /// Whether no reply comes at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hang: bool,
    /// Whether the usage is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_usage: bool,
    /// Whether a stream tells its usage without being asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub always_usage: bool,
    /// In a header or mark: only the first call with this key is hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// How many of a hundred calls are hit; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Decides which calls `percent` hits.
    pub seed: u64,
}

impl Fault {
    /// Whether the body ends early.
    pub(crate) fn cuts(&self) -> bool {
        self.cut_after.is_some() || self.reset_after.is_some() || self.cut_at_random.is_some()
    }
}

/// A fault that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No part has this name.
    #[error("fault {0:?} is not known")]
    UnknownPart(String),
    /// A part needs a number and has none that fits.
    #[error("fault {name:?} needs a whole number, not {value:?}")]
    NotANumber {
        /// The part's name.
        name: String,
        /// What stands after `=`.
        value: String,
    },
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fault = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name {
                "status" => fault.status = Some(number(name, value)?),
                "retry-after" => fault.retry_after_seconds = Some(number(name, value)?),
                "retry-after-date" => fault.retry_after_date_seconds = Some(number(name, value)?),
                "retry-after-ms" => fault.retry_after_ms = Some(number(name, value)?),
                "header-delay-ms" => fault.header_delay_ms = Some(number(name, value)?),
                "chunk-delay-ms" => fault.chunk_delay_ms = Some(number(name, value)?),
                "cut-after" => fault.cut_after = Some(number(name, value)?),
                "reset-after" => fault.reset_after = Some(number(name, value)?),
                "cut-at-random" => fault.cut_at_random = Some(number(name, value)?),
                "once" => fault.once = Some(value.trim().to_owned()),
                "reset" => fault.reset = true,
                "hang" => fault.hang = true,
                "always-usage" => fault.always_usage = true,
                "no-usage" => fault.no_usage = true,
                _ => return Err(ParseFaultError::UnknownPart(name.to_owned())),
            }
        }
        Ok(fault)
    }
}

fn number<N: FromStr>(name: &str, value: &str) -> Result<N, ParseFaultError> {
    let not_a_number = || ParseFaultError::NotANumber { name: name.to_owned(), value: value.to_owned() };
    value.trim().parse().map_err(|_| not_a_number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_grammar() {
        let fault: Fault = "status=429; retry-after=7;retry-after-ms=300".parse().unwrap();
        let expected = Fault {
            status: Some(429),
            retry_after_seconds: Some(7),
            retry_after_ms: Some(300),
            ..Fault::default()
        };
        assert_eq!(fault, expected);
        let stream: Fault = "cut-after=3;chunk-delay-ms=20;no-usage;reset".parse().unwrap();
        assert_eq!((stream.cut_after, stream.chunk_delay_ms), (Some(3), Some(20)));
        assert!(stream.no_usage && stream.reset);
        assert_eq!("boom=1".parse::<Fault>(), Err(ParseFaultError::UnknownPart("boom".into())));
        assert!(matches!("status=x".parse::<Fault>(), Err(ParseFaultError::NotANumber { .. })));
    }

    #[test]
    fn marks_end_at_the_bracket() {
        assert_eq!(
            mark(br#"{"content":"x [sim:fault=cut-after=3; no-usage] y"}"#),
            Some("cut-after=3; no-usage")
        );
        assert_eq!((mark(b"[sim:fault=open"), mark(b"{}")), (None, None));
    }
}
