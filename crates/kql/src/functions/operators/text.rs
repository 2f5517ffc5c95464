//! Operators of strings. Case is ignored for ASCII only, as Kusto does it. A term is a longest run of letters and digits.

use memchr::{memchr2_iter, memmem};
use regex::{Regex, RegexBuilder};

use crate::functions::cell::Cell;
use crate::functions::kernel::{Kernel, function};
use crate::functions::{Binary, constant, convert};
use crate::{Error, Span, Type, Typed};

/// What is asked of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Equal,
    Has,
    HasPrefix,
    HasSuffix,
    Contains,
    StartsWith,
    EndsWith,
}

/// An operator of strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    name: &'static str,
    asks: Asks,
    case: bool,
    negated: bool,
}

/// The operator as one of strings.
pub(crate) fn test(op: Binary) -> Option<Test> {
    use Asks::{Contains, EndsWith, Equal, Has, HasPrefix, HasSuffix, StartsWith};
    let (name, asks, case, negated) = match op {
        Binary::EqualIgnoringCase => ("=~", Equal, false, false),
        Binary::NotEqualIgnoringCase => ("!~", Equal, false, true),
        Binary::Has => ("has", Has, false, false),
        Binary::NotHas => ("!has", Has, false, true),
        Binary::HasCs => ("has_cs", Has, true, false),
        Binary::NotHasCs => ("!has_cs", Has, true, true),
        Binary::HasPrefix => ("hasprefix", HasPrefix, false, false),
        Binary::NotHasPrefix => ("!hasprefix", HasPrefix, false, true),
        Binary::HasPrefixCs => ("hasprefix_cs", HasPrefix, true, false),
        Binary::NotHasPrefixCs => ("!hasprefix_cs", HasPrefix, true, true),
        Binary::HasSuffix => ("hassuffix", HasSuffix, false, false),
        Binary::NotHasSuffix => ("!hassuffix", HasSuffix, false, true),
        Binary::HasSuffixCs => ("hassuffix_cs", HasSuffix, true, false),
        Binary::NotHasSuffixCs => ("!hassuffix_cs", HasSuffix, true, true),
        Binary::Contains => ("contains", Contains, false, false),
        Binary::NotContains => ("!contains", Contains, false, true),
        Binary::ContainsCs => ("contains_cs", Contains, true, false),
        Binary::NotContainsCs => ("!contains_cs", Contains, true, true),
        Binary::StartsWith => ("startswith", StartsWith, false, false),
        Binary::NotStartsWith => ("!startswith", StartsWith, false, true),
        Binary::StartsWithCs => ("startswith_cs", StartsWith, true, false),
        Binary::NotStartsWithCs => ("!startswith_cs", StartsWith, true, true),
        Binary::EndsWith => ("endswith", EndsWith, false, false),
        Binary::NotEndsWith => ("!endswith", EndsWith, false, true),
        Binary::EndsWithCs => ("endswith_cs", EndsWith, true, false),
        Binary::NotEndsWithCs => ("!endswith_cs", EndsWith, true, true),
        _ => return None,
    };
    Some(Test { name, asks, case, negated })
}

/// `left op right` of two texts; other types are read as text.
pub(crate) fn binary(test: Test, left: Typed, right: Typed) -> Typed {
    let Test { name, asks, case, negated } = test;
    let sides = vec![convert(left, Type::String), convert(right, Type::String)];
    let ask = function(move |row| Cell::Bool(holds(asks, case, row.text(0), row.text(1)) != negated));
    Kernel::new(name, vec![Type::String; 2], Type::Bool, ask).call(sides)
}

/// `left matches regex right`.
///
/// # Errors
/// When the pattern is not a constant or not a regular expression.
pub(crate) fn regex(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let Some(pattern) = constant::text_of(&right) else {
        return Err(Error::new("not-constant", at, "the pattern of `matches regex` has to be a constant")
            .with_help("write the pattern itself, or a `let` that stands for one"));
    };
    let pattern = compile(pattern, at)?;
    let ask = function(move |row| Cell::Bool(pattern.is_match(row.text(0))));
    let sides = vec![convert(left, Type::String), right];
    Ok(Kernel::new("matches_regex", vec![Type::String; 2], Type::Bool, ask).call(sides))
}

/// A regular expression of bounded size, which takes linear time.
///
/// # Errors
/// When it is not one.
pub(crate) fn compile(pattern: &str, at: Span) -> Result<Regex, Error> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Error::new("invalid-regex", at, format!("this is not a regular expression: {reason}"))
            .with_help("the syntax is RE2's, without look-around and back references")
    })
}

/// What is asked of the text holds for the needle.
pub(crate) fn holds(asks: Asks, case: bool, text: &str, needle: &str) -> bool {
    let (bytes, wanted) = (text.as_bytes(), needle.as_bytes());
    let same = |part: Option<&[u8]>| {
        part.is_some_and(|part| if case { part == wanted } else { part.eq_ignore_ascii_case(wanted) })
    };
    match asks {
        Asks::Equal => same(Some(bytes)),
        Asks::StartsWith => same(bytes.get(..wanted.len())),
        Asks::EndsWith => same(bytes.len().checked_sub(wanted.len()).and_then(|start| bytes.get(start..))),
        Asks::Contains => anywhere(case, text, needle, |_, _| true),
        Asks::Has => {
            anywhere(case, text, needle, |start, end| begins(text, needle, start) && ends(text, needle, end))
        }
        Asks::HasPrefix => anywhere(case, text, needle, |start, _| begins(text, needle, start)),
        Asks::HasSuffix => anywhere(case, text, needle, |_, end| ends(text, needle, end)),
    }
}

/// The needle stands somewhere between a start and an end that are accepted.
fn anywhere(case: bool, text: &str, needle: &str, accepts: impl Fn(usize, usize) -> bool) -> bool {
    let (bytes, wanted) = (text.as_bytes(), needle.as_bytes());
    let Some(first) = wanted.first() else { return true };
    if case {
        // Places that overlap are tried too: the search goes on behind the first byte of the last one.
        let finder = memmem::Finder::new(wanted);
        let mut from = 0;
        while let Some(found) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
            let start = from + found;
            if accepts(start, start + wanted.len()) {
                return true;
            }
            from = start + 1;
        }
        return false;
    }
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes).any(|start| {
        let end = start + wanted.len();
        bytes.get(start..end).is_some_and(|part| part.eq_ignore_ascii_case(wanted)) && accepts(start, end)
    })
}

/// No letter or digit stands before a needle that starts with one.
fn begins(text: &str, needle: &str, start: usize) -> bool {
    let inside = needle.chars().next().is_some_and(char::is_alphanumeric);
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    !inside || !before.is_some_and(char::is_alphanumeric)
}

/// No letter or digit stands behind a needle that ends with one.
fn ends(text: &str, needle: &str, end: usize) -> bool {
    let inside = needle.chars().next_back().is_some_and(char::is_alphanumeric);
    let behind = text.get(end..).and_then(|behind| behind.chars().next());
    !inside || !behind.is_some_and(char::is_alphanumeric)
}
