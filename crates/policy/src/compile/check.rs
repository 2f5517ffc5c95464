//! An element held against its declaration.

use sekisho_diagnostics::{Diagnostic, Span, closest};

use super::Compiler;
use crate::declaration::{Attribute, Child, Children, Declaration, Kind};
use crate::policies;
use crate::xml::{self, Element, Node};

impl Compiler<'_> {
    /// Reports a policy outside its sections and scopes.
    pub(super) fn check_place(&mut self, declaration: &Declaration, element: &Element) -> bool {
        if !declaration.sections.contains(&self.section) {
            let allowed = list(declaration.sections.iter().map(|section| section.name()));
            let message = format!("`{}` is not allowed in section `{}`", element.name, self.section.name());
            let finding = Diagnostic::error("policy-not-allowed-in-section", element.name_span, message)
                .with_help(format!("it may stand in {allowed}"));
            self.report(finding);
            return false;
        }
        if !declaration.scopes.contains(&self.scope) {
            let allowed = list(declaration.scopes.iter().map(|scope| scope.name()));
            let message = format!("`{}` is not allowed at {} scope", element.name, self.scope.name());
            let finding = Diagnostic::error("policy-not-allowed-in-scope", element.name_span, message)
                .with_help(format!("it may stand at scope {allowed}"));
            self.report(finding);
            return false;
        }
        true
    }

    /// Reports the second of a policy that a section may have once. Of those inside others (`choose`) at most one may run, so
    /// they are not counted.
    pub(super) fn check_once(&mut self, declaration: &Declaration, element: &Element) {
        let name = declaration.names.first().copied().unwrap_or("");
        if !declaration.once || self.depth > 0 {
            return;
        }
        if self.once.contains(&name) {
            let message = format!("`{}` stands twice in section `{}`", element.name, self.section.name());
            let finding = Diagnostic::error("repeated-policy", element.name_span, message);
            self.report(finding.with_help("a document may have it once in a section; merge both"));
        }
        self.once.push(name);
    }

    /// Reports attributes and children that the declaration does not have. True when there was no error.
    pub(super) fn check(&mut self, declaration: &Declaration, element: &Element) -> bool {
        let before = self.diagnostics.len();
        self.check_attributes(declaration.attributes, element, true);
        self.check_children(&declaration.children, element);
        !self.diagnostics.iter().skip(before).any(Diagnostic::is_error)
    }

    fn check_attributes(&mut self, declared: &[Attribute], element: &Element, takes_id: bool) {
        for attribute in &element.attributes {
            if takes_id && attribute.name == "id" || attribute.name.starts_with("xmlns") {
                continue;
            }
            match declared.iter().find(|known| known.is_named(&attribute.name)) {
                Some(known) => self.check_value(known, attribute),
                None => {
                    let names: Vec<&str> = declared.iter().map(|known| known.name).collect();
                    let message = format!("`{}` has no attribute `{}`", element.name, attribute.name);
                    let mut finding = Diagnostic::error("unknown-attribute", attribute.name_span, message);
                    finding.help = Some(match closest(&attribute.name, names.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None if names.is_empty() => "it takes no attributes".to_owned(),
                        None => format!("it takes {}", list(names.iter().copied())),
                    });
                    self.report(finding);
                }
            }
        }
        for missing in declared.iter().filter(|known| known.required) {
            if !element.attributes.iter().any(|attribute| missing.is_named(&attribute.name)) {
                let message = format!("`{}` needs the attribute `{}`", element.name, missing.name);
                let finding = Diagnostic::error("missing-attribute", element.name_span, message);
                self.report(finding.with_help(format!("`{}`: {}", missing.name, missing.summary)));
            }
        }
    }

    fn check_value(&mut self, declared: &Attribute, attribute: &xml::Attribute) {
        if !attribute.value.is_literal() {
            if !declared.expression {
                let message = format!("`{}` takes no expression", declared.name);
                let finding = Diagnostic::error("expression-not-allowed", attribute.value.span, message);
                self.report(finding.with_help("write a literal or a named value"));
            }
            return;
        }
        if let Some(finding) = self.mismatch(declared.kind, declared.name, &attribute.value) {
            self.report(finding);
        }
    }

    /// The finding about a literal that is not of its kind.
    pub(super) fn mismatch(&self, kind: Kind, name: &str, value: &xml::Content) -> Option<Diagnostic> {
        let text = value.text.text().trim();
        let expected = match kind {
            Kind::Text => return None,
            Kind::Boolean if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
                return None;
            }
            Kind::Boolean => "`true` or `false`".to_owned(),
            Kind::Integer { minimum, maximum } => match text.parse::<i64>() {
                Ok(number) if (minimum..=maximum).contains(&number) => return None,
                _ if maximum == i64::MAX => format!("a whole number from {minimum}"),
                _ => format!("a whole number from {minimum} to {maximum}"),
            },
            Kind::Seconds => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 0.0 => return None,
                _ => "a number of seconds".to_owned(),
            },
            Kind::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => return None,
                _ => "a number".to_owned(),
            },
            Kind::OneOf(words) if words.contains(&text) => return None,
            Kind::OneOf(words) => list(words.iter().copied()),
        };
        // What was written, never what was pasted: a named value may be a secret.
        let message = format!("`{name}` is `{}`", self.written(value.span));
        Some(
            Diagnostic::error("wrong-value", value.span, message).with_help(format!("it must be {expected}")),
        )
    }

    fn check_children(&mut self, declared: &Children, element: &Element) {
        match declared {
            Children::None => {
                if let Some(child) = element.children.first() {
                    let message = format!("`{}` has no content", element.name);
                    self.report(
                        Diagnostic::error("unexpected-content", span_of(child), message)
                            .with_help("remove it"),
                    );
                }
            }
            Children::Text => {
                if let Some(child) = element.elements().next() {
                    let message = format!("`{}` holds a text, not elements", element.name);
                    self.report(
                        Diagnostic::error("unexpected-element", child.name_span, message)
                            .with_help("write the text or an expression"),
                    );
                }
            }
            Children::Markup | Children::Policies => {}
            Children::OnlyPolicies(names) => {
                for child in element.elements().filter(|child| !names.contains(&child.name.as_str())) {
                    let message = format!("`{}` may not hold `{}`", element.name, child.name);
                    let finding = Diagnostic::error("unexpected-element", child.name_span, message);
                    self.report(finding.with_help(format!("it may hold {}", list(names.iter().copied()))));
                }
            }
            Children::TextOrElements(_) if element.text().is_some() => {}
            Children::TextOrElements(children) | Children::Elements(children) => {
                self.check_elements(children, element)
            }
        }
    }

    fn check_elements(&mut self, declared: &[Child], element: &Element) {
        for child in &element.children {
            let child = match child {
                Node::Element(child) => child,
                Node::Text(text) => {
                    self.report(stray_text(element, text.span));
                    continue;
                }
            };
            match declared.iter().find(|known| known.name == child.name) {
                Some(known) => {
                    self.check_attributes(known.attributes, child, false);
                    self.check_children(&known.children, child);
                }
                None => self.report(unknown_child(declared, element, child)),
            }
        }
        for known in declared {
            let found = || element.elements().filter(|child| child.name == known.name);
            let count = found().count();
            if count < known.minimum {
                let message = format!("`{}` needs a `{}`", element.name, known.name);
                let finding = Diagnostic::error("missing-element", element.name_span, message);
                self.report(finding.with_help(format!("`{}`: {}", known.name, known.summary)));
            }
            if count > known.maximum
                && let Some(extra) = found().nth(known.maximum)
            {
                let message = format!("`{}` has more than {} `{}`", element.name, known.maximum, known.name);
                self.report(
                    Diagnostic::error("repeated-element", extra.name_span, message).with_help("remove one"),
                );
            }
        }
    }
}

