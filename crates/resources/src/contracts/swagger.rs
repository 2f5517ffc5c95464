//! OpenAPI 2.0: bodies are parameters, content types lists beside them.

use serde_json::Value;

use super::cursor::Cursor;
use super::openapi::{joined, place};
use crate::model::{
    ContractBody, ContractParameter, ContractResponse, Example, OperationContract, ParameterPlace,
};

/// The contract of an operation.
pub(super) fn contract(root: &Value, path: &Cursor<'_>, operation: &Cursor<'_>) -> OperationContract {
    let responses = operation.get("responses").map(|responses| responses.members()).unwrap_or_default();
    let produced = content_types(root, operation, "produces");
    OperationContract {
        parameters: joined(path, operation, parameter),
        requests: requests(root, path, operation),
        request_required: body(path, operation).is_some_and(|body| body.is_true("required")),
        responses: responses.iter().map(|(status, node)| response(status, node, &produced)).collect(),
    }
}

/// A parameter is its own schema.
fn parameter(node: &Cursor<'_>) -> Option<ContractParameter> {
    let place = place(node)?;
    Some(ContractParameter {
        name: node.text("name")?.to_owned(),
        description: node.text("description").map(str::to_owned),
        place,
        required: place == ParameterPlace::Path || node.is_true("required"),
        schema: Some(node.as_schema()),
        separator: separator(node),
    })
}

fn separator(node: &Cursor<'_>) -> Option<char> {
    match node.text("collectionFormat") {
        Some("multi") => None,
        Some("ssv") => Some(' '),
        Some("tsv") => Some('\t'),
        Some("pipes") => Some('|'),
        _ => Some(','),
    }
}

/// `consumes` or `produces` of the operation, else of the document; JSON when neither says anything.
fn content_types(root: &Value, operation: &Cursor<'_>, key: &str) -> Vec<String> {
    let list = operation.value().get(key).or_else(|| root.get(key)).and_then(Value::as_array);
    let named: Vec<String> =
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if named.is_empty() { vec!["application/json".to_owned()] } else { named }
}

fn requests(root: &Value, path: &Cursor<'_>, operation: &Cursor<'_>) -> Vec<ContractBody> {
    let consumed = content_types(root, operation, "consumes");
    let body_of = |content_type, schema| ContractBody { content_type, schema, examples: Vec::new() };
    if let Some(node) = body(path, operation) {
        let with_schema = |content_type| body_of(content_type, node.schema("schema"));
        return consumed.into_iter().map(with_schema).collect();
    }
    if with(path, operation, "formData").is_none() {
        return Vec::new();
    }
    let is_form = |content_type: &String| !content_type.ends_with("/json");
    let mut forms: Vec<String> = consumed.into_iter().filter(is_form).collect();
    if forms.is_empty() {
        forms.push("application/x-www-form-urlencoded".to_owned());
    }
    forms.into_iter().map(|content_type| body_of(content_type, None)).collect()
}

/// The parameter that is the body.
fn body<'d>(path: &Cursor<'d>, operation: &Cursor<'d>) -> Option<Cursor<'d>> {
    with(path, operation, "body")
}

/// The last parameter in this place: those of the operation stand behind those of the path.
fn with<'d>(path: &Cursor<'d>, operation: &Cursor<'d>, place: &str) -> Option<Cursor<'d>> {
    let mut all = parameters(path).into_iter().chain(parameters(operation));
    all.rfind(|node| node.text("in") == Some(place))
}

fn parameters<'d>(node: &Cursor<'d>) -> Vec<Cursor<'d>> {
    let list = node.get("parameters").map(|list| list.members()).unwrap_or_default();
    list.into_iter().map(|(_, node)| node).collect()
}

fn response(status: &str, node: &Cursor<'_>, produced: &[String]) -> ContractResponse {
    let headers = node.get("headers").map(|headers| headers.members()).unwrap_or_default();
    let examples = node.value().get("examples").and_then(Value::as_object);
    let example = |content_type: &str| examples.and_then(|examples| examples.get(content_type));
    let has_body = node.value().get("schema").is_some() || examples.is_some();
    let body = |content_type: &String| ContractBody {
        content_type: content_type.clone(),
        schema: node.schema("schema"),
        examples: example(content_type).cloned().map(Example::Value).into_iter().collect(),
    };
    ContractResponse {
        status: status.to_owned(),
        headers: headers
            .iter()
            .map(|(name, node)| ContractParameter {
                name: name.clone(),
                description: node.text("description").map(str::to_owned),
                place: ParameterPlace::Header,
                required: false,
                schema: Some(node.as_schema()),
                separator: separator(node),
            })
            .collect(),
        bodies: if has_body { produced.iter().map(body).collect() } else { Vec::new() },
    }
}
