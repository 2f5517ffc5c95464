//! Reads an image: `{"request": {…}, "response": {…}, "variables": {…}, …}`; every member may be absent or null.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use serde_json::{Map, Value as Json};

use super::{JsonContext, RequestImage, ResponseImage};
use crate::budget::{Budget, Limits};
use crate::call::{Call, Machine};
use crate::context::{
    ApiFacts, CertificateFacts, Context, DeploymentFacts, GroupFacts, IdentityFacts, LastErrorFacts,
    OperationFacts, PrivateEndpointFacts, ProductFacts, SubscriptionFacts, UrlFacts, UserFacts,
};
use crate::dotnet::registry;
use crate::dotnet::registry::MemberKind;
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, HostReference, StoredMessage, Value};

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError(String);

impl std::fmt::Display for ImageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ImageError {}

fn wrong(message: impl Into<String>) -> ImageError {
    ImageError(message.into())
}

struct Reading<'c> {
    context: &'c mut JsonContext,
    budget: Budget,
}

impl Machine for Reading<'_> {
    fn context(&mut self) -> &mut dyn Context {
        self.context
    }
    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }
}

impl JsonContext {
    /// Reads an image.
    ///
    /// # Errors
    /// A sentence that names the member that has another shape than documented.
    pub fn from_json(image: &Json) -> Result<Self, ImageError> {
        let image = image.as_object().ok_or_else(|| wrong("a context is a JSON object"))?;
        let mut context = JsonContext {
            request: object(image, "request").map(request).transpose()?,
            response: object(image, "response").map(response).transpose()?,
            api: object(image, "api").map(api),
            operation: object(image, "operation").map(|facts| OperationFacts {
                id: text(facts, "id"),
                method: text(facts, "method"),
                name: text(facts, "name"),
                url_template: text(facts, "urlTemplate"),
            }),
            product: object(image, "product").map(product),
            last_error: object(image, "lastError").map(last_error),
            tracing: boolean(image, "tracing"),
            ..JsonContext::default()
        };
        if let Some(facts) = object(image, "subscription") {
            context.subscription = Some(subscription(facts, &mut context)?);
        }
        if let Some(facts) = object(image, "user") {
            context.user = Some(user(facts, &mut context)?);
        }
        if let Some(facts) = object(image, "deployment") {
            context.deployment = deployment(facts)?;
        }
        if let Some(id) = optional(image, "requestId") {
            match context.parsed("System.Guid", &id)? {
                Value::Guid(bytes) => context.request_id = bytes,
                _ => return Err(wrong("`requestId` is a Guid")),
            }
        }
        if let Some(ticks) = context.ticks(image, "timestamp")? {
            context.timestamp_ticks = ticks;
        }
        if let Some(elapsed) = optional(image, "elapsed")
            && let Value::TimeSpan(ticks) = context.parsed("System.TimeSpan", &elapsed)?
        {
            context.elapsed_ticks = ticks;
        }
        for (name, variable) in object(image, "variables").into_iter().flatten() {
            let value = context.variable_value(name, variable)?;
            context.set_variable(name, value);
        }
        Ok(context)
    }

    /// Calls the static `Parse(string)` of a type.
    fn parsed(&mut self, type_name: &str, text: &str) -> Result<Value, ImageError> {
        self.static_call(type_name, "Parse", text)
    }

    fn static_call(&mut self, type_name: &str, method: &str, text: &str) -> Result<Value, ImageError> {
        let member = registry()
            .by_full_name(type_name)
            .into_iter()
            .flat_map(|declared| declared.named(method))
            .find(|member| {
                let one = matches!(member.parameters.as_slice(), [only] if only.ty == Type::String);
                member.is_static && one && member.kind != MemberKind::Operator
            })
            .ok_or_else(|| wrong(format!("`{type_name}.{method}` is not available")))?;
        let mut machine = Reading { context: self, budget: Budget::new(&Limits::default()) };
        let mut arguments = [Value::from(text)];
        let mut call = Call {
            receiver: Value::Null,
            arguments: &mut arguments,
            type_arguments: &[],
            member,
            machine: &mut machine,
        };
        (member.member.run)(&mut call)
            .map_err(|thrown| wrong(format!("`{text}` is no {type_name}: {thrown}")))
    }

