//! JSON to XML: the way back of [`super::xml_to_json`].
//!
//! Names beginning with `@` are attributes, with `$` attributes in the namespace of Newtonsoft.Json, `#text` and `#cdata-section` text, `?target` instructions; arrays become elements of
//! one name. Names that XML does not have are encoded (`_x0020_`).

use sekisho_expression::budget::Budget;
use sekisho_expression::dotnet::json::{Formatting, JToken, JTokenType, parse_with_repetitions, to_json};
use sekisho_expression::framework::{self, xml};
use sekisho_expression::{Exception, Value};

use super::{JSON_NAMESPACE, SCHEMA_INSTANCE};

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

/// A member of an element that is no attribute.
type Child = (String, JToken);

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
            self.out.push_str(&format!("<{} />", self.element_name(name)));
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
                self.push_text(&text)
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
        self.push_attribute_text(&version);
        for (name, written) in [("@encoding", "\" encoding=\""), ("@standalone", "\" standalone=\"")] {
            if let Some(text) = part(name) {
                self.out.push_str(written);
                self.push_attribute_text(&text);
            }
        }
        self.out.push_str("\"?>");
        Ok(())
    }

    fn element(&mut self, name: &str, value: &JToken) -> Result<(), Exception> {
        let outer = self.prefixes.len();
        let (attributes, children) = self.attributes(value)?;
        let tag = self.element_name(name);
        self.budget.allocate(2 * tag.len() + 8)?;
        self.out.push('<');
        self.out.push_str(&tag);
        for (name, text) in &attributes {
            self.budget.allocate(name.len() + text.len())?;
            self.out.push(' ');
            self.out.push_str(&self.attribute_name(name));
            self.out.push_str("=\"");
            self.push_attribute_text(text);
            self.out.push('"');
        }
        let is_null = matches!(value.kind(), JTokenType::Null | JTokenType::Undefined);
        if is_null && self.options.marks_null {
            self.out.push_str(&format!(" xsi:nil=\"true\" xmlns:xsi=\"{SCHEMA_INSTANCE}\""));
        }
        match scalar_text(value).filter(|_| !value.is_container()) {
            Some(text) => {
                self.out.push('>');
                self.push_text(&text)?;
            }
            None => {
                self.out.push('>');
                let start = self.out.len();
                for (name, child) in &children {
                    self.member(name, child)?;
                }
                if self.out.len() == start {
                    self.out.pop();
                    self.out.push_str(" />");
                    self.prefixes.truncate(outer);
                    return Ok(());
                }
            }
        }
        self.out.push_str(&format!("</{tag}>"));
        self.prefixes.truncate(outer);
        Ok(())
    }

    /// The attributes of an element, and what else stands in it. Namespaces are declared from here on.
    fn attributes(&mut self, value: &JToken) -> Result<(Vec<(String, String)>, Vec<Child>), Exception> {
        let (mut attributes, mut children): (Vec<(String, String)>, Vec<Child>) = (Vec::new(), Vec::new());
        for (name, member) in value.properties() {
            self.budget.step()?;
            let name = name.as_str();
            if let Some(prefix) = self.options.namespace(name).filter(|_| !member.is_container()) {
                self.prefixes.push(prefix.to_owned());
                let full = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
                attributes.push((full, scalar_text(&member).unwrap_or_default()));
            } else if let Some(bare) =
                name.strip_prefix('@').filter(|bare| !bare.is_empty() && !member.is_container())
            {
                attributes.push((bare.to_owned(), scalar_text(&member).unwrap_or_default()));
            } else if let Some(bare) =
                name.strip_prefix('$').filter(|bare| !bare.is_empty() && !member.is_container())
            {
                if !self.prefixes.iter().any(|known| known == "json") {
                    self.prefixes.push("json".to_owned());
                    attributes.push(("xmlns:json".to_owned(), JSON_NAMESPACE.to_owned()));
                }
                attributes.push((format!("json:{bare}"), scalar_text(&member).unwrap_or_default()));
            } else if self.options.attribute_block.as_deref() == Some(name)
                && member.kind() == JTokenType::Object
            {
                let inner = member.properties().into_iter().filter(|(_, value)| !value.is_container());
                attributes.extend(
                    inner.map(|(name, value)| (name.to_string(), scalar_text(&value).unwrap_or_default())),
                );
            } else {
                children.push((name.to_owned(), member));
            }
        }
        for (at, (name, _)) in attributes.iter().enumerate() {
            self.budget.steps(1 + at as u64 / 8)?;
            if attributes.iter().take(at).any(|(known, _)| known == name) {
                return Err(refused(&format!("The attribute '{name}' stands twice in one element.")));
            }
        }
        Ok((attributes, children))
    }

    /// A name as XML has it: prefixes that are declared stay, what names cannot hold is encoded.
    fn element_name(&self, name: &str) -> String {
        self.qualified(name)
    }

    fn attribute_name(&self, name: &str) -> String {
        match name.strip_prefix("xmlns") {
            Some("") => name.to_owned(),
            Some(rest) if rest.starts_with(':') => {
                format!("xmlns:{}", xml::encoded_local_name(rest.trim_start_matches(':')))
            }
            _ => self.qualified(name),
        }
    }

    fn qualified(&self, name: &str) -> String {
        let is_declared = |prefix: &str| prefix == "xml" || self.prefixes.iter().any(|known| known == prefix);
        let separators =
            [Some(":"), self.options.separator.as_deref().filter(|separator| !separator.is_empty())];
        for separator in separators.into_iter().flatten() {
            if let Some((prefix, local)) = name.split_once(separator)
                && is_declared(prefix)
                && !local.is_empty()
            {
                return format!("{prefix}:{}", xml::encoded_local_name(local));
            }
        }
        // A prefix that nothing declares is left out, as there.
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        xml::encoded_local_name(local)
    }

    fn push_text(&mut self, text: &str) -> Result<(), Exception> {
        self.budget.allocate(text.len())?;
        for letter in text.chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#xD;"),
                other => self.out.push(fitting(other)),
            }
        }
        Ok(())
    }

    fn push_attribute_text(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' | '\n' | '\r' => self.out.push_str(&format!("&#x{:X};", u32::from(letter))),
                other => self.out.push(fitting(other)),
            }
        }
    }
}

/// Characters that XML does not have become U+FFFD.
fn fitting(letter: char) -> char {
    let is_fine = matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{1_0000}'..);
    if is_fine { letter } else { char::REPLACEMENT_CHARACTER }
}

fn clean(text: &str) -> String {
    text.chars().map(fitting).collect()
}

/// A value as XML writes it; none for null and containers.
fn scalar_text(token: &JToken) -> Option<String> {
    let scalar = token.as_scalar()?;
    match &scalar.value {
        Value::Null => None,
        Value::String(text) => Some(text.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::DateTime(date) => Some(framework::round_trip_date(*date)),
        Value::Double(number) if number.is_infinite() => {
            Some(if *number > 0.0 { "INF" } else { "-INF" }.to_owned())
        }
        Value::Double(number) => Some(framework::round_trip_double(*number)),
        // Integers of any size, and whatever else a number may be.
        _ => to_json(token, Formatting::None).ok(),
    }
}
