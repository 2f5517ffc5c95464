//! The tables of Application Insights, under the names that queries of its portal use.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions::string::expr_fn::concat;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ScalarUDF, lit, when};
use sekisho_kql::Type::{DateTime, Dynamic, Int, Real, String as Text};

use super::{Shown, as_text, item, object, own, rows, text, unknown, view};
use crate::tables::json_rows::JsonRows;

/// Columns that every table has.
fn common(item_type: &'static str, of_call: bool) -> Result<Vec<Shown>> {
    let if_call = |column: Expr| if of_call { column } else { text("") };
    let none = |name: &'static str| (name, Text, text(""));
    let name = coalesce(vec![own("operation_name"), own("method")]);
    let mut columns = vec![
        ("itemType", Text, text(item_type)),
        ("customMeasurements", Dynamic, unknown(Text)),
        ("operation_Name", Text, if_call(name)),
        ("operation_Id", Text, if_call(coalesce(vec![own("trace_id"), own("request_id")]))),
        ("client_Type", Text, text("PC")),
        ("client_IP", Text, if_call(own("ip_address"))),
        ("user_Id", Text, if_call(own("user_id"))),
        ("cloud_RoleName", Text, text("sekisho")),
        ("itemCount", Int, lit(1)),
    ];
    let empty = [
        "operation_SyntheticSource",
        "session_Id",
        "user_AuthenticatedId",
        "user_AccountId",
        "application_Version",
        "client_Model",
        "client_OS",
        "client_City",
        "client_StateOrProvince",
        "client_CountryOrRegion",
        "client_Browser",
        "cloud_RoleInstance",
        "appId",
        "appName",
        "iKey",
        "sdkVersion",
        "itemId",
    ];
    columns.extend(empty.map(none));
    Ok(columns)
}

/// The call as the parent of what happened in it.
fn id() -> Expr {
    coalesce(vec![own("span_id"), own("request_id")])
}

/// `True` or `False`, as Application Insights writes them.
fn truth(is: Expr) -> Result<Expr> {
    when(is, lit("True")).otherwise(lit("False"))
}

fn facts() -> Vec<(&'static str, Expr)> {
    vec![
        ("API Name", own("api_name")),
        ("API Id", own("api_id")),
        ("API Revision", own("api_revision")),
        ("Operation Name", own("operation_name")),
        ("Product Id", own("product_id")),
        ("Subscription Id", own("subscription_id")),
        ("User Id", own("user_id")),
        ("Request Id", own("request_id")),
        ("HTTP Method", own("method")),
        ("Model", own("model")),
        ("Cache", own("cache_policy")),
    ]
}

/// `requests`.
pub(crate) fn requests(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let named = coalesce(vec![own("operation_name"), own("url")]);
    let url = when(own("query").is_not_null(), concat(vec![own("url"), lit("?"), own("query")]))
        .otherwise(own("url"))?;
    let mut dimensions = facts();
    dimensions.push(("Request-Body", own("request_body")));
    dimensions.push(("Response-Body", own("response_body")));
    let mut columns = vec![
        ("timestamp", DateTime, own("timestamp")),
        ("id", Text, id()),
        ("source", Text, text("")),
        ("name", Text, concat(vec![own("method"), lit(" "), named])),
        ("url", Text, url),
        ("success", Text, truth(own("success"))?),
        ("resultCode", Text, as_text(own("status"))),
        ("duration", Real, own("duration_ms")),
        ("performanceBucket", Text, text("")),
        ("operation_ParentId", Text, own("parent_id")),
        ("customDimensions", Dynamic, object(dimensions)),
    ];
    columns.extend(common("request", true)?);
    view(rows(calls)?, columns)
}

/// The rows of a column of JSON, beside the columns of their call.
fn unnested(
    calls: &Arc<dyn TableProvider>,
    column: &str,
    members: &[(&str, DataType)],
) -> Result<LogicalPlanBuilder> {
    let kept = [
        "timestamp",
        "request_id",
        "trace_id",
        "span_id",
        "method",
        "operation_name",
        "ip_address",
        "user_id",
    ];
    let items = ScalarUDF::from(JsonRows::new("json_rows", members)).call(vec![own(column)]);
    let columns = kept.into_iter().map(own).chain([items.alias("item")]);
    let with_rows = rows(calls)?.filter(own(column).is_not_null())?;
    with_rows.project(columns.collect::<Vec<_>>())?.unnest_column("item")
}

