//! Revisions of the protocol.

/// The revisions that are spoken, the newest first.
const KNOWN: [&str; 3] = ["2025-06-18", "2025-03-26", "2024-11-05"];

/// The revision that has batches of messages.
const WITH_BATCHES: &str = "2025-03-26";

/// What a client that wants `wanted` is offered: the same, else the newest.
pub(super) fn negotiated(wanted: Option<&str>) -> &'static str {
    let [newest, ..] = KNOWN;
    KNOWN.into_iter().find(|known| wanted == Some(*known)).unwrap_or(newest)
}

/// True for a revision that is spoken.
pub(super) fn is_known(version: &str) -> bool {
    KNOWN.contains(&version)
}

/// True when a client that said this, or nothing, may send several messages at once.
pub(super) fn has_batches(version: Option<&str>) -> bool {
    version.is_none_or(|version| version == WITH_BATCHES)
}
