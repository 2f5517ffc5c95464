//! Reads a pattern of .NET.

use super::class;
use super::node::{GroupKey, Node, literal};

/// Groups within groups, at most: below what the engine allows, which counts its own brackets too.
const DEEPEST: u32 = 40;

/// The letters of inline options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multiline: bool,
    pub(super) singleline: bool,
    pub(super) explicit_capture: bool,
    pub(super) ignore_white_space: bool,
    pub(super) ecma_script: bool,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is wrong, with .NET's message.
    Wrong(String),
    /// .NET takes it, this engine does not.
    Unsupported(&'static str),
}

/// A pattern with the keys of its groups in the order of their parentheses.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Node,
    pub(super) keys: Vec<GroupKey>,
    /// True with balancing groups.
    pub(super) balances: bool,
}

/// Reads `pattern`.
pub(super) fn parse(pattern: &str, flags: Flags) -> Result<Parsed, Refusal> {
    let mut parser = Parser { flags, ..Parser::new(pattern) };
    let root = parser.alternatives()?;
    if parser.peek() == Some(')') {
        return parser.wrong("Too many )'s.");
    }
    Ok(Parsed { root, keys: parser.keys, balances: parser.balances })
}

/// The reader; classes are read in their own file.
pub(super) struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    pub(super) flags: Flags,
    keys: Vec<GroupKey>,
    unnamed: u32,
    depth: u32,
    /// What inline options left to write.
    case_switch: Option<&'static str>,
    balances: bool,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            pattern,
            at: 0,
            flags: Flags::default(),
            keys: Vec::new(),
            unnamed: 0,
            depth: 0,
            case_switch: None,
            balances: false,
        }
    }

    pub(super) fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::Wrong(message.into()))
    }

    pub(super) fn take_while(&mut self, most: usize, fits: impl Fn(char) -> bool) -> &'p str {
        let rest = self.rest();
        let end = rest.char_indices().take(most).find(|(_, next)| !fits(*next)).map(|(at, _)| at);
        let end = end.unwrap_or_else(|| rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at));
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// Skips comments, and white space where it does not count.
    fn blanks(&mut self) -> Result<(), Refusal> {
        loop {
            if self.flags.ignore_white_space {
                self.take_while(usize::MAX, |next| {
                    matches!(next, ' ' | '\t' | '\n' | '\r' | '\u{B}' | '\u{C}')
                });
                if self.peek() == Some('#') {
                    self.take_while(usize::MAX, |next| next != '\n');
                    continue;
                }
            }
            if !self.eat("(?#") {
                return Ok(());
            }
            self.take_while(usize::MAX, |next| next != ')');
            if !self.eat(")") {
                return self.wrong("Unterminated (?#...) comment.");
            }
        }
    }

    fn alternatives(&mut self) -> Result<Node, Refusal> {
        let mut items = vec![self.sequence()?];
        while self.eat("|") {
            items.push(self.sequence()?);
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Node::Alternatives(items) })
    }

    fn sequence(&mut self) -> Result<Node, Refusal> {
        let mut items = Vec::new();
        loop {
            self.blanks()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(Node::Sequence(items)),
                Some('*' | '+' | '?') => return self.wrong("Quantifier {x,y} following nothing."),
                Some('{') if quantifier(self.rest()).is_some() => {
                    return self.wrong("Quantifier {x,y} following nothing.");
                }
                Some(_) => {}
            }
            match self.atom()? {
                Some(atom) => {
                    let atom = self.repeated(atom)?;
                    items.push(atom);
                }
                None => items.extend(self.case_switch.take().map(|switch| Node::Atom(switch.to_owned()))),
            }
        }
    }

    /// The atom with the quantifier that follows it.
    fn repeated(&mut self, atom: Node) -> Result<Node, Refusal> {
        self.blanks()?;
        let Some((least, most, length)) = quantifier(self.rest()) else { return Ok(atom) };
        self.at += length;
        if most.is_some_and(|most| most < least) {
            return self.wrong("Illegal {x,y} with x > y.");
        }
        self.blanks()?;
        let lazy = self.eat("?");
        self.blanks()?;
        if quantifier(self.rest()).is_some() {
            let symbol = self.peek().unwrap_or('*');
            return self.wrong(format!("Nested quantifier {symbol}."));
        }
        Ok(Node::Repeat { inner: Box::new(atom), least, most, lazy })
    }

    /// One atom; none for inline options.
    fn atom(&mut self) -> Result<Option<Node>, Refusal> {
        let Some(first) = self.next() else { return Ok(None) };
        Ok(Some(match first {
            '(' => return self.group(),
            '[' => Node::Atom(class::read(self)?),
            '\\' => self.escape()?,
            '.' if self.flags.singleline => Node::Atom("(?s:.)".to_owned()),
            '.' => Node::Atom("[^\\n]".to_owned()),
            '^' if self.flags.multiline => Node::Group("(?m:", Box::new(Node::Atom("^".to_owned()))),
            '^' => Node::Group("(?:", Box::new(Node::Atom("\\A".to_owned()))),
            '$' if self.flags.multiline => Node::Group("(?m:", Box::new(Node::Atom("$".to_owned()))),
            '$' => Node::End,
            other => Node::Atom(literal(other)),
        }))
    }

    /// After the backslash.
    fn escape(&mut self) -> Result<Node, Refusal> {
        let atom = |text: &str| Ok(Node::Group("(?:", Box::new(Node::Atom(text.to_owned()))));
        match self.peek() {
            None => return self.wrong("Illegal \\ at end of pattern."),
            Some('b' | 'B' | 'A' | 'z' | 'G') => {
                let letter = self.next().unwrap_or('b');
                return atom(&format!("\\{letter}"));
            }
            Some('Z') => {
                self.next();
                return Ok(Node::End);
            }
            Some('k') => return self.named_reference(),
            Some('0') => {
                let octal = self.take_while(3, |digit| digit.is_digit(8));
                let code = u32::from_str_radix(octal, 8).unwrap_or(0) & 0xFF;
                return Ok(Node::Atom(literal(char::from_u32(code).unwrap_or('\0'))));
            }
            Some('1'..='9') => {
                let digits = self.take_while(9, |digit| digit.is_ascii_digit());
                return Ok(Node::Digits(digits.to_owned()));
            }
            Some(_) => {}
        }
        if let Some(set) = class::shorthand(self)? {
            return Ok(Node::Atom(format!("[{set}]")));
        }
        Ok(Node::Atom(literal(self.escaped_char()?)))
    }

    fn named_reference(&mut self) -> Result<Node, Refusal> {
        self.next();
        let close = match self.next() {
            Some('<') => '>',
            Some('\'') => '\'',
            _ => return self.wrong("Malformed \\k<...> named back reference."),
        };
        let name = self.take_while(usize::MAX, is_word);
        if name.is_empty() || self.next() != Some(close) {
            return self.wrong("Malformed \\k<...> named back reference.");
        }
        Ok(Node::Reference(key(name)))
    }

    /// A character written as an escape, after the backslash.
    pub(super) fn escaped_char(&mut self) -> Result<char, Refusal> {
        let Some(letter) = self.next() else { return self.wrong("Illegal \\ at end of pattern.") };
        Ok(match letter {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{C}',
            'v' => '\u{B}',
            'a' => '\u{7}',
            'e' => '\u{1B}',
            'x' => self.hexadecimal(2)?,
            'u' => self.hexadecimal(4)?,
            'c' => match self.next().map(|letter| letter.to_ascii_uppercase()) {
                Some(control @ '@'..='_') => char::from_u32(u32::from(control) - 64).unwrap_or('\0'),
                Some(_) => return self.wrong("Unrecognized control character."),
                None => return self.wrong("Missing control character."),
            },
            _ if is_word(letter) && !self.flags.ecma_script => {
                return self.wrong(format!("Unrecognized escape sequence \\{letter}."));
            }
            _ => letter,
        })
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<char, Refusal> {
        let read = self.take_while(digits, |digit| digit.is_ascii_hexdigit());
        if read.len() < digits {
            return self.wrong("Insufficient or invalid hexadecimal digits.");
        }
        let code = u32::from_str_radix(read, 16).unwrap_or(0);
        char::from_u32(code).ok_or(Refusal::Unsupported("halves of surrogate pairs"))
    }

    /// After `(`; none for inline options.
    fn group(&mut self) -> Result<Option<Node>, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::Unsupported("groups nested so deeply"));
        }
        let outer = self.flags;
        let node = self.group_content()?;
        // Inline options hold to the end of the group around them.
        if node.is_some() {
            self.flags = outer;
        }
        self.depth -= 1;
        Ok(node)
    }

    fn group_content(&mut self) -> Result<Option<Node>, Refusal> {
        if !self.eat("?") {
            if self.flags.explicit_capture {
                return self.closed(|inner| Node::Group("(?:", inner));
            }
            self.unnamed += 1;
            return self.capture(GroupKey::Number(self.unnamed));
        }
        let plain = ["(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"];
        for open in plain {
            if self.eat(open.get(2..).unwrap_or("")) {
                return self.closed(|inner| Node::Group(open, inner));
            }
        }
        if self.eat("(") {
            return self.conditional().map(Some);
        }
        if self.eat("<") {
            return self.named('>');
        }
        if self.eat("'") {
            return self.named('\'');
        }
        self.options()
    }

    fn closed(&mut self, make: impl FnOnce(Box<Node>) -> Node) -> Result<Option<Node>, Refusal> {
        let inner = self.alternatives()?;
        if !self.eat(")") {
            return self.wrong("Not enough )'s.");
        }
        Ok(Some(make(Box::new(inner))))
    }

    fn capture(&mut self, key: GroupKey) -> Result<Option<Node>, Refusal> {
        self.keys.push(key);
        let at = self.keys.len();
        self.closed(|inner| Node::Capture(at, inner))
    }

    fn named(&mut self, close: char) -> Result<Option<Node>, Refusal> {
        let name = self.take_while(usize::MAX, is_word);
        if self.eat("-") {
            return self.balancing(name, close);
        }
        let begins_well = !name.starts_with(|first: char| first.is_ascii_digit())
            || (name.bytes().all(|digit| digit.is_ascii_digit())
                && name.parse::<u16>().is_ok_and(|number| number > 0));
        if name.is_empty() || !begins_well || self.next() != Some(close) {
            return self.wrong("Invalid group name: Group names must begin with a word character.");
        }
        self.capture(key(name))
    }

    /// After `name-`: the group that loses its last capture; the name before it may be missing.
    fn balancing(&mut self, name: &str, close: char) -> Result<Option<Node>, Refusal> {
        let popped = self.take_while(usize::MAX, is_word);
        if popped.is_empty() || self.next() != Some(close) {
            return self.wrong("Invalid group name: Group names must begin with a word character.");
        }
        self.balances = true;
        let at = (!name.is_empty()).then(|| {
            self.keys.push(key(name));
            self.keys.len()
        });
        let popped = key(popped);
        self.closed(|inner| Node::Balance(at, popped, inner))
    }

    /// `imnsx-imnsx` up to `)` or `:`.
    fn options(&mut self) -> Result<Option<Node>, Refusal> {
        let outer = self.flags;
        let mut on = true;
        loop {
            match self.next() {
                Some('-') => on = false,
                Some('+') => on = true,
                Some('i' | 'I') => self.flags.ignore_case = on,
                Some('m' | 'M') => self.flags.multiline = on,
                Some('n' | 'N') => self.flags.explicit_capture = on,
                Some('s' | 'S') => self.flags.singleline = on,
                Some('x' | 'X') => self.flags.ignore_white_space = on,
                Some(')') => {
                    // The engine only needs to hear of the case.
                    if self.flags.ignore_case != outer.ignore_case {
                        self.case_switch = Some(if self.flags.ignore_case { "(?i)" } else { "(?-i)" });
                    }
                    return Ok(None);
                }
                Some(':') => {
                    let open = match self.flags.ignore_case {
                        true if !outer.ignore_case => "(?i:",
                        false if outer.ignore_case => "(?-i:",
                        _ => "(?:",
                    };
                    return self.closed(|inner| Node::Group(open, inner));
                }
                _ => return self.wrong("Unrecognized grouping construct."),
            }
        }
    }

    fn conditional(&mut self) -> Result<Node, Refusal> {
        let start = self.at;
        let word = self.take_while(usize::MAX, is_word);
        let named = format!("(?<{word}>");
        let quoted = format!("(?'{word}'");
        let is_number = !word.is_empty() && word.bytes().all(|digit| digit.is_ascii_digit());
        let is_group = is_number || self.pattern.contains(&named) || self.pattern.contains(&quoted);
        if !word.is_empty() && is_group && self.eat(")") {
            let (yes, no) = self.branches()?;
            return Ok(Node::IfCaptured(key(word), Box::new(yes), Box::new(no)));
        }
        self.at = start;
        let captures = self.keys.len();
        // The parenthesis belongs to the test: `(?=…)` and the like, or a plain expression.
        self.at -= 1;
        let test = if self.rest().starts_with("(?") && !self.rest().starts_with("(?<") {
            self.next();
            self.group()?.unwrap_or(Node::Sequence(Vec::new()))
        } else {
            self.next();
            self.closed(|inner| *inner)?.unwrap_or(Node::Sequence(Vec::new()))
        };
        if self.keys.len() != captures {
            return Err(Refusal::Unsupported("captures in the test of an alternation"));
        }
        let (yes, no) = self.branches()?;
        Ok(Node::IfAhead(Box::new(test), Box::new(yes), Box::new(no)))
    }

    fn branches(&mut self) -> Result<(Node, Node), Refusal> {
        let yes = self.sequence()?;
        let no = if self.eat("|") { self.sequence()? } else { Node::Sequence(Vec::new()) };
        if self.peek() == Some('|') {
            return self.wrong("Too many | in (?()|).");
        }
        if !self.eat(")") {
            return self.wrong("Not enough )'s.");
        }
        Ok((yes, no))
    }
}

