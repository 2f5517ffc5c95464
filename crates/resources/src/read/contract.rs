//! What the properties of an operation say of its messages: `templateParameters`, `request`, `responses`.

use serde_json::{Value as Json, json};

use crate::identifier;
use crate::model::{
    ContractBody, ContractParameter, ContractResponse, Example, OperationContract, ParameterPlace,
    SchemaSource,
};
use crate::value::Node;

/// What an operation itself says; each part perhaps not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenContract {
    pub(crate) template: Option<Vec<ContractParameter>>,
    pub(crate) request: Option<(Vec<ContractParameter>, Vec<ContractBody>)>,
    pub(crate) responses: Option<Vec<ContractResponse>>,
}

impl GivenContract {
    /// Reads it leniently: what is not as ARM has it says nothing. `url_template` tells parameters of path and query apart.
    pub(crate) fn read(node: &Node) -> Self {
        let member =
            |key: &str| node.get("properties").and_then(|inner| inner.get(key)).or_else(|| node.get(key));
        let template = member("templateParameters").map(|list| parameters(list, ParameterPlace::Path));
        let request = member("request").map(|request| {
            let of =
                |key: &str, place| request.get(key).map(|list| parameters(list, place)).unwrap_or_default();
            let mut all = of("queryParameters", ParameterPlace::Query);
            all.extend(of("headers", ParameterPlace::Header));
            (all, bodies(request))
        });
        let responses = member("responses").map(|list| list.elements().iter().filter_map(response).collect());
        Self { template, request, responses }
    }

    /// Puts what is said here in place of what the specification says.
    pub(crate) fn amend(&self, contract: &mut OperationContract) {
        let mut replace = |parameters: &[ContractParameter], places: &[ParameterPlace]| {
            contract.parameters.retain(|known| {
                !places.contains(&known.place) && !parameters.iter().any(|own| own.name == known.name)
            });
            contract.parameters.extend(parameters.iter().cloned());
        };
        if let Some((parameters, bodies)) = &self.request {
            replace(parameters, &[ParameterPlace::Query, ParameterPlace::Header]);
            contract.requests.clone_from(bodies);
        }
        if let Some(parameters) = &self.template {
            for own in parameters {
                contract
                    .parameters
                    .retain(|known| known.name != own.name || known.place == ParameterPlace::Header);
                contract.parameters.push(own.clone());
            }
        }
        if let Some(responses) = &self.responses {
            contract.responses.clone_from(responses);
        }
    }
}

fn parameters(list: &Node, place: ParameterPlace) -> Vec<ContractParameter> {
    let read = |node: &Node| {
        Some(ContractParameter {
            name: node.get("name")?.scalar()?.to_owned(),
            description: node.get("description").and_then(Node::text).map(str::to_owned),
            place,
            required: node.get("required").and_then(Node::scalar) == Some("true"),
            schema: schema(node).or_else(|| typed(node)),
            // ARM does not say how lists are written.
            separator: (place != ParameterPlace::Query).then_some(','),
        })
    };
    list.elements().iter().filter_map(read).collect()
}

/// `schemaId` and `typeName`.
fn schema(node: &Node) -> Option<SchemaSource> {
    let id = node.get("schemaId")?.text()?;
    let name = node.get("typeName")?.text()?;
    let schema = identifier::name_in(id, "schemas").unwrap_or(id);
    Some(SchemaSource::Definition { schema: schema.to_owned(), name: name.to_owned() })
}

/// `type` and `values`.
fn typed(node: &Node) -> Option<SchemaSource> {
    let kind = node.get("type").and_then(Node::text).unwrap_or("string");
    let values: Vec<&str> =
        node.get("values").map(Node::elements).unwrap_or_default().iter().filter_map(Node::scalar).collect();
    let mut schema = json!({});
    if ["string", "integer", "number", "boolean", "array", "object"].contains(&kind) {
        schema["type"] = kind.into();
    }
    if !values.is_empty() && kind == "string" {
        schema["enum"] = values.into();
    }
    Some(SchemaSource::Inline(schema))
}

fn bodies(node: &Node) -> Vec<ContractBody> {
    let read = |node: &Node| {
        Some(ContractBody {
            content_type: node.get("contentType")?.text()?.to_owned(),
            schema: schema(node),
            examples: examples(node),
        })
    };
    node.get("representations").map(Node::elements).unwrap_or_default().iter().filter_map(read).collect()
}

/// `examples` by name, each with a `value`; early versions had one `sample`.
fn examples(node: &Node) -> Vec<Example> {
    let named = node.get("examples").map(Node::entries).unwrap_or_default();
    let values = named.iter().filter_map(|entry| entry.value.get("value"));
    let texts = |value: &Node| match value.text() {
        Some(text) => Example::Text(text.to_owned()),
        None => Example::Value(value.to_json()),
    };
    values.chain(node.get("sample")).map(texts).collect()
}

fn response(node: &Node) -> Option<ContractResponse> {
    let headers =
        node.get("headers").map(|list| parameters(list, ParameterPlace::Header)).unwrap_or_default();
    Some(ContractResponse {
        status: node.get("statusCode")?.scalar()?.to_owned(),
        headers,
        bodies: bodies(node),
    })
}

/// The schema of a variable of which only the type is known.
pub(crate) fn of_type(value_type: &str) -> Option<SchemaSource> {
    let is_type = ["integer", "number", "boolean", "string"].contains(&value_type);
    is_type.then(|| {
        SchemaSource::Inline(Json::Object([("type".to_owned(), value_type.into())].into_iter().collect()))
    })
}
