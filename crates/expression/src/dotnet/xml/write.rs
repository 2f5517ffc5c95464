//! XML as text, as `ToString()` writes it: .NET's rules for prefixes, indentation and escapes.

use super::chars::is_xml_char;
use super::names::{Name, XML, XMLNS};
use super::scope::{Declared, Resolver, Scopes};
use super::tree::{Content, Declaration, Node};
use crate::exception::Exception;

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Elements stand on lines of their own, except within mixed content.
    pub(super) indent: bool,
    /// Declarations that repeat what is in scope are left out.
    pub(super) omit_duplicates: bool,
    /// Names keep the prefixes that they were made with, as `System.Xml` does.
    pub(super) own_prefixes: bool,
}

impl Style {
    pub(super) const INDENTED: Self = Self { indent: true, omit_duplicates: false, own_prefixes: false };
}

/// The text of a node.
///
/// # Errors
/// `ArgumentException` for letters that XML cannot hold, `XmlException` for a prefix with two meanings.
pub(super) fn text(node: &Node, style: Style) -> Result<String, Exception> {
    let mut writer = Writer::new(style);
    match node.content() {
        Content::Attribute { .. } => writer.lone_attribute(node)?,
        _ => {
            if !style.own_prefixes {
                writer.resolver.add_ancestors(node);
            }
            writer.node(node)?;
        }
    }
    Ok(writer.out)
}

/// The text of a node's children, one after another.
///
/// # Errors
/// As [`text`].
pub(super) fn inner(node: &Node, style: Style) -> Result<String, Exception> {
    let mut out = String::new();
    for child in node.children() {
        let mut writer = Writer::new(style);
        writer.node(&child)?;
        out.push_str(&writer.out);
    }
    Ok(out)
}

