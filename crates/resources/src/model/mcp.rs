//! APIs that speak the Model Context Protocol.

use super::Spanned;

/// What makes an API an MCP server: tools made of operations, or a server behind the gateway.
#[derive(Clone, Debug, Default)]
pub struct McpServer {
    /// Tools in the order of their names, as `tools` has them, or in that of `mcpTools`. Empty for a server behind the
    /// gateway, which has its own.
    pub tools: Vec<McpTool>,
    /// `mcpProperties.transportType`.
    pub transport: McpTransport,
    /// The path of the MCP endpoint behind the URL of the server: `uriTemplate` of `mcp` or `message` in
    /// `mcpProperties.endpoints`, with a leading slash.
    pub endpoint: Option<String>,
}

/// How a server behind the gateway is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum McpTransport {
    /// `streamable`: one endpoint.
    #[default]
    Streamable,
    /// `sse`: an event stream, and an endpoint for messages that the stream names.
    Sse,
}

/// An operation as a tool.
#[derive(Clone, Debug)]
pub struct McpTool {
    /// Resource name, which is the name that clients call.
    pub name: Spanned<String>,
    /// `displayName`, where it is not the name.
    pub title: Option<String>,
    /// `description`; the operation's when not set.
    pub description: Option<String>,
    /// The API in `operationId`.
    pub api: Spanned<String>,
    /// The operation in `operationId`.
    pub operation: Spanned<String>,
}
