//! What a policy says of itself: its names, where it may stand, its attributes and children.
//!
//! The checker, the reference pages, editor completion and the compiler read this one declaration.

use crate::compile::Compiler;
use crate::pipeline::{Run, Scope, Section};
use crate::xml::Element;

/// Compiles an element that the checker found to match its declaration. None after an error was reported.
pub type CompilePolicy = fn(&mut Compiler<'_>, &Element) -> Option<Run>;

/// A policy.
pub struct Declaration {
    /// Element names; the first is the one of the documentation.
    pub names: &'static [&'static str],
    /// What it does, in a sentence or two.
    pub summary: &'static str,
    /// Where it may stand.
    pub sections: &'static [Section],
    /// In which scopes.
    pub scopes: &'static [Scope],
    /// Its attributes (besides `id`, which every policy takes).
    pub attributes: &'static [Attribute],
    /// What may stand in it.
    pub children: Children,
    /// True when a document may have it once only in a section.
    pub once: bool,
    /// The rest of its reference page.
    pub reference: Reference,
    /// Makes it run. None: the name is known and not supported.
    pub compile: Option<CompilePolicy>,
}

/// What the reference page of a policy tells beside its declaration.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// What it does in full: units, order, defaults, what it leaves alone. Markdown paragraphs.
    pub behaviour: &'static str,
    /// Errors it raises.
    pub errors: &'static [ErrorFact],
    /// A conformance case below `conformance/<first name>/` whose documents show it in use.
    pub example: &'static str,
    /// Where it differs from API Management, or what was chosen where the documentation is silent.
    pub differences: &'static [&'static str],
}

/// An error that a policy raises.
#[derive(Clone, Copy, Debug)]
pub struct ErrorFact {
    /// `context.LastError.Reason`.
    pub reason: &'static str,
    /// The status that the client gets: `401`, or the name of the attribute that sets it.
    pub status: &'static str,
    /// When.
    pub when: &'static str,
}

impl ErrorFact {
    /// What every policy with an expression may raise.
    pub const EXPRESSION: ErrorFact = ErrorFact {
        reason: "ExpressionValueEvaluationFailure",
        status: "500",
        when: "An expression throws, or its result cannot be converted.",
    };
}

impl Reference {
    /// Nothing told yet.
    pub const NONE: Reference = Reference { behaviour: "", errors: &[], example: "", differences: &[] };
}

/// An attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Other names that are accepted for it.
    pub aliases: &'static [&'static str],
    /// What a literal value must be, and what an expression's result is converted to.
    pub kind: Kind,
    /// True when it must be there.
    pub required: bool,
    /// What holds when it is not there, for the reference pages.
    pub default: Option<&'static str>,
    /// True when the value may be an expression.
    pub expression: bool,
    /// What it means.
    pub summary: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number between both bounds.
    Integer {
        /// Smallest.
        minimum: i64,
        /// Largest.
        maximum: i64,
    },
    /// Seconds, whole or with a fraction, not negative.
    Seconds,
    /// A number, whole or with a fraction.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// What may stand in an element.
#[derive(Clone, Copy)]
pub enum Children {
    /// Nothing.
    None,
    /// Text or an expression.
    Text,
    /// Text, an expression, or markup that is taken as text.
    Markup,
    /// Policies.
    Policies,
    /// Policies of these names.
    OnlyPolicies(&'static [&'static str]),
    /// Text or an expression, or these elements.
    TextOrElements(&'static [Child]),
    /// These elements.
    Elements(&'static [Child]),
}

/// A child element.
#[derive(Clone, Copy)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// What may stand in it.
    pub children: Children,
    /// How many there must be.
    pub minimum: usize,
    /// How many there may be.
    pub maximum: usize,
    /// What it means.
    pub summary: &'static str,
}

impl Attribute {
    /// An optional attribute that takes expressions.
    pub const fn optional(name: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self { name, aliases: &[], kind, required: false, default: None, expression: true, summary }
    }

    /// A required attribute that takes expressions.
    pub const fn required(name: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self { required: true, ..Self::optional(name, kind, summary) }
    }

    /// The same without expressions.
    pub const fn literal(self) -> Self {
        Self { expression: false, ..self }
    }

    /// The same with a default for the reference pages.
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// What an element has under the name of this attribute, or under another name that is accepted for it.
    pub fn literal_of(&self, compiler: &Compiler<'_>, element: &Element) -> Option<std::sync::Arc<str>> {
        let mut names = std::iter::once(&self.name).chain(self.aliases);
        names.find_map(|name| compiler.literal(element, name))
    }

    /// The name under which an element has this attribute; its own name when the element does not have it.
    pub fn name_in(&self, element: &Element) -> &'static str {
        let mut aliases = self.aliases.iter();
        let alias = aliases.find(|alias| element.attribute(alias).is_some());
        alias.copied().unwrap_or(self.name)
    }

    /// True when the attribute goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

impl Child {
    /// Any number of this child.
    pub const fn any(name: &'static str, children: Children, summary: &'static str) -> Self {
        Self { name, attributes: &[], children, minimum: 0, maximum: usize::MAX, summary }
    }

    /// At most one of this child.
    pub const fn optional(name: &'static str, children: Children, summary: &'static str) -> Self {
        Self { maximum: 1, ..Self::any(name, children, summary) }
    }

    /// The same with attributes.
    pub const fn with(self, attributes: &'static [Attribute]) -> Self {
        Self { attributes, ..self }
    }

    /// The same with a minimum number.
    pub const fn at_least(self, minimum: usize) -> Self {
        Self { minimum, ..self }
    }
}

/// All sections.
pub const ANYWHERE: &[Section] = &Section::ALL;
/// All scopes.
pub const ALL_SCOPES: &[Scope] = &[Scope::Global, Scope::Product, Scope::Api, Scope::Operation];
