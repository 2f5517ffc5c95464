//! What columns show of bodies.

use std::borrow::Cow;

use super::own;
use super::row::CallRow;
use crate::record::{Body, Kept, Message};

/// `whole`, `cut`, `hashed`, or `same` for one that equals the client's.
pub(super) fn kept(body: Option<Body>) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match body?.kept {
        Kept::Whole(_) => "whole",
        Kept::Cut(_) => "cut",
        Kept::Hashed(_) => "hashed",
        Kept::Same(_) => "same",
    }))
}

/// An attempt's body may equal that of an attempt before it, which has no column.
pub(super) fn backend_kept(row: &CallRow<'_>, body: Option<Body>) -> Option<Cow<'static, str>> {
    match body?.kept {
        Kept::Same(number) if number > 1 => kept(origin(row, number)),
        _ => kept(body),
    }
}

fn origin(row: &CallRow<'_>, number: u32) -> Option<Body> {
    let place = usize::try_from(number).ok()?.checked_sub(2)?;
    let attempt = row.call.attempts.get(place / 2)?;
    if place.is_multiple_of(2) { attempt.request.body } else { attempt.response.body }
}

pub(super) fn passed(body: Option<Body>) -> Option<i64> {
    i64::try_from(body?.passed).ok()
}

pub(super) fn text<'r>(row: &'r CallRow<'_>, number: usize, message: &Message<'_>) -> Option<Cow<'r, str>> {
    match message.body?.kept {
        Kept::Hashed(hash) => own(format!("sha256:{}", const_hex::encode(hash))),
        _ => row.body(number).map(Cow::Borrowed),
    }
}

/// The body of the last attempt, `side` 0 for the request; null where it equals the client's.
pub(super) fn backend_text<'r>(
    row: &'r CallRow<'_>,
    side: usize,
    message: &Message<'_>,
) -> Option<Cow<'r, str>> {
    match message.body?.kept {
        Kept::Same(number) if number < 2 => None,
        _ => text(row, 2 * row.call.attempts.len() + side, message),
    }
}
