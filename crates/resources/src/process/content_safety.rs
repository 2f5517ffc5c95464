//! How `llm-content-safety` works with its service: what its documents cannot say.

use std::collections::BTreeMap;
use std::time::Duration;

use super::read::within;
use crate::fields::{Fields, Unknown, choice_of};
use crate::reading::Reading;

/// `contentSafety`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentSafety {
    /// `onFailure`; `deny` when not set.
    pub on_failure: OnSafetyFailure,
    /// `policies`: the same by the `id` attribute of the policy.
    pub policies: BTreeMap<String, OnSafetyFailure>,
    /// `timeout`: how long one call of the service may take; 10 s when not set.
    pub timeout: Duration,
    /// `longestHold`: how long text of a stream waits at most for its window to fill up; 10 s when not set.
    pub longest_hold: Duration,
}

/// `onFailure`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSafetyFailure {
    /// `deny`: text without a verdict is blocked.
    #[default]
    Deny,
    /// `allow`: it passes unchecked.
    Allow,
}

impl Default for ContentSafety {
    fn default() -> Self {
        let ten_seconds = Duration::from_secs(10);
        Self {
            on_failure: OnSafetyFailure::default(),
            policies: BTreeMap::new(),
            timeout: ten_seconds,
            longest_hold: ten_seconds,
        }
    }
}

const WORDS: [(&str, OnSafetyFailure); 2] =
    [("deny", OnSafetyFailure::Deny), ("allow", OnSafetyFailure::Allow)];

/// Reads `contentSafety`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> ContentSafety {
    let defaults = ContentSafety::default();
    let Some(mut fields) = top.object("contentSafety", reading) else { return defaults };
    let on_failure = fields.choice("onFailure", &WORDS, reading).unwrap_or_default();
    let mut policies = BTreeMap::new();
    for entry in fields.members("policies", reading) {
        if let Some(word) = choice_of(&entry.value, "policies", &WORDS, reading) {
            policies.insert(entry.key.clone(), word);
        }
    }
    let tenth = Duration::from_millis(100);
    let timeout = within(&mut fields, "timeout", tenth..=Duration::from_secs(60), reading);
    let longest_hold = within(&mut fields, "longestHold", tenth..=Duration::from_secs(3600), reading);
    fields.finish(Unknown::Refused, reading);
    ContentSafety {
        on_failure,
        policies,
        timeout: timeout.unwrap_or(defaults.timeout),
        longest_hold: longest_hold.unwrap_or(defaults.longest_hold),
    }
}
