//! APIs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::unified::{self, unified_model_api};
use super::{
    OperationParts, ToolParts, agent, authentication, diagnostic, handshake, mcp_server, merge_operations,
    plain, policy, reference, schema,
};
use crate::fields::{Fields, Unknown, choice_of};
use crate::model::{
    Api, ApiType, DiagnosticSettings, PolicyDocument, Protocol, SchemaResource, Spanned, SpecificationSource,
    SubscriptionKeyParameterNames,
};
use crate::openapi::{self, Specification};
use crate::reading::Reading;
use crate::value::{self, Node};

const TYPES: [(&str, ApiType); 8] = [
    ("http", ApiType::Http),
    ("soap", ApiType::Soap),
    ("websocket", ApiType::WebSocket),
    ("graphql", ApiType::GraphQl),
    ("odata", ApiType::OData),
    ("grpc", ApiType::Grpc),
    ("mcp", ApiType::Mcp),
    ("a2a", ApiType::A2a),
];

const PROTOCOLS: [(&str, Protocol); 4] =
    [("http", Protocol::Http), ("https", Protocol::Https), ("ws", Protocol::Ws), ("wss", Protocol::Wss)];

/// Properties that are right but have no use here, or none for most types.
const NOT_READ: [&str; 20] = [
    "a2aProperties",
    "agent",
    "apiRevisionDescription",
    "apiVersionDescription",
    "apiVersionSet",
    "contact",
    "isAgent",
    "jsonRpcProperties",
    "license",
    "mcpProperties",
    "mcpTools",
    "provisioningState",
    "sourceApiId",
    "tags",
    "termsOfServiceUrl",
    "tools",
    "translateRequiredQueryParameters",
    "wsdlSelector",
    "products",
    "releases",
];

/// What stands beside the properties of an API: files of its folder.
#[derive(Default)]
pub(crate) struct ApiParts {
    pub(crate) specification: Option<Node>,
    pub(crate) policy: Option<PolicyDocument>,
    pub(crate) operations: Vec<OperationParts>,
    pub(crate) tools: Vec<ToolParts>,
    pub(crate) diagnostics: BTreeMap<String, DiagnosticSettings>,
    pub(crate) schemas: BTreeMap<String, SchemaResource>,
}

/// Reads an API. Its properties win over its specification.
pub(crate) fn api(
    name: Spanned<String>,
    node: &Node,
    mut parts: ApiParts,
    reading: &mut Reading<'_>,
) -> Option<Api> {
    let mut fields = Fields::of_resource(node, "api", reading)?;
    let given = given_specification(&mut fields, reading);
    let beside = parts.specification.take().map(|root| {
        let source = SpecificationSource::File { file: root.span.file, is_inner: false };
        (root, source)
    });
    let (root, source) = beside.or(given).unzip();
    let has_specification = root.is_some();
    let mut specification = match root {
        Some(root) => openapi::read(&root, reading).unwrap_or_default(),
        None => Specification::default(),
    };
    for entry in fields.members("operations", reading) {
        parts.operations.push(OperationParts {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            node: Some(entry.value.clone()),
            policy: None,
        });
    }
    for entry in fields.members("diagnostics", reading) {
        let name = Spanned::new(entry.key.clone(), entry.key_span);
        if let Some(settings) = diagnostic(name, &entry.value, reading) {
            parts.diagnostics.insert(entry.key.clone(), settings);
        }
    }
    for entry in fields.members("schemas", reading) {
        if let Some(schema) = schema(&entry.value, reading) {
            parts.schemas.insert(entry.key.clone(), schema);
        }
    }
    let unified_models = unified_model_api(&mut fields, reading);
    if unified_models.is_some() {
        unified::add_operations(&mut specification.operations, fields.span.head());
    }
    let has_operations = has_specification || unified_models.is_some() || !parts.operations.is_empty();
    let api_type = api_type(&mut fields, reading);
    let mut operations = match api_type {
        ApiType::WebSocket => handshake::operations(&name, parts.operations, has_specification, reading),
        _ => merge_operations(specification.operations, parts.operations, &name.value, reading),
    };
    if unified_models.is_some() {
        unified::remove_replaced(&mut operations);
    }
    if !has_operations && matches!(api_type, ApiType::Http | ApiType::Soap) {
        let message = format!("api `{}` has no operations: every call gets 404", name.value);
        let help = "add a specification, or operations with `method` and `urlTemplate`";
        reading.warning("api-without-operations", name.span, message, help);
    }
    let revision = name.value.split_once(";rev=").map(|(_, revision)| revision.to_owned());
    let display_name = plain(&mut fields, "displayName", reading).or(specification.title);
    let service_url = fields.filled_text("serviceUrl", reading).or(specification.server);
    let version_set = fields.filled_text("apiVersionSetId", reading);
    let backend_id = fields.filled_text("backendId", reading);
    let inline_policy = policy(&mut fields, reading);
    let mcp = match api_type {
        ApiType::Mcp => Some(mcp_server(&mut fields, parts.tools, reading)),
        _ => {
            if let Some((tool, _)) = parts.tools.first() {
                let message = format!("api `{}` is no MCP server: its tools are not used", name.value);
                reading.warning("tools-without-server", tool.span, message, "set `type: mcp`");
            }
            None
        }
    };
    let agent = match api_type {
        ApiType::A2a => Some(agent(&name, &mut fields, reading)?),
        _ => None,
    };
    let api = Api {
        display_name: display_name.unwrap_or_else(|| name.value.clone()),
        description: plain(&mut fields, "description", reading).or(specification.description),
        path: path(&mut fields, unified_models.is_some(), reading)?,
        service_url: service_url.map(|url| url.map(|url| url.trim_end_matches('/').to_owned())),
        protocols: protocols(&mut fields, api_type, reading),
        api_type,
        subscription_required: fields.boolean("subscriptionRequired", reading).unwrap_or(true),
        subscription_key_parameter_names: key_names(&mut fields, unified_models.is_some(), reading),
        api_version: fields.filled_text("apiVersion", reading),
        api_version_set: version_set.and_then(|id| reference(id, "apiVersionSets", reading)),
        is_current: fields.boolean("isCurrent", reading).unwrap_or(revision.is_none()),
        api_revision: plain(&mut fields, "apiRevision", reading)
            .or(revision)
            .unwrap_or_else(|| "1".to_owned()),
        is_online: fields.boolean("isOnline", reading).unwrap_or(true),
        backend_id: backend_id.and_then(|id| reference(id, "backends", reading)),
        mcp,
        agent,
        authentication: authentication(&mut fields, reading),
        unified_models,
        policy: parts.policy.or(inline_policy),
        specification: source,
        schemas: parts.schemas,
        operations,
        diagnostics: parts.diagnostics,
        span: fields.span,
        name,
    };
    fields.also_known(&NOT_READ);
    fields.finish(Unknown::Tolerated, reading);
    Some(api)
}