    fn ticks(&mut self, facts: &Map<String, Json>, name: &str) -> Result<Option<i64>, ImageError> {
        let Some(text) = optional(facts, name) else { return Ok(None) };
        match self.parsed("System.DateTimeOffset", &text)? {
            Value::DateTimeOffset(time) => Ok(Some(time.utc_ticks())),
            _ => Err(wrong(format!("`{name}` is a date and time"))),
        }
    }

    fn variable_value(&mut self, name: &str, variable: &Json) -> Result<Value, ImageError> {
        let shape = || wrong(format!("the variable `{name}` is {{\"type\", \"value\"}}"));
        let parts = variable.as_object().ok_or_else(shape)?;
        let kind = parts.get("type").and_then(Json::as_str).ok_or_else(shape)?;
        let value = parts.get("value").unwrap_or(&Json::Null);
        if value.is_null() {
            return Ok(Value::Null);
        }
        let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match kind {
            "String" => Ok(Value::from(plain)),
            "Int32" => plain.parse().map(Value::Int32).map_err(|_| shape()),
            "Int64" => plain.parse().map(Value::Int64).map_err(|_| shape()),
            "Boolean" => plain.to_lowercase().parse().map(Value::Boolean).map_err(|_| shape()),
            "Double" => plain.parse().map(Value::Double).map_err(|_| shape()),
            "Decimal" => plain.parse().map(Value::Decimal).map_err(|_| shape()),
            "DateTimeOffset" | "TimeSpan" | "Guid" => self.parsed(&format!("System.{kind}"), &plain),
            "DateTime" => match self.parsed("System.DateTime", &plain)? {
                // As written: a time with `Z` stays one in UTC.
                Value::DateTime(read) if plain.trim_end().ends_with(['Z', 'z']) => {
                    Ok(Value::DateTime(DateTime { kind: DateTimeKind::Utc, ..read }))
                }
                read => Ok(read),
            },
            "Byte[]" => STANDARD.decode(&plain).map(Value::bytes).map_err(|_| shape()),
            "String[]" => {
                let items = value.as_array().ok_or_else(shape)?;
                Ok(Value::string_array(items.iter().map(|item| item.as_str().unwrap_or_default())))
            }
            "JObject" | "JArray" | "JToken" => self.parsed("Newtonsoft.Json.Linq.JToken", &value.to_string()),
            "IResponse" => {
                let image = response(value.as_object().ok_or_else(shape)?)?;
                Ok(Value::Host(HostReference::Stored(Arc::new(StoredMessage {
                    status: image.status,
                    reason: Arc::from(image.reason),
                    headers: image.headers,
                    body: Mutex::new(image.body),
                    has_body: image.had_body,
                }))))
            }
            "Jwt" => {
                let owner = registry()
                    .extensions("AsJwt")
                    .next()
                    .and_then(|found| found.declaring.declaration_name());
                let owner = owner.ok_or_else(|| wrong("`AsJwt` is not available"))?;
                self.static_call(owner, "AsJwt", &plain)
            }
            "Authorization" => {
                let facts = value.as_object().ok_or_else(shape)?;
                let claims = object(facts, "claims").into_iter().flatten();
                let claims = claims.map(|(name, value)| {
                    (Value::from(name.as_str()), Value::from(value.as_str().unwrap_or_default()))
                });
                Ok(crate::dotnet::context::authorization(&text(facts, "accessToken"), claims.collect()))
            }
            _ => Err(wrong(format!("the variable `{name}` has the unknown type `{kind}`"))),
        }
    }
}

fn object<'j>(parent: &'j Map<String, Json>, name: &str) -> Option<&'j Map<String, Json>> {
    parent.get(name).and_then(Json::as_object)
}

fn optional(parent: &Map<String, Json>, name: &str) -> Option<String> {
    match parent.get(name)? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn text(parent: &Map<String, Json>, name: &str) -> Arc<str> {
    Arc::from(optional(parent, name).unwrap_or_default())
}

fn boolean(parent: &Map<String, Json>, name: &str) -> bool {
    parent.get(name).and_then(Json::as_bool).unwrap_or(false)
}

fn list<'j>(parent: &'j Map<String, Json>, name: &str) -> impl Iterator<Item = &'j Json> {
    parent.get(name).and_then(Json::as_array).into_iter().flatten()
}

