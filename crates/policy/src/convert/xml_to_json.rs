//! XML to JSON.
//!
//! Directly: attributes are `@name`, text beside them `#text`, CDATA `#cdata-section`, instructions `?target`, elements of one
//! name an array, `<a/>` null and `<a></a>` an empty text. `json:Array="true"` makes an array of a single element. Comments are left
//! out: Newtonsoft.Json would write them as comments, which JSON does not have.
//!
//! Friendly to JavaScript: names without prefixes and marks, text beside attributes as `text`, no namespace declarations, no
//! instructions.

use std::borrow::Cow;
use std::collections::HashMap;

use sekisho_expression::Exception;
use sekisho_expression::budget::Budget;
use sekisho_expression::framework::push_json_string;
use sekisho_expression::framework::xml::{self, Attribute, Document, Element, Node};

use super::JSON_NAMESPACE;

/// How XML becomes JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct XmlToJson {
    /// Names without marks, instead of the structure of the document.
    pub javascript_friendly: bool,
    /// Elements below the root are arrays also when they are alone.
    pub always_arrays: bool,
}

/// Converts a document.
///
/// # Errors
/// `XmlException` with line and position; exceeded limits.
pub fn xml_to_json(text: &str, options: XmlToJson, budget: &mut Budget) -> Result<String, Exception> {
    let document = xml::read(text, budget)?;
    let mut writer = Writer { out: String::with_capacity(text.len()), options, budget };
    writer.members(&document_members(&document, options), 0)?;
    Ok(writer.out)
}

/// What a property holds.
#[derive(Clone, Debug)]
enum Item<'d> {
    Text(Cow<'d, str>),
    Element(&'d Element),
    /// The parts of `<?xml … ?>`.
    Declaration(&'d xml::Declaration),
}

/// Properties in the order of their first value.
#[derive(Default)]
struct Members<'d> {
    list: Vec<(Cow<'d, str>, Vec<Item<'d>>)>,
    places: HashMap<Cow<'d, str>, usize>,
}

impl<'d> Members<'d> {
    fn add(&mut self, name: Cow<'d, str>, item: Item<'d>) {
        let at = *self.places.entry(name.clone()).or_insert(self.list.len());
        match self.list.get_mut(at) {
            Some((_, items)) => items.push(item),
            None => self.list.push((name, vec![item])),
        }
    }
}

fn document_members(document: &Document, options: XmlToJson) -> Members<'_> {
    let mut members = Members::default();
    if let Some(declaration) = document.declaration.as_ref().filter(|_| !options.javascript_friendly) {
        members.add(Cow::Borrowed("?xml"), Item::Declaration(declaration));
    }
    add_children(&mut members, &document.children, options);
    members
}

fn element_members(element: &Element, options: XmlToJson) -> Members<'_> {
    let mut members = Members::default();
    for attribute in &element.attributes {
        if let Some(name) = attribute_name(attribute, options) {
            members.add(name, Item::Text(Cow::Borrowed(&attribute.value)));
        }
    }
    add_children(&mut members, &element.children, options);
    members
}

fn add_children<'d>(members: &mut Members<'d>, children: &'d [Node], options: XmlToJson) {
    let is_friendly = options.javascript_friendly;
    let mut text = String::new();
    for node in children {
        match node {
            Node::Element(element) if is_friendly => {
                members.add(Cow::Borrowed(&*element.name.local), Item::Element(element));
            }
            Node::Element(element) => members.add(full_name(&element.name), Item::Element(element)),
            Node::Text(part) | Node::CData(part) if is_friendly => text.push_str(part),
            Node::Text(part) => members.add(Cow::Borrowed("#text"), Item::Text(Cow::Borrowed(part))),
            Node::CData(part) => {
                members.add(Cow::Borrowed("#cdata-section"), Item::Text(Cow::Borrowed(part)))
            }
            Node::SignificantSpace(_) | Node::Instruction { .. } if is_friendly => {}
            Node::SignificantSpace(part) => {
                members.add(Cow::Borrowed("#significant-whitespace"), Item::Text(Cow::Borrowed(part)));
            }
            Node::Instruction { target, data } => {
                members.add(Cow::Owned(format!("?{target}")), Item::Text(Cow::Borrowed(data)));
            }
        }
    }
    if !text.is_empty() {
        members.add(Cow::Borrowed("text"), Item::Text(Cow::Owned(text)));
    }
}

