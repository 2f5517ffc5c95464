//! Contracts of operations, for policies that hold messages against the specification.
//!
//! A configuration keeps no specification in memory: it is read again from the sources, for APIs that have such a policy.
//!
//! - `cursor`: a value of the document with its JSON pointer, references followed
//! - `openapi`: OpenAPI 3.0 and 3.1; `swagger`: OpenAPI 2.0

mod cursor;
mod openapi;
mod swagger;
#[cfg(test)]
mod tests;

use sekisho_diagnostics::{SourceMap, Span};
use serde_json::Value;

use crate::model::{
    Api, ContractParameter, Operation, OperationContract, ParameterPlace, SpecificationSource,
};
use crate::read::{GivenContract, of_type};
use crate::template;
use crate::value::{self, Node};
use cursor::Cursor;

/// Which language a specification is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SpecificationVersion {
    OpenApi2,
    OpenApi30,
    OpenApi31,
}

/// The specification of an API, read for contracts.
pub struct ApiContracts {
    /// The document with its places; none without a specification.
    node: Option<Node>,
    document: Value,
    version: SpecificationVersion,
}

impl ApiContracts {
    /// Reads the specification of an API out of the sources that its configuration was read from.
    pub fn read(api: &Api, sources: &SourceMap) -> Self {
        let (node, document) = match &api.specification {
            Some(SpecificationSource::File { file, is_inner }) => {
                let node = value::read_again(*file, *is_inner, sources);
                let document = node.as_ref().map(Node::to_json);
                (node, document.unwrap_or_default())
            }
            Some(SpecificationSource::Inline(document)) => (None, Value::clone(document)),
            None => (None, Value::Null),
        };
        let version = match document.get("openapi").and_then(Value::as_str) {
            Some(version) if version.starts_with("3.1") => SpecificationVersion::OpenApi31,
            Some(_) => SpecificationVersion::OpenApi30,
            None => SpecificationVersion::OpenApi2,
        };
        Self { node, document, version }
    }

    /// The specification as JSON, into which [`SchemaSource::Specification`](crate::model::SchemaSource) points; null
    /// without one.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Its language.
    pub fn version(&self) -> SpecificationVersion {
        self.version
    }

    /// What is said of an operation: by the specification, and in its place by the properties of the operation.
    pub fn operation(&self, operation: &Operation) -> OperationContract {
        let mut contract = match &operation.source {
            Some(source) => self.specified(&source.path, &source.method),
            None => OperationContract::default(),
        };
        if let Some(given) = operation.given_contract.as_deref() {
            given.amend(&mut contract);
        }
        place_template_parameters(operation, &mut contract);
        contract
    }

    fn specified(&self, path: &str, method: &str) -> OperationContract {
        let paths = Cursor::new(&self.document).get("paths");
        let Some(path) = paths.and_then(|paths| paths.get(path)) else { return OperationContract::default() };
        let Some(operation) = path.get(method) else { return OperationContract::default() };
        match self.version {
            SpecificationVersion::OpenApi2 => swagger::contract(&self.document, &path, &operation),
            _ => openapi::contract(&path, &operation),
        }
    }

    /// The place of a value of [`ApiContracts::document`] by its address; the head of the document when it is none of it.
    pub fn place(&self, address: usize) -> Option<Span> {
        let node = self.node.as_ref()?;
        Some(find(node, &self.document, address).unwrap_or(node.span.head()))
    }
}

/// The span of the value at an address. Both trees have the same shape.
fn find(node: &Node, value: &Value, address: usize) -> Option<Span> {
    if std::ptr::from_ref(value) as usize == address {
        return Some(node.span);
    }
    match value {
        Value::Array(values) => {
            node.elements().iter().zip(values).find_map(|(node, value)| find(node, value, address))
        }
        Value::Object(members) => {
            node.entries().iter().find_map(|entry| find(&entry.value, members.get(&entry.key)?, address))
        }
        _ => None,
    }
}

/// Every variable of the template is a parameter: of the path, or of the query where it stands behind `?`.
fn place_template_parameters(operation: &Operation, contract: &mut OperationContract) {
    let url_template = &operation.url_template.value;
    let (path, query) = url_template.split_once('?').unwrap_or((url_template, ""));
    for (part, place) in [(path, ParameterPlace::Path), (query, ParameterPlace::Query)] {
        for name in template::variables(part) {
            let own = |parameter: &&mut ContractParameter| {
                parameter.name == name && parameter.place != ParameterPlace::Header
            };
            let known = operation.template_parameters.iter().find(|known| known.name == name);
            match contract.parameters.iter_mut().find(own) {
                Some(parameter) => parameter.place = place,
                None => contract.parameters.push(ContractParameter {
                    name: name.to_owned(),
                    description: None,
                    place,
                    required: place == ParameterPlace::Path || known.is_some_and(|known| known.required),
                    schema: known.and_then(|known| of_type(&known.value_type)),
                    separator: (place == ParameterPlace::Path).then_some(','),
                }),
            }
        }
    }
}

/// True when nothing was given.
pub(crate) fn is_silent(given: &GivenContract) -> bool {
    given.template.is_none() && given.request.is_none() && given.responses.is_none()
}
