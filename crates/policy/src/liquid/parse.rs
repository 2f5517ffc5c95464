//! A template from its text: blocks and tags.

use std::borrow::Cow;
use std::ops::Range;

use sekisho_diagnostics::{Severity, closest};
use sekisho_expression::value::Text;

use super::node::{Condition, Expression, For, Node, Offset, When};
use super::scan::{Kind, Token, tokens};
use super::value::Value;
use super::{Template, filters, markup};

/// Blocks in blocks, at most: DotLiquid's own bound.
const DEEPEST: usize = 80;

/// What is wrong with a template.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// A warning for what DotLiquid lets pass.
    pub(crate) severity: Severity,
    /// Where, in bytes of the template.
    pub(crate) place: Range<usize>,
    /// What.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
}

impl Mistake {
    fn error(place: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, message: message.into(), help: help.into() }
    }

    fn warning(place: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message, help) }
    }

    /// A filter that does not exist.
    pub(super) fn unknown_filter(name: &str, place: Range<usize>) -> Self {
        let help = match closest(name, filters::names()) {
            Some(meant) => format!("did you mean `{meant}`? A filter that does not exist changes nothing"),
            None => "it changes nothing; the documentation of `set-body` lists the filters".to_owned(),
        };
        Self::warning(place, format!("there is no filter `{name}`"), help)
    }

    /// A filter without an argument that it needs.
    pub(super) fn missing_argument(name: &str, place: Range<usize>) -> Self {
        Self::warning(place, format!("`{name}` needs an argument"), format!("write `{name}: …`"))
    }

    /// A comparison that does not exist.
    pub(super) fn unknown_operator(word: &str, place: Range<usize>) -> Self {
        Self::error(
            place,
            format!("`{word}` does not compare values"),
            "write `==`, `!=`, `<`, `>`, `<=`, `>=` or `contains`",
        )
    }
}

/// Parses a template.
///
/// # Errors
/// What is wrong, with at least one error among it.
pub(crate) fn parse(text: &str) -> (Option<Template>, Vec<Mistake>) {
    let tokens = tokens(text);
    let mut parser =
        Parser { text, tokens: &tokens, at: 0, depth: 0, reads_body: false, mistakes: Vec::new() };
    let (nodes, end) = parser.block(&[]);
    if let Some(tag) = end {
        parser.stray(&tag);
    }
    let is_broken = parser.has_error();
    let template = (!is_broken).then_some(Template { nodes, reads_body: parser.reads_body });
    (template, parser.mistakes)
}

/// A tag: its name and what follows.
struct Tag<'t> {
    name: &'t str,
    markup: Cow<'t, str>,
    place: Range<usize>,
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    reads_body: bool,
    mistakes: Vec<Mistake>,
}

