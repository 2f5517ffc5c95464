//! Prefixes and namespaces while XML is written.

use super::names::{Name, XML, XMLNS};
use super::tree::Node;
use crate::exception::Exception;

/// What the attributes of open elements declare, the newest last.
#[derive(Default)]
pub(super) struct Resolver(Vec<Declared>);

/// A prefix with its namespace; the empty prefix is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) prefix: String,
    pub(super) namespace: String,
}

fn declared_by(attribute: &Node) -> Option<Declared> {
    let name = attribute.name().filter(Name::declares_namespace)?;
    Some(Declared { prefix: name.declared_prefix().to_owned(), namespace: attribute.inner_text() })
}

impl Resolver {
    /// What the elements around a node declare.
    pub(super) fn add_ancestors(&mut self, node: &Node) {
        let mut next = node.parent();
        while let Some(around) = next {
            for declared in around.attributes().iter().filter_map(declared_by) {
                self.0.insert(0, declared);
            }
            next = around.parent();
        }
    }

    /// Adds what attributes declare; gives the state before.
    pub(super) fn push(&mut self, attributes: &[Node]) -> usize {
        let before = self.0.len();
        self.0.extend(attributes.iter().filter_map(declared_by));
        before
    }

    /// Goes back to a state.
    pub(super) fn pop(&mut self, to: usize) {
        self.0.truncate(to);
    }

