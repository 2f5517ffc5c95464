//! An operation as a tool: what clients are told of it, and how its request is made.
//!
//! Parameters of path, query and headers are arguments under their own names; one whose name is taken gets the place
//! behind it (`id_header`). The body is the argument `body`.

use std::sync::Arc;

use http::{HeaderValue, Method};
use sekisho_expression::context::{ApiFacts, OperationFacts};
use sekisho_policy::exchange::contract::is_json;
use sekisho_policy::exchange::{Contract, Route};
use sekisho_policy::pipeline::Pipeline;
use sekisho_resources::contracts::ApiContracts;
use sekisho_resources::model::{
    Api, Configuration, ContractBody, ContractParameter, McpTool, Operation, OperationContract,
    ParameterPlace, SchemaSource,
};
use serde_json::{Map, Value, json};

use super::arguments::{Argument, ArgumentPlace, BodyArgument, RequestShape};
use super::schema::resolved;
use super::template::UrlTemplate;
use crate::subscription::KeyRules;

/// A tool.
pub(crate) struct Tool {
    pub(super) name: Arc<str>,
    /// As `tools/list` shows it.
    pub(super) listing: Value,
    pub(super) request: RequestShape,
    pub(super) source: Source,
}

/// The operation behind a tool.
pub(crate) struct Source {
    /// Its API.
    pub(crate) api: Arc<ApiFacts>,
    /// The path of that API without slashes at its ends.
    pub(crate) api_path: Arc<str>,
    /// The operation.
    pub(crate) operation: Arc<OperationFacts>,
    /// What its specification says, when a policy asks for it.
    pub(crate) contract: Option<Arc<Contract>>,
    /// How the API asks for keys.
    pub(crate) keys: KeyRules,
    /// Where its calls go.
    pub(crate) route: Route,
    /// The policies of API and operation: those of the broader scopes ran for the message.
    pub(crate) pipeline: Arc<Pipeline>,
}

/// Makes tools of the operations of one API.
pub(crate) struct ToolMaker<'m> {
    /// The configuration, for its schemas.
    pub(crate) configuration: &'m Configuration,
    /// The API.
    pub(crate) api: &'m Api,
    /// Its specification.
    pub(crate) contracts: &'m ApiContracts,
}

impl ToolMaker<'_> {
    /// Makes a tool. None for a method that is none, which was reported when the operation was read.
    pub(crate) fn tool(&self, tool: &McpTool, operation: &Operation, source: Source) -> Option<Tool> {
        let method = Method::from_bytes(operation.method.value.as_bytes()).ok()?;
        let contract = self.contracts.operation(operation);
        let template = UrlTemplate::new(&operation.url_template.value);
        let mut described = Described::default();
        let mut arguments = Vec::new();
        for place in [ParameterPlace::Path, ParameterPlace::Query, ParameterPlace::Header] {
            for parameter in contract.parameters.iter().filter(|parameter| parameter.place == place) {
                let Some(place) = template.place(parameter) else { continue };
                let name = described.add(
                    &parameter.name,
                    suffix(&place),
                    self.parameter_schema(parameter),
                    parameter.required,
                );
                let (required, separator) = (parameter.required, parameter.separator);
                arguments.push(Argument { name, place, required, separator });
            }
        }
        let body = self.body(&contract, operation, &method, &mut described);
        let description = tool.description.as_ref().or(operation.description.as_ref());
        let mut listing = json!({"name": tool.name.value});
        if let Some(title) = &tool.title {
            listing["title"] = title.as_str().into();
        }
        listing["description"] = description.unwrap_or(&operation.display_name).as_str().into();
        listing["inputSchema"] = described.schema();
        let request =
            RequestShape { method, path: template.path, fixed_query: template.fixed_query, arguments, body };
        Some(Tool { name: tool.name.value.as_str().into(), listing, request, source })
    }

    fn parameter_schema(&self, parameter: &ContractParameter) -> Value {
        let schema = parameter.schema.as_ref().map(|source| self.schema(source));
        let mut schema = schema.filter(Value::is_object).unwrap_or_else(|| json!({"type": "string"}));
        if let (Some(description), None) = (&parameter.description, schema.get("description")) {
            schema["description"] = description.as_str().into();
        }
        schema
    }

    /// The argument that is the body. An operation of which nothing is said may have one where its method does.
    fn body(
        &self,
        contract: &OperationContract,
        operation: &Operation,
        method: &Method,
        described: &mut Described,
    ) -> Option<BodyArgument> {
        let is_declared = !contract.requests.is_empty();
        let may_have_one =
            operation.source.is_none() && [Method::POST, Method::PUT, Method::PATCH].contains(method);
        if !is_declared && !may_have_one {
            return None;
        }
        let is_any =
            |body: &&ContractBody| is_json(&body.content_type) || body.content_type.starts_with("*/");
        let chosen = contract.requests.iter().find(is_any).or(contract.requests.first());
        let content_type = chosen
            .filter(|body| !body.content_type.contains('*'))
            .map_or("application/json", |body| &body.content_type);
        let is_json = is_json(content_type);
        let schema = match chosen.and_then(|body| body.schema.as_ref()) {
            Some(source) if is_json => self.schema(source),
            _ if is_json => json!({"description": "The request body."}),
            _ => json!({"type": "string", "description": format!("The request body, {content_type}.")}),
        };
        let required = is_declared && contract.request_required;
        let name = described.add("body", "request", schema, required);
        let content_type = HeaderValue::try_from(content_type).ok()?;
        Some(BodyArgument { name, content_type, is_json, required })
    }

    fn schema(&self, source: &SchemaSource) -> Value {
        match source {
            SchemaSource::Specification(pointer) => {
                let document = self.contracts.document();
                document.pointer(pointer).map_or_else(|| json!({}), |schema| resolved(document, schema))
            }
            SchemaSource::Definition { schema, name } => {
                let resource =
                    self.api.schemas.get(schema).or_else(|| self.configuration.schemas.get(schema));
                let found = resource.and_then(|resource| resource.definition(name));
                found.map_or_else(|| json!({}), |(document, schema)| resolved(document, schema))
            }
            SchemaSource::Inline(schema) => resolved(schema, schema),
        }
    }
}

/// The input schema, argument by argument.
#[derive(Default)]
struct Described {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Described {
    /// Adds an argument; gives the name that clients call it.
    fn add(&mut self, wanted: &str, suffix: &str, schema: Value, required: bool) -> Arc<str> {
        let mut name = wanted.to_owned();
        while self.properties.contains_key(&name) {
            name = format!("{name}_{suffix}");
        }
        if required {
            self.required.push(name.clone());
        }
        self.properties.insert(name.clone(), schema);
        name.into()
    }

    fn schema(self) -> Value {
        let mut schema = json!({"type": "object", "properties": self.properties});
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema
    }
}

fn suffix(place: &ArgumentPlace) -> &'static str {
    match place {
        ArgumentPlace::Path => "path",
        ArgumentPlace::Query(_) => "query",
        ArgumentPlace::Header(_) => "header",
    }
}
