//! Queries of the logs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sekisho_kql::{Answer, Error, Options, Span};

use crate::Reader;

/// The most rows of an answer, as Azure Monitor has it.
pub const MAXIMUM_ROWS: usize = 500_000;
/// The most bytes of an answer.
pub const MAXIMUM_BYTES: usize = 100 * 1024 * 1024;

/// Runs queries of the logs in one directory.
#[derive(Debug)]
pub struct Queries {
    reader: Reader,
}

impl Queries {
    /// Of what this reader reads.
    pub fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// `now()`: microseconds since 1970.
    pub fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
    }

    /// Runs a query over the time that is given, in microseconds since 1970, or over all.
    ///
    /// # Errors
    /// When the query is wrong, takes longer than `wait`, or takes too much memory.
    pub async fn run(
        &self,
        text: &str,
        timespan: Option<(i64, i64)>,
        wait: Duration,
    ) -> Result<Answer, Error> {
        let options =
            Options { now: self.now(), timespan, rows: MAXIMUM_ROWS, bytes: MAXIMUM_BYTES, timeout: wait };
        let context = self.reader.context().map_err(|error| {
            Error::new("execution", Span::default(), format!("queries cannot run: {error}"))
        })?;
        sekisho_kql::run(text, self.reader.catalog(), &context, &options).await
    }
}
