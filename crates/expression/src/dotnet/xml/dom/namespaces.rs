//! `XmlNamespaceManager`, and the name table that its constructor asks for.

use std::any::Any;

use parking_lot::Mutex;

use super::super::names::{XML, XMLNS};
use super::super::xpath::Prefixes;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

pub(super) static MANAGER: TypeDeclaration = TypeDeclaration::class("System.Xml.XmlNamespaceManager")
    .members(&[
        impure("new(XmlNameTable nameTable)", |call| {
            if call.argument(0).is_null() {
                return Err(call.null_argument(0));
            }
            Ok(Value::object(Manager::default()))
        }),
        impure("void AddNamespace(string prefix, string uri)", |call| {
            let (prefix, uri) = (call.text(0)?, call.text(1)?);
            let reserved = match &*prefix {
                "xml" => &*uri != XML,
                "xmlns" => true,
                _ => false,
            };
            if reserved {
                let message = format!("Prefix \"{prefix}\" is reserved for use by XML.");
                return Err(Exception::argument(message, "prefix"));
            }
            call.budget().allocate(prefix.len() + uri.len())?;
            let mut scopes = this(call)?.0.lock();
            if let Some(scope) = scopes.last_mut() {
                scope.retain(|(known, _)| *known != *prefix);
                scope.push((prefix.to_string(), uri.to_string()));
            }
            Ok(Value::Null)
        }),
        impure("void RemoveNamespace(string prefix, string uri)", |call| {
            let (prefix, uri) = (call.text(0)?, call.text(1)?);
            if let Some(scope) = this(call)?.0.lock().last_mut() {
                scope.retain(|(known, namespace)| *known != *prefix || *namespace != *uri);
            }
            Ok(Value::Null)
        }),
        impure("string LookupNamespace(string prefix)", |call| {
            let prefix = call.text(0)?;
            Ok(Value::from(this(call)?.find(&prefix)))
        }),
        impure("string LookupPrefix(string uri)", |call| {
            let uri = call.text(0)?;
            let manager = this(call)?;
            let prefixes: Vec<String> = {
                let scopes = manager.0.lock();
                let all = scopes.iter().rev().flat_map(|scope| scope.iter().rev());
                all.filter(|(_, namespace)| *namespace == *uri).map(|(prefix, _)| prefix.clone()).collect()
            };
            let found = prefixes.into_iter().find(|prefix| manager.find(prefix).as_deref() == Some(&*uri));
            Ok(Value::from(found.or_else(|| (&*uri == XML).then(|| "xml".to_owned()))))
        }),
        impure("bool HasNamespace(string prefix)", |call| {
            let prefix = call.text(0)?;
            let scopes = this(call)?.0.lock();
            let is_here = scopes.last().is_some_and(|scope| scope.iter().any(|(known, _)| *known == *prefix));
            Ok(Value::Boolean(is_here))
        }),
        impure("string DefaultNamespace", |call| Ok(Value::from(this(call)?.find("").unwrap_or_default()))),
        impure("void PushScope()", |call| {
            call.budget().step()?;
            this(call)?.0.lock().push(Vec::new());
            Ok(Value::Null)
        }),
        impure("bool PopScope()", |call| {
            let mut scopes = this(call)?.0.lock();
            let is_inner = scopes.len() > 1;
            if is_inner {
                scopes.pop();
            }
            Ok(Value::Boolean(is_inner))
        }),
    ]);

pub(super) static NAME_TABLE_BASE: TypeDeclaration = TypeDeclaration::class("System.Xml.XmlNameTable");

pub(super) static NAME_TABLE: TypeDeclaration = TypeDeclaration::class("System.Xml.NameTable")
    .base("XmlNameTable")
    .members(&[impure("new()", |_| Ok(Value::object(NameTable)))]);

/// An `XmlNamespaceManager`: scopes of prefixes with their namespaces.
pub(super) struct Manager(Mutex<Vec<Vec<(String, String)>>>);

impl Default for Manager {
    fn default() -> Self {
        Self(Mutex::new(vec![Vec::new()]))
    }
}

impl Manager {
    fn find(&self, prefix: &str) -> Option<String> {
        match prefix {
            "xml" => return Some(XML.to_owned()),
            "xmlns" => return Some(XMLNS.to_owned()),
            _ => {}
        }
        let scopes = self.0.lock();
        let mut all = scopes.iter().rev().flat_map(|scope| scope.iter().rev());
        let found = all.find(|(known, _)| known == prefix).map(|(_, namespace)| namespace.clone());
        found.or_else(|| prefix.is_empty().then(String::new))
    }
}

impl Prefixes for Manager {
    fn namespace(&self, prefix: &str) -> Option<String> {
        self.find(prefix)
    }
}

impl DotnetObject for Manager {
    fn type_of(&self) -> Type {
        Type::Named(MANAGER.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A `NameTable`: names are not shared here.
pub(super) struct NameTable;

impl DotnetObject for NameTable {
    fn type_of(&self) -> Type {
        Type::Named(NAME_TABLE.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Manager, Exception> {
    call.object()
}
