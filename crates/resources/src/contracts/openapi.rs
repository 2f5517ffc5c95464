//! OpenAPI 3.0 and 3.1.

use super::cursor::Cursor;
use crate::model::{
    ContractBody, ContractParameter, ContractResponse, Example, OperationContract, ParameterPlace,
    SchemaSource,
};

/// The contract of an operation.
pub(super) fn contract(path: &Cursor<'_>, operation: &Cursor<'_>) -> OperationContract {
    let responses = operation.get("responses").map(|responses| responses.members()).unwrap_or_default();
    OperationContract {
        parameters: joined(path, operation, parameter),
        requests: operation.get("requestBody").map(|body| bodies(&body)).unwrap_or_default(),
        request_required: operation.get("requestBody").is_some_and(|body| body.is_true("required")),
        responses: responses.iter().map(|(status, node)| response(status, node)).collect(),
    }
}

/// The parameters of a path, replaced by those of an operation with the same name and place.
pub(super) fn joined(
    path: &Cursor<'_>,
    operation: &Cursor<'_>,
    read: impl Fn(&Cursor<'_>) -> Option<ContractParameter>,
) -> Vec<ContractParameter> {
    let of = |node: &Cursor<'_>| -> Vec<ContractParameter> {
        let list = node.get("parameters").map(|list| list.members()).unwrap_or_default();
        list.iter().filter_map(|(_, node)| read(node)).collect()
    };
    let own = of(operation);
    let mut all = of(path);
    all.retain(|shared| !own.iter().any(|own| own.name == shared.name && own.place == shared.place));
    all.extend(own);
    all
}

pub(super) fn place(node: &Cursor<'_>) -> Option<ParameterPlace> {
    Some(match node.text("in")? {
        "path" => ParameterPlace::Path,
        "query" => ParameterPlace::Query,
        "header" => ParameterPlace::Header,
        _ => return None,
    })
}

fn parameter(node: &Cursor<'_>) -> Option<ContractParameter> {
    let place = place(node)?;
    let name = node.text("name")?;
    // What these headers say is said elsewhere in a specification, which is what OpenAPI goes by.
    let is_elsewhere = place == ParameterPlace::Header
        && ["accept", "content-type", "authorization"].iter().any(|known| name.eq_ignore_ascii_case(known));
    if is_elsewhere {
        return None;
    }
    Some(ContractParameter {
        name: name.to_owned(),
        description: node.text("description").map(str::to_owned),
        place,
        required: place == ParameterPlace::Path || node.is_true("required"),
        schema: schema(node),
        separator: separator(node, place),
    })
}

/// The schema of a parameter or header, also one that is written as content.
fn schema(node: &Cursor<'_>) -> Option<SchemaSource> {
    // A value that is JSON in a text is not looked into.
    if node.get("content").is_some() { None } else { node.schema("schema") }
}

fn separator(node: &Cursor<'_>, place: ParameterPlace) -> Option<char> {
    match (node.text("style"), place) {
        (Some("spaceDelimited"), _) => Some(' '),
        (Some("pipeDelimited"), _) => Some('|'),
        (_, ParameterPlace::Query) => {
            let is_spread = node.value().get("explode") != Some(&serde_json::Value::Bool(false));
            (!is_spread).then_some(',')
        }
        _ => Some(','),
    }
}

fn response(status: &str, node: &Cursor<'_>) -> ContractResponse {
    let headers = node.get("headers").map(|headers| headers.members()).unwrap_or_default();
    ContractResponse {
        status: status.to_owned(),
        headers: headers
            .iter()
            .map(|(name, node)| ContractParameter {
                name: name.clone(),
                description: node.text("description").map(str::to_owned),
                place: ParameterPlace::Header,
                required: node.is_true("required"),
                schema: schema(node),
                separator: Some(','),
            })
            .collect(),
        bodies: bodies(node),
    }
}

fn bodies(node: &Cursor<'_>) -> Vec<ContractBody> {
    let content = node.get("content").map(|content| content.members()).unwrap_or_default();
    let read = |(content_type, node): &(String, Cursor<'_>)| {
        let named = node.get("examples").map(|examples| examples.members()).unwrap_or_default();
        let values = named.iter().filter_map(|(_, example)| example.value().get("value"));
        let examples = node.value().get("example").into_iter().chain(values);
        ContractBody {
            content_type: content_type.clone(),
            schema: node.schema("schema"),
            examples: examples.cloned().map(Example::Value).collect(),
        }
    };
    content.iter().map(read).collect()
}
