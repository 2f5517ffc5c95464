//! Changes expressions token by token, so that many of the results still mean something.

/// What stands where a literal stood.
const EXTREMES: &[&str] = &[
    "null",
    "0",
    "-1",
    "int.MaxValue",
    "int.MinValue",
    "long.MaxValue",
    "long.MinValue",
    "uint.MaxValue",
    "ulong.MaxValue",
    "1e308",
    "double.NaN",
    "double.NegativeInfinity",
    "float.MaxValue",
    "0.1m",
    "decimal.MaxValue",
    "decimal.MinValue",
    "1e-28m",
    "'\\uD800'",
    "'\\0'",
    "\"\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uDE00x\"",
    "\"é́\"",
    "\"İıſß\"",
    "\"{0}\"",
    "\"{0,2147483647}\"",
    "\"$..*\"",
    "\"[?(@.a)]\"",
    "\"(a+)+$\"",
    "\"(?<=a)\\\\1\"",
    "\"yyyyMMddHHmmssfffffff\"",
    "\"#,##0.00;(0)\"",
    "\"2024-02-30T25:61:61Z\"",
    "\"9999999999999999999999999999999\"",
    "\"NaN\"",
    "\"<a xmlns='b'>&#x10FFFF;</a>\"",
    "\"{\\\"a\\\":1e999}\"",
    "new string('a', 70000)",
    "new string('é', 70000)",
    "new byte[70000]",
    "Enumerable.Range(0, 70000)",
    "new int[0]",
    "DateTime.MaxValue",
    "DateTime.MinValue",
    "TimeSpan.MinValue",
    "Guid.Empty",
    "new object()",
    "default(int?)",
    "(object)1",
    "context",
    "x => x",
];

/// What is put round a part.
const AROUND: &[(&str, &str)] = &[
    ("(", ")"),
    ("(object)(", ")"),
    ("((Func<object>)(() => ", "))()"),
    ("new[] { ", " }"),
    ("new { a = ", " }"),
    ("new JArray(", ")"),
    ("Tuple.Create(", ")"),
    ("$\"{", "}\""),
    ("!(", ")"),
    ("-(", ")"),
    ("(true ? ", " : null)"),
    ("(", " ?? 1)"),
    ("checked(", ")"),
    ("(", ").ToString()"),
    ("(", ")?.ToString()"),
    ("JToken.FromObject(", ")"),
    ("JsonConvert.SerializeObject(", ")"),
    ("{ ", " }"),
    ("if (true) { ", " }"),
    ("try { ", " } catch { }"),
    ("foreach (var q in new[] { 1, 2 }) { ", " }"),
];

/// Text that belongs nowhere.
const STRAY: &[&str] = &[
    "\u{0}",
    "\u{FEFF}",
    "\u{202E}",
    "é",
    "😀",
    "\r",
    "\t",
    "\\",
    "`",
    "#",
    "@",
    "$\"",
    "/*",
    "\"",
    "'",
    "\u{10FFFF}",
];

pub(crate) struct Mutator {
    seeds: Vec<Vec<String>>,
    fixed: usize,
    state: u64,
}

