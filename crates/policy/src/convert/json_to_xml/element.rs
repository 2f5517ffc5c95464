//! One element: its name, its attributes, what stands in it.

use sekisho_expression::Exception;
use sekisho_expression::dotnet::json::{JToken, JTokenType};
use sekisho_expression::framework::xml;

use super::text::{push_attribute_text, push_text, scalar_text};
use super::{Writer, refused};
use crate::convert::{JSON_NAMESPACE, SCHEMA_INSTANCE};

/// The members of an object.
#[derive(Default)]
struct Members {
    attributes: Vec<(String, String)>,
    children: Vec<(String, JToken)>,
}

impl Writer<'_> {
    pub(super) fn element(&mut self, name: &str, value: &JToken) -> Result<(), Exception> {
        let outer = self.prefixes.len();
        let Members { attributes, children } = self.attributes(value)?;
        let tag = self.element_name(name);
        self.budget.allocate(2 * tag.len() + 8)?;
        self.out.push('<');
        self.out.push_str(&tag);
        for (name, text) in &attributes {
            self.budget.allocate(name.len() + text.len())?;
            self.out.push(' ');
            self.out.push_str(&self.attribute_name(name));
            self.out.push_str("=\"");
            push_attribute_text(&mut self.out, text);
            self.out.push('"');
        }
        let is_null = matches!(value.kind(), JTokenType::Null | JTokenType::Undefined);
        if is_null && self.options.marks_null {
            self.out.push_str(&format!(" xsi:nil=\"true\" xmlns:xsi=\"{SCHEMA_INSTANCE}\""));
        }
        match scalar_text(value).filter(|_| !value.is_container()) {
            Some(text) => {
                self.out.push('>');
                self.text(&text)?;
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
    fn attributes(&mut self, value: &JToken) -> Result<Members, Exception> {
        let Members { mut attributes, mut children } = Members::default();
        for (name, member) in value.properties() {
            self.budget.step()?;
            let name = name.as_str();
            if let Some(prefix) = self.options.namespace(name).filter(|_| !member.is_container()) {
                let uri = scalar_text(&member).unwrap_or_default();
                check_namespace(prefix, &uri)?;
                self.prefixes.push(prefix.to_owned());
                let full = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
                attributes.push((full, uri));
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
        Ok(Members { attributes, children })
    }

    /// A name as XML has it: prefixes that are declared stay, what names cannot hold is encoded.
    pub(super) fn element_name(&self, name: &str) -> String {
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
        // The default namespace has no prefix that a name could stand behind.
        let is_declared = |prefix: &str| {
            prefix == "xml" || (!prefix.is_empty() && self.prefixes.iter().any(|known| known == prefix))
        };
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
        let local =
            name.split_once(':').map(|(_, local)| local).filter(|local| !local.is_empty()).unwrap_or(name);
        xml::encoded_local_name(local)
    }

    /// The text of an element.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Exception> {
        self.budget.allocate(text.len())?;
        push_text(&mut self.out, text);
        Ok(())
    }
}

/// Declarations that XML forbids.
fn check_namespace(prefix: &str, uri: &str) -> Result<(), Exception> {
    let is_name = xml::encoded_local_name(prefix) == prefix;
    let is_reserved = matches!(prefix, "xml" | "xmlns") != (uri == xml::XML_NAMESPACE) || prefix == "xmlns";
    if !is_name || is_reserved || uri == xml::XMLNS_NAMESPACE || (uri.is_empty() && !prefix.is_empty()) {
        return Err(refused(&format!("The namespace declaration of '{prefix}' is not valid.")));
    }
    Ok(())
}
