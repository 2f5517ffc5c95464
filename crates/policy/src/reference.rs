//! The reference pages of policies, written from their declarations.

use std::fmt::Write;

use crate::declaration::{Attribute, Child, Children, Declaration, Kind};
use crate::pipeline::{Scope, Section};
use crate::policies::CATALOGUE;

/// What stands for "as often as you like" in [`Child::maximum`].
const ANY_NUMBER: usize = usize::MAX;

/// The page of a policy as Markdown. `example` is the document of the case that its reference names.
pub fn page(declaration: &Declaration, example: &str) -> String {
    let mut out = String::new();
    let name = name(declaration);
    let reference = &declaration.reference;
    line(&mut out, &format!("# {name}\n\n{}\n", declaration.summary));
    place(&mut out, declaration);
    if !declaration.attributes.is_empty() {
        line(&mut out, "## Attributes\n");
        attributes(&mut out, declaration.attributes);
    }
    line(&mut out, "## Content\n");
    content(&mut out, &declaration.children);
    line(&mut out, &format!("## Behaviour\n\n{}\n", reference.behaviour));
    line(&mut out, "## Errors\n");
    errors(&mut out, declaration);
    let place = format!("conformance/{name}/{}", reference.example);
    line(&mut out, &format!("## Example\n\nThe tests run it: [`{place}`](../../{place}).\n"));
    line(&mut out, &format!("```xml\n{}\n```\n", example.trim_end()));
    if !reference.differences.is_empty() {
        line(&mut out, "## Differences from API Management, and choices\n");
        for difference in reference.differences {
            line(&mut out, &format!("- {difference}"));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The list of all pages as Markdown.
pub fn index() -> String {
    let mut out = String::from(
        "# Policies\n\nOne page for each policy, written from its declaration in `crates/policy/src/policies/`. Every policy also takes `id`, which \
         `context.LastError.PolicyId` shows.\n\n| policy | sections | does |\n|---|---|---|\n",
    );
    for declaration in CATALOGUE {
        let (name, sections) = (name(declaration), sections(declaration));
        line(&mut out, &format!("| [`{name}`]({name}.md) | {sections} | {} |", cell(declaration.summary)));
    }
    out
}

/// The element's first name, by which its page and its cases are called.
pub fn name(declaration: &Declaration) -> &'static str {
    declaration.names.first().copied().unwrap_or("")
}

fn place(out: &mut String, declaration: &Declaration) {
    let scopes: Vec<&str> = declaration.scopes.iter().map(|scope| scope.name()).collect();
    let scopes = if scopes.len() == [Scope::Global, Scope::Product, Scope::Api, Scope::Operation].len() {
        "all".to_owned()
    } else {
        scopes.join(", ")
    };
    line(out, &format!("- Sections: {}\n- Scopes: {scopes}", sections(declaration)));
    if declaration.once {
        line(out, "- Once in a section of a document");
    }
    if declaration.names.len() > 1 {
        let others: Vec<String> = declaration.names.iter().skip(1).map(|name| format!("`{name}`")).collect();
        line(out, &format!("- Also written {}", others.join(", ")));
    }
    out.push('\n');
}

fn sections(declaration: &Declaration) -> String {
    let names: Vec<&str> = declaration.sections.iter().map(|section| section.name()).collect();
    if names.len() == Section::ALL.len() { "all".to_owned() } else { names.join(", ") }
}

fn attributes(out: &mut String, attributes: &[Attribute]) {
    line(out, "| name | value | | expression | meaning |\n|---|---|---|---|---|");
    for attribute in attributes {
        let need = match attribute.default {
            Some(default) => format!("default `{default}`"),
            None if attribute.required => "required".to_owned(),
            None => "optional".to_owned(),
        };
        let expression = if attribute.expression { "yes" } else { "no" };
        let mut names = format!("`{}`", attribute.name);
        for alias in attribute.aliases {
            names.push_str(&format!(", `{alias}`"));
        }
        let (value, meaning) = (value(attribute.kind), cell(attribute.summary));
        line(out, &format!("| {names} | {value} | {need} | {expression} | {meaning} |"));
    }
    out.push('\n');
}

fn value(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Boolean => "`true`, `false`".to_owned(),
        Kind::Integer { minimum, maximum: i64::MAX } => format!("whole number from {minimum}"),
        Kind::Integer { minimum, maximum } => format!("{minimum} to {maximum}"),
        Kind::Seconds => "seconds".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
    }
}

fn content(out: &mut String, children: &Children) {
    match children {
        Children::Elements(elements) if !elements.is_empty() => {}
        Children::TextOrElements(_) => line(out, "A text or an expression, or these elements:\n"),
        other => line(out, &format!("{}.\n", described(other))),
    }
    if let Children::Elements(elements) | Children::TextOrElements(elements) = children {
        for element in *elements {
            child(out, element, 0);
        }
        out.push('\n');
    }
}

fn described(children: &Children) -> String {
    match children {
        Children::None => "Nothing".to_owned(),
        Children::Text => "A text or an expression".to_owned(),
        Children::Markup => "A text, markup that is taken as text, or an expression".to_owned(),
        Children::Policies => "Policies".to_owned(),
        Children::OnlyPolicies(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("Policies of these names: {}", names.join(", "))
        }
        Children::TextOrElements(_) => "A text or an expression, or elements".to_owned(),
        Children::Elements(_) => "Elements".to_owned(),
    }
}

fn child(out: &mut String, element: &Child, depth: usize) {
    let indent = "  ".repeat(depth);
    let number = match (element.minimum, element.maximum) {
        (0, ANY_NUMBER) => "any number".to_owned(),
        (0, 1) => "at most one".to_owned(),
        (1, 1) => "exactly one".to_owned(),
        (minimum, ANY_NUMBER) => format!("at least {minimum}"),
        (minimum, maximum) => format!("{minimum} to {maximum}"),
    };
    line(out, &format!("{indent}- `{}` ({number}): {}", element.name, element.summary));
    for attribute in element.attributes {
        let need = match attribute.default {
            Some(default) => format!("default `{default}`"),
            None if attribute.required => "required".to_owned(),
            None => "optional".to_owned(),
        };
        let expression = if attribute.expression { "" } else { ", no expression" };
        let (name, value, meaning) = (attribute.name, value(attribute.kind), attribute.summary);
        line(out, &format!("{indent}  - attribute `{name}` ({value}; {need}{expression}): {meaning}"));
    }
    match &element.children {
        Children::None | Children::Elements([]) => {}
        Children::Elements(elements) | Children::TextOrElements(elements) => {
            elements.iter().for_each(|element| child(out, element, depth + 1));
        }
        other => line(out, &format!("{indent}  - holds: {}", described(other).to_lowercase())),
    }
}

fn errors(out: &mut String, declaration: &Declaration) {
    if declaration.reference.errors.is_empty() {
        line(out, "None of its own.\n");
        return;
    }
    line(out, "| `context.LastError.Reason` | status | when |\n|---|---|---|");
    for error in declaration.reference.errors {
        line(out, &format!("| `{}` | {} | {} |", error.reason, error.status, cell(error.when)));
    }
    out.push('\n');
}

/// A text that may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn line(out: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}
