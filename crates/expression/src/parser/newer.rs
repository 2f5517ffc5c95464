//! What later versions of C# have: recognised, so that the message says what to write instead.

use super::Parser;
use crate::ast::{Expression, ExpressionKind, Place};
use crate::lexer::{Mistake, TokenKind};

/// The code of these mistakes. None is the echo of another.
pub(super) const CODE: &str = "expression-newer-language";

impl Parser<'_> {
    /// Reports a feature of a later version.
    pub(super) fn newer(&mut self, place: Place, feature: &str, version: &str, instead: &str) {
        // The whole form says more than its parts.
        let is_part = |found: &Mistake| place.start <= found.place.start && found.place.end <= place.end;
        self.mistakes.retain(|found| found.code != CODE || !is_part(found));
        let message =
            format!("{feature} C# {version} and not available in policy expressions, which are C# 7");
        let mistake = Mistake::new(CODE, place, message);
        self.mistakes.push(if instead.is_empty() {
            mistake
        } else {
            mistake.help(format!("write {instead}"))
        });
    }

    /// What may follow a value only in later versions: `x!`, `x switch {…}`, `x with {…}`, `a..b`.
    pub(super) fn newer_suffix(&mut self, value: &Expression) -> bool {
        let start = self.place();
        if self.is_symbol("!") {
            self.at += 1;
            self.newer(start, "`!` after a value is", "8", "the value alone");
            return true;
        }
        if self.is_symbol("..") {
            self.at += 1;
            if self.begins_operand() {
                self.unary();
            }
            let place = value.place.to(self.before());
            self.newer(place, "ranges are", "8", "`Substring`, or `Skip` and `Take`");
            return true;
        }
        for (word, feature, version, instead) in [
            ("switch", "switch expressions are", "8", "`switch` as a statement, or `?:`"),
            ("with", "`with` expressions are", "9", "a new object with all its values"),
        ] {
            if self.is_word(word) && self.is_symbol_at(1, "{") {
                self.at += 1;
                self.skip_braces();
                self.newer(value.place.to(self.before()), feature, version, instead);
                return true;
            }
        }
        false
    }

    /// What may begin a value only in later versions: `^1`, `..b`.
    pub(super) fn newer_prefix(&mut self) -> Option<ExpressionKind> {
        let start = self.place();
        let (feature, instead) = if self.is_symbol("^") {
            ("indexes from the end are", "`Length - n`, or `Last()`")
        } else if self.is_symbol("..") {
            ("ranges are", "`Substring`, or `Skip` and `Take`")
        } else {
            return None;
        };
        self.at += 1;
        if self.begins_operand() {
            self.unary();
        }
        self.newer(start.to(self.before()), feature, "8", instead);
        Some(ExpressionKind::Error)
    }

    /// A pattern of a later version, when one begins here; it is skipped.
    pub(super) fn newer_pattern(&mut self) -> bool {
        let start = self.place();
        let (feature, version, instead) = match *self.kind() {
            TokenKind::Symbol("<" | ">" | "<=" | ">=") => {
                ("relational patterns are", "9", "a comparison, or `case var x when x > …`")
            }
            TokenKind::Symbol("{") => ("property patterns are", "8", "a comparison of the members"),
            TokenKind::Symbol("[") => ("list patterns are", "11", "a comparison of the elements"),
            TokenKind::Word { escaped: false }
                if self.is_word("not") && (self.begins_operand_at(1) || self.is_symbol_at(1, "{")) =>
            {
                ("`not` in a pattern is", "9", "`!(… is …)`, or `!=`")
            }
            _ => return false,
        };
        if self.is_symbol("{") {
            self.skip_braces();
        } else {
            self.at += 1;
            self.pattern();
        }
        self.newer(start.to(self.before()), feature, version, instead);
        true
    }

    /// What may follow a pattern only in later versions: `and`, `or`, `{…}`.
    pub(super) fn newer_pattern_suffix(&mut self) {
        let start = self.place();
        if self.is_symbol("{") {
            self.skip_braces();
            self.newer(start.to(self.before()), "property patterns are", "8", "a comparison of the members");
        }
        if self.is_word("and") || self.is_word("or") {
            self.at += 1;
            self.pattern();
            let instead = "two conditions with `&&` or `||`";
            self.newer(start.to(self.before()), "`and` and `or` in a pattern are", "9", instead);
        }
    }

    /// Goes on after the brace that closes the one here.
    pub(super) fn skip_braces(&mut self) {
        let mut depth = 0_u32;
        while !self.is_end() {
            if self.is_symbol("{") {
                depth += 1;
            } else if self.is_symbol("}") {
                depth = depth.saturating_sub(1);
            }
            self.bump();
            if depth == 0 {
                return;
            }
        }
    }
}