/// `<?xml …?>`.
pub(super) fn declaration(declaration: &Declaration) -> String {
    let mut out = String::from("<?xml");
    let parts = [
        ("version", &declaration.version),
        ("encoding", &declaration.encoding),
        ("standalone", &declaration.standalone),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    out + "?>"
}

struct Writer {
    out: String,
    style: Style,
    level: usize,
    /// Inside an element that has text.
    is_mixed: bool,
    /// Behind white space that stands beside the root.
    is_after_space: bool,
    /// What the attributes of open elements declare.
    resolver: Resolver,
    /// What was written, and what still has to be.
    scopes: Scopes,
}

impl Writer {
    fn new(style: Style) -> Self {
        Self {
            out: String::new(),
            style,
            level: 0,
            is_mixed: false,
            is_after_space: false,
            resolver: Resolver::default(),
            scopes: Scopes::new(style.own_prefixes),
        }
    }

    fn escaped(&self, text: &str, in_attribute: bool) -> Result<String, Exception> {
        escaped(text, in_attribute, self.style.own_prefixes)
    }

    fn node(&mut self, node: &Node) -> Result<(), Exception> {
        let is_markup = !node.is_text() && !node.is_document();
        if is_markup && !self.is_mixed && !self.out.is_empty() && !self.is_after_space {
            self.new_line();
        }
        self.is_after_space = false;
        match node.content() {
            Content::Element(_) => self.element(node)?,
            Content::Text(text) => {
                self.is_mixed = self.level > 0;
                self.is_after_space = self.level == 0;
                self.out.push_str(&self.escaped(&text.lock(), false)?);
            }
            Content::CData(text) => {
                self.is_mixed = true;
                let text = text.lock();
                check(&text)?;
                let inner = text.replace("]]>", "]]]]><![CDATA[>");
                self.out.push_str(&format!("<![CDATA[{}]]>", line_ends(&inner)));
            }
            Content::Comment(text) => {
                check(&text.lock())?;
                self.out.push_str(&format!("<!--{}-->", without_double_hyphens(&line_ends(&text.lock()))));
            }
            Content::Instruction { target, data } => {
                let data = line_ends(&data.lock().replace("?>", "? >"));
                let space = if data.is_empty() { "" } else { " " };
                self.out.push_str(&format!("<?{}{space}{data}?>", target.lock()));
            }
            Content::DocumentType(found) => {
                self.out.push_str(&format!("<!DOCTYPE {}>", found.lock().text(!self.style.own_prefixes)));
            }
            Content::Declaration(found) => self.out.push_str(&declaration(&found.lock())),
            Content::Document { .. } => {
                for child in node.children() {
                    self.node(&child)?;
                }
            }
            Content::Attribute { .. } => {}
        }
        Ok(())
    }

    fn element(&mut self, node: &Node) -> Result<(), Exception> {
        let Some(name) = node.name() else { return Ok(()) };
        let attributes = node.attributes();
        let resolved = self.resolver.push(&attributes);
        self.scopes.open();
        let prefix = if self.style.own_prefixes {
            name.prefix.as_deref().map(str::to_owned)
        } else {
            self.resolver.prefix(&name.namespace, true)
        };
        let prefix = self.scopes.element(prefix, &name.namespace)?;
        self.out.push('<');
        self.out.push_str(&qualified(&prefix, &name.local));
        for attribute in &attributes {
            self.attribute(attribute)?;
        }
        for Declared { prefix, namespace } in self.scopes.missing() {
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.out.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", self.escaped(&namespace, true)?));
        }
        self.element_content(node, &qualified(&prefix, &name.local))?;
        self.scopes.close();
        self.resolver.pop(resolved);
        Ok(())
    }

    fn element_content(&mut self, node: &Node, tag: &str) -> Result<(), Exception> {
        if node.is_empty_element() {
            self.out.push_str(" />");
            return Ok(());
        }
        self.out.push('>');
        let outer = self.is_mixed;
        self.level += 1;
        let children = node.children();
        // An element whose text is empty is mixed too: its end stands beside its beginning.
        self.is_mixed = false;
        for child in &children {
            self.node(child)?;
        }
        self.level -= 1;
        if !self.is_mixed && !children.is_empty() {
            self.new_line();
        }
        self.is_mixed = outer;
        self.out.push_str(&format!("</{tag}>"));
        Ok(())
    }

    fn new_line(&mut self) {
        if self.style.indent {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.level));
        }
    }

    fn attribute(&mut self, attribute: &Node) -> Result<(), Exception> {
        let Some(name) = attribute.name() else { return Ok(()) };
        let value = attribute.inner_text();
        if name.declares_namespace() {
            let prefix = name.declared_prefix();
            let is_new = self.scopes.declare(prefix, &value, self.style.omit_duplicates)?;
            if is_new {
                let colon = if prefix.is_empty() { "" } else { ":" };
                self.out.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", self.escaped(&value, true)?));
            }
            return Ok(());
        }
        let prefix = match &*name.namespace {
            "" => String::new(),
            XML => "xml".to_owned(),
            namespace => {
                let prefix = if self.style.own_prefixes {
                    name.prefix.as_deref().map(str::to_owned)
                } else {
                    self.resolver.prefix(namespace, false)
                };
                self.scopes.attribute(prefix, namespace)?
            }
        };
        self.out.push_str(&format!(
            " {}=\"{}\"",
            qualified(&prefix, &name.local),
            self.escaped(&value, true)?
        ));
        Ok(())
    }

    /// An attribute on its own has the prefix that its element gives it.
    fn lone_attribute(&mut self, attribute: &Node) -> Result<(), Exception> {
        let Some(name) = attribute.name() else { return Ok(()) };
        let shown = match &*name.namespace {
            "" => name.local.to_string(),
            XML => format!("xml:{}", name.local),
            XMLNS => format!("xmlns:{}", name.local),
            namespace => {
                self.resolver.add_ancestors(attribute);
                let known = self.resolver.prefix(namespace, false);
                let prefix = name.prefix.as_deref().filter(|_| self.style.own_prefixes);
                let prefix = prefix.map(str::to_owned).or(known);
                qualified(&prefix.unwrap_or_else(|| "p0".to_owned()), &name.local)
            }
        };
        self.out = format!("{shown}=\"{}\"", self.escaped(&attribute.inner_text(), true)?);
        Ok(())
    }
}

impl Name {
    /// Of `xmlns` and `xmlns:p`, what they declare.
    pub(super) fn declared_prefix(&self) -> &str {
        if self.namespace.is_empty() || &*self.local == "xmlns" { "" } else { &self.local }
    }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
}

fn check(text: &str) -> Result<(), Exception> {
    match text.chars().find(|letter| !is_xml_char(*letter)) {
        Some(wrong) => {
            let number = u32::from(wrong);
            let shown = if wrong == '\0' { '.' } else { wrong };
            Err(Exception::argument(
                format!("'{shown}', hexadecimal value 0x{number:02X}, is an invalid character."),
                "",
            ))
        }
        None => Ok(()),
    }
}

/// Two hyphens never stand together in a comment, nor one at its end.
fn without_double_hyphens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '-' && out.ends_with('-') {
            out.push(' ');
        }
        out.push(letter);
    }
    if out.ends_with('-') {
        out.push(' ');
    }
    out
}

/// Every line end is written as one line feed.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Escapes text, or the value of an attribute. The writer of `System.Xml` leaves some white space as it is.
///
/// # Errors
/// `ArgumentException` for letters that XML cannot hold.
pub(super) fn escaped(text: &str, in_attribute: bool, keeps_space: bool) -> Result<String, Exception> {
    check(text)?;
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\t' if in_attribute && !keeps_space => out.push_str("&#x9;"),
            '\n' if in_attribute => out.push_str("&#xA;"),
            '\r' if in_attribute => out.push_str("&#xD;"),
            '\r' if !keeps_space => {
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            _ => out.push(letter),
        }
    }
    Ok(out)
}
