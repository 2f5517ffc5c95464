//! A template from its text: blocks, and the tags in them; [`tags`] has one function for each kind.

mod tags;

use std::borrow::Cow;
use std::ops::Range;

use sekisho_diagnostics::{Severity, closest};
use sekisho_expression::value::Text;

use super::node::Node;
use super::scan::{Kind, Token, tokens};
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
        let help = match closest(tag.name, known) {
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
}
