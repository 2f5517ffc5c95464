//! Whether a call is written down, by `sampling`, `alwaysLog` and `verbosity`.

use sekisho_policy::observation::{DiagnosticPlan, Verbosity};
use sekisho_policy::ports::CallRecord;

use super::operation::operation_id;

/// A call is a success when its response was sent to its end with a status below 400.
pub fn is_success(record: &CallRecord) -> bool {
    record.status < 400 && !record.incomplete
}

/// What is written of a call beside its traces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CallTelemetry {
    /// Nothing.
    Nothing,
    /// All of it. One call stands for `100 / sample_rate` calls.
    All {
        /// In percent.
        sample_rate: f64,
    },
}

impl CallTelemetry {
    /// The verdict for a call, the same for every item of it and for every service that samples the same operation.
    ///
    /// With `alwaysLog` a failed call stands for itself alone, because all of them are there.
    pub fn of(plan: &DiagnosticPlan, record: &CallRecord) -> Self {
        let is_failed = !is_success(record);
        if plan.verbosity == Verbosity::Error && !is_failed {
            return Self::Nothing;
        }
        if is_failed && plan.always_log_errors {
            return Self::All { sample_rate: 100.0 };
        }
        let percentage = plan.sampling_percentage;
        match percentage >= 100.0 || score(&operation_id(record)) < percentage {
            true => Self::All { sample_rate: percentage.min(100.0) },
            false => Self::Nothing,
        }
    }
}

/// 0 to 100, evenly spread and the same wherever an operation is sampled: the hash of Application Insights' clients
/// (Bernstein's, with 32 bits and over at least eight characters).
fn score(operation_id: &str) -> f64 {
    if operation_id.is_empty() {
        return 0.0;
    }
    let mut length = operation_id.encode_utf16().count();
    while length < 8 {
        length *= 2;
    }
    let hash = operation_id
        .encode_utf16()
        .cycle()
        .take(length)
        .fold(5381_i32, |hash, unit| (hash << 5).wrapping_add(hash).wrapping_add(i32::from(unit)));
    let positive = if hash == i32::MIN { i32::MAX } else { hash.abs() };
    f64::from(positive) / f64::from(i32::MAX) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(percentage: f64, always_log_errors: bool, verbosity: Verbosity) -> DiagnosticPlan {
        DiagnosticPlan {
            sampling_percentage: percentage,
            always_log_errors,
            verbosity,
            ..crate::insights::tests::plan()
        }
    }

    fn record(status: u16, incomplete: bool) -> CallRecord {
        CallRecord { status, incomplete, ..CallRecord::default() }
    }

    #[test]
    fn failures_are_always_there_when_that_is_wanted() {
        let never = plan(0.0, true, Verbosity::Information);
        let of = |status, incomplete| CallTelemetry::of(&never, &record(status, incomplete));
        assert_eq!(of(200, false), CallTelemetry::Nothing);
        assert_eq!(of(500, false), CallTelemetry::All { sample_rate: 100.0 });
        assert_eq!(of(404, false), CallTelemetry::All { sample_rate: 100.0 });
        assert_eq!(of(200, true), CallTelemetry::All { sample_rate: 100.0 });
        let quiet = plan(0.0, false, Verbosity::Information);
        assert_eq!(CallTelemetry::of(&quiet, &record(500, false)), CallTelemetry::Nothing);
    }

    #[test]
    fn only_failures_are_errors() {
        let errors = plan(100.0, false, Verbosity::Error);
        assert_eq!(CallTelemetry::of(&errors, &record(200, false)), CallTelemetry::Nothing);
        let all = CallTelemetry::All { sample_rate: 100.0 };
        assert_eq!(CallTelemetry::of(&errors, &record(400, false)), all);
    }

    #[test]
    fn about_as_many_are_there_as_are_wanted() {
        let plan = plan(20.0, false, Verbosity::Verbose);
        let ids = (0..10_000_u128).map(|place| place.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834));
        let records = ids.map(|id| CallRecord { request_id: id.to_be_bytes(), ..record(200, false) });
        let sampled = records.filter(|record| CallTelemetry::of(&plan, record) != CallTelemetry::Nothing);
        let share = sampled.count() as f64 / 10_000.0;
        assert!((0.18..0.22).contains(&share), "{share}");
    }

    #[test]
    fn short_ids_are_repeated() {
        assert_eq!(score("abcd"), score("abcdabcd"));
        assert_eq!(score("abcdefgh"), score("abcdefgh"));
        assert!(score("abcdefgi") != score("abcdefgh"));
        assert_eq!(score(""), 0.0);
    }
}
