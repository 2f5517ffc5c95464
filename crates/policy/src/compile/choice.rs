//! An attribute that is one of some words.

use super::setting::{Expression, evaluation_failure, to_text};
use super::{Compiler, setting};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::xml::Element;
use sekisho_expression::Exception;

/// The words of an attribute and what each stands for.
pub type Words<T> = &'static [(&'static str, T)];

/// One of some words: read at load where it is a literal.
pub enum Choice<T: 'static> {
    /// A literal, or the default.
    Constant(T),
    /// An expression, whose result must be one of the words.
    Evaluated(Expression, Words<T>),
}

impl<T: Copy> Choice<T> {
    /// What was chosen. A result that is none of the words is an evaluation failure.
    pub fn get(&self, exchange: &mut Exchange) -> Result<T, PolicyError> {
        let (expression, words) = match self {
            Choice::Constant(chosen) => return Ok(*chosen),
            Choice::Evaluated(expression, words) => (expression, words),
        };
        let value = expression.evaluate(exchange)?;
        let text = to_text(exchange, &value)?;
        let text = text.as_deref().unwrap_or("").trim();
        find(words, text).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("The result is none of {}.", words.join(", "));
            evaluation_failure(&Exception::new("System.FormatException", message))
        })
    }

    /// What was chosen when it needs no evaluation.
    pub fn constant(&self) -> Option<T> {
        match self {
            Choice::Constant(chosen) => Some(*chosen),
            Choice::Evaluated(..) => None,
        }
    }
}

fn find<T: Copy>(words: Words<T>, text: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
}

impl Compiler<'_> {
    /// An attribute that is one of some words; the declaration let only these through.
    pub fn choice<T: Copy>(
        &mut self,
        element: &Element,
        name: &str,
        words: Words<T>,
        default: T,
    ) -> Choice<T> {
        let Some(attribute) = element.attribute(name) else { return Choice::Constant(default) };
        if attribute.value.is_literal() {
            let text = attribute.value.text.text().trim();
            return Choice::Constant(find(words, text).unwrap_or(default));
        }
        setting::expression(self, &attribute.value)
            .map_or(Choice::Constant(default), |expression| Choice::Evaluated(expression, words))
    }
}