impl<'t> Parser<'t> {
    fn error(&mut self, place: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake::error(place, message, help));
    }

    /// Markup as a value sees it. A document that writes `&lt;` in markup means `<`.
    fn markup(&mut self, token: &Token) -> Cow<'t, str> {
        let raw = self.text.get(token.inner.clone()).unwrap_or("");
        self.reads_body |= raw.to_ascii_lowercase().contains("body");
        if !raw.contains('&') {
            return Cow::Borrowed(raw);
        }
        let decoded = raw.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        Cow::Owned(decoded.replace("&apos;", "'").replace("&amp;", "&"))
    }

    /// Nodes up to a tag that `ends` names; that tag, or none at the end of the template.
    fn block(&mut self, ends: &[&str]) -> (Vec<Node>, Option<Tag<'t>>) {
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            match token.kind {
                Kind::Text => nodes.push(Node::Text(self.slice(&token.inner))),
                Kind::Unclosed => {
                    let start = token.whole.start;
                    let close = if self.text.get(start..).is_some_and(|rest| rest.starts_with("{%")) {
                        "%}"
                    } else {
                        "}}"
                    };
                    self.error(
                        start..start + 2,
                        "this tag of the template is not closed",
                        format!("close it with `{close}`"),
                    );
                }
                Kind::Output => {
                    let markup = self.markup(token);
                    nodes.push(Node::Output(markup::chain(&markup, &token.whole, &mut self.mistakes)));
                }
                Kind::Tag => {
                    let Some(tag) = self.tag(token) else { continue };
                    if ends.contains(&tag.name) {
                        return (nodes, Some(tag));
                    }
                    nodes.extend(self.node(tag));
                }
            }
        }
        (nodes, None)
    }

    fn slice(&self, range: &Range<usize>) -> Text {
        Text::from(self.text.get(range.clone()).unwrap_or(""))
    }

    fn tag(&mut self, token: &Token) -> Option<Tag<'t>> {
        let raw = self.text.get(token.inner.clone()).unwrap_or("");
        let start = raw.len() - raw.trim_start().len();
        let named = raw.get(start..).unwrap_or("");
        let length =
            named.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(named.len());
        let name = named.get(..length).unwrap_or("");
        if name.is_empty() {
            self.error(token.whole.clone(), "this tag has no name", "write `{% if … %}` or another tag");
            return None;
        }
        let rest = Token { inner: token.inner.start + start + length..token.inner.end, ..token.clone() };
        Some(Tag { name, markup: self.markup(&rest), place: token.whole.clone() })
    }

    /// The nodes of a block and the tag that ended it; reports a block that never ends.
    fn inside(&mut self, open: &Tag<'_>, ends: &[&str]) -> (Vec<Node>, Option<Tag<'t>>) {
        if self.depth >= DEEPEST {
            self.error(
                open.place.clone(),
                format!("blocks are nested more than {DEEPEST} deep"),
                "take a block apart",
            );
            self.at = self.tokens.len();
            return (Vec::new(), None);
        }
        self.depth += 1;
        let (nodes, end) = self.block(ends);
        self.depth -= 1;
        if end.is_none() && !self.has_error() {
            let closing = ends.last().copied().unwrap_or("");
            self.error(
                open.place.clone(),
                format!("`{}` is never closed", open.name),
                format!("add `{{% {closing} %}}`"),
            );
        }
        (nodes, end)
    }

    fn has_error(&self) -> bool {
        self.mistakes.iter().any(|mistake| mistake.severity == Severity::Error)
    }

    fn stray(&mut self, tag: &Tag<'_>) {
        let continues =
            tag.name.starts_with("end") || matches!(tag.name, "else" | "elsif" | "elseif" | "when");
        // It may belong to a tag that could not be read.
        if continues && self.has_error() {
            return;
        }
        let known =
            ["assign", "capture", "case", "comment", "cycle", "for", "if", "raw", "tablerow", "unless"];
        let help = match closest(tag.name, known.into_iter()) {
            _ if continues => "it closes or continues nothing here".to_owned(),
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the tags are {} and a few more", known.join(", ")),
        };
        self.error(tag.place.clone(), format!("`{}` is no tag of a template here", tag.name), help);
    }

    fn wrong_syntax(&mut self, tag: &Tag<'_>, form: &str) -> Option<Node> {
        self.error(
            tag.place.clone(),
            format!("`{}` is not written so", tag.name),
            format!("write `{{% {form} %}}`"),
        );
        None
    }

    fn node(&mut self, tag: Tag<'t>) -> Option<Node> {
        match tag.name {
            "assign" => self.assign(&tag),
            "capture" => {
                let name = markup::fragments(&tag.markup)
                    .first()
                    .map(|name| Text::from(name.trim_matches(['\'', '"'])));
                let (nodes, _) = self.inside(&tag, &["endcapture"]);
                match name {
                    Some(name) => Some(Node::Capture(name, nodes)),
                    None => self.wrong_syntax(&tag, "capture name"),
                }
            }
            "if" | "unless" => self.decision(tag),
            "case" => self.case(&tag),
            "for" => self.repetition(&tag, "for", "endfor"),
            "JSONArrayFor" => self.repetition(&tag, "JSONArrayFor", "endJSONArrayFor"),
            "tablerow" => self.repetition(&tag, "tablerow", "endtablerow"),
            "cycle" => self.cycle(&tag),
            "ifchanged" => Some(Node::IfChanged(self.inside(&tag, &["endifchanged"]).0)),
            "increment" | "decrement" => match markup::fragments(&tag.markup).first() {
                Some(name) => {
                    Some(Node::Count(Text::from(*name), if tag.name == "increment" { 1 } else { -1 }))
                }
                None => self.wrong_syntax(&tag, "increment name"),
            },
            "break" => Some(Node::Break),
            "continue" => Some(Node::Continue),
            "comment" => self.verbatim(&tag, "endcomment").and(None),
            "raw" => self.verbatim(&tag, "endraw"),
            "literal" => self.verbatim(&tag, "endliteral"),
            "include" | "render" | "extends" | "block" | "param" | "addfilters" => {
                let message = format!("`{}` needs templates or settings beside this one", tag.name);
                self.error(
                    tag.place,
                    message,
                    "a template of `set-body` stands alone: write its content here",
                );
                None
            }
            _ => {
                self.stray(&tag);
                None
            }
        }
    }

    fn assign(&mut self, tag: &Tag<'_>) -> Option<Node> {
        let Some((name, value)) = tag.markup.split_once('=').filter(|(name, _)| !name.trim().is_empty())
        else {
            return self.wrong_syntax(tag, "assign name = value");
        };
        Some(Node::Assign(Text::from(name.trim()), markup::chain(value, &tag.place, &mut self.mistakes)))
    }

    fn condition(&mut self, tag: &Tag<'_>) -> Condition {
        let before = self.mistakes.len();
        let found = markup::condition(&tag.markup, &tag.place, &mut self.mistakes);
        if found.is_none() && self.mistakes.len() == before {
            self.wrong_syntax(tag, "if value");
        }
        found.unwrap_or(Condition::Always)
    }

    fn decision(&mut self, open: Tag<'t>) -> Option<Node> {
        let closing = if open.name == "if" { "endif" } else { "endunless" };
        let mut condition = self.condition(&open);
        if open.name == "unless" {
            condition = Condition::Not(Box::new(condition));
        }
        let mut branches = Vec::new();
        let mut current = open;
        loop {
            let (nodes, end) = self.inside(&current, &["elsif", "elseif", "else", closing]);
            branches.push((condition, nodes));
            current = match end {
                Some(tag) if tag.name != closing => tag,
                _ => return Some(Node::If(branches)),
            };
            condition = if current.name == "else" { Condition::Always } else { self.condition(&current) };
        }
    }

    fn case(&mut self, open: &Tag<'t>) -> Option<Node> {
        let subject = markup::fragments(&open.markup).first().map(|subject| markup::expression(subject));
        let Some(subject) = subject else { return self.wrong_syntax(open, "case value") };
        let ends = ["when", "else", "endcase"];
        // What stands before the first `when` is never shown.
        let (_, mut end) = self.inside(open, &ends);
        let mut branches = Vec::new();
        while let Some(tag) = end.filter(|tag| tag.name != "endcase") {
            let values = (tag.name == "when").then(|| {
                let words = markup::fragments(&tag.markup);
                words.into_iter().filter(|word| *word != "or").map(markup::expression).collect::<Vec<_>>()
            });
            if values.as_ref().is_some_and(Vec::is_empty) {
                return self.wrong_syntax(&tag, "when value");
            }
            let (nodes, next) = self.inside(&tag, &ends);
            branches.push(When { values, nodes });
            end = next;
        }
        Some(Node::Case(subject, branches))
    }

    fn repetition(&mut self, open: &Tag<'t>, form: &str, closing: &str) -> Option<Node> {
        let words = markup::fragments(&open.markup);
        let [variable, "in", collection, options @ ..] = words.as_slice() else {
            return self.wrong_syntax(open, &format!("{form} item in collection"));
        };
        let mut found = For {
            variable: Text::from(*variable),
            collection: markup::expression(collection),
            name: Text::from(format!("{variable}-{collection}")),
            reversed: options.first() == Some(&"reversed"),
            limit: None,
            offset: Offset::At(None),
            columns: None,
            nodes: Vec::new(),
            otherwise: Vec::new(),
            separator: if form == "JSONArrayFor" { "," } else { "" },
        };
        for (name, value) in options_of(&open.markup) {
            match name {
                "limit" => found.limit = Some(markup::expression(value)),
                "offset" if value == "continue" => found.offset = Offset::Continue,
                "offset" => found.offset = Offset::At(Some(markup::expression(value))),
                "cols" => found.columns = Some(markup::expression(value)),
                _ => {}
            }
        }
        let (nodes, end) = self.inside(open, &["else", closing]);
        found.nodes = nodes;
        if let Some(tag) = end.filter(|tag| tag.name == "else") {
            found.otherwise = self.inside(&tag, &[closing]).0;
        }
        let found = Box::new(found);
        Some(if form == "tablerow" { Node::TableRow(found) } else { Node::For(found) })
    }

    fn cycle(&mut self, tag: &Tag<'_>) -> Option<Node> {
        let (group, list) = match tag.markup.split_once(':') {
            Some((group, list)) => (Some(group.trim()), list),
            None => (None, &*tag.markup),
        };
        let words = markup::fragments(list);
        if words.is_empty() {
            return self.wrong_syntax(tag, "cycle 'one', 'two'");
        }
        let name = match group {
            Some(group) => markup::expression(group),
            None => Expression::Constant(Value::text(words.concat())),
        };
        Some(Node::Cycle(name, words.into_iter().map(markup::expression).collect()))
    }

    /// Everything up to the closing tag as text.
    fn verbatim(&mut self, open: &Tag<'_>, closing: &str) -> Option<Node> {
        let start = self.tokens.get(self.at).map_or(self.text.len(), |token| token.whole.start);
        while let Some(token) = self.tokens.get(self.at) {
            self.at += 1;
            let inner = self.text.get(token.inner.clone()).unwrap_or("");
            if token.kind == Kind::Tag && inner.trim() == closing {
                return Some(Node::Text(self.slice(&(start..token.whole.start))));
            }
        }
        let message = format!("`{}` is never closed", open.name);
        self.error(open.place.clone(), message, format!("add `{{% {closing} %}}`"));
        None
    }
}

/// `name:value` of a tag.
fn options_of(markup: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    for (at, _) in markup.match_indices(':') {
        let before = markup.get(..at).unwrap_or("").trim_end();
        let start = before
            .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .map_or(0, |found| found + 1);
        let value = markup::fragment(markup, at + 1, true).and_then(|range| markup.get(range));
        out.extend(before.get(start..).zip(value));
    }
    out
}
