//! What is said of the messages of an operation.

use serde_json::Value;

/// The messages of an operation: by its specification, or by its own properties.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationContract {
    /// Parameters of path, query and headers.
    pub parameters: Vec<ContractParameter>,
    /// Request bodies by content type.
    pub requests: Vec<ContractBody>,
    /// True when there must be a request body.
    pub request_required: bool,
    /// Responses.
    pub responses: Vec<ContractResponse>,
}

/// A parameter of a request, or a header of a response.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractParameter {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands.
    pub place: ParameterPlace,
    /// True when it must be there.
    pub required: bool,
    /// What its value must be.
    pub schema: Option<SchemaSource>,
    /// The character between the elements of a list; `None` when each is a parameter of its own.
    pub separator: Option<char>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ParameterPlace {
    Path,
    Query,
    Header,
}

/// A body in one content type.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractBody {
    /// The content type.
    pub content_type: String,
    /// What it must be.
    pub schema: Option<SchemaSource>,
    /// Examples in their order.
    pub examples: Vec<Example>,
}

/// An example of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Example {
    /// A value.
    Value(Value),
    /// The body itself.
    Text(String),
}

/// The responses of a status.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractResponse {
    /// `200`, `4XX` or `default`.
    pub status: String,
    /// Headers.
    pub headers: Vec<ContractParameter>,
    /// Bodies by content type.
    pub bodies: Vec<ContractBody>,
}

/// Where a schema is.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaSource {
    /// In the specification of the API, by a JSON pointer.
    Specification(String),
    /// A definition in a schema of the API or of the service, by their names.
    Definition {
        /// The schema.
        schema: String,
        /// The definition.
        name: String,
    },
    /// Here.
    Inline(Value),
}
