//! A pattern on its own, for what checks texts outside of expressions.

use super::compiled::Compiled;
use crate::budget::Budget;
use crate::exception::Exception;
use crate::value::Text;

/// A pattern of .NET, made once and searched often.
///
/// What serves texts of ASCII is built at once; what serves other texts, which is larger, when the first of them comes.
pub struct Pattern(Compiled);

impl Pattern {
    /// Makes the pattern, without options.
    ///
    /// # Errors
    /// Why it is no pattern, or one that cannot be searched: the message of .NET.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let made = Compiled::new(&Text::from(pattern), 0);
        made.map(Self).map_err(|thrown| thrown.message().to_owned())
    }

    /// True when the pattern is found anywhere in the text.
    ///
    /// # Errors
    /// `RegexMatchTimeoutException` when the search goes back too often, and an exhausted budget.
    pub fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, Exception> {
        self.0.is_match(&Text::from(text), 0, budget)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.0.pattern.as_str()
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pattern").field(&self.as_str()).finish()
    }
}
