//! MCP servers: tools and endpoints.

use sekisho_diagnostics::Span;

use super::plain;
use crate::fields::{Fields, Unknown, text_of};
use crate::identifier;
use crate::model::{McpServer, McpTool, McpTransport, Spanned};
use crate::reading::Reading;
use crate::value::{Node, Value};

const TRANSPORTS: [(&str, McpTransport); 3] = [
    ("streamable", McpTransport::Streamable),
    ("streamableHttp", McpTransport::Streamable),
    ("sse", McpTransport::Sse),
];

/// Names of the endpoint for messages among `endpoints`, the first that is there counts.
const MESSAGE_ENDPOINTS: [&str; 2] = ["mcp", "message"];

/// A tool as a loader found it: its name and its properties.
pub(crate) type ToolParts = (Spanned<String>, Node);

/// Reads `tools`, `mcpTools` and `mcpProperties` of an API. `beside` are the tools of its folder.
pub(crate) fn mcp_server(
    api: &mut Fields<'_>,
    beside: Vec<ToolParts>,
    reading: &mut Reading<'_>,
) -> McpServer {
    let mut server = McpServer::default();
    let inside = api.members("tools", reading).iter();
    let inside = inside.map(|entry| (Spanned::new(entry.key.clone(), entry.key_span), entry.value.clone()));
    let all: Vec<ToolParts> = beside.into_iter().chain(inside).collect();
    for (name, node) in all {
        server.tools.extend(tool(Some(name), &node, reading));
    }
    for node in api.list("mcpTools", reading) {
        server.tools.extend(tool(None, node, reading));
    }
    if let Some(mut fields) = api.object("mcpProperties", reading) {
        server.transport = fields.choice("transportType", &TRANSPORTS, reading).unwrap_or_default();
        server.endpoint = fields.node("endpoints").and_then(|endpoints| endpoint(endpoints, reading));
        fields.finish(Unknown::Tolerated, reading);
    }
    server
}

/// A tool, named by its resource or by its own `name`.
fn tool(resource: Option<Spanned<String>>, node: &Node, reading: &mut Reading<'_>) -> Option<McpTool> {
    let mut fields = Fields::of_resource(node, "tool", reading)?;
    let name = match resource {
        Some(name) => name,
        None => fields.required_text("name", reading)?,
    };
    let title = plain(&mut fields, "displayName", reading).filter(|title| *title != name.value);
    let description = plain(&mut fields, "description", reading);
    let id = fields.required_text("operationId", reading)?;
    fields.finish(Unknown::Tolerated, reading);
    let Some((api, operation)) = identifier::operation(&id.value) else {
        let message = "this is not the id of an operation";
        let help = "write `/apis/<api>/operations/<operation>` or a full ARM id with that end";
        reading.error("invalid-reference", id.span, message, help);
        return None;
    };
    let api_place = api_place(id.span, api, reading);
    let (api, operation) = (api.to_owned(), operation.to_owned());
    Some(McpTool {
        api: Spanned::new(api, api_place),
        operation: Spanned::new(operation, id.span),
        name,
        title,
        description,
    })
}

/// The place of the API's name, which stands in the middle of the id.
fn api_place(id: Span, api: &str, reading: &Reading<'_>) -> Span {
    let place = reading.inside(id, &format!("{api}/operations/"));
    if place == id { id } else { Span::new(id.file, place.start as usize, place.start as usize + api.len()) }
}

/// The endpoint for messages: endpoints are members by name, or a list of them with a `name`.
fn endpoint(endpoints: &Node, reading: &mut Reading<'_>) -> Option<String> {
    let named = |wanted: &str| match &endpoints.value {
        Value::Array(list) => list.iter().find(|node| node.get("name").and_then(Node::text) == Some(wanted)),
        _ => endpoints.get(wanted),
    };
    let node = MESSAGE_ENDPOINTS.iter().find_map(|name| named(name))?;
    let template = text_of(node.get("uriTemplate")?, "uriTemplate", reading)?;
    let path = template.value.trim().trim_matches('/');
    (!path.is_empty()).then(|| format!("/{path}"))
}
