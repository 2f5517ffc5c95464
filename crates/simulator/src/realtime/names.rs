//! Names of events and members that differ between the beta and today.

/// Which of the two a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Beta,
    Current,
}

impl Names {
    /// Events that tell of a new item.
    pub(super) fn item_added(self) -> &'static [&'static str] {
        match self {
            Self::Beta => &["conversation.item.created"],
            Self::Current => &["conversation.item.added", "conversation.item.done"],
        }
    }

    pub(super) fn text_delta(self) -> &'static str {
        match self {
            Self::Beta => "response.text.delta",
            Self::Current => "response.output_text.delta",
        }
    }

    pub(super) fn text_done(self) -> &'static str {
        match self {
            Self::Beta => "response.text.done",
            Self::Current => "response.output_text.done",
        }
    }

    /// The type of a text the assistant wrote, in an item.
    pub(super) fn output_text(self) -> &'static str {
        match self {
            Self::Beta => "text",
            Self::Current => "output_text",
        }
    }

    /// The member that says what kinds of answers are given.
    pub(super) fn modalities(self) -> &'static str {
        match self {
            Self::Beta => "modalities",
            Self::Current => "output_modalities",
        }
    }
}
