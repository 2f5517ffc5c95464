//! What goes wrong while reading, and where.

use super::super::location::{push_index, push_name};
use super::reader_exception;
use crate::exception::Exception;
use crate::value::Text;

/// What went wrong, where; steps of the path are added on the way out.
pub(super) enum Failure {
    Text {
        message: String,
        at: usize,
        path: Vec<Step>,
        /// Open containers when the text ended too early; 0 for other mistakes.
        open: usize,
    },
    Limit(Exception),
}

pub(super) enum Step {
    Name(Text),
    Index(usize),
}

impl Failure {
    pub(super) fn inside(mut self: Box<Self>, step: impl FnOnce() -> Step) -> Box<Self> {
        if let Failure::Text { path, .. } = &mut *self {
            path.push(step());
        }
        self
    }

    pub(super) fn limit(exception: Exception) -> Box<Self> {
        Box::new(Failure::Limit(exception))
    }

    /// Open containers when the text ended too early.
    pub(super) fn unfinished(&self) -> Option<usize> {
        match self {
            Failure::Text { open, .. } if *open > 0 => Some(*open),
            _ => None,
        }
    }

    pub(super) fn into_exception(self, text: &str) -> Exception {
        let (message, at, path) = match self {
            Failure::Limit(exception) => return exception,
            Failure::Text { message, at, path, .. } => (message, at, path),
        };
        let mut place = String::new();
        for step in path.iter().rev() {
            match step {
                Step::Name(name) => push_name(&mut place, name),
                Step::Index(index) => push_index(&mut place, *index),
            }
        }
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |found| found + 1);
        let position = before.get(line_start..).map_or(0, |line| line.encode_utf16().count());
        let line = before.matches('\n').count() + usize::from(at > 0);
        reader_exception(format!("{message} Path '{place}', line {line}, position {position}."))
    }
}