fn key(name: &str) -> GroupKey {
    name.parse().map_or_else(|_| GroupKey::Name(name.to_owned()), GroupKey::Number)
}

fn is_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

/// A quantifier at the start of `text`: bounds and length.
fn quantifier(text: &str) -> Option<(u32, Option<u32>, usize)> {
    match text.chars().next()? {
        '*' => Some((0, None, 1)),
        '+' => Some((1, None, 1)),
        '?' => Some((0, Some(1), 1)),
        '{' => {
            let end = text.find('}')?;
            let inner = text.get(1..end)?;
            let (least, most) =
                inner.split_once(',').map_or((inner, None), |(least, most)| (least, Some(most)));
            let number = |digits: &str| {
                let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
                is_number.then(|| digits.parse().unwrap_or(u32::MAX))
            };
            let least = number(least)?;
            let most = match most {
                None => Some(least),
                Some("") => None,
                Some(most) => Some(number(most)?),
            };
            Some((least, most, end + 1))
        }
        _ => None,
    }
}

/// `Regex.Unescape`; a message when an escape is unknown.
pub(super) fn unescape(text: &str) -> Result<String, String> {
    let mut parser = Parser::new(text);
    let mut out = String::with_capacity(text.len());
    while let Some(next) = parser.next() {
        let is_octal = matches!(parser.peek(), Some('0'..='7'));
        match next {
            // A backslash at the end is dropped.
            '\\' if parser.peek().is_none() => {}
            '\\' if is_octal => {
                let octal = parser.take_while(3, |digit| digit.is_digit(8));
                out.extend(u32::from_str_radix(octal, 8).ok().and_then(|code| char::from_u32(code & 0xFF)));
            }
            '\\' => out.push(parser.escaped_char().map_err(|refusal| match refusal {
                Refusal::Wrong(message) => message,
                Refusal::Unsupported(what) => format!("{what} are not supported"),
            })?),
            _ => out.push(next),
        }
    }
    Ok(out)
}
