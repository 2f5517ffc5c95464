//! A call as it is read from a frame.

use super::frame::{self, Frame};
use super::{Added, Call, Kept};

/// A call that was read, with its bodies.
#[derive(Clone, Debug)]
pub(crate) struct ReadCall<'a> {
    pub(crate) ticks: i64,
    pub(crate) call: Call<'a>,
    pub(crate) added: Added<'a>,
    bodies: Vec<Option<&'a str>>,
}

impl<'a> ReadCall<'a> {
    /// Takes a frame apart; none when it holds no call.
    pub(crate) fn parse(frame: Frame<'a>) -> Option<ReadCall<'a>> {
        let (call, rest): (Call<'a>, _) = postcard::take_from_bytes(frame.head).ok()?;
        let added = match rest {
            [] => Added::default(),
            rest => postcard::from_bytes(rest).ok()?,
        };
        let mut bodies = Vec::with_capacity(2 + 2 * call.attempts.len());
        let mut at = 0;
        let backend = call.attempts.iter().flat_map(|attempt| [&attempt.request, &attempt.response]);
        for message in [&call.request, &call.response].into_iter().chain(backend) {
            let text = match message.body.map(|body| body.kept) {
                Some(Kept::Whole(bytes) | Kept::Cut(bytes)) => {
                    let end = at + bytes;
                    let slice = frame::slice(frame.bodies, at..end)?;
                    at = end;
                    Some(simdutf8::basic::from_utf8(slice).ok()?)
                }
                Some(Kept::Same(number)) => bodies.get(usize::try_from(number).ok()?).copied().flatten(),
                Some(Kept::Hashed(_)) | None => None,
            };
            bodies.push(text);
        }
        Some(ReadCall { ticks: frame.ticks, call, added, bodies })
    }

    /// The text of a body by its number; none when it is not kept as text.
    pub(crate) fn body(&self, number: usize) -> Option<&'a str> {
        self.bodies.get(number).copied().flatten()
    }
}
