//! `XName` and `XNamespace`.

use std::any::Any;
use std::sync::Arc;

use super::chars::{is_local_name, is_name_char};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(super) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An expanded name.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// Empty for none.
    pub(super) namespace: Arc<str>,
    pub(super) local: Arc<str>,
    /// As it was written: `System.Xml` keeps it, names are the same without.
    pub(super) prefix: Option<Arc<str>>,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.local == other.local && self.namespace == other.namespace
    }
}

impl Eq for Name {}

static X_NAME: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XName").members(&[
    pure("static XName Get(string expandedName)", |call| Name::expanded(&call.text(0)?).map(Value::object)),
    pure("static XName Get(string localName, string namespaceName)", |call| {
        Name::new(&call.text(1)?, &call.text(0)?).map(Value::object)
    }),
    pure("static implicit operator XName(string expandedName)", |call| match call.text_or_null(0) {
        Some(text) => Name::expanded(&text).map(Value::object),
        None => Ok(Value::Null),
    }),
    pure("string LocalName", |call| Ok(Value::from(&*call.object::<Name>()?.local))),
    pure("string NamespaceName", |call| Ok(Value::from(&*call.object::<Name>()?.namespace))),
    pure("XNamespace Namespace", |call| {
        Ok(Value::object(Namespace(Arc::clone(&call.object::<Name>()?.namespace))))
    }),
    pure("string ToString()", |call| Ok(Value::from(call.object::<Name>()?.to_text()))),
    pure("static bool operator ==(XName left, XName right)", |call| {
        Ok(Value::Boolean(call.argument(0).equals(call.argument(1))))
    }),
    pure("static bool operator !=(XName left, XName right)", |call| {
        Ok(Value::Boolean(!call.argument(0).equals(call.argument(1))))
    }),
]);

static X_NAMESPACE: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XNamespace").members(&[
    pure("bool Equals(object obj)", |call| Ok(Value::Boolean(call.receiver().equals(call.argument(0))))),
    pure("static XNamespace Get(string namespaceName)", |call| Ok(namespace(&call.text(0)?))),
    pure("static implicit operator XNamespace(string namespaceName)", |call| {
        Ok(call.text_or_null(0).map_or(Value::Null, |text| namespace(&text)))
    }),
    pure("static XNamespace None", |_| Ok(namespace(""))),
    pure("static XNamespace Xml", |_| Ok(namespace(XML))),
    pure("static XNamespace Xmlns", |_| Ok(namespace(XMLNS))),
    pure("string NamespaceName", |call| Ok(Value::from(&*call.object::<Namespace>()?.0))),
    pure("XName GetName(string localName)", |call| {
        let local = call.text(0)?;
        Name::new(&call.object::<Namespace>()?.0, &local).map(Value::object)
    }),
    pure("static XName operator +(XNamespace ns, string localName)", |call| {
        let local = call.text(1)?;
        Name::new(&call.object_argument::<Namespace>(0)?.0, &local).map(Value::object)
    }),
    pure("string ToString()", |call| Ok(Value::from(&*call.object::<Namespace>()?.0))),
    pure("static bool operator ==(XNamespace left, XNamespace right)", |call| {
        Ok(Value::Boolean(call.argument(0).equals(call.argument(1))))
    }),
    pure("static bool operator !=(XNamespace left, XNamespace right)", |call| {
        Ok(Value::Boolean(!call.argument(0).equals(call.argument(1))))
    }),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&X_NAME, &X_NAMESPACE];

impl DotnetObject for Name {
    fn type_of(&self) -> Type {
        Type::Named("System.Xml.Linq.XName")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        if self.namespace.is_empty() {
            self.local.to_string()
        } else {
            format!("{{{}}}{}", self.namespace, self.local)
        }
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(45, self.to_text()))
    }
}

/// `XNamespace`.
#[derive(PartialEq, Eq)]
pub(super) struct Namespace(pub(super) Arc<str>);

impl DotnetObject for Namespace {
    fn type_of(&self) -> Type {
        Type::Named("System.Xml.Linq.XNamespace")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        self.0.to_string()
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(46, self.0.to_string()))
    }
}

/// An `XNamespace`.
pub(super) fn namespace(name: &str) -> Value {
    Value::object(Namespace(Arc::from(name)))
}

impl Name {
    /// A name; the local part must be one of XML without a prefix.
    ///
    /// # Errors
    /// `XmlException`.
    pub(super) fn new(namespace: &str, local: &str) -> Result<Self, Exception> {
        if !is_local_name(local) {
            return Err(wrong_name(local));
        }
        Ok(Self { namespace: Arc::from(namespace), local: Arc::from(local), prefix: None })
    }

    /// A name that was checked before.
    pub(super) fn unchecked(namespace: &str, local: &str, prefix: &str) -> Self {
        Self { namespace: Arc::from(namespace), local: Arc::from(local), prefix: Some(Arc::from(prefix)) }
    }

    /// `prefix:local` as it was written.
    pub(super) fn qualified(&self) -> String {
        match self.prefix.as_deref() {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}:{}", self.local),
            _ => self.local.to_string(),
        }
    }

    /// `{namespace}local` or just `local`.
    ///
    /// # Errors
    /// `ArgumentException` for empty parts, `XmlException` for what is no name.
    pub(super) fn expanded(text: &str) -> Result<Self, Exception> {
        let invalid =
            || Exception::argument(format!("The '{text}' expanded name is invalid."), "expandedName");
        if text.is_empty() {
            return Err(invalid());
        }
        let Some(rest) = text.strip_prefix('{') else { return Name::new("", text) };
        match rest.rsplit_once('}') {
            Some((namespace, local)) if !namespace.is_empty() && !local.is_empty() => {
                Name::new(namespace, local)
            }
            _ => Err(invalid()),
        }
    }

    /// True for `xmlns` and `xmlns:p`.
    pub(super) fn declares_namespace(&self) -> bool {
        &*self.namespace == XMLNS || (self.namespace.is_empty() && &*self.local == "xmlns")
    }
}

/// An `XName` argument that must not be null.
///
/// # Errors
/// `ArgumentNullException`.
pub(super) fn name_argument(call: &Call<'_>, at: usize) -> Result<Name, Exception> {
    call.object_argument::<Name>(at).cloned()
}

fn wrong_name(text: &str) -> Exception {
    let mut letters = text.chars();
    let wrong = letters.find(|letter| !is_name_char(*letter));
    let message = match (text.chars().next(), wrong) {
        (None, _) => return Exception::argument("The value cannot be an empty string.", "name"),
        (_, Some(wrong)) => {
            format!(
                "The '{wrong}' character, hexadecimal value 0x{:02X}, cannot be included in a name.",
                u32::from(wrong)
            )
        }
        (Some(first), None) => {
            format!(
                "Name cannot begin with the '{first}' character, hexadecimal value 0x{:02X}.",
                u32::from(first)
            )
        }
    };
    Exception::new("System.Xml.XmlException", message)
}
