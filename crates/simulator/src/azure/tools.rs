//! Which of the offered tools an answer calls.

use crate::marks;

/// What the request says about calling tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// None may be called.
    None,
    /// One must be called.
    Any,
    /// This one must be called.
    Named(&'a str),
    /// As the question wants it, when it is a question and not the result of a tool.
    Auto { asks: bool },
}

/// The tool to call, by its place in the list: the one the request forces; else the one of the mark
/// `[sim:tool=NAME]`; else one whose name stands in the question. The result of a tool is answered with text, unless a
/// call is forced.
pub(crate) fn called(names: &[&str], question: &str, choice: Choice<'_>) -> Option<usize> {
    let place = |wanted: &str| names.iter().position(|name| *name == wanted);
    let wanted = || match marks::value(question, "tool") {
        Some(marked) => place(marked),
        None => names.iter().position(|name| mentions(question, name)),
    };
    match choice {
        Choice::None | Choice::Auto { asks: false } => None,
        Choice::Named(name) => place(name),
        Choice::Any => wanted().or((!names.is_empty()).then_some(0)),
        Choice::Auto { asks: true } => wanted(),
    }
}

fn mentions(question: &str, tool: &str) -> bool {
    !tool.is_empty() && (question.contains(tool) || question.contains(&tool.replace('_', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn force_then_mark_then_mention() {
        let names = ["get_weather", "get_time"];
        let asks = Choice::Auto { asks: true };
        assert_eq!(called(&names, "please get time", asks), Some(1));
        assert_eq!(called(&names, "get_weather [sim:tool=get_time]", asks), Some(1));
        assert_eq!(called(&names, "get_weather [sim:tool=unknown]", asks), None);
        assert_eq!(called(&names, "get_weather", Choice::Auto { asks: false }), None);
        assert_eq!(called(&names, "get_weather", Choice::None), None);
        assert_eq!(called(&names, "sing", Choice::Any), Some(0));
        assert_eq!(called(&names, "sing", Choice::Named("get_time")), Some(1));
        assert_eq!(called(&[], "sing", Choice::Any), None);
    }
}
