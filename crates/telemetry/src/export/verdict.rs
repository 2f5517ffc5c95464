//! What an answer means for a batch.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

/// A destination's answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty when it was too large to be read.
    pub body: Bytes,
}

impl Answer {
    /// `Retry-After` in seconds. Dates, which few services send, are not read.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }
}

/// What becomes of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was taken.
    Taken,
    /// All but these were taken.
    Partly {
        /// Places in the batch of what is to be sent again, ascending.
        again: Vec<usize>,
        /// How many others the destination does not want.
        refused: usize,
    },
    /// It is to be sent again. One lower-case sentence without secrets.
    Again(String),
    /// The destination does not want it, however often it is sent. One lower-case sentence without secrets.
    Refused(String),
}

impl Verdict {
    /// By the status alone: 2xx is taken, 408, 429 and 5xx go again except 501 and 505, the rest is refused. So do 401,
    /// 403 and 404, which are mended by the operator and not by another batch.
    pub fn by_status(answer: &Answer) -> Self {
        let status = answer.status;
        if status.is_success() {
            return Verdict::Taken;
        }
        let said = format!("it answered {}", status.as_u16());
        let is_final = matches!(status.as_u16(), 501 | 505);
        let is_mended = matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429);
        match is_mended || (status.is_server_error() && !is_final) {
            true => Verdict::Again(said),
            false => Verdict::Refused(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_judged() {
        let judge = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Verdict::by_status(&Answer { status, ..Answer::default() })
        };
        assert_eq!(judge(202), Verdict::Taken);
        for status in [401, 404, 429, 500, 503, 504] {
            assert_eq!(judge(status), Verdict::Again(format!("it answered {status}")));
        }
        for status in [302, 400, 413, 501] {
            assert_eq!(judge(status), Verdict::Refused(format!("it answered {status}")));
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            Answer { headers, ..Answer::default() }.retry_after()
        };
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(Answer::default().retry_after(), None);
    }
}
