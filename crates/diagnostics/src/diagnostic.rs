//! One finding.

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Information,
    /// Works, but probably not as meant.
    Warning,
    /// The configuration is refused.
    Error,
}

impl Severity {
    /// The lower-case word for output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding: what is wrong, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable kebab-case name such as `unknown-backend`; documented, and meant for scripts.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The place.
    pub span: Span,
    /// One lower-case sentence without a full stop: what is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), help: None }
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, span, message: message.into(), help: None }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// True for [`Severity::Error`].
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// True when a configuration with these findings must be refused.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// The candidate that was probably meant, for "did you mean" texts.
pub fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance (insert, delete, replace, exchange neighbours) in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut current = vec![i + 1];
        for (j, (to, above)) in right.iter().zip(row.iter().skip(1)).enumerate() {
            let cost = diagonal + usize::from(from != *to);
            let left_of = current.last().copied().unwrap_or(0) + 1;
            let neighbour = j.checked_sub(1).and_then(|at| right.get(at));
            let exchanged = neighbour == Some(&from) && previous == Some(*to);
            let exchange = j.checked_sub(1).and_then(|at| before.get(at)).filter(|_| exchanged);
            let cheapest = cost.min(above + 1).min(left_of);
            current.push(exchange.map_or(cheapest, |two_before| cheapest.min(two_before + 1)));
            diagonal = *above;
        }
        before = std::mem::replace(&mut row, current);
        previous = Some(from);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found_and_strangers_are_not() {
        let names = ["set-header", "set-body", "choose"];
        assert_eq!(closest("set-headr", names), Some("set-header"));
        assert_eq!(closest("Choose", names), Some("choose"));
        assert_eq!(closest("retry", names), None);
        assert_eq!(closest("cuont", ["count"]), Some("count"));
    }
}
