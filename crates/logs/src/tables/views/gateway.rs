//! The resource logs of API Management: `ApiManagementGatewayLogs`, `ApiManagementGatewayLlmLog`,
//! `ApiManagementGatewayMCPLog` and `ApiManagementWebSocketConnectionLogs`, with the columns of the Azure Monitor reference.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::functions::string::expr_fn::concat;
use datafusion::logical_expr::{Expr, ScalarUDF, lit, when};
use sekisho_kql::Type::{self, Bool, DateTime, Dynamic, Int, Long, Real, String as Text};

use super::{Compatibility, Shown, as_text, own, rows, text, unknown, view};
use crate::tables::cut::Cut;

/// Columns that every table of Azure Monitor has.
fn common(name: &'static str) -> Vec<Shown> {
    let none = |name: &'static str| (name, Text, text(""));
    vec![
        none("Region"),
        none("TenantId"),
        none("_ResourceId"),
        none("_SubscriptionId"),
        ("SourceSystem", Text, text("Sekisho")),
        ("Type", Text, text(name)),
        ("_BilledSize", Real, unknown(Real)),
        ("_IsBillable", Text, text("false")),
    ]
}

/// `ApiManagementGatewayLogs`.
pub(crate) fn logs(
    calls: &Arc<dyn TableProvider>,
    compatibility: Compatibility,
) -> Result<Arc<dyn TableProvider>> {
    let mut columns = client(compatibility)?;
    columns.extend(backend(compatibility)?);
    columns.extend(outcome()?);
    columns.extend(common("ApiManagementGatewayLogs"));
    view(rows(calls)?, columns)
}

fn client(compatibility: Compatibility) -> Result<Vec<Shown>> {
    let url = when(own("query").is_not_null(), concat(vec![own("url"), lit("?"), own("query")]))
        .otherwise(own("url"))?;
    Ok(vec![
        ("TimeGenerated", DateTime, own("timestamp")),
        ("Timestamp", DateTime, own("timestamp")),
        ("CorrelationId", Text, own("request_id")),
        ("Category", Text, text("GatewayLogs")),
        ("OperationName", Text, text("Microsoft.ApiManagement/GatewayLogs")),
        ("ApiId", Text, own("api_id")),
        ("ApiRevision", Text, own("api_revision")),
        ("OperationId", Text, own("operation_id")),
        ("ProductId", Text, own("product_id")),
        ("ApimSubscriptionId", Text, own("subscription_id")),
        ("UserId", Text, own("user_id")),
        ("WorkspaceId", Text, text("")),
        ("Method", Text, own("method")),
        ("Url", Text, url),
        ("CallerIpAddress", Text, own("ip_address")),
        ("ClientProtocol", Text, own("protocol")),
        ("ClientTlsVersion", Text, text("")),
        ("ClientTime", Long, own("duration_ms") - zero("backend_time_ms")),
        ("TotalTime", Long, own("duration_ms")),
        ("RequestSize", Int, own("request_bytes")),
        ("RequestHeaders", Dynamic, own("request_headers")),
        ("RequestBody", Text, shown(own("request_body"), compatibility)),
        ("ResponseCode", Int, own("status")),
        ("ResponseSize", Int, own("response_bytes")),
        ("ResponseHeaders", Dynamic, own("response_headers")),
        ("ResponseBody", Text, shown(own("response_body"), compatibility)),
        ("IsRequestSuccess", Bool, own("success")),
    ])
}

fn backend(compatibility: Compatibility) -> Result<Vec<Shown>> {
    // A body that equals the client's is not kept twice.
    let body = |kept: &str, body: &str, clients: &str| {
        let body = when(own(kept).eq(lit("same")), own(clients)).otherwise(own(body))?;
        Ok::<_, datafusion::error::DataFusionError>(shown(body, compatibility))
    };
    Ok(vec![
        ("BackendId", Text, own("backend_id")),
        ("BackendMethod", Text, own("backend_method")),
        ("BackendProtocol", Text, text("")),
        ("BackendUrl", Text, own("backend_url")),
        ("BackendTime", Long, own("backend_time_ms")),
        ("BackendRequestHeaders", Dynamic, own("backend_request_headers")),
        (
            "BackendRequestBody",
            Text,
            body("backend_request_body_kept", "backend_request_body", "request_body")?,
        ),
        ("BackendResponseCode", Int, own("backend_status")),
        ("BackendResponseHeaders", Dynamic, own("backend_response_headers")),
        (
            "BackendResponseBody",
            Text,
            body("backend_response_body_kept", "backend_response_body", "response_body")?,
        ),
    ])
}

