//! XML as text, as `ToString()` writes it.

use super::names::{Name, XML, XMLNS};
use super::tree::{Content, Declaration, Node};

/// The text of a node. With `indent` elements stand on lines of their own, except within mixed content.
pub(super) fn text(node: &Node, indent: bool) -> String {
    let mut writer =
        Writer { out: String::new(), indent, level: 0, mixed: false, scopes: Vec::new(), made: 0 };
    match node.content() {
        Content::Document { .. } => writer.document(node),
        Content::Attribute { value, .. } => {
            let name = node.name().map(|name| writer.attribute_name(node, &name)).unwrap_or_default();
            writer.out = format!("{name}=\"{}\"", escaped(&value.lock(), true));
        }
        _ => writer.node(node),
    }
    writer.out
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
    indent: bool,
    level: usize,
    /// Inside an element that has text.
    mixed: bool,
    /// Prefix and namespace; later ones hide earlier ones. The empty prefix is the default.
    scopes: Vec<(String, String)>,
    /// Prefixes made up so far.
    made: u32,
}

impl Writer {
    fn document(&mut self, node: &Node) {
        for (at, child) in node.children().iter().enumerate() {
            if at > 0 && self.indent {
                self.out.push('\n');
            }
            self.node(child);
        }
    }

    fn node(&mut self, node: &Node) {
        match node.content() {
            Content::Element(_) => self.element(node),
            Content::Text(text) => {
                self.mixed = true;
                self.out.push_str(&escaped(&text.lock(), false));
            }
            Content::CData(text) => {
                self.mixed = true;
                let inner = text.lock().replace("]]>", "]]]]><![CDATA[>");
                self.out.push_str(&format!("<![CDATA[{inner}]]>"));
            }
            Content::Comment(text) => self.out.push_str(&format!("<!--{}-->", text.lock())),
            Content::Instruction { target, data } => {
                let data = data.lock();
                let space = if data.is_empty() { "" } else { " " };
                self.out.push_str(&format!("<?{target}{space}{data}?>"));
            }
            Content::DocumentType(text) => self.out.push_str(&format!("<!DOCTYPE {text}>")),
            Content::Document { .. } => self.document(node),
            Content::Attribute { .. } => {}
        }
    }

    fn element(&mut self, node: &Node) {
        let (Some(element), Some(name)) = (node.as_element(), node.name()) else { return };
        let scopes = self.scopes.len();
        let attributes = element.attributes.lock().clone();
        for attribute in &attributes {
            if let Some(name) = attribute.name().filter(Name::declares_namespace) {
                let prefix = if name.namespace.is_empty() { "" } else { &*name.local };
                self.scopes.push((prefix.to_owned(), attribute.inner_text()));
            }
        }
        // Namespaces that nothing in scope declares are declared after the attributes.
        let mut missing = Vec::new();
        let tag = self.element_name(node, &name, &mut missing);
        let mut written = String::new();
        let mut of_attributes = Vec::new();
        for attribute in &attributes {
            let Some(name) = attribute.name() else { continue };
            let shown = self.prefixed_attribute(node, &name, &mut of_attributes);
            written.push_str(&format!(" {shown}=\"{}\"", escaped(&attribute.inner_text(), true)));
        }
        for (prefix, namespace) in of_attributes.into_iter().chain(missing) {
            let colon = if prefix.is_empty() { "" } else { ":" };
            written.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", escaped(&namespace, true)));
        }
        self.out.push_str(&format!("<{tag}{written}"));
        self.element_content(node, &tag, *element.has_content.lock());
        self.scopes.truncate(scopes);
    }

    fn element_content(&mut self, node: &Node, tag: &str, has_content: bool) {
        let children = node.children();
        if !has_content && children.is_empty() {
            self.out.push_str(" />");
            return;
        }
        self.out.push('>');
        let outer = self.mixed;
        self.level += 1;
        for child in &children {
            if !self.mixed && !matches!(child.content(), Content::Text(_) | Content::CData(_)) {
                self.new_line();
            }
            self.node(child);
        }
        self.level -= 1;
        if !self.mixed && !children.is_empty() {
            self.new_line();
        }
        self.mixed = outer;
        self.out.push_str(&format!("</{tag}>"));
    }

