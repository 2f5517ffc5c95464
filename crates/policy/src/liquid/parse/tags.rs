//! What each tag holds.

use sekisho_expression::value::Text;

use super::{Parser, Tag};
use crate::liquid::markup;
use crate::liquid::node::{Condition, Expression, For, Node, Offset, When};
use crate::liquid::scan::Kind;
use crate::liquid::value::Value;

impl<'t> Parser<'t> {
    pub(super) fn assign(&mut self, tag: &Tag<'_>) -> Option<Node> {
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

    pub(super) fn decision(&mut self, open: Tag<'t>) -> Option<Node> {
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

    pub(super) fn case(&mut self, open: &Tag<'t>) -> Option<Node> {
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

    pub(super) fn repetition(&mut self, open: &Tag<'t>, form: &str, closing: &str) -> Option<Node> {
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

    pub(super) fn cycle(&mut self, tag: &Tag<'_>) -> Option<Node> {
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
    pub(super) fn verbatim(&mut self, open: &Tag<'_>, closing: &str) -> Option<Node> {
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