impl Mutator {
    pub(crate) fn new(seeds: Vec<String>, seed: u64) -> Self {
        let seeds: Vec<_> = seeds.iter().map(|text| tokens(text)).collect();
        Self { fixed: seeds.len(), seeds, state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// An expression that ran may be changed further.
    pub(crate) fn keep(&mut self, text: String) {
        if text.len() > 4000 {
            return;
        }
        let tokens = tokens(&text);
        if self.seeds.len() < self.fixed + 2000 {
            self.seeds.push(tokens);
        } else {
            let at = self.fixed + self.below(2000);
            self.seeds[at] = tokens;
        }
    }

    /// The next input.
    pub(crate) fn next(&mut self) -> String {
        let mut text = self.any();
        // Mostly one change: with every further one fewer texts keep a meaning.
        for _ in 0..[1, 1, 1, 1, 2, 2, 3, 5][self.below(8)] {
            self.change(&mut text);
        }
        let mut out = text.concat();
        if self.below(40) == 0 {
            let stray = STRAY[self.below(STRAY.len())];
            let at = (0..=out.len()).filter(|at| out.is_char_boundary(*at)).nth(self.below(out.len() + 1));
            out.insert_str(at.unwrap_or(0), stray);
        }
        out
    }

    fn any(&mut self) -> Vec<String> {
        let at = self.below(self.seeds.len());
        self.seeds[at].clone()
    }

    /// A part of at most `most` tokens, without the frame round the expression.
    fn part(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let inner = length.saturating_sub(3).max(1);
        let start = (2 + self.below(inner)).min(length);
        start..(start + 1 + self.below(most)).min(length)
    }

    /// A token, or all between a bracket and its counterpart.
    fn whole(&mut self, text: &[String]) -> std::ops::Range<usize> {
        let start = self.part(text.len(), 1).start;
        let mut open = 0_usize;
        for (at, token) in text.iter().enumerate().skip(start) {
            match token.as_str() {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return start..at + 1;
            }
        }
        start..(start + 1).min(text.len())
    }

    fn change(&mut self, text: &mut Vec<String>) {
        let part = self.part(text.len(), 12);
        match self.below(14) {
            0 => drop(text.drain(part)),
            1 => {
                let copy = text[part.clone()].to_vec();
                text.splice(part.start..part.start, copy);
            }
            2 => {
                let other = self.part(text.len(), 1);
                if part.start < text.len() && other.start < text.len() {
                    text.swap(part.start, other.start);
                }
            }
            3 => {
                let other = self.any();
                let taken = self.part(other.len(), 20);
                text.splice(part, other[taken].iter().cloned());
            }
            4 => {
                let (part, other) = (self.whole(text), self.any());
                let taken = self.whole(&other);
                text.splice(part, other[taken].iter().cloned());
            }
            5 => {
                let part = self.whole(text);
                self.nest(text, part);
            }
            6..=8 => self.replace(text, is_literal, EXTREMES),
            9..=11 => {
                // One name for another of the suite: often a member of the same type.
                let other = self.any();
                let names: Vec<&str> =
                    other.iter().map(String::as_str).filter(|token| is_name(token)).collect();
                self.replace(text, is_name, &names);
            }
            _ => {
                let (part, extreme) = (self.whole(text), EXTREMES[self.below(EXTREMES.len())]);
                text.splice(part, [extreme.to_owned()]);
            }
        }
    }

    fn nest(&mut self, text: &mut Vec<String>, part: std::ops::Range<usize>) {
        let (before, after) = AROUND[self.below(AROUND.len())];
        let times = match self.below(6) {
            0 => self.below(400),
            1 => self.below(30),
            _ => 1,
        };
        text.insert(part.end, after.repeat(times));
        text.insert(part.start, before.repeat(times));
    }

    fn replace(&mut self, text: &mut [String], wanted: fn(&str) -> bool, by: &[&str]) {
        let places: Vec<usize> = (0..text.len()).filter(|at| wanted(&text[*at])).collect();
        if !places.is_empty() && !by.is_empty() {
            text[places[self.below(places.len())]] = by[self.below(by.len())].to_owned();
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 16) % end.max(1) as u64).unwrap()
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic())
}

fn is_literal(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '"' | '\''))
        || matches!(token, "true" | "false" | "null")
}

/// Words, numbers, texts, blanks and single other characters. What they join to is the text.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|next: char| !(next.is_alphanumeric() || next == '_')).unwrap_or(rest.len())
            }
            _ if first.is_whitespace() => rest.find(|next: char| !next.is_whitespace()).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        out.push(token.to_owned());
        rest = behind;
    }
    out
}

/// The length of a text literal; to the end of the line when it is not closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
