//! The text of a JSONPath to its steps, character for character as Newtonsoft.Json reads it.

use super::{Step, json_exception};
use crate::exception::Exception;

pub(super) type Read<T> = Result<T, Exception>;

/// Reads a path.
///
/// # Errors
/// `JsonException`; `FormatException`, `OverflowException` for an index that is no Int32.
pub(in crate::dotnet::json) fn parse(text: &str) -> Read<Vec<Step>> {
    let mut parser = Parser { text: text.chars().collect(), at: 0, nesting: 0 };
    let mut steps = Vec::new();
    parser.skip_space();
    if parser.peek().is_none() {
        return Ok(steps);
    }
    let mut start = 0;
    if parser.peek() == Some('$') {
        if parser.text.len() == 1 {
            return Ok(steps);
        }
        // Otherwise it begins a name.
        if let Some('.' | '[') = parser.look(1) {
            parser.at += 1;
            start = parser.at;
        }
    }
    if !parser.path(&mut steps, start, false)? {
        let last = parser.peek();
        parser.skip_space();
        if let (Some(last), true) = (last, parser.peek().is_some()) {
            return Err(json_exception(format!("Unexpected character while parsing path: {last}")));
        }
    }
    Ok(steps)
}

pub(super) struct Parser {
    text: Vec<char>,
    pub(super) at: usize,
    pub(super) nesting: usize,
}

fn step_of(name: String, scan: bool) -> Step {
    let name = (name != "*").then_some(name);
    if scan { Step::Scan(name) } else { Step::Field(name) }
}

impl Parser {
    pub(super) fn peek(&self) -> Option<char> {
        self.look(0)
    }