/// `dependencies`: the calls to backends, at the time of the client's call.
pub(crate) fn dependencies(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let members = [
        ("backend_id", DataType::Utf8),
        ("pool_id", DataType::Utf8),
        ("authority", DataType::Utf8),
        ("method", DataType::Utf8),
        ("path", DataType::Utf8),
        ("started_us", DataType::Int64),
        ("duration_us", DataType::Float64),
        ("span_id", DataType::Utf8),
        ("status", DataType::Int64),
        ("failure", DataType::Utf8),
    ];
    let rows = unnested(calls, "attempts", &members)?;
    let is_success = item("status").is_not_null().and(item("status").lt(lit(400_i64)));
    let dimensions = vec![
        ("Backend Id", item("backend_id")),
        ("Backend Pool Id", item("pool_id")),
        ("Failure", item("failure")),
        ("Started After First Attempt (us)", as_text(item("started_us"))),
        ("Request Id", own("request_id")),
    ];
    let mut columns = vec![
        ("timestamp", DateTime, own("timestamp")),
        ("id", Text, coalesce(vec![item("span_id"), lit("")])),
        ("target", Text, item("authority")),
        ("type", Text, text("HTTP")),
        ("name", Text, concat(vec![item("method"), lit(" "), item("path")])),
        ("data", Text, concat(vec![item("authority"), item("path")])),
        ("success", Text, truth(is_success)?),
        ("resultCode", Text, coalesce(vec![as_text(item("status")), item("failure")])),
        ("duration", Real, item("duration_us") / lit(1000.0)),
        ("performanceBucket", Text, text("")),
        ("operation_ParentId", Text, id()),
        ("customDimensions", Dynamic, object(dimensions)),
    ];
    columns.extend(common("dependency", true)?);
    view(rows, columns)
}

/// `traces`: entries of trace policies, at the time of the call.
pub(crate) fn traces(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let members = [
        ("source", DataType::Utf8),
        ("severity", DataType::Utf8),
        ("message", DataType::Utf8),
        ("metadata", DataType::Utf8),
        ("elapsed", DataType::Int64),
    ];
    let rows = unnested(calls, "traces", &members)?;
    let severity = when(item("severity").eq(lit("verbose")), lit(0_i32))
        .when(item("severity").eq(lit("error")), lit(3_i32))
        .otherwise(lit(1_i32))?;
    let dimensions = vec![
        ("source", item("source")),
        ("metadata", item("metadata")),
        ("elapsed (us)", as_text(item("elapsed"))),
        ("Request Id", own("request_id")),
    ];
    let mut columns = vec![
        ("timestamp", DateTime, own("timestamp")),
        ("message", Text, item("message")),
        ("severityLevel", Int, severity),
        ("operation_ParentId", Text, id()),
        ("customDimensions", Dynamic, object(dimensions)),
    ];
    columns.extend(common("trace", true)?);
    view(rows, columns)
}

/// `exceptions`: calls that failed, or broke off.
pub(crate) fn exceptions(calls: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let failed = own("last_error_source").is_not_null().or(own("success").eq(lit(false)));
    let status = concat(vec![lit("Status "), as_text(own("status"))]);
    let kind = coalesce(vec![own("last_error_reason"), own("last_error_source"), status.clone()]);
    let message = coalesce(vec![own("last_error_message"), status]);
    let mut dimensions = facts();
    dimensions.push(("Section", own("last_error_section")));
    dimensions.push(("Scope", own("last_error_scope")));
    dimensions.push(("Path", own("last_error_path")));
    let mut columns = vec![
        ("timestamp", DateTime, own("timestamp")),
        ("problemId", Text, kind.clone()),
        ("handledAt", Text, text("")),
        ("type", Text, kind.clone()),
        ("message", Text, message.clone()),
        ("assembly", Text, text("")),
        ("method", Text, own("last_error_source")),
        ("outerType", Text, kind.clone()),
        ("outerMessage", Text, message.clone()),
        ("innermostType", Text, kind),
        ("innermostMessage", Text, message),
        ("severityLevel", Int, lit(3_i32)),
        ("details", Dynamic, unknown(Text)),
        ("operation_ParentId", Text, id()),
        ("customDimensions", Dynamic, object(dimensions)),
    ];
    columns.extend(common("exception", true)?);
    view(rows(calls)?.filter(failed)?, columns)
}

/// `customMetrics`: values of policies that count something.
pub(crate) fn custom_metrics(metrics: &Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let mut columns = vec![
        ("timestamp", DateTime, own("timestamp")),
        ("name", Text, own("name")),
        ("value", Real, own("value")),
        ("valueCount", Int, own("value_count")),
        ("valueSum", Real, own("value")),
        ("valueMin", Real, own("value_min")),
        ("valueMax", Real, own("value_max")),
        ("valueStdDev", Real, unknown(Real)),
        ("operation_ParentId", Text, text("")),
        ("customDimensions", Dynamic, own("dimensions")),
    ];
    columns.extend(common("customMetric", false)?);
    view(rows(metrics)?, columns)
}