/// Splits an absolute URL; anything else is a path.
fn url(text: &str) -> UrlFacts {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (authority, tail) = if scheme.is_empty() {
        ("", rest)
    } else {
        rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
    };
    let tail = tail.split('#').next().unwrap_or("");
    let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
    let authority = authority.rsplit('@').next().unwrap_or("");
    let default_port = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(default_port)),
        None => (authority, default_port),
    };
    UrlFacts {
        scheme: Arc::from(scheme),
        host: Arc::from(host),
        port,
        path: Arc::from(if path.is_empty() { "/" } else { path }),
        query: Arc::from(query),
    }
}

fn headers(parent: &Map<String, Json>) -> Result<HeaderMap, ImageError> {
    let mut out = HeaderMap::new();
    for (name, values) in object(parent, "headers").into_iter().flatten() {
        let key: HeaderName = name.parse().map_err(|_| wrong(format!("`{name}` is no header name")))?;
        let single = std::slice::from_ref(values);
        for value in values.as_array().map_or(single, Vec::as_slice) {
            let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
            out.append(
                key.clone(),
                value.map_err(|_| wrong(format!("the header `{name}` has no valid value")))?,
            );
        }
    }
    Ok(out)
}

/// The body, and whether there is one.
fn body(parent: &Map<String, Json>) -> Result<Option<Bytes>, ImageError> {
    match parent.get("body") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(Bytes::from(text.clone()))),
        Some(Json::Object(parts)) => {
            let encoded = optional(parts, "base64").unwrap_or_default();
            let decoded = STANDARD.decode(encoded).map_err(|_| wrong("`body.base64` is no base64"))?;
            Ok(Some(Bytes::from(decoded)))
        }
        Some(_) => Err(wrong("`body` is null, text or {\"base64\": …}")),
    }
}

fn request(facts: &Map<String, Json>) -> Result<RequestImage, ImageError> {
    let body = body(facts)?;
    let target = optional(facts, "url").unwrap_or_default();
    let parameters = object(facts, "matchedParameters").into_iter().flatten();
    let certificate = optional(facts, "certificate").map(|text| STANDARD.decode(text)).transpose();
    Ok(RequestImage {
        method: optional(facts, "method").unwrap_or_else(|| "GET".to_owned()),
        url: url(&target),
        original_url: url(&optional(facts, "originalUrl").unwrap_or(target)),
        headers: headers(facts)?,
        had_body: body.is_some(),
        body,
        ip_address: optional(facts, "ipAddress").unwrap_or_default(),
        matched_parameters: parameters
            .map(|(name, value)| (Arc::from(name.as_str()), Arc::from(value.as_str().unwrap_or_default())))
            .collect(),
        certificate: certificate.map_err(|_| wrong("`certificate` is no base64"))?,
        private_endpoint: object(facts, "privateEndpointConnection").map(|facts| PrivateEndpointFacts {
            name: text(facts, "name"),
            group_id: text(facts, "groupId"),
            member_name: text(facts, "memberName"),
        }),
        model_deployment: object(facts, "foundry")
            .and_then(|facts| optional(facts, "deployment"))
            .map(Arc::from),
    })
}

fn response(facts: &Map<String, Json>) -> Result<ResponseImage, ImageError> {
    let body = body(facts)?;
    let status = facts.get("statusCode").and_then(Json::as_u64).and_then(|code| u16::try_from(code).ok());
    Ok(ResponseImage {
        status: status.unwrap_or(200),
        reason: optional(facts, "statusReason").unwrap_or_default(),
        headers: headers(facts)?,
        had_body: body.is_some(),
        body,
    })
}

