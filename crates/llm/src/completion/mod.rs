//! What the model answered: the texts of a JSON reply and of the events of a stream.

mod delta;
mod reply;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use delta::delta;
pub(crate) use delta::read_delta;
pub use reply::read_completion;
pub(crate) use reply::read_named_completion;

/// A text the model wrote, or a piece of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Which answer it belongs to: `index` of the choice, of the output item or of the content block.
    pub choice: u64,
    /// Which part of the answer it is.
    pub part: Part,
    /// The text.
    pub text: Cow<'a, str>,
}

/// A part of an answer. Pieces of the same choice and part make one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The answer itself.
    Content,
    /// Why the model does not answer.
    Refusal,
    /// What it thought, where the service tells.
    Reasoning,
    /// The name of the tool it calls; the number tells the calls of one choice apart.
    ToolName(u64),
    /// The arguments of the call, JSON as text.
    ToolArguments(u64),
}
