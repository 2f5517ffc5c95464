//! Tools of MCP servers: the operations behind them, and their names.

use sekisho_diagnostics::closest;

use super::references::expect;
use crate::fields::shortened;
use crate::model::{Api, ApiType, Configuration, McpServer, McpTool, McpTransport};
use crate::reading::Reading;
use crate::sections::Section;

/// The longest name of a tool.
const MAXIMUM_NAME: usize = 128;

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    for api in configuration.apis.values() {
        let Some(server) = &api.mcp else { continue };
        if server.tools.is_empty() && api.backend_id.is_none() && api.service_url.is_none() {
            let message = format!("MCP server `{}` has no tools and no server behind it", api.name.value);
            let help = "add `tools` made of operations, or `backendId` of an MCP server";
            reading.warning("mcp-server-without-tools", api.span, message, help);
        }
        if let (McpTransport::Sse, Some(tool)) = (server.transport, server.tools.first()) {
            let message = "tools made of operations are served as `streamable` only";
            let help = "remove `transportType`, or the tools when there is a server behind the gateway";
            reading.error("unsupported-transport", tool.name.span, message, help);
        }
        names(server, reading);
        for tool in &server.tools {
            operation(tool, configuration, reading);
        }
    }
}

fn names(server: &McpServer, reading: &mut Reading<'_>) {
    for (place, tool) in server.tools.iter().enumerate() {
        let name = &tool.name.value;
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if name.is_empty() || name.len() > MAXIMUM_NAME || !name.bytes().all(is_good) {
            let message = format!("`{}` is not a name for a tool", shortened(name));
            let help = "use up to 128 letters, digits, `_`, `-` and `.`";
            reading.error("invalid-tool-name", tool.name.span, message, help);
        }
        if server.tools.iter().take(place).any(|earlier| earlier.name.value == *name) {
            let message = format!("there is already a tool `{}`", shortened(name));
            reading.error("duplicate-tool", tool.name.span, message, "give one of them another name");
        }
    }
}

/// The operation of a tool must be one of an HTTP API, with a method of its own.
fn operation(tool: &McpTool, configuration: &Configuration, reading: &mut Reading<'_>) {
    let Some(api) = configuration.apis.get(&tool.api.value) else {
        return expect(Section::Apis, &tool.api, configuration.apis.keys(), reading);
    };
    if api.api_type != ApiType::Http {
        let message =
            format!("api `{}` is no HTTP API, so that its operations cannot be tools", api.name.value);
        let place = reading.name_inside(tool.api.span, &tool.api.value);
        return reading.error("tool-of-other-api-type", place, message, "name an operation of an HTTP API");
    }
    let place = reading.name_inside(tool.operation.span, &tool.operation.value);
    let Some(operation) = api.referenced_operation(&tool.operation.value) else {
        let message = format!(
            "api `{}` has no operation `{}`, which tool `{}` is made of",
            api.name.value,
            shortened(&tool.operation.value),
            shortened(&tool.name.value)
        );
        return reading.error("unknown-operation", place, message, unknown_help(tool, api));
    };
    if operation.method.value == "*" {
        let message =
            format!("operation `{}` takes any method, so that it cannot be a tool", operation.name.value);
        reading.error("tool-without-method", place, message, "name an operation with one method");
    }
}

fn unknown_help(tool: &McpTool, api: &Api) -> String {
    let names = api.operations.iter().map(|operation| operation.name.value.as_str());
    match closest(&tool.operation.value, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name an operation of that API, or remove the tool".to_owned(),
    }
}
