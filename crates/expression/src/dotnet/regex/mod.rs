//! `System.Text.RegularExpressions`: patterns of .NET on a Rust engine.
//!
//! Two engines: a fast one, and [`walk`] for what only .NET's own way of searching gives: every capture of a repeated
//! group, balancing groups, `RightToLeft`. Known differences: a pair of surrogates counts as one character. Searches have a limit of backtracking steps in place of a time.

mod class;
mod compiled;
mod matches;
mod node;
mod parse;
mod pattern;
mod replacement;
#[cfg(test)]
mod tests;
mod walk;

use std::any::Any;
use std::sync::Arc;

use crate::budget::Budget;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

use compiled::{Compiled, Span, compiled};
use matches::Found;
pub use pattern::Pattern;
use replacement::Replacement;

static OPTIONS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Text.RegularExpressions.RegexOptions",
    &[
        ("None", 0),
        ("IgnoreCase", 1),
        ("Multiline", 2),
        ("ExplicitCapture", 4),
        ("Compiled", 8),
        ("Singleline", 16),
        ("IgnorePatternWhitespace", 32),
        ("RightToLeft", 64),
        ("ECMAScript", 256),
        ("CultureInvariant", 512),
        ("NonBacktracking", 1024),
    ],
);

static REGEX: TypeDeclaration = TypeDeclaration::class("System.Text.RegularExpressions.Regex").members(&[
    pure("new(string pattern)", make),
    pure("new(string pattern, RegexOptions options)", make),
    pure("new(string pattern, RegexOptions options, TimeSpan matchTimeout)", make),
    pure("static bool IsMatch(string input, string pattern)", is_match),
    pure("static bool IsMatch(string input, string pattern, RegexOptions options)", is_match),
    pure("static bool IsMatch(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", is_match),
    pure("static Match Match(string input, string pattern)", first),
    pure("static Match Match(string input, string pattern, RegexOptions options)", first),
    pure("static Match Match(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", first),
    pure("static MatchCollection Matches(string input, string pattern)", all),
    pure("static MatchCollection Matches(string input, string pattern, RegexOptions options)", all),
    pure("static MatchCollection Matches(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", all),
    pure("static int Count(string input, string pattern)", count),
    pure("static int Count(string input, string pattern, RegexOptions options)", count),
    pure("static string Replace(string input, string pattern, string replacement)", replace),
    pure("static string Replace(string input, string pattern, string replacement, RegexOptions options)", replace),
    pure("static string Replace(string input, string pattern, string replacement, RegexOptions options, TimeSpan matchTimeout)", replace),
    impure("static string Replace(string input, string pattern, MatchEvaluator evaluator)", evaluate),
    impure("static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options)", evaluate),
    impure("static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options, TimeSpan matchTimeout)", evaluate),
    impure("static string[] Split(string input, string pattern)", split),
    impure("static string[] Split(string input, string pattern, RegexOptions options)", split),
    impure("static string[] Split(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", split),
    pure("static string Escape(string str)", |call| {
        let text = call.text(0)?;
        call.budget().allocate(text.len().saturating_mul(2))?;
        Ok(Value::from(replacement::escape(&text)))
    }),
    pure("static string Unescape(string str)", |call| {
        let text = call.text(0)?;
        call.budget().allocate(text.len())?;
        parse::unescape(&text).map(Value::from).map_err(|message| compiled::wrong(&text, &message))
    }),
    pure("bool IsMatch(string input)", is_match),
    pure("bool IsMatch(string input, int startat)", is_match),
    pure("Match Match(string input)", first),
    pure("Match Match(string input, int startat)", first),
    pure("Match Match(string input, int beginning, int length)", first_in_part),
    pure("MatchCollection Matches(string input)", all),
    pure("MatchCollection Matches(string input, int startat)", all),
    pure("int Count(string input)", count),
    pure("string Replace(string input, string replacement)", replace),
    pure("string Replace(string input, string replacement, int count)", replace),
    pure("string Replace(string input, string replacement, int count, int startat)", replace),
    impure("string Replace(string input, MatchEvaluator evaluator)", evaluate),
    impure("string Replace(string input, MatchEvaluator evaluator, int count)", evaluate),
    impure("string Replace(string input, MatchEvaluator evaluator, int count, int startat)", evaluate),
    impure("string[] Split(string input)", split),
    impure("string[] Split(string input, int count)", split),
    impure("string[] Split(string input, int count, int startat)", split),
    impure("string[] GetGroupNames()", |call| {
        Ok(Value::string_array(this(call)?.groups.iter().map(|group| group.name.as_str())))
    }),
    impure("int[] GetGroupNumbers()", |call| {
        let numbers = this(call)?.groups.iter().map(|group| Value::Int32(group_number(group.number))).collect();
        Ok(Value::array(Type::Int32, numbers))
    }),
    pure("string GroupNameFromNumber(int i)", |call| {
        let regex = this(call)?;
        let found = regex.by_number(i64::from(call.int(0))).and_then(|at| regex.groups.get(at));
        Ok(Value::from(found.map_or("", |group| group.name.as_str())))
    }),
    pure("int GroupNumberFromName(string name)", |call| {
        let regex = this(call)?;
        let found = regex.by_name(&call.text(0)?).and_then(|at| regex.groups.get(at));
        Ok(Value::Int32(found.map_or(-1, |group| group_number(group.number))))
    }),
    pure("RegexOptions Options", |call| Ok(Value::enumeration(&OPTIONS, this(call)?.options))),
    pure("bool RightToLeft", |call| Ok(Value::Boolean(this(call)?.is_backwards()))),
    pure("static TimeSpan InfiniteMatchTimeout", |_| Ok(Value::TimeSpan(INFINITE))),
    pure("TimeSpan MatchTimeout", |call| Ok(Value::TimeSpan(call.object::<Regex>()?.timeout))),
    pure("string ToString()", |call| Ok(Value::from(this(call)?.pattern.clone()))),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &OPTIONS,
    &REGEX,
    &matches::CAPTURE,
    &matches::GROUP,
    &matches::MATCH,
    &matches::CAPTURES,
    &matches::GROUPS,
    &matches::MATCHES,
];

/// `Regex`.
struct Regex {
    compiled: Arc<Compiled>,
    /// As given: searches end by a count of steps.
    timeout: i64,
}

/// `Regex.InfiniteMatchTimeout` in ticks.
const INFINITE: i64 = -10_000;

impl DotnetObject for Regex {
    fn type_of(&self) -> Type {
        Type::Named("System.Text.RegularExpressions.Regex")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        self.compiled.pattern.to_string()
    }
}

fn group_number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (pattern, options) = (call.text(0)?, call.enumeration(1));
    let timeout = if let Value::TimeSpan(given) = call.argument(2) { *given } else { INFINITE };
    if timeout != INFINITE && timeout <= 0 {
        return Err(Exception::argument_out_of_range("matchTimeout", ""));
    }
    let compiled = compiled(&pattern, options, call.budget())?;
    Ok(Value::object(Regex { compiled, timeout }))
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Compiled, Exception> {
    call.object::<Regex>().map(|regex| &*regex.compiled)
}

/// What a call searches, and where the rest of its arguments begins.
struct Search {
    regex: Arc<Compiled>,
    input: Text,
    /// The argument after input and pattern.
    next: usize,
    is_static: bool,
}

impl Search {
    /// Of a static call the pattern is argument 1 and the options come after `own` further arguments.
    fn of(call: &mut Call<'_>, own: usize) -> Result<Self, Exception> {
        let input = call.text(0)?;
        if let Some(regex) = call.receiver().downcast::<Regex>() {
            return Ok(Self { regex: Arc::clone(&regex.compiled), input, next: 1, is_static: false });
        }
        let (pattern, options) = (call.text(1)?, call.enumeration(2 + own));
        let regex = compiled(&pattern, options, call.budget())?;
        Ok(Self { regex, input, next: 2, is_static: true })
    }

    /// The byte offset of a `startat` argument; where searches begin when there is none.
    fn start(&self, call: &Call<'_>, at: usize) -> Result<usize, Exception> {
        if self.is_static || call.arguments().len() <= at {
            return Ok(self.regex.first_start(&self.input));
        }
        offset(&self.input, call.int(at)).ok_or_else(|| {
            let message = "Start index cannot be less than 0 or greater than input length.";
            Exception::argument_out_of_range("startat", message)
        })
    }

    /// The `count` argument: none for all.
    fn limit(&self, call: &Call<'_>, at: usize) -> Result<Option<usize>, Exception> {
        if self.is_static || call.arguments().len() <= at {
            return Ok(None);
        }
        match call.int(at) {
            -1 => Ok(None),
            count => usize::try_from(count)
                .map(Some)
                .map_err(|_| Exception::argument_out_of_range("count", "Count cannot be less than -1.")),
        }
    }

    /// Calls `each` with the spans of every match.
    fn each(
        &self,
        call: &mut Call<'_>,
        from: usize,
        limit: Option<usize>,
        mut each: impl FnMut(&mut Call<'_>, Vec<Span>) -> Result<(), Exception>,
    ) -> Result<(), Exception> {
        let (mut from, mut left) = (Some(from), limit.unwrap_or(usize::MAX));
        while let (Some(start), true) = (from, left > 0) {
            let Some(spans) = self.regex.find(&self.input, start, call.budget())? else { break };
            let whole = spans.first().copied().flatten().unwrap_or((start, start));
            each(call, spans)?;
            from = self.regex.next_start(&self.input, whole);
            left -= 1;
        }
        Ok(())
    }

    /// The same in the order of the text, whatever the direction of the search.
    fn in_order(
        &self,
        call: &mut Call<'_>,
        from: usize,
        limit: Option<usize>,
        mut each: impl FnMut(&mut Call<'_>, Vec<Span>) -> Result<(), Exception>,
    ) -> Result<(), Exception> {
        if !self.regex.is_backwards() {
            return self.each(call, from, limit, each);
        }
        let mut found = Vec::new();
        self.each(call, from, limit, |_, spans| {
            found.push(spans);
            Ok(())
        })?;
        found.into_iter().rev().try_for_each(|spans| each(call, spans))
    }

    fn found(&self, spans: Vec<Span>) -> Found {
        Found { regex: Arc::clone(&self.regex), input: self.input.clone(), spans }
    }
}

/// The byte offset of a position in UTF-16 units; inside a pair of surrogates, behind the pair.
fn offset(text: &Text, position: i32) -> Option<usize> {
    let position = usize::try_from(position).ok()?;
    if text.is_ascii_only() {
        return (position <= text.len()).then_some(position);
    }
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        if units >= position {
            return Some(at);
        }
        units += letter.len_utf16();
    }
    (position <= units).then_some(text.len())
}

fn is_match(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    let from = search.start(call, 1)?;
    search.regex.is_match(&search.input, from, call.budget()).map(Value::Boolean)
}

fn first(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    let from = search.start(call, 1)?;
    let found = search.regex.find(&search.input, from, call.budget())?;
    Ok(found.map_or_else(matches::empty, |spans| matches::matched(search.found(spans))))
}

/// Searches a part as if it were the whole text; positions count from the part's start, as in .NET from the text's.
fn first_in_part(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    let outside = || {
        Exception::argument_out_of_range(
            "beginning",
            "Start index cannot be less than 0 or greater than input length.",
        )
    };
    let start = offset(&search.input, call.int(1)).ok_or_else(outside)?;
    let end = offset(&search.input, call.int(1).saturating_add(call.int(2)))
        .filter(|end| *end >= start)
        .ok_or_else(|| {
            Exception::argument_out_of_range("length", "Length cannot be less than 0 or exceed input length.")
        })?;
    let part = Text::from(search.input.get(start..end).unwrap_or(""));
    let found = search.regex.find(&part, search.regex.first_start(&part), call.budget())?;
    Ok(found.map_or_else(matches::empty, |spans| {
        let moved = spans.into_iter().map(|span| span.map(|(from, to)| (from + start, to + start))).collect();
        matches::matched(search.found(moved))
    }))
}

fn all(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    let from = search.start(call, 1)?;
    let mut out = Vec::new();
    search.each(call, from, None, |_, spans| {
        out.push(matches::matched(search.found(spans)));
        Ok(())
    })?;
    Ok(matches::collection(out))
}

fn count(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    let mut found = 0;
    let from = search.regex.first_start(&search.input);
    search.each(call, from, None, |_, _| {
        found += 1;
        Ok(())
    })?;
    Ok(Value::Int32(found))
}

fn replace(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 1)?;
    let replacement = Replacement::new(&call.text(search.next)?, &search.regex);
    rewrite(call, &search, |_, found, out| {
        replacement.expand(&found.input, &found.spans, out);
        Ok(())
    })
}

fn evaluate(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 1)?;
    let evaluator = call.delegate(search.next)?;
    rewrite(call, &search, |call, found, out| {
        let text = call.invoke(&evaluator, &[matches::matched(found)])?;
        out.push_str(text.as_text().map_or("", |text| text));
        Ok(())
    })
}