fn outcome() -> Result<Vec<Shown>> {
    let cache = when(own("cache_hit").is_null(), lit("none"))
        .when(own("cache_hit"), lit("hit"))
        .otherwise(lit("miss"))?;
    let no = |name: &'static str| (name, Bool, lit(false));
    Ok(vec![
        ("Cache", Text, cache),
        ("CacheTime", Long, unknown(Long)),
        ("Errors", Dynamic, unknown(Text)),
        ("LastErrorElapsed", Long, unknown(Long)),
        ("LastErrorMessage", Text, own("last_error_message")),
        ("LastErrorReason", Text, own("last_error_reason")),
        ("LastErrorScope", Text, own("last_error_scope")),
        ("LastErrorSection", Text, own("last_error_section")),
        ("LastErrorSource", Text, own("last_error_source")),
        ("TraceRecords", Dynamic, own("traces")),
        no("IsMasterTrace"),
        no("IsTraceAllowed"),
        no("IsTraceExpired"),
        no("IsTraceRequested"),
    ])
}

fn zero(column: &str) -> Expr {
    when(own(column).is_null(), lit(0.0)).otherwise(own(column)).unwrap_or_else(|_| own(column))
}

/// A body, as much of it as the cloud would show.
fn shown(body: Expr, compatibility: Compatibility) -> Expr {
    match compatibility.body_bytes {
        Some(bytes) => ScalarUDF::from(Cut::new(bytes)).call(vec![body]),
        None => body,
    }
}

/// `ApiManagementGatewayLlmLog`.
pub(crate) fn llm(models: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let mut columns = vec![
        ("TimeGenerated", DateTime, own("timestamp")),
        ("CorrelationId", Text, own("request_id")),
        ("RequestId", Text, own("request_id")),
        ("SequenceNumber", Int, own("sequence_number")),
        ("OperationName", Text, own("operation_name")),
        ("DeploymentName", Text, own("deployment_name")),
        ("ModelName", Text, own("model_name")),
        ("ApiVersion", Text, own("api_version")),
        ("IsStreamCompletion", Bool, own("is_stream")),
        ("PromptTokens", Int, own("prompt_tokens")),
        ("CompletionTokens", Int, own("completion_tokens")),
        ("TotalTokens", Int, own("total_tokens")),
        ("RequestMessages", Dynamic, own("request_messages")),
        ("ResponseMessages", Dynamic, own("response_messages")),
    ];
    columns.extend(common("ApiManagementGatewayLlmLog"));
    view(rows(models)?, columns)
}

/// `ApiManagementGatewayMCPLog`.
pub(crate) fn mcp(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let none = |name: &'static str| (name, Text, text(""));
    let mut columns = vec![
        ("TimeGenerated", DateTime, own("timestamp")),
        ("CorrelationId", Text, own("request_id")),
        ("ApiType", Text, text("mcp")),
        none("AuthenticationMethod"),
        ("ClientName", Text, own("mcp_client_name")),
        ("ClientVersion", Text, own("mcp_client_version")),
        ("Error", Text, own("last_error_message")),
        ("ErrorType", Text, own("last_error_reason")),
        ("McpServerEndpoint", Text, own("url")),
        ("Method", Text, own("mcp_method")),
        ("OperationName", Text, own("operation_name")),
        ("ProtocolVersion", Text, own("mcp_protocol_version")),
        ("ServerName", Text, own("mcp_server_name")),
        none("ServerVersion"),
        ("SessionId", Text, own("mcp_session_id")),
        ("ToolCount", Int, unknown(Int)),
        ("ToolName", Text, own("mcp_tool_name")),
        none("TransportType"),
    ];
    columns.extend(common("ApiManagementGatewayMCPLog"));
    view(rows(calls)?.filter(own("mcp_server_name").is_not_null())?, columns)
}

/// `ApiManagementWebSocketConnectionLogs`: one row for each WebSocket, once it is over.
pub(crate) fn web_sockets(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let mut columns: Vec<(&'static str, Type, Expr)> = vec![
        ("TimeGenerated", DateTime, own("timestamp")),
        ("CorrelationId", Text, own("request_id")),
        ("EventName", Text, text("ConnectionClosed")),
        ("Source", Text, as_text(own("ip_address"))),
        ("Destination", Text, own("backend_url")),
        ("Error", Text, own("last_error_message")),
    ];
    columns.extend(common("ApiManagementWebSocketConnectionLogs"));
    view(rows(calls)?.filter(own("status").eq(lit(101)))?, columns)
}
