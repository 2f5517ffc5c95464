//! The contract of a case's operation, written as an operation of OpenAPI 3.1 with its `components` beside it.
//!
//! The gateway reads specifications by way of the resource model, with all their dialects; here is what policies need,
//! no more.

use std::sync::Arc;

use bytes::Bytes;
use sekisho_policy::exchange::{
    Contract, ListStyle, Parameter, Place, Representation, ResponseContract, StatusPattern,
};
use sekisho_policy::schema::{Builder, Dialect, Draft};
use serde_json::Value;

/// Reads the contract.
pub fn contract(operation: &Value) -> Contract {
    let mut builder = Builder::new();
    let drafts = Drafts::read(operation, &mut builder);
    let set = builder.finish();
    let finished = |draft: Option<Draft>| draft.map(|draft| draft.finished(&set));
    let representations = |drafts: Vec<RepresentationDraft>| {
        let made = drafts.into_iter().map(|(content_type, schema, examples)| {
            Representation::new(&content_type, finished(schema), examples)
        });
        made.collect::<Vec<_>>()
    };
    let parameter = |(name, place, required, schema, list): ParameterDraft| {
        Parameter::new(&name, place, required, finished(schema), list)
    };
    Contract {
        parameters: drafts.parameters.into_iter().map(parameter).collect(),
        requests: representations(drafts.requests),
        responses: drafts
            .responses
            .into_iter()
            .map(|(status, headers, bodies)| ResponseContract {
                status,
                headers: headers.into_iter().map(parameter).collect(),
                representations: representations(bodies),
            })
            .collect(),
    }
}

type RepresentationDraft = (String, Option<Draft>, Vec<Bytes>);
type ParameterDraft = (String, Place, bool, Option<Draft>, ListStyle);

/// A contract whose schemas are not finished.
struct Drafts {
    parameters: Vec<ParameterDraft>,
    requests: Vec<RepresentationDraft>,
    responses: Vec<(StatusPattern, Vec<ParameterDraft>, Vec<RepresentationDraft>)>,
}

impl Drafts {
    fn read<'d>(root: &'d Value, builder: &mut Builder<'d>) -> Self {
        let parameters = root.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters = parameters
            .filter_map(|node| {
                let place = match node.get("in")?.as_str()? {
                    "path" => Place::Path,
                    "query" => Place::Query,
                    _ => Place::Header,
                };
                Some(parameter(root, node, node.get("name")?.as_str()?, place, builder))
            })
            .collect();
        let requests = content(root, root.get("requestBody"), builder);
        let responses = members(root.get("responses"))
            .filter_map(|(status, node)| {
                let headers = members(node.get("headers"))
                    .map(|(name, node)| parameter(root, node, name, Place::Header, builder))
                    .collect();
                Some((StatusPattern::parse(status)?, headers, content(root, Some(node), builder)))
            })
            .collect();
        Self { parameters, requests, responses }
    }
}

fn parameter<'d>(
    root: &'d Value,
    node: &'d Value,
    name: &str,
    place: Place,
    builder: &mut Builder<'d>,
) -> ParameterDraft {
    let schema = node.get("schema").map(|schema| builder.schema(root, schema, Dialect::Beside, name));
    let is_spread = place == Place::Query && node.get("explode") != Some(&Value::Bool(false));
    let list = if is_spread { ListStyle::Repeated } else { ListStyle::Separated(',') };
    let required = place == Place::Path || node.get("required") == Some(&Value::Bool(true));
    (name.to_owned(), place, required, schema, list)
}

fn content<'d>(
    root: &'d Value,
    node: Option<&'d Value>,
    builder: &mut Builder<'d>,
) -> Vec<RepresentationDraft> {
    let representations = members(node.and_then(|node| node.get("content")));
    representations
        .map(|(content_type, node)| {
            let schema =
                node.get("schema").map(|schema| builder.schema(root, schema, Dialect::Beside, content_type));
            let named = members(node.get("examples")).filter_map(|(_, example)| example.get("value"));
            let examples = node.get("example").into_iter().chain(named);
            (content_type.clone(), schema, examples.map(|example| Bytes::from(example.to_string())).collect())
        })
        .collect()
}

fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// The contract as a call has it.
pub(crate) fn shared(operation: Option<&Value>) -> Option<Arc<Contract>> {
    operation.map(|operation| Arc::new(contract(operation)))
}
