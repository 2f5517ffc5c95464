//! `<!DOCTYPE …>`: its parts, and the entities that its internal subset declares.
//!
//! Nothing outside the document is ever read, and defaults of attributes are not added.

use std::collections::HashMap;
use std::sync::Arc;

use super::chars::{is_name, is_space};
use super::scan::Scanner;
use crate::exception::Exception;

/// The parts of a document type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DocumentType {
    pub(super) name: String,
    pub(super) public_id: Option<String>,
    pub(super) system_id: Option<String>,
    /// The text between the brackets; none only when it was made so.
    pub(super) subset: Option<String>,
}

impl DocumentType {
    /// Reads what stands after `<!DOCTYPE`.
    ///
    /// # Errors
    /// `XmlException`.
    pub(super) fn read(scanner: &mut Scanner) -> Result<Self, Exception> {
        if !scanner.spaces() {
            return Err(scanner.wrong("Expected white space after DOCTYPE."));
        }
        let mut found = Self { name: scanner.name()?, ..Self::default() };
        scanner.spaces();
        if scanner.word("PUBLIC") {
            scanner.spaces();
            found.public_id = Some(scanner.quoted()?);
            scanner.spaces();
            found.system_id = Some(scanner.quoted()?);
        } else if scanner.word("SYSTEM") {
            scanner.spaces();
            found.system_id = Some(scanner.quoted()?);
        }
        scanner.spaces();
        // Without brackets the subset is empty, and not null.
        found.subset = Some(scanner.subset()?.unwrap_or_default());
        scanner.close()?;
        Ok(found)
    }

    /// The text between `<!DOCTYPE ` and `>`; the writer of `System.Xml.Linq` puts a blank where there are no ids.
    pub(super) fn text(&self, with_blank: bool) -> String {
        let mut out = self.name.clone();
        match (&self.public_id, &self.system_id) {
            (Some(public), system) => {
                let system = system.as_deref().unwrap_or("");
                out.push_str(&format!(" PUBLIC \"{public}\" \"{system}\""));
            }
            (None, Some(system)) => out.push_str(&format!(" SYSTEM \"{system}\"")),
            (None, None) if with_blank => out.push(' '),
            (None, None) => {}
        }
        if let Some(subset) = &self.subset {
            out.push_str(&format!("[{subset}]"));
        }
        out
    }

    /// Internal general entities: of several declarations of a name the first counts.
    pub(super) fn entities(&self) -> HashMap<String, Arc<str>> {
        let mut found = HashMap::new();
        let mut rest = self.subset.as_deref().unwrap_or("");
        while let Some(start) = rest.find('<') {
            rest = rest.get(start..).unwrap_or("");
            if rest.starts_with("<!--") {
                rest = rest.split_once("-->").map_or("", |(_, rest)| rest);
            } else if let Some(declaration) = rest.strip_prefix("<!ENTITY") {
                if let Some((name, text)) = entity(declaration) {
                    found.entry(name).or_insert(text);
                }
                rest = declaration;
            } else {
                rest = rest.get(1..).unwrap_or("");
            }
        }
        found
    }
}

/// ` name "text"`; entities of parameters and those outside the document are none.
fn entity(declaration: &str) -> Option<(String, Arc<str>)> {
    let (name, rest) = declaration.trim_start_matches(is_space).split_once(is_space)?;
    let rest = rest.trim_start_matches(is_space);
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (text, _) = rest.get(1..)?.split_once(quote)?;
    is_name(name).then(|| (name.to_owned(), Arc::from(with_letters(text))))
}

/// References to letters are resolved when an entity is declared.
fn with_letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("&#") {
        let (before, reference) = rest.split_at(start);
        out.push_str(before);
        let end = reference.find(';').unwrap_or(reference.len());
        let number = reference.get(2..end).unwrap_or("");
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
        match u32::from_str_radix(digits, radix).ok().and_then(char::from_u32) {
            // These two stay references: they are no markup.
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some(letter) => out.push(letter),
            None => out.push_str(reference.get(..end).unwrap_or("")),
        }
        rest = reference.get((end + 1).min(reference.len())..).unwrap_or("");
    }
    out + rest
}
