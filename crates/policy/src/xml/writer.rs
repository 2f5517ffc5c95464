//! Writes a tree as text.

use super::entities::{push_attribute, push_expression, push_text};
use super::tree::{Attribute, Content, Element, Node};

/// How expressions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are, with raw quotation marks and brackets. Easy to read, and in general not XML.
    RawXml,
    /// Escaped, so that a strict XML reader takes the document and gives the same values.
    Xml,
}

const INDENT: &str = "    ";

/// Writes an element and all it holds, indented by four spaces a level as API Management does.
///
/// Reading the result gives the same names, attributes, texts and expressions, provided that the
/// tree came from a document without errors. Comments are not written. The content of a `set-body`
/// that holds markup is written byte for byte as it was read, since its white space and comments
/// belong to the body; in the `Xml` form that part is well-formed only if it was so before.
pub fn write(element: &Element, form: Form) -> String {
    let mut out = String::new();
    push_element(&mut out, element, form, 0);
    out
}

fn push_element(out: &mut String, element: &Element, form: Form, depth: usize) {
    push_indent(out, depth);
    out.push('<');
    out.push_str(&element.name);
    for attribute in &element.attributes {
        push_value(out, attribute, form);
    }
    if element.children.is_empty() {
        out.push_str(" />\n");
        return;
    }
    out.push('>');
    if let Some(content) = element.text() {
        push_content(out, content, form);
    } else if element.name == "set-body" {
        out.push_str(element.inner_source().text());
    } else {
        push_children(out, element, form, depth);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push_str(">\n");
}

fn push_children(out: &mut String, element: &Element, form: Form, depth: usize) {
    out.push('\n');
    for child in &element.children {
        match child {
            Node::Element(child) => push_element(out, child, form, depth + 1),
            Node::Text(content) => {
                push_indent(out, depth + 1);
                push_content(out, content, form);
                out.push('\n');
            }
        }
    }
    push_indent(out, depth);
}

fn push_indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str(INDENT);
    }
}

fn push_value(out: &mut String, attribute: &Attribute, form: Form) {
    let text = attribute.value.text.text();
    out.push(' ');
    out.push_str(&attribute.name);
    out.push_str("=\"");
    match form {
        Form::RawXml if !attribute.value.is_literal() => push_expression(out, text),
        _ => push_attribute(out, text, form == Form::Xml),
    }
    out.push('"');
}

fn push_content(out: &mut String, content: &Content, form: Form) {
    let text = content.text.text();
    if content.cdata {
        out.push_str("<![CDATA[");
        out.push_str(text);
        out.push_str("]]>");
    } else if form == Form::RawXml && !content.is_literal() {
        push_expression(out, text);
    } else {
        push_text(out, text, form == Form::Xml);
    }
}
