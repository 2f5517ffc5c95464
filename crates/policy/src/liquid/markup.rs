//! What stands in braces: values, filters, conditions.
//!
//! As forgiving as DotLiquid: what makes no sense is skipped, and a name that is not there is nil.

use std::ops::Range;

use sekisho_expression::framework;
use sekisho_expression::value::Text;

use super::filters::{self, Filter};
use super::node::{Chain, Condition, Expression, Operator, Step};
use super::parse::Mistake;
use super::value::Value;

/// The next fragment at or after a byte: a quoted text, or letters without white space and `|`; commas end it too when
/// `at_comma`.
pub(super) fn fragment(text: &str, from: usize, at_comma: bool) -> Option<Range<usize>> {
    let is_plain = |letter: char| {
        let ends =
            letter.is_whitespace() || matches!(letter, '|' | '\'' | '"') || (at_comma && letter == ',');
        !ends
    };
    let mut at = from;
    loop {
        let letter = text.get(at..)?.chars().next()?;
        if let Some(end) = quoted(text, at) {
            return Some(at..end);
        }
        if is_plain(letter) {
            break;
        }
        at += letter.len_utf8();
    }
    let start = at;
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        at = match quoted(text, at) {
            Some(end) => end,
            None if is_plain(letter) => at + letter.len_utf8(),
            None => break,
        };
    }
    Some(start..at)
}

/// Where the quoted text that begins here ends.
fn quoted(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let quote = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
    Some(at + 1 + rest.get(1..)?.find(quote)? + 1)
}

/// All fragments.
pub(super) fn fragments(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = fragment(text, at, true) {
        at = found.end;
        out.extend(text.get(found));
    }
    out
}

/// A value from its text.
pub(super) fn expression(text: &str) -> Expression {
    let text = text.trim();
    let constant = match text {
        "" | "nil" | "null" => Some(Value::Nil),
        "true" => Some(Value::Boolean(true)),
        "false" => Some(Value::Boolean(false)),
        "empty" | "blank" => Some(Value::Empty),
        _ => literal(text),
    };
    if let Some(value) = constant {
        return Expression::Constant(value);
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
        && let Some((from, to)) = inner.split_once("..")
        && !inner.contains(char::is_whitespace)
    {
        return Expression::Range(Box::new(expression(from)), Box::new(expression(to)));
    }
    let mut steps = path(text).into_iter();
    match steps.next() {
        Some(first) => Expression::Path(Box::new(first), steps.collect()),
        None => Expression::Constant(Value::Nil),
    }
}

/// A quoted text or a number.
fn literal(text: &str) -> Option<Value> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Some(Value::text(inner));
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(number) => Some(Value::Integer(number)),
            Err(_) => framework::read_double(text).map(Value::Double),
        };
    }
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'|'));
    if is_number { framework::read_double(text).map(Value::Double) } else { None }
}

/// `a.b["c"][0]`; whatever stands between names is skipped.
fn path(text: &str) -> Vec<Step> {
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter == '['
            && let Some((inner, after)) = rest.get(1..).and_then(|rest| rest.split_once(']'))
            && !inner.is_empty()
        {
            out.push(Step::Index(expression(inner)));
            rest = after;
            continue;
        }
        let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        if length == 0 {
            rest = rest.get(letter.len_utf8()..).unwrap_or("");
            continue;
        }
        let (name, after) = rest.split_at(length);
        out.push(Step::Name(Text::from(name)));
        rest = after.strip_prefix('?').unwrap_or(after);
    }
    out
}

/// `value | Filter: argument, argument | …`.
pub(super) fn chain(text: &str, place: &Range<usize>, mistakes: &mut Vec<Mistake>) -> Chain {
    let Some(subject) = fragment(text, 0, false) else { return Chain { subject: None, filters: Vec::new() } };
    let rest = text.get(subject.end..).unwrap_or("");
    let mut filters = Vec::new();
    for part in parts(rest).into_iter().skip(1) {
        let part = part.trim_start();
        let length =
            part.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(part.len());
        let (name, rest) = part.split_at(length);
        if name.is_empty() {
            continue;
        }
        let arguments = arguments(rest);
        match filters::find(name) {
            Some(declared) => {
                if arguments.len() < declared.needs {
                    mistakes.push(Mistake::missing_argument(name, place.clone()));
                }
                filters.push(Filter { declared, arguments });
            }
            // DotLiquid lets the value through.
            None => mistakes.push(Mistake::unknown_filter(name, place.clone())),
        }
    }
    Chain { subject: text.get(subject).map(expression), filters }
}

/// The text cut at `|` outside of quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if letter == '|' {
            out.extend(text.get(start..at));
            start = at + 1;
        }
        at = quoted(text, at).unwrap_or(at + letter.len_utf8());
    }
    out.extend(text.get(start..));
    out
}

/// What stands after `:` and `,`.
fn arguments(text: &str) -> Vec<Expression> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if !matches!(letter, ':' | ',') {
            at = quoted(text, at).unwrap_or(at + letter.len_utf8());
            continue;
        }
        let spaces = text.get(at + 1..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        at += 1 + spaces;
        if let Some(found) = fragment(text, at, true).filter(|found| found.start == at) {
            at = found.end;
            out.extend(text.get(found).map(expression));
        }
    }
    out
}

/// `a == b and c`; `and` and `or` are taken from the right, as in any Liquid.
pub(super) fn condition(text: &str, place: &Range<usize>, mistakes: &mut Vec<Mistake>) -> Option<Condition> {
    let words = fragments(text);
    let mut comparisons: Vec<(Condition, &str)> = Vec::new();
    let mut at = 0;
    while let Some(left) = words.get(at) {
        let end =
            words.iter().skip(at).position(|word| is_connector(word)).map_or(words.len(), |found| at + found);
        let connector = words.get(end).copied().unwrap_or("");
        let left = expression(left);
        let comparison = match words.get(at + 1..end) {
            Some([word, rest @ ..]) => match Operator::of(word) {
                Some(operator) => {
                    Condition::Compare(left, operator, expression(rest.first().copied().unwrap_or("")))
                }
                None => {
                    mistakes.push(Mistake::unknown_operator(word, place.clone()));
                    return None;
                }
            },
            _ => Condition::Truth(left),
        };
        comparisons.push((comparison, connector));
        at = end + 1;
    }
    let mut from_right = comparisons.into_iter().rev();
    let (mut whole, _) = from_right.next()?;
    for (comparison, connector) in from_right {
        whole = match connector {
            "or" => Condition::Or(Box::new(comparison), Box::new(whole)),
            _ => Condition::And(Box::new(comparison), Box::new(whole)),
        };
    }
    Some(whole)
}

fn is_connector(word: &str) -> bool {
    matches!(word, "and" | "or")
}
