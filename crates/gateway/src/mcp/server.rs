//! What an MCP server that is made of operations answers.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::rpc::{INVALID_PARAMS, METHOD_NOT_FOUND, Message, RpcError, error, result};
use super::tool::Tool;
use super::version::negotiated;

/// What API Management calls itself.
const SERVER_NAME: &str = "Azure API Management";
const SERVER_VERSION: &str = "1.0.0";

/// An MCP server made of operations. It keeps no state between messages.
pub(crate) struct ToolServer {
    tools: HashMap<Arc<str>, Tool>,
    /// The result of `tools/list`.
    listing: String,
    /// The description of the API, for the model.
    instructions: Option<String>,
}

/// Who runs tools.
pub(super) trait RunTool: Sync {
    /// Runs a tool; the result of `tools/call`.
    fn run(
        &self,
        tool: &Tool,
        arguments: &Map<String, Value>,
    ) -> impl Future<Output = Result<Value, RpcError>> + Send;
}

impl ToolServer {
    /// A server with these tools.
    pub(crate) fn new(tools: Vec<Tool>, instructions: Option<String>) -> Self {
        let listed: Vec<&Value> = tools.iter().map(|tool| &tool.listing).collect();
        let listing = json!({"tools": listed}).to_string();
        let tools = tools.into_iter().map(|tool| (Arc::clone(&tool.name), tool)).collect();
        Self { tools, listing, instructions }
    }

    /// The answer to a message; none when it wants none.
    pub(super) async fn answer(&self, message: &Message, runner: &impl RunTool) -> Option<String> {
        let (id, method, params) = match message {
            Message::Silent => return None,
            Message::Invalid { id, error: why } => return Some(error(id, why)),
            Message::Request { id, method, params } => (id, method, params),
        };
        Some(match method.as_str() {
            "initialize" => result(id, &self.initialized(params).to_string()),
            "ping" => result(id, "{}"),
            "tools/list" => result(id, &self.listing),
            "tools/call" => match self.call(params, runner).await {
                Ok(value) => result(id, &value.to_string()),
                Err(why) => error(id, &why),
            },
            other => error(id, &RpcError::new(METHOD_NOT_FOUND, format!("there is no method `{other}`"))),
        })
    }

    fn initialized(&self, params: &Map<String, Value>) -> Value {
        let wanted = params.get("protocolVersion").and_then(Value::as_str);
        let mut out = json!({
            "protocolVersion": negotiated(wanted),
            "capabilities": {"tools": {"listChanged": false}},
            "serverInfo": {"name": SERVER_NAME, "version": SERVER_VERSION},
        });
        if let Some(instructions) = &self.instructions {
            out["instructions"] = instructions.as_str().into();
        }
        out
    }

    async fn call(&self, params: &Map<String, Value>, runner: &impl RunTool) -> Result<Value, RpcError> {
        let refused = |why: String| RpcError::new(INVALID_PARAMS, why);
        let name = params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| refused("`name` must be the name of a tool".to_owned()))?;
        let tool = self.tools.get(name).ok_or_else(|| refused(format!("there is no tool `{name}`")))?;
        let none = Map::new();
        let arguments = match params.get("arguments") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(refused("`arguments` must be an object".to_owned())),
        };
        runner.run(tool, arguments).await
    }
}
