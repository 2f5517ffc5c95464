//! Names of counters: the policy, the window, what is counted, and the key of the document or the caller.
//!
//! What comes from outside stands last, or before something that cannot be a part of it, so that no value of it can be
//! mistaken for another counter. A long one is
//! replaced by its SHA-256: it bounds the name, and keeps whole tokens that serve as keys out of shared state.

use std::fmt::Write as _;

use crate::digest::push_bounded;

/// The longest key in bytes that stands in a name as it is.
const LONGEST_PLAIN: usize = 64;

/// `policy/what/key`; `what` has no user input in it.
pub(crate) fn counter(policy: &str, what: std::fmt::Arguments<'_>, key: &str) -> String {
    let mut name = String::with_capacity(policy.len() + 64 + key.len().min(LONGEST_PLAIN + 8));
    // Writing to a String never fails.
    let _ = write!(name, "{policy}/{what}/");
    push_bounded(&mut name, key, LONGEST_PLAIN);
    name
}

/// `policy/key` and, behind what keeps counters of one key on one node of a cluster, what is counted.
pub(crate) fn grouped(policy: &str, key: &str, what: std::fmt::Arguments<'_>) -> String {
    let mut name = String::with_capacity(policy.len() + 64 + key.len().min(LONGEST_PLAIN + 8));
    name.push_str(policy);
    name.push('/');
    push_bounded(&mut name, key, LONGEST_PLAIN);
    // Writing to a String never fails.
    let _ = write!(name, "\u{1f}{what}");
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_of_one_key_stands_last() {
        assert_eq!(grouped("p", "a\u{1f}b", format_args!("{}tpm", 7)), "p/a\u{1f}b\u{1f}7tpm");
    }

    #[test]
    fn a_name_says_what_it_counts() {
        assert_eq!(
            counter("rate-limit-by-key", format_args!("{}s", 60), "203.0.113.7"),
            "rate-limit-by-key/60s/203.0.113.7"
        );
    }

    #[test]
    fn long_keys_are_hashed_and_no_key_passes_for_a_hash() {
        let long = counter("p", format_args!("w"), &"x".repeat(5_000));
        assert_eq!(long.len(), "p/w/#".len() + 64);
        assert_ne!(long, counter("p", format_args!("w"), &"x".repeat(5_001)));
        let imitation = long.trim_start_matches("p/w/");
        assert_ne!(long, counter("p", format_args!("w"), imitation));
    }
}