    fn new_line(&mut self) {
        if self.indent {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.level));
        }
    }

    /// The namespace of a prefix in scope.
    fn bound(&self, prefix: &str) -> &str {
        self.scopes.iter().rev().find(|(known, _)| known == prefix).map_or("", |(_, namespace)| namespace)
    }

    /// A prefix in scope for a namespace.
    fn prefix_of(&self, namespace: &str, with_default: bool) -> Option<String> {
        let fits = |(prefix, known): &&(String, String)| {
            known == namespace && self.bound(prefix) == namespace && (with_default || !prefix.is_empty())
        };
        self.scopes.iter().rev().find(fits).map(|(prefix, _)| prefix.clone())
    }

    fn element_name(&mut self, node: &Node, name: &Name, missing: &mut Vec<(String, String)>) -> String {
        let namespace = &*name.namespace;
        if namespace == XML {
            return format!("xml:{}", name.local);
        }
        let prefix = if namespace.is_empty() {
            if !self.bound("").is_empty() {
                self.declare(String::new(), namespace, missing);
            }
            String::new()
        } else {
            match self.prefix_of(namespace, true) {
                Some(prefix) => prefix,
                None => {
                    let prefix = declared_above(node, namespace).unwrap_or_default();
                    self.declare(prefix.clone(), namespace, missing);
                    prefix
                }
            }
        };
        if prefix.is_empty() { name.local.to_string() } else { format!("{prefix}:{}", name.local) }
    }

    fn prefixed_attribute(
        &mut self,
        node: &Node,
        name: &Name,
        missing: &mut Vec<(String, String)>,
    ) -> String {
        let namespace = &*name.namespace;
        match namespace {
            "" => name.local.to_string(),
            XML => format!("xml:{}", name.local),
            XMLNS => format!("xmlns:{}", name.local),
            _ => {
                let prefix = self.prefix_of(namespace, false).unwrap_or_else(|| {
                    let above = declared_above(node, namespace).filter(|prefix| !prefix.is_empty());
                    let prefix = above.unwrap_or_else(|| self.fresh_prefix());
                    self.declare(prefix.clone(), namespace, missing);
                    prefix
                });
                format!("{prefix}:{}", name.local)
            }
        }
    }

    fn fresh_prefix(&mut self) -> String {
        loop {
            self.made += 1;
            let prefix = format!("p{}", self.made);
            if self.bound(&prefix).is_empty() {
                return prefix;
            }
        }
    }

    fn declare(&mut self, prefix: String, namespace: &str, missing: &mut Vec<(String, String)>) {
        self.scopes.push((prefix.clone(), namespace.to_owned()));
        missing.push((prefix, namespace.to_owned()));
    }

    /// Of an attribute on its own: the prefix that its element gives it.
    fn attribute_name(&mut self, attribute: &Node, name: &Name) -> String {
        let namespace = &*name.namespace;
        match namespace {
            "" => name.local.to_string(),
            XML => format!("xml:{}", name.local),
            XMLNS => format!("xmlns:{}", name.local),
            _ => match attribute.parent().and_then(|owner| declared_above(&owner, namespace)) {
                Some(prefix) if !prefix.is_empty() => format!("{prefix}:{}", name.local),
                _ => format!("{{{namespace}}}{}", name.local),
            },
        }
    }
}

/// The prefix that a node or an ancestor declares for a namespace.
pub(super) fn declared_above(node: &Node, namespace: &str) -> Option<String> {
    std::iter::successors(Some(node.clone()), Node::parent).find_map(|node| {
        let attributes = node.as_element()?.attributes.lock().clone();
        attributes.iter().find_map(|attribute| {
            let name = attribute.name().filter(Name::declares_namespace)?;
            let prefix = if name.namespace.is_empty() { String::new() } else { name.local.to_string() };
            (attribute.inner_text() == namespace).then_some(prefix)
        })
    })
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\t' if in_attribute => out.push_str("&#x9;"),
            '\n' if in_attribute => out.push_str("&#xA;"),
            '\r' if in_attribute => out.push_str("&#xD;"),
            '\r' => {
                // Every line end is written as one line feed.
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            _ => out.push(letter),
        }
    }
    out
}
