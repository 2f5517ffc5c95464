//! What is told of a mistake: once, at the place where it was made, and never what a named value holds.

use sekisho_diagnostics::{Diagnostic, Severity, Span};

use super::Compiler;
use crate::xml::Content;

/// True when `inner` lies in `outer`.
fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

impl Compiler<'_> {
    /// Reports a finding, unless it is about a text that is not known because of a named value that was not found.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if !self.is_unresolved(diagnostic.span) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Drops findings behind the first `known` ones that are already among these: once is enough.
    pub(super) fn forget_repeated(&mut self, known: usize) {
        let new = self.diagnostics.split_off(known.min(self.diagnostics.len()));
        for finding in new {
            if !self.diagnostics.contains(&finding) {
                self.diagnostics.push(finding);
            }
        }
    }

    /// True when a named value in this part of the document was not found, which was reported.
    fn is_unresolved(&self, span: Span) -> bool {
        self.unresolved.iter().any(|place| holds(span, *place))
    }

    /// Reports what is wrong with an expression.
    ///
    /// One mistake gives one finding: nothing is said after an error or an unresolved reference in the same
    /// expression. A finding at a named value does not repeat what it holds, which may be a secret.
    pub(super) fn report_expression(&mut self, content: &Content, findings: Vec<Diagnostic>) {
        let expression = content.span;
        let has_error = |known: &Diagnostic| known.is_error() && holds(expression, known.span);
        if self.is_unresolved(expression) || self.diagnostics.iter().any(has_error) {
            return;
        }
        let pasted_at =
            |found: &Diagnostic| self.pasted.iter().find(|place| holds(**place, found.span)).copied();
        let Some(place) = findings.iter().find_map(pasted_at).or_else(|| self.breaking_value(content)) else {
            findings.into_iter().for_each(|finding| self.report(finding));
            return;
        };
        let message = format!("the value of `{}` makes the expression invalid", self.written(place));
        let help =
            "values are put into the expression as they are: escape quotation marks and backslashes in them";
        self.report(Diagnostic::error("invalid-named-value", place, message).with_help(help));
    }

    /// The named value without which the code could be read: a quotation mark in it moves the mistake behind it.
    fn breaking_value(&self, content: &Content) -> Option<Span> {
        let is_readable =
            |place: &Span| match sekisho_expression::compile(&content.text.with_replacement(*place, "0")) {
                Ok(_) => true,
                Err(findings) => findings.iter().all(|finding| finding.code != "expression-syntax"),
            };
        if is_readable(&Span::default()) {
            return None;
        }
        self.pasted
            .iter()
            .filter(|place| holds(content.span, **place))
            .find(|place| is_readable(place))
            .copied()
    }

    /// Reports something that may be resolvable elsewhere: a warning when a document is checked on its own.
    pub fn report_unresolved(&mut self, mut diagnostic: Diagnostic) {
        if self.environment.allow_unresolved {
            diagnostic.severity = Severity::Warning;
        }
        self.report(diagnostic);
    }
}