fn rewrite(
    call: &mut Call<'_>,
    search: &Search,
    mut replaced: impl FnMut(&mut Call<'_>, Found, &mut String) -> Result<(), Exception>,
) -> Result<Value, Exception> {
    let limit = search.limit(call, search.next + 1)?;
    let from = search.start(call, search.next + 2)?;
    let input = search.input.clone();
    let (mut out, mut copied) = (String::new(), 0);
    search.in_order(call, from, limit, |call, spans| {
        let (start, end) = spans.first().copied().flatten().unwrap_or((copied, copied));
        let before = out.len();
        out.push_str(input.get(copied..start).unwrap_or(""));
        copied = end;
        replaced(call, search.found(spans), &mut out)?;
        call.budget().allocate(out.len() - before)
    })?;
    if copied == 0 && out.is_empty() {
        return Ok(Value::String(input));
    }
    out.push_str(input.get(copied..).unwrap_or(""));
    Ok(Value::from(out))
}

/// `Regex.Replace(input, pattern, replacement)`, of all matches, or of the first with the replacement taken as it is.
///
/// # Errors
/// `ArgumentException` for a wrong pattern, `RegexMatchTimeoutException`, exceeded limits.
pub(crate) fn replace_text(
    input: &Text,
    pattern: &Text,
    replacement: &str,
    first_verbatim: bool,
    budget: &mut Budget,
) -> Result<String, Exception> {
    let regex = compiled(pattern, 0, budget)?;
    let expanded = Replacement::new(replacement, &regex);
    let (mut out, mut copied, mut from) = (String::new(), 0, Some(0));
    while let Some(at) = from {
        let Some(spans) = regex.find(input, at, budget)? else { break };
        let (start, end) = spans.first().copied().flatten().unwrap_or((at, at));
        let before = out.len();
        out.push_str(input.get(copied..start).unwrap_or(""));
        copied = end;
        if first_verbatim {
            out.push_str(replacement);
            break;
        }
        expanded.expand(input, &spans, &mut out);
        budget.allocate(out.len() - before)?;
        from = regex.next_start(input, (start, end));
    }
    out.push_str(input.get(copied..).unwrap_or(""));
    budget.allocate(out.len())?;
    Ok(out)
}

fn split(call: &mut Call<'_>) -> Result<Value, Exception> {
    let search = Search::of(call, 0)?;
    // `count` counts pieces; 0 means all.
    let limit = match search.limit(call, 1)? {
        None | Some(0) => None,
        Some(pieces) => Some(pieces - 1),
    };
    let from = search.start(call, 2)?;
    let input = search.input.clone();
    let (mut out, mut copied) = (Vec::new(), 0);
    search.in_order(call, from, limit, |call, spans| {
        let (start, end) = spans.first().copied().flatten().unwrap_or((copied, copied));
        out.push(Text::from(input.get(copied..start).unwrap_or("")));
        copied = end;
        let mut groups: Vec<(usize, usize)> = spans.iter().skip(1).flatten().copied().collect();
        if search.regex.is_backwards() {
            groups.reverse();
        }
        out.extend(groups.iter().map(|(start, end)| Text::from(input.get(*start..*end).unwrap_or(""))));
        call.budget().allocate(end - start + size_of::<Value>())
    })?;
    out.push(Text::from(input.get(copied..).unwrap_or("")));
    Ok(Value::string_array(out))
}