fn api(facts: &Map<String, Json>) -> ApiFacts {
    let names = object(facts, "subscriptionKeyParameterNames");
    ApiFacts {
        id: text(facts, "id"),
        name: text(facts, "name"),
        path: text(facts, "path"),
        version: text(facts, "version"),
        revision: text(facts, "revision"),
        is_current_revision: boolean(facts, "isCurrentRevision"),
        protocols: list(facts, "protocols").filter_map(Json::as_str).map(Arc::from).collect(),
        service_url: optional(facts, "serviceUrl").map(|text| url(&text)),
        subscription_key_header: names.map_or_else(|| Arc::from(""), |names| text(names, "header")),
        subscription_key_query: names.map_or_else(|| Arc::from(""), |names| text(names, "query")),
    }
}

fn groups(facts: &Map<String, Json>) -> Vec<GroupFacts> {
    let groups = list(facts, "groups").filter_map(Json::as_object);
    groups.map(|group| GroupFacts { id: text(group, "id"), name: text(group, "name") }).collect()
}

fn product(facts: &Map<String, Json>) -> ProductFacts {
    let limit = facts.get("subscriptionLimit").and_then(Json::as_i64);
    ProductFacts {
        id: text(facts, "id"),
        name: text(facts, "name"),
        published: &*text(facts, "state") == "Published",
        approval_required: boolean(facts, "approvalRequired"),
        subscription_required: boolean(facts, "subscriptionRequired"),
        subscription_limit: limit.and_then(|limit| i32::try_from(limit).ok()),
        groups: groups(facts),
        apis: list(facts, "apis").filter_map(Json::as_object).map(|facts| Arc::new(api(facts))).collect(),
    }
}

fn subscription(
    facts: &Map<String, Json>,
    context: &mut JsonContext,
) -> Result<SubscriptionFacts, ImageError> {
    Ok(SubscriptionFacts {
        id: text(facts, "id"),
        name: text(facts, "name"),
        key: text(facts, "key"),
        primary_key: text(facts, "primaryKey"),
        secondary_key: text(facts, "secondaryKey"),
        created_ticks: context.ticks(facts, "createdDate")?.unwrap_or(0),
        start_ticks: context.ticks(facts, "startDate")?,
        end_ticks: context.ticks(facts, "endDate")?,
    })
}

fn user(facts: &Map<String, Json>, context: &mut JsonContext) -> Result<UserFacts, ImageError> {
    let identities = list(facts, "identities").filter_map(Json::as_object);
    Ok(UserFacts {
        id: text(facts, "id"),
        email: text(facts, "email"),
        first_name: text(facts, "firstName"),
        last_name: text(facts, "lastName"),
        note: text(facts, "note"),
        registration_ticks: context.ticks(facts, "registrationDate")?.unwrap_or(0),
        groups: groups(facts),
        identities: identities
            .map(|identity| IdentityFacts { id: text(identity, "id"), provider: text(identity, "provider") })
            .collect(),
    })
}

fn deployment(facts: &Map<String, Json>) -> Result<DeploymentFacts, ImageError> {
    let mut certificates = Vec::new();
    for (name, encoded) in object(facts, "certificates").into_iter().flatten() {
        let bytes = STANDARD.decode(encoded.as_str().unwrap_or_default());
        let bytes = bytes.map_err(|_| wrong(format!("the certificate `{name}` is no base64")))?;
        let facts = CertificateFacts { der: Arc::from(bytes), private_key: None };
        certificates.push((Arc::from(name.as_str()), facts));
    }
    let gateway_id = text(facts, "gatewayId");
    Ok(DeploymentFacts {
        is_managed: &*gateway_id == "managed",
        gateway_id,
        region: text(facts, "region"),
        service_id: text(facts, "serviceId"),
        service_name: text(facts, "serviceName"),
        certificates,
    })
}

fn last_error(facts: &Map<String, Json>) -> LastErrorFacts {
    let shared = |name: &str| optional(facts, name).map(Arc::from);
    let code = facts.get("httpErrorCode").and_then(Json::as_i64);
    LastErrorFacts {
        source: text(facts, "source"),
        reason: shared("reason"),
        message: text(facts, "message"),
        scope: shared("scope"),
        section: shared("section"),
        path: shared("path"),
        policy_id: shared("policyId"),
        http_error_code: code.and_then(|code| i32::try_from(code).ok()),
    }
}
