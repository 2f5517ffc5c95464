//! Named values and their references `{{displayName}}`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use sekisho_diagnostics::reference::references;

use super::Spanned;

/// A named value.
#[derive(Clone, Debug)]
pub struct NamedValue {
    /// Resource name.
    pub name: Spanned<String>,
    /// `properties.displayName`, the key of references; the resource name when not set.
    pub display_name: Spanned<String>,
    /// `properties.value`. `None` when the file has none: extractors leave secrets and Key Vault values out. A
    /// reference to such a value is an error.
    pub value: Option<SecretString>,
    /// `properties.secret`, false when not set.
    pub secret: bool,
    /// `properties.keyVault.secretIdentifier`, for display only: no vault is asked.
    pub key_vault_secret: Option<String>,
}

/// All named values of a service.
#[derive(Clone, Debug, Default)]
pub struct NamedValues {
    by_name: BTreeMap<String, NamedValue>,
    name_by_display_name: BTreeMap<String, String>,
}

/// A text in which references were replaced. It may hold secrets, so Debug shows nothing of it.
#[derive(Clone)]
pub struct Expanded(SecretString);

impl Expanded {
    /// The text, for use; not for logs.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text as a secret.
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl fmt::Debug for Expanded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Expanded([REDACTED])")
    }
}

/// A reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnresolvedNamedValue {
    /// No named value has this display name.
    #[error("named value `{name}` does not exist")]
    Unknown {
        /// The display name in the reference.
        name: String,
        /// The reference with its braces, in bytes of the expanded text.
        range: Range<usize>,
    },
    /// The named value exists, but its value is not in the configuration.
    #[error("named value `{name}` has no value")]
    WithoutValue {
        /// The display name in the reference.
        name: String,
        /// The reference with its braces, in bytes of the expanded text.
        range: Range<usize>,
    },
}

impl UnresolvedNamedValue {
    /// Where in the text the reference stands, in bytes, braces included.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Unknown { range, .. } | Self::WithoutValue { range, .. } => range.clone(),
        }
    }
}

impl NamedValues {
    /// Adds or replaces a named value. Of two with one display name the first is found.
    pub fn insert(&mut self, value: NamedValue) {
        let name = value.name.value.clone();
        self.name_by_display_name.entry(value.display_name.value.clone()).or_insert_with(|| name.clone());
        self.by_name.insert(name, value);
    }

    /// All of them in the order of their resource names.
    pub fn iter(&self) -> impl Iterator<Item = &NamedValue> {
        self.by_name.values()
    }

    /// The one with this resource name.
    pub fn by_resource_name(&self, name: &str) -> Option<&NamedValue> {
        self.by_name.get(name)
    }

    /// The one with this display name: what `{{name}}` means. Case matters.
    pub fn get(&self, display_name: &str) -> Option<&NamedValue> {
        self.by_name.get(self.name_by_display_name.get(display_name)?)
    }

    /// All display names, for "did you mean".
    pub fn display_names(&self) -> impl Iterator<Item = &str> {
        self.name_by_display_name.keys().map(String::as_str)
    }

    /// Replaces every `{{name}}`. A value is pasted as it is: references inside it stay text.
    ///
    /// # Errors
    /// The first reference that leads nowhere.
    pub fn expand(&self, text: &str) -> Result<Expanded, UnresolvedNamedValue> {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (range, name) in references(text) {
            out.push_str(text.get(at..range.start).unwrap_or(""));
            at = range.end;
            let Some(found) = self.get(name) else {
                return Err(UnresolvedNamedValue::Unknown { name: name.to_owned(), range });
            };
            let Some(value) = &found.value else {
                return Err(UnresolvedNamedValue::WithoutValue { name: name.to_owned(), range });
            };
            out.push_str(value.expose_secret());
        }
        out.push_str(text.get(at..).unwrap_or(""));
        Ok(Expanded(SecretString::from(out)))
    }
}
