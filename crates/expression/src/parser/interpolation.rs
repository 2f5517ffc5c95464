//! The parts of `$"…"`.

use super::Parser;
use crate::ast::{Expression, ExpressionKind, InterpolationPart, Place};
use crate::lexer::RawPart;

impl Parser<'_> {
    pub(super) fn interpolation(&mut self, parts: Vec<RawPart>) -> ExpressionKind {
        let mut out = Vec::new();
        for part in parts {
            match part {
                RawPart::Text(text) => out.push(InterpolationPart::Text(text)),
                RawPart::Hole { value, alignment, format } => {
                    let value = self.inner(value);
                    let alignment = alignment.map(|place| self.inner(place));
                    if format.as_ref().is_some_and(String::is_empty) {
                        self.mistake_at(value.place, "a format is missing after `:`");
                    }
                    out.push(InterpolationPart::Hole { value, alignment, format });
                }
            }
        }
        ExpressionKind::Interpolated(out)
    }

    /// The expression that stands at a place inside the string.
    fn inner(&mut self, place: Place) -> Expression {
        let refused = Expression { kind: ExpressionKind::Error, place };
        self.nested(refused, |parser| {
            let mut inner = Parser::new(parser.text, place.start as usize, place.end as usize, parser.depth);
            let value = inner.expression();
            if inner.is_symbol("?") || inner.is_symbol(":") {
                inner.mistake("`?:` in a hole needs parentheses, as `:` begins a format");
            }
            inner.expect_end();
            parser.mistakes.append(&mut inner.mistakes);
            parser.has_functions |= inner.has_functions;
            parser.deepest = parser.deepest.max(inner.deepest);
            parser.longest = parser.longest.max(inner.longest);
            value
        })
    }
}
