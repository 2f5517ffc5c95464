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
                RawPart::Hole { value, format } => {
                    let (value, alignment) = self.hole(value, format.is_some());
                    if let Some(format) = &format {
                        if format.is_empty() {
                            self.mistake_at(value.place, "a format is missing after `:`");
                        } else if format.ends_with(char::is_whitespace) {
                            self.mistake_at(value.place, "white space stands before the end of the format");
                        }
                    }
                    out.push(InterpolationPart::Hole { value, alignment: alignment.map(Box::new), format });
                }
            }
        }
        ExpressionKind::Interpolated(out)
    }

    /// The value in a hole, and its width after a comma.
    fn hole(&mut self, place: Place, has_format: bool) -> (Expression, Option<Expression>) {
        let refused = Expression { kind: ExpressionKind::Error, place };
        self.nested((refused, None), |parser| {
            let mut inner = Parser::new(parser.text, place.start as usize, place.end as usize, parser.depth);
            inner.queries = parser.queries;
            let value = inner.expression();
            let width = if inner.eat(",") { Some(inner.expression()) } else { None };
            let conditional = matches!(value.kind, ExpressionKind::Conditional { .. });
            if has_format && conditional && inner.is_end() && !inner.mistakes.is_empty() {
                inner.mistakes.clear();
                let message = "`?:` in a hole needs parentheses, as `:` begins a format: `{(a ? b : c)}`";
                inner.mistake_at(place, message);
            }
            inner.expect_end();
            parser.mistakes.append(&mut inner.mistakes);
            parser.has_functions |= inner.has_functions;
            parser.deepest = parser.deepest.max(inner.deepest);
            parser.longest = parser.longest.max(inner.longest);
            (value, width)
        })
    }
}