    pub(super) fn look(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    pub(super) fn between(&self, start: usize, end: usize) -> String {
        self.text.get(start..end).unwrap_or(&[]).iter().collect()
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    pub(super) fn required(&self, message: &str) -> Read<char> {
        self.peek().ok_or_else(|| json_exception(message))
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let matches = token.chars().enumerate().all(|(ahead, wanted)| self.look(ahead) == Some(wanted));
        if matches {
            self.at += token.chars().count();
        }
        matches
    }

    /// Steps up to the end, which gives true; or up to what cannot belong to a path.
    pub(super) fn path(&mut self, steps: &mut Vec<Step>, start: usize, in_query: bool) -> Read<bool> {
        let mut start = start;
        let (mut scan, mut after_indexer, mut after_dot) = (false, false, false);
        while let Some(next) = self.peek() {
            match next {
                '[' | '(' => {
                    if self.at > start {
                        steps.push(step_of(self.between(start, self.at), scan));
                        scan = false;
                    }
                    steps.push(self.indexer(if next == '[' { ']' } else { ')' }, scan)?);
                    scan = false;
                    self.at += 1;
                    start = self.at;
                    (after_indexer, after_dot) = (true, false);
                }
                ']' | ')' | ' ' => break,
                '.' => {
                    if self.at > start {
                        steps.push(step_of(self.between(start, self.at), scan));
                        scan = false;
                    }
                    if self.look(1) == Some('.') {
                        scan = true;
                        self.at += 1;
                    }
                    self.at += 1;
                    start = self.at;
                    (after_indexer, after_dot) = (false, true);
                }
                '=' | '<' | '!' | '>' | '|' | '&' if in_query => break,
                _ if after_indexer => {
                    return Err(json_exception(format!("Unexpected character following indexer: {next}")));
                }
                _ => self.at += 1,
            }
        }
        let is_at_end = self.peek().is_none();
        if self.at > start {
            steps.push(step_of(self.between(start, self.at).trim_end().to_owned(), scan));
        } else if after_dot && (is_at_end || in_query) {
            return Err(json_exception("Unexpected end while parsing path."));
        }
        Ok(is_at_end)
    }

    /// What stands in brackets; stops before the closing one.
    fn indexer(&mut self, close: char, scan: bool) -> Read<Step> {
        self.at += 1;
        self.required("Path ended with open indexer.")?;
        self.skip_space();
        match self.peek() {
            Some('\'') => self.quoted_fields(close, scan),
            Some('?') => self.filter(close, scan),
            _ => self.numbers(close),
        }
    }

    pub(super) fn unexpected_in_indexer<T>(&self, found: char) -> Read<T> {
        Err(json_exception(format!("Unexpected character while parsing path indexer: {found}")))
    }

    fn numbers(&mut self, close: char) -> Read<Step> {
        let mut start = self.at;
        let mut end = None;
        let mut indexes: Option<Vec<i64>> = None;
        let mut slice = [None; 3];
        let mut colons = 0_usize;
        while let Some(next) = self.peek() {
            let digits = self.between(start, end.unwrap_or(self.at));
            match next {
                ' ' => {
                    end = Some(self.at);
                    self.skip_space();
                    continue;
                }
                _ if next == close => {
                    if let Some(mut indexes) = indexes {
                        indexes.push(index(&digits)?);
                        return Ok(Step::Indexes(indexes));
                    }
                    if colons > 0 {
                        if let (Some(part), false) = (slice.get_mut(colons.min(2)), digits.is_empty()) {
                            *part = Some(index(&digits)?);
                        }
                        let [start, end, step] = slice;
                        return Ok(Step::Slice(start, end, step));
                    }
                    return Ok(Step::Index(Some(index(&digits)?)));
                }
                ',' => {
                    indexes.get_or_insert_default().push(index(&digits)?);
                    self.at += 1;
                }
                '*' => {
                    self.at += 1;
                    self.required("Path ended with open indexer.")?;
                    self.skip_space();
                    return match self.peek() {
                        Some(found) if found == close => Ok(Step::Index(None)),
                        _ => self.unexpected_in_indexer(next),
                    };
                }
                ':' => {
                    if let (Some(part), false) = (slice.get_mut(colons.min(2)), digits.is_empty()) {
                        *part = Some(index(&digits)?);
                    }
                    colons += 1;
                    self.at += 1;
                }
                _ if !(next.is_numeric() || next == '-') || end.is_some() => {
                    return self.unexpected_in_indexer(next);
                }
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.skip_space();
            start = self.at;
            end = None;
        }
        Err(json_exception("Path ended with open indexer."))
    }

    fn quoted_fields(&mut self, close: char, scan: bool) -> Read<Step> {
        let mut names = Vec::new();
        while self.peek().is_some() {
            names.push(self.quoted()?);
            self.skip_space();
            match self.required("Path ended with open indexer.")? {
                found if found == close => {
                    let is_single = names.len() == 1;
                    return Ok(match (scan, is_single) {
                        (false, true) => Step::Field(names.pop()),
                        (true, true) => Step::Scan(names.pop()),
                        (false, false) => Step::Fields(names),
                        (true, false) => Step::ScanFields(names),
                    });
                }
                ',' => {
                    self.at += 1;
                    self.skip_space();
                }
                found => return self.unexpected_in_indexer(found),
            }
        }
        Err(json_exception("Path ended with open indexer."))
    }

    /// A string in single quotes; what its first character is was looked at before.
    pub(super) fn quoted(&mut self) -> Read<String> {
        let mut out = String::new();
        self.at += 1;
        while let Some(next) = self.peek() {
            self.at += 1;
            match (next, self.peek()) {
                ('\\', Some(escape)) => {
                    out.push(match escape {
                        'b' => '\u{8}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{c}',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '/' => escape,
                        _ => return Err(json_exception(format!("Unknown escape character: \\{escape}"))),
                    });
                    self.at += 1;
                }
                ('\'', _) => return Ok(out),
                _ => out.push(next),
            }
        }
        Err(json_exception("Path ended with an open string."))
    }
}

/// `Convert.ToInt32` of an index.
fn index(digits: &str) -> Read<i64> {
    if digits.is_empty() {
        return Err(json_exception("Array index expected."));
    }
    match digits.parse::<i128>() {
        Ok(number) => i32::try_from(number)
            .map(i64::from)
            .map_err(|_| Exception::overflow("Value was either too large or too small for an Int32.")),
        Err(_) => Err(Exception::format("Input string was not in a correct format.")),
    }
}