fn unknown_child(declared: &[Child], element: &Element, child: &Element) -> Diagnostic {
    let message = format!("`{}` may not hold `{}`", element.name, child.name);
    let names = declared.iter().map(|known| known.name);
    let help = match closest(&child.name, names.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it may hold {}", list(names)),
    };
    Diagnostic::error("unexpected-element", child.name_span, message).with_help(help)
}

/// Text where only elements may stand.
pub(super) fn stray_text(parent: &Element, span: Span) -> Diagnostic {
    Diagnostic::error("unexpected-text", span, format!("text is not allowed directly in `{}`", parent.name))
        .with_help("remove it, or put it into a comment `<!-- … -->`")
}

/// A name that is no policy.
pub(super) fn unknown_policy(element: &Element) -> Diagnostic {
    let finding =
        Diagnostic::error("unknown-policy", element.name_span, format!("`{}` is not a policy", element.name));
    if element.name == "base" {
        return Diagnostic::error(
            "misplaced-base",
            element.name_span,
            "`base` may only stand directly in a section",
        )
        .with_help("move it out of the enclosing policy");
    }
    match closest(&element.name, policies::names()) {
        Some(meant) => finding.with_help(format!("did you mean `{meant}`?")),
        None => finding.with_help("the policies are listed in docs/compatibility.md"),
    }
}

/// A policy of API Management that does not run here. Its summary says why.
pub(super) fn unsupported(declaration: &Declaration, element: &Element) -> Diagnostic {
    let message = format!("`{}` is not supported: {}", element.name, declaration.summary);
    Diagnostic::error("policy-not-supported", element.name_span, message)
        .with_help("remove it; docs/compatibility.md lists what does not run")
}

/// A document with another root.
pub(crate) fn wrong_root(root: &Element, expected: &str) -> Diagnostic {
    let message = format!("the root element is `{}`, not `{expected}`", root.name);
    Diagnostic::error("wrong-root", root.name_span, message)
        .with_help(format!("wrap the document in `<{expected}>`"))
}

fn span_of(node: &Node) -> Span {
    match node {
        Node::Element(element) => element.name_span,
        Node::Text(text) => text.span,
    }
}

/// `a`, `b` or `c`, quoted.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
