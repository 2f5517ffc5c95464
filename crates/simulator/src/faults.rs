//! Faults on command: by configuration of a deployment, by the control endpoint, or by the request itself.
//!
//! # The header
//!
//! `x-sim-fault: part; part; …` where a part is one of
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
//! | `no-usage` | the reply has no usage |
//!
//! The same names in camel case are the members of a fault in JSON (`retry-after` is `retryAfterSeconds`,
//! `retry-after-date` is `retryAfterDateSeconds`), with `deployment` and `count` beside them. Precedence: header,
//! then control endpoint, then configuration; they do not mix.

use std::str::FromStr;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

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
    /// Whether the usage is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_usage: bool,
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
                "reset" => fault.reset = true,
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

/// Faults waiting for calls.
#[derive(Debug, Default)]
pub(crate) struct FaultSet(Mutex<Vec<Fault>>);

impl FaultSet {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(faults))
    }

    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        *self.0.lock() = faults;
    }

    /// The first fault for a call of this deployment; one with a count is used up by it.
    pub(crate) fn take(&self, deployment: Option<&str>) -> Option<Fault> {
        let mut faults = self.0.lock();
        faults.retain(|fault| fault.count != Some(0));
        let is_hit =
            |fault: &&mut Fault| fault.deployment.is_none() || fault.deployment.as_deref() == deployment;
        let hit = faults.iter_mut().find(is_hit)?;
        hit.count = hit.count.map(|count| count.saturating_sub(1));
        Some(hit.clone())
    }
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
    fn counted_faults_are_used_up_in_order() {
        let fault = |status, count, deployment: Option<&str>| Fault {
            status: Some(status),
            count,
            deployment: deployment.map(str::to_owned),
            ..Fault::default()
        };
        let faults = FaultSet::new(vec![fault(500, Some(1), Some("a")), fault(503, Some(2), None)]);
        let take = |deployment| faults.take(deployment).and_then(|fault| fault.status);
        assert_eq!(take(Some("b")), Some(503));
        assert_eq!(take(Some("a")), Some(500));
        assert_eq!(take(Some("a")), Some(503));
        assert_eq!(take(Some("a")), None);
        faults.replace(vec![fault(429, None, None)]);
        assert_eq!((take(None), take(None)), (Some(429), Some(429)));
    }
}