    /// The newest prefix of a namespace that no newer declaration hides; empty for no namespace.
    pub(super) fn prefix(&self, namespace: &str, with_default: bool) -> Option<String> {
        if namespace.is_empty() {
            return Some(String::new());
        }
        for (at, declared) in self.0.iter().enumerate().rev() {
            let newer = self.0.get(at + 1..).unwrap_or_default();
            let is_hidden = || newer.iter().any(|other| other.prefix == declared.prefix);
            let fits = declared.namespace == namespace && (with_default || !declared.prefix.is_empty());
            if fits && !is_hidden() {
                return Some(declared.prefix.clone());
            }
        }
        match namespace {
            XML => Some("xml".to_owned()),
            XMLNS => Some("xmlns".to_owned()),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Known to everybody.
    Special,
    /// Stands in the text already.
    Written,
    /// Means the same as one further out.
    Implied,
    /// Has to be written at the end of the start tag.
    Missing,
}

/// The writer's own stack of prefixes, as .NET keeps it: made-up prefixes are numbered by its height.
pub(super) struct Scopes {
    stack: Vec<(Declared, Kind)>,
    /// Height of the stack before each open element.
    heights: Vec<usize>,
    /// Made-up prefixes are numbered by the depth of their element, as `System.Xml` does.
    by_depth: bool,
    /// Those of the current element.
    made: usize,
}

impl Scopes {
    /// The prefixes that everybody knows.
    pub(super) fn new(by_depth: bool) -> Self {
        let special = |prefix: &str, namespace: &str| {
            (Declared { prefix: prefix.to_owned(), namespace: namespace.to_owned() }, Kind::Special)
        };
        let mut none = special("", "");
        none.1 = Kind::Implied;
        let stack = vec![special("xmlns", XMLNS), special("xml", XML), none];
        Self { stack, heights: Vec::new(), by_depth, made: 0 }
    }

    /// Begins an element.
    pub(super) fn open(&mut self) {
        self.made = 0;
        self.heights.push(self.stack.len());
    }

    /// Ends an element.
    pub(super) fn close(&mut self) {
        if let Some(height) = self.heights.pop() {
            self.stack.truncate(height);
        }
    }

    /// The prefix of the element that begins; none means any that is in scope, or none at all.
    ///
    /// # Errors
    /// `XmlException` for a prefix with two meanings in one tag.
    pub(super) fn element(&mut self, prefix: Option<String>, namespace: &str) -> Result<String, Exception> {
        let prefix = prefix.or_else(|| self.look_up(namespace)).unwrap_or_default();
        self.imply(&prefix, namespace)?;
        Ok(prefix)
    }

    /// The prefix of an attribute in a namespace; a new one when none is in scope.
    ///
    /// # Errors
    /// As [`Scopes::element`].
    pub(super) fn attribute(&mut self, prefix: Option<String>, namespace: &str) -> Result<String, Exception> {
        let known = prefix.filter(|prefix| !prefix.is_empty());
        let known = known.or_else(|| self.look_up(namespace).filter(|prefix| !prefix.is_empty()));
        let prefix = known.unwrap_or_else(|| self.fresh());
        self.imply(&prefix, namespace)?;
        Ok(prefix)
    }

    /// An attribute declares a prefix; false when it says nothing new and such ones are left out.
    ///
    /// # Errors
    /// As [`Scopes::element`].
    pub(super) fn declare(
        &mut self,
        prefix: &str,
        namespace: &str,
        omit_duplicates: bool,
    ) -> Result<bool, Exception> {
        let kind = Kind::Written;
        if let Some(at) = self.find(prefix) {
            let is_here = self.heights.last().is_some_and(|height| at >= *height);
            let Some((known, known_kind)) = self.stack.get_mut(at) else { return Ok(true) };
            if is_here {
                if known.namespace != namespace {
                    return Err(redefined(prefix, &known.namespace, namespace));
                }
                let is_implied = *known_kind == Kind::Implied;
                *known_kind = kind;
                return Ok(!(omit_duplicates && is_implied));
            }
            if omit_duplicates && known.namespace == namespace {
                return Ok(false);
            }
        }
        self.stack.push((Declared { prefix: prefix.to_owned(), namespace: namespace.to_owned() }, kind));
        Ok(true)
    }

    /// What the current element still has to declare.
    pub(super) fn missing(&mut self) -> Vec<Declared> {
        let height = self.heights.last().copied().unwrap_or(0);
        let mut out = Vec::new();
        for (declared, kind) in self.stack.iter_mut().skip(height).rev() {
            if *kind == Kind::Missing {
                *kind = Kind::Written;
                out.push(declared.clone());
            }
        }
        out
    }

    fn find(&self, prefix: &str) -> Option<usize> {
        self.stack.iter().rposition(|(declared, _)| declared.prefix == prefix)
    }

    fn look_up(&self, namespace: &str) -> Option<String> {
        let at = self.stack.iter().rposition(|(declared, _)| declared.namespace == namespace)?;
        let prefix = &self.stack.get(at)?.0.prefix;
        let newer = self.stack.get(at + 1..).unwrap_or_default();
        let is_hidden = newer.iter().any(|(declared, _)| declared.prefix == *prefix);
        (!is_hidden).then(|| prefix.clone())
    }

    fn imply(&mut self, prefix: &str, namespace: &str) -> Result<(), Exception> {
        let mut kind = Kind::Missing;
        if let Some(at) = self.find(prefix)
            && let Some((known, known_kind)) = self.stack.get(at)
        {
            if *known_kind == Kind::Special {
                return Ok(());
            }
            if self.heights.last().is_some_and(|height| at >= *height) {
                return if known.namespace == namespace {
                    Ok(())
                } else {
                    Err(redefined(prefix, &known.namespace, namespace))
                };
            }
            if known.namespace == namespace {
                kind = Kind::Implied;
            }
        }
        self.stack.push((Declared { prefix: prefix.to_owned(), namespace: namespace.to_owned() }, kind));
        Ok(())
    }

    fn fresh(&mut self) -> String {
        self.made += 1;
        let first = if self.by_depth {
            format!("d{}p{}", self.heights.len(), self.made)
        } else {
            format!("p{}", self.stack.len().saturating_sub(3))
        };
        let is_free = |prefix: &str| self.find(prefix).is_none();
        let mut prefix = first.clone();
        let mut number = 0;
        while !is_free(&prefix) {
            prefix = format!("{first}{number}");
            number += 1;
        }
        prefix
    }
}

fn redefined(prefix: &str, from: &str, to: &str) -> Exception {
    let message = format!(
        "The prefix '{prefix}' cannot be redefined from '{from}' to '{to}' within the same start element tag."
    );
    Exception::new("System.Xml.XmlException", message)
}
