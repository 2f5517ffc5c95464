//! JSON to XML: the way back of [`super::xml_to_json`].
//!
//! Names beginning with `@` are attributes, with `$` attributes in the namespace of Newtonsoft.Json, `#text` and `#cdata-section` text, `?target` instructions; arrays become elements of
//! one name. Names that XML does not have are encoded (`_x0020_`).

mod element;
mod text;

use sekisho_expression::Exception;
use sekisho_expression::budget::Budget;
use sekisho_expression::dotnet::json::{JToken, JTokenType, parse_with_repetitions};
use sekisho_expression::framework::xml;

use text::{clean, push_attribute_text, scalar_text};

/// How JSON becomes XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonToXml {
    /// Texts that look like dates are dates, and written as XML writes them.
    pub dates: bool,
    /// The root element for JSON that is not one object with one element; an error without it.
    pub root: Option<String>,
    /// null is `xsi:nil`, and an array without elements an empty element; without it both are as Newtonsoft.Json has them.
    pub marks_null: bool,
    /// What stands between a prefix and a name, besides a colon.
    pub separator: Option<String>,
    /// What names of namespace declarations begin with, besides `@xmlns`.
    pub namespace_prefix: Option<String>,
    /// The property whose members are attributes of the element it stands in.
    pub attribute_block: Option<String>,
}

impl Default for JsonToXml {
    fn default() -> Self {
        Self {
            dates: true,
            root: None,
            marks_null: false,
            separator: None,
            namespace_prefix: None,
            attribute_block: None,
        }
    }
}

/// Converts a document.
///
/// # Errors
/// `JsonReaderException` with path and place, `JsonSerializationException` for JSON that is no XML; exceeded limits.
pub fn json_to_xml(text: &str, options: &JsonToXml, budget: &mut Budget) -> Result<String, Exception> {
    let token = parse_with_repetitions(text, options.dates, budget)?;
    let mut writer = Writer { out: String::with_capacity(text.len()), options, budget, prefixes: Vec::new() };
    match &options.root {
        Some(root) if !has_one_root(&token, options) => writer.wrapped(root, &token)?,
        _ => writer.document(&token)?,
    }
    Ok(writer.out)
}

fn refused(message: &str) -> Exception {
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}

/// True for an object with one property that is one element.
fn has_one_root(token: &JToken, options: &JsonToXml) -> bool {
    let mut roots = 0;
    for (name, value) in token.properties() {
        let name = name.as_str();
        if name.starts_with('?') {
            continue;
        }
        let is_no_element = name.is_empty()
            || name.starts_with(['@', '$', '#'])
            || options.namespace(name).is_some()
            || options.attribute_block.as_deref() == Some(name);
        if is_no_element {
            return false;
        }
        roots += if value.kind() == JTokenType::Array { value.count() } else { 1 };
    }
    roots == 1
}

impl JsonToXml {
    /// The prefix that a property declares: empty for the default one, none when it declares nothing.
    fn namespace<'n>(&self, name: &'n str) -> Option<&'n str> {
        let declared = self.namespace_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        let rest = name.strip_prefix("@xmlns").or_else(|| name.strip_prefix(declared?))?;
        if rest.is_empty() {
            return Some("");
        }
        rest.strip_prefix(':').or_else(|| rest.strip_prefix(self.separator.as_deref()?))
    }
}

struct Writer<'o> {
    out: String,
    options: &'o JsonToXml,
    budget: &'o mut Budget,
    /// Declared prefixes, the innermost last.
    prefixes: Vec<String>,
}

impl Writer<'_> {
    fn document(&mut self, token: &JToken) -> Result<(), Exception> {
        if token.kind() != JTokenType::Object {
            return Err(refused("XmlNodeConverter can only convert JSON that begins with an object."));
        }
        let mut has_root = false;
        for (name, value) in token.properties() {
            if has_root {
                return Err(refused(
                    "JSON root object has multiple properties. The root object must have a single property in order to create a \
                     valid XML document. Consider specifing a DeserializeRootElementName.",
                ));
            }
            if value.kind() == JTokenType::Array && value.count() != 1 {
                return Err(refused("This document already has a 'DocumentElement' node."));
            }
            if name.starts_with(['@', '#', '$']) {
                return Err(refused("Cannot insert the specified node as a valid child of this node."));
            }
            has_root = !name.starts_with('?');
            self.member(&name, &value)?;
        }
        Ok(())
    }

    /// Everything in an element that JSON does not have.
    fn wrapped(&mut self, root: &str, token: &JToken) -> Result<(), Exception> {
        match token.kind() {
            JTokenType::Array => {
                self.out.push_str(&format!("<{root}>"));
                for item in token.children() {
                    self.element("Item", &item)?;
                }
                self.out.push_str(&format!("</{root}>"));
                Ok(())
            }
            _ => self.element(root, token),
        }
    }

    /// A property: one element, or one for each element of an array.
    fn member(&mut self, name: &str, value: &JToken) -> Result<(), Exception> {
        self.budget.step()?;
        if value.kind() != JTokenType::Array {
            return self.single(name, value);
        }
        let items = value.children();
        if items.is_empty() && self.options.marks_null {
            return self.single(name, value);
        }
        for item in items {
            self.single(name, &item)?;
        }
        Ok(())
    }

    fn single(&mut self, name: &str, value: &JToken) -> Result<(), Exception> {
        self.budget.step()?;
        match name {
            "" => Err(refused("XmlNodeConverter cannot convert JSON with an empty property name to XML.")),
            "#text" | "#whitespace" | "#significant-whitespace" => {
                let text = scalar_text(value).unwrap_or_default();
                self.text(&text)
            }
            "#cdata-section" => {
                let text = scalar_text(value).unwrap_or_default();
                self.budget.allocate(text.len())?;
                // The end mark cannot stand in a section.
                let parts = text.split("]]>").collect::<Vec<_>>().join("]]]]><![CDATA[>");
                self.out.push_str(&format!("<![CDATA[{}]]>", clean(&parts)));
                Ok(())
            }
            "?xml" => self.declaration(value),
            _ if name.starts_with('?') => {
                let target = xml::encoded_local_name(name.trim_start_matches('?'));
                if target.is_empty() || target.eq_ignore_ascii_case("xml") {
                    return Err(refused(&format!("'{name}' is no processing instruction.")));
                }
                let data = scalar_text(value).unwrap_or_default().replace("?>", "? >");
                self.out.push_str(&format!("<?{target} {}?>", clean(&data)));
                Ok(())
            }
            _ if value.kind() == JTokenType::Array => {
                // An array in an array.
                let tag = self.element_name(name);
                let items = value.children();
                if items.is_empty() {
                    self.out.push_str(&format!("<{tag} />"));
                    return Ok(());
                }
                self.out.push_str(&format!("<{tag}>"));
                for item in items {
                    self.single(name, &item)?;
                }
                self.out.push_str(&format!("</{tag}>"));
                Ok(())
            }
            _ => self.element(name, value),
        }
    }

    fn declaration(&mut self, value: &JToken) -> Result<(), Exception> {
        let part = |name: &str| value.get(name).and_then(|part| scalar_text(&part));
        self.out.push_str("<?xml version=\"");
        let version = part("@version").unwrap_or_else(|| "1.0".to_owned());
        push_attribute_text(&mut self.out, &version);
        for (name, written) in [("@encoding", "\" encoding=\""), ("@standalone", "\" standalone=\"")] {
            if let Some(text) = part(name) {
                self.out.push_str(written);
                push_attribute_text(&mut self.out, &text);
            }
        }
        self.out.push_str("\"?>");
        Ok(())
    }
}
