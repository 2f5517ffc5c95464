//! Named values, put into the texts of a document before anything looks at them.
//!
//! A value is pasted as it is: it may be an expression, or a part of one. References inside a value stay text.

use sekisho_diagnostics::reference::references;
use sekisho_diagnostics::{Diagnostic, MappedText, closest};

use super::Compiler;
use crate::xml::{Content, Element, Node};

impl Compiler<'_> {
    /// A text with all references replaced.
    pub fn pasted(&mut self, source: &MappedText) -> MappedText {
        text(self, source, false)
    }

    /// The element with all references replaced, in it and below.
    pub(crate) fn paste(&mut self, mut element: Element) -> Element {
        for attribute in &mut element.attributes {
            if let Some(pasted) = content(self, &attribute.value) {
                attribute.value = pasted;
            }
        }
        // What stands in set-body may be a Liquid template, whose braces are not ours; its policy pastes by itself.
        if element.name == "set-body" {
            return element;
        }
        element.children = std::mem::take(&mut element.children)
            .into_iter()
            .map(|child| match child {
                Node::Element(child) => Node::Element(self.paste(child)),
                Node::Text(text) => Node::Text(content(self, &text).unwrap_or(text)),
            })
            .collect();
        element
    }
}

/// The content with references replaced; none when it has none.
fn content(compiler: &mut Compiler<'_>, content: &Content) -> Option<Content> {
    references(content.text.text()).next()?;
    Some(Content::classified(text(compiler, &content.text, false), content.cdata))
}

/// The text with references replaced. Unknown names are reported, or left alone where braces mean something else.
pub(crate) fn text(compiler: &mut Compiler<'_>, source: &MappedText, keep_unknown: bool) -> MappedText {
    let mut out = MappedText::new(source.whole_span());
    let mut at = 0;
    let environment = compiler.environment();
    for (range, name) in references(source.text()) {
        let found = environment.named_values.get(name);
        // `{{{0}}}` is how `string.Format` writes braces around a value.
        let has_third_brace = source.text().get(..range.start).is_some_and(|before| before.ends_with('{'));
        if found.is_none() && (keep_unknown || has_third_brace) {
            continue;
        }
        out.push_mapped(source, at..range.start);
        at = range.end;
        let place = source.span(range.clone());
        match found.map(|found| &found.value) {
            Some(Some(value)) => {
                compiler.pasted.push(place);
                out.push_replaced(value, place);
            }
            Some(None) => {
                let message = format!("named value `{name}` has no value");
                let help = "give it a `value` in its namedValueInformation.json, or take it from the environment with `${NAME}`";
                compiler.report_unresolved(
                    Diagnostic::error("named-value-without-value", place, message).with_help(help),
                );
                compiler.unresolved.push(place);
                out.push_mapped(source, range);
            }
            None => {
                let names = environment.named_values.keys().map(String::as_str);
                let mut finding = Diagnostic::error(
                    "unknown-named-value",
                    place,
                    format!("cannot find a named value `{name}`"),
                );
                finding.help = Some(match closest(name, names) {
                    Some(known) => format!("did you mean `{{{{{known}}}}}`?"),
                    None => "add it under `named values/`; the reference is its display name".to_owned(),
                });
                compiler.report_unresolved(finding);
                compiler.unresolved.push(place);
                out.push_mapped(source, range);
            }
        }
    }
    out.push_mapped(source, at..source.text().len());
    out
}