/// The path without slashes at both ends. It must be given unless the API has unified models, but may be empty.
fn path(fields: &mut Fields<'_>, unified: bool, reading: &mut Reading<'_>) -> Option<Spanned<String>> {
    if unified && fields.node("path").is_none() {
        return Some(Spanned::new(unified::DEFAULT_PATH.to_owned(), fields.span.head()));
    }
    let path = fields.required_text("path", reading)?;
    Some(path.map(|path| path.trim().trim_matches('/').to_owned()))
}

/// The specification that the properties name or hold.
fn given_specification(
    fields: &mut Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<(Node, SpecificationSource)> {
    let path = fields.filled_text("specificationFile", reading);
    let inline = fields.node("specification");
    let imported = imported(fields, reading);
    if let Some(path) = path {
        let place = reading.beside(path.span, &path.value);
        let file = reading.read_file(&place, Some(path.span))?;
        return Some((value::parse(file, reading)?, SpecificationSource::File { file, is_inner: false }));
    }
    let node = inline.or(imported)?;
    let Some(text) = node.text() else {
        return Some((node.clone(), SpecificationSource::Inline(Arc::new(node.to_json()))));
    };
    let file = reading.inner_file(node, text);
    Some((value::parse_inner(file, reading)?, SpecificationSource::File { file, is_inner: true }))
}

/// `value` with a `format` that holds the document itself, as in an ARM template.
fn imported<'n>(fields: &mut Fields<'n>, reading: &mut Reading<'_>) -> Option<&'n Node> {
    let format = fields.filled_text("format", reading);
    let value = fields.node("value")?;
    let format = format?;
    match format.value.to_ascii_lowercase().as_str() {
        "openapi" | "openapi+json" | "swagger-json" => Some(value),
        _ => {
            let message = "a specification in this format is not read";
            let help = "save it as OpenAPI in `specificationFile`";
            reading.error("unsupported-specification", format.span, message, help);
            None
        }
    }
}

fn protocols(fields: &mut Fields<'_>, api_type: ApiType, reading: &mut Reading<'_>) -> Vec<Protocol> {
    let nodes = fields.list("protocols", reading);
    if nodes.is_empty() {
        return match api_type {
            ApiType::WebSocket => vec![Protocol::Wss, Protocol::Ws],
            _ => vec![Protocol::Https, Protocol::Http],
        };
    }
    nodes.iter().filter_map(|node| choice_of(node, "protocols", &PROTOCOLS, reading)).collect()
}

/// `type`, or `apiType`, which wins because newer templates put the real type there.
fn api_type(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> ApiType {
    let kind = fields.choice("type", &TYPES, reading);
    let api_type = fields.choice("apiType", &TYPES, reading);
    api_type.or(kind).unwrap_or_default()
}

/// The SDKs that call unified models send the key as a bearer token.
fn key_names(
    api: &mut Fields<'_>,
    unified: bool,
    reading: &mut Reading<'_>,
) -> SubscriptionKeyParameterNames {
    let mut names = SubscriptionKeyParameterNames { bearer: unified, ..Default::default() };
    let Some(mut fields) = api.object("subscriptionKeyParameterNames", reading) else { return names };
    if let Some(header) = plain(&mut fields, "header", reading) {
        names.header = header;
    }
    if let Some(query) = plain(&mut fields, "query", reading) {
        names.query = query;
    }
    let words = [("enabled", true), ("disabled", false), ("true", true), ("false", false)];
    names.bearer = fields.choice("bearer", &words, reading).unwrap_or(unified);
    fields.finish(Unknown::Tolerated, reading);
    names
}