fn full_name(name: &xml::Name) -> Cow<'_, str> {
    match &*name.prefix {
        "" => Cow::Borrowed(&*name.local),
        prefix => Cow::Owned(format!("{prefix}:{}", name.local)),
    }
}

/// The property of an attribute; none for one that says how to convert.
fn attribute_name(attribute: &Attribute, options: XmlToJson) -> Option<Cow<'_, str>> {
    let name = &attribute.name;
    let declares = name.is_namespace_declaration();
    let is_about_json = &*name.namespace == JSON_NAMESPACE;
    if (declares && attribute.value == JSON_NAMESPACE) || (is_about_json && &*name.local == "Array") {
        return None;
    }
    if options.javascript_friendly {
        return (!declares).then(|| Cow::Borrowed(&*name.local));
    }
    Some(Cow::Owned(if is_about_json { format!("${}", name.local) } else { format!("@{}", full_name(name)) }))
}

struct Writer<'b> {
    out: String,
    options: XmlToJson,
    budget: &'b mut Budget,
}

impl Writer<'_> {
    /// An object. `depth` is 0 for the document itself.
    fn members(&mut self, members: &Members<'_>, depth: usize) -> Result<(), Exception> {
        self.out.push('{');
        for (at, (name, items)) in members.list.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            push_json_string(&mut self.out, name);
            self.out.push(':');
            self.items(items, depth)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn items(&mut self, items: &[Item<'_>], depth: usize) -> Result<(), Exception> {
        let is_array = match items {
            [Item::Element(element)] => (self.options.always_arrays && depth > 0) || is_marked_array(element),
            [_] => false,
            _ => true,
        };
        if is_array {
            self.out.push('[');
        }
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.item(item, depth)?;
        }
        if is_array {
            self.out.push(']');
        }
        Ok(())
    }

    fn item(&mut self, item: &Item<'_>, depth: usize) -> Result<(), Exception> {
        self.budget.step()?;
        let before = self.out.len();
        match item {
            Item::Text(text) => push_json_string(&mut self.out, text),
            Item::Declaration(declaration) => self.declaration(declaration),
            Item::Element(element) => return self.element(element, depth),
        }
        self.budget.allocate(self.out.len() - before)
    }

    fn declaration(&mut self, declaration: &xml::Declaration) {
        let parts = [
            ("{\"@version\":", &declaration.version),
            (",\"@encoding\":", &declaration.encoding),
            (",\"@standalone\":", &declaration.standalone),
        ];
        for (start, value) in parts {
            if let Some(value) = value {
                self.out.push_str(start);
                push_json_string(&mut self.out, value);
            }
        }
        self.out.push('}');
    }

    fn element(&mut self, element: &Element, depth: usize) -> Result<(), Exception> {
        self.budget.allocate(element.name.local.len() + 8)?;
        // A marked array that holds elements of its own name stands for the array itself.
        let is_nested_array = is_marked_array(element)
            && !element.children.is_empty()
            && element.elements().count() == element.children.len()
            && element.elements().all(|child| child.name.local == element.name.local);
        if is_nested_array && !self.options.javascript_friendly {
            let items: Vec<Item<'_>> = element.elements().map(Item::Element).collect();
            return self.items(&items, depth + 1);
        }
        let members = element_members(element, self.options);
        match members.list.as_slice() {
            // Attributes that say how to convert still make an object.
            [] if !element.attributes.is_empty() && !self.options.javascript_friendly => {
                self.out.push_str("{}")
            }
            [] if element.is_empty_tag => self.out.push_str("null"),
            [] => self.out.push_str("\"\""),
            [(name, items)] if matches!(&**name, "#text" | "text") => match items.as_slice() {
                [Item::Text(text)] => push_json_string(&mut self.out, text),
                _ => return self.members(&members, depth + 1),
            },
            _ => return self.members(&members, depth + 1),
        }
        Ok(())
    }
}

/// `json:Array="true"`.
fn is_marked_array(element: &Element) -> bool {
    matches!(element.attribute("Array", JSON_NAMESPACE).map(str::trim), Some("true" | "1"))
}
