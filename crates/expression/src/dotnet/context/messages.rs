//! `IRequest`, `IResponse`, `IMessageBody`, `IUrl`.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use super::shared;
use crate::call::{Call, Machine};
use crate::context::{ApiFacts, Context, RequestView, ResponseView, Side, UrlView};
use crate::dotnet::registry;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{HostReference as Host, StoredMessage, Text, UrlReference, Value};

pub(super) static REQUEST: TypeDeclaration = TypeDeclaration::interface("IRequest").members(&[
    impure("string Method", |call| request(call, |found| method(found.method))),
    impure("string IpAddress", |call| request(call, |found| Value::from(found.ip_address))),
    impure("IUrl Url", |_| Ok(Value::Host(Host::Url(UrlReference::Request))))
        .note("The URL that the backend gets; it follows `set-backend-service` and `rewrite-uri`.")
        .note("The URL that the backend gets; it follows `set-backend-service` and `rewrite-uri`."),
    impure("IUrl OriginalUrl", |_| Ok(Value::Host(Host::Url(UrlReference::Original))))
        .note("The URL as the client called it.")
        .note("The URL as the client called it."),
    impure("IHeaders Headers", |_| Ok(Value::Host(Host::Headers(Side::Request)))),
    impure("IMatchedParameters MatchedParameters", |_| Ok(Value::Host(Host::MatchedParameters))),
    impure("IMessageBody Body", |call| {
        request(
            call,
            |found| if found.has_body { Value::Host(Host::Body(Side::Request)) } else { Value::Null },
        )
    })
    .note("Null when the message has none.")
    .note("Null when the message has none."),
    impure("IPrivateEndpointConnection PrivateEndpointConnection", |call| {
        request(call, |found| match found.private_endpoint {
            Some(_) => Value::Host(Host::PrivateEndpointConnection),
            None => Value::Null,
        })
    }),
    impure("IFoundry Foundry", |_| Ok(Value::Host(Host::Foundry))),
    impure("System.Security.Cryptography.X509Certificates.X509Certificate2 Certificate", |call| {
        let der = call.context().request().and_then(|found| found.certificate.map(<[u8]>::to_vec));
        der.map_or(Ok(Value::Null), |der| certificate(call, der))
    })
    .note("Null when the client showed none."),
]);

pub(super) static RESPONSE: TypeDeclaration = TypeDeclaration::interface("IResponse")
    .note("`context.Response`, and what `send-request` stores in a variable.")
    .members(&[
        impure("int StatusCode", |call| match stored(call) {
            Some(message) => Ok(Value::Int32(i32::from(message.status))),
            None => response(call, |found| Value::Int32(i32::from(found.status))),
        }),
        impure("string StatusReason", |call| match stored(call) {
            Some(message) => Ok(shared(&message.reason)),
            None => response(call, |found| Value::from(found.reason)),
        }),
        impure("IHeaders Headers", |call| {
            Ok(Value::Host(match stored(call) {
                Some(message) => Host::StoredHeaders(message),
                None => Host::Headers(Side::Response),
            }))
        }),
        impure("IMessageBody Body", |call| match stored(call) {
            Some(message) if message.has_body => Ok(Value::Host(Host::StoredBody(message))),
            Some(_) => Ok(Value::Null),
            None => response(call, |found| {
                if found.has_body { Value::Host(Host::Body(Side::Response)) } else { Value::Null }
            }),
        }),
    ]);

pub(super) static BODY: TypeDeclaration = TypeDeclaration::interface("IMessageBody").members(&[
    impure("T As<T>(bool preserveContent = false)", body_as).note("`T` is `string`, `byte[]`, `JToken`, `JObject`, `JArray`, `XNode`, `XElement` or `XDocument`. Without `preserveContent: true` the body is gone afterwards: the next read gives null, and nothing of it is forwarded."),
    impure(
        "IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)",
        form_content,
    ),
]);

pub(super) static URL: TypeDeclaration = TypeDeclaration::interface("IUrl")
    .note("`ToString()` gives the whole URL, without the scheme's own port.")
    .members(&[
        impure("string Host", |call| url(call, |url| Value::from(url.host))),
        impure("string Path", |call| url(call, |url| Value::from(url.path))),
        impure("int Port", |call| url(call, |url| Value::Int32(i32::from(url.port)))),
        impure("string QueryString", |call| url(call, |url| Value::from(url.query)))
            .note("With its `?`; empty without a query.")
            .note("With its `?`; empty without a query."),
        impure("string Scheme", |call| url(call, |url| Value::from(url.scheme))),
        impure("IQuery Query", |call| match call.receiver() {
            Value::Host(Host::Url(url)) => Ok(Value::Host(Host::Query(*url))),
            Value::Host(Host::ProductApiUrl(api)) => Ok(Value::Host(Host::ProductApiQuery(Arc::clone(api)))),
            other => Err(call.mismatch(other)),
        }),
    ]);

pub(super) static FOUNDRY: TypeDeclaration = TypeDeclaration::interface("IFoundry")
    .note("`context.Request.Foundry`: what a call to a model asks for.")
    .members(&[impure("string Deployment", |call| {
        Ok(call.context().model_deployment().map_or(Value::Null, |name| Value::from(&*name)))
    })
    .note("The deployment of the path, else `model` of the body; null when the call names neither.")]);

pub(super) static PRIVATE_ENDPOINT: TypeDeclaration =
    TypeDeclaration::interface("IPrivateEndpointConnection").members(&[
        impure("string Name", |call| endpoint(call, |found| shared(&found.name))),
        impure("string GroupId", |call| endpoint(call, |found| shared(&found.group_id))),
        impure("string MemberName", |call| endpoint(call, |found| shared(&found.member_name))),
    ]);

/// The usual methods, made once.
static METHODS: LazyLock<Vec<Text>> = LazyLock::new(|| {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].into_iter().map(Text::from).collect()
});

fn method(name: &str) -> Value {
    let known = METHODS.iter().find(|known| known.as_str() == name).cloned();
    Value::String(known.unwrap_or_else(|| Text::from(name)))
}

fn request(call: &mut Call<'_>, read: impl FnOnce(&RequestView<'_>) -> Value) -> Result<Value, Exception> {
    call.context().request().as_ref().map(read).ok_or_else(Exception::null_reference)
}

fn response(call: &mut Call<'_>, read: impl FnOnce(&ResponseView<'_>) -> Value) -> Result<Value, Exception> {
    call.context().response().as_ref().map(read).ok_or_else(Exception::null_reference)
}

fn endpoint(
    call: &mut Call<'_>,
    read: impl FnOnce(&crate::context::PrivateEndpointFacts) -> Value,
) -> Result<Value, Exception> {
    let found = call.context().request().and_then(|request| request.private_endpoint);
    found.map(read).ok_or_else(Exception::null_reference)
}

fn stored(call: &Call<'_>) -> Option<Arc<StoredMessage>> {
    match call.receiver() {
        Value::Host(Host::Stored(message)) => Some(Arc::clone(message)),
        _ => None,
    }
}

/// The parts of the URL that an `IUrl` or `IQuery` stands for; none when the call has no such thing.
pub(super) fn url_view<'a>(host: &'a Host, context: &'a dyn Context) -> Option<UrlView<'a>> {
    let service = |api: &'a ApiFacts| api.service_url.as_ref().map(|url| url.view());
    match host {
        Host::Url(UrlReference::Request) | Host::Query(UrlReference::Request) => {
            context.request().map(|request| request.url)
        }
        Host::Url(UrlReference::Original) | Host::Query(UrlReference::Original) => {
            context.request().map(|request| request.original_url)
        }
        Host::Url(UrlReference::Service) | Host::Query(UrlReference::Service) => {
            context.api().and_then(service)
        }
        Host::ProductApiUrl(api) | Host::ProductApiQuery(api) => service(api),
        _ => None,
    }
}

fn url(call: &mut Call<'_>, read: impl FnOnce(&UrlView<'_>) -> Value) -> Result<Value, Exception> {
    let Value::Host(host) = &call.receiver else { return Err(call.mismatch(call.receiver())) };
    url_view(host, call.machine.context()).as_ref().map(read).ok_or_else(Exception::null_reference)
}

/// The whole URL without the scheme's own port.
pub(super) fn url_text(host: &Host, context: &dyn Context) -> Text {
    let Some(url) = url_view(host, context) else { return Text::empty() };
    let own = matches!((url.scheme, url.port), ("http", 80) | ("https", 443));
    let port = if own { String::new() } else { format!(":{}", url.port) };
    Text::from(format!("{}://{}{port}{}{}", url.scheme, url.host, url.path, url.query))
}

/// The bytes of the body; null when it was read before.
fn read(call: &mut Call<'_>) -> Result<Option<Bytes>, Exception> {
    let preserve = call.boolean(0);
    let bytes = match call.receiver().clone() {
        Value::Host(Host::Body(side)) => call.context().read_body(side, preserve),
        Value::Host(Host::StoredBody(message)) => {
            let mut body = message.body.lock();
            if preserve { body.clone() } else { body.take() }
        }
        other => return Err(call.mismatch(&other)),
    };
    if let Some(bytes) = &bytes {
        call.budget().allocate(bytes.len())?;
    }
    Ok(bytes)
}

/// UTF-8 without its mark; other bytes become U+FFFD.
fn decoded(bytes: &[u8]) -> Text {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    Text::from(String::from_utf8_lossy(bytes).as_ref())
}

/// What a body is read as through the type's own `Parse(string)`.
const PARSED: [&str; 5] = [
    "Newtonsoft.Json.Linq.JObject",
    "Newtonsoft.Json.Linq.JArray",
    "Newtonsoft.Json.Linq.JToken",
    "System.Xml.Linq.XElement",
    "System.Xml.Linq.XDocument",
];

fn body_as(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = call.type_argument(0);
    let Some(bytes) = read(call)? else { return Ok(Value::Null) };
    match &wanted {
        Type::String | Type::Object => Ok(Value::String(decoded(&bytes))),
        Type::Array(element) if **element == Type::Byte => Ok(Value::bytes(bytes.to_vec())),
        Type::Named("System.Xml.Linq.XNode") => parse(call, "System.Xml.Linq.XElement", decoded(&bytes)),
        Type::Named(name) if PARSED.contains(name) => parse(call, name, decoded(&bytes)),
        _ => Err(Exception::invalid_operation(format!("The body cannot be read as {wanted}."))),
    }
}

/// Calls the static `Parse(string)` of a type.
fn parse(call: &mut Call<'_>, type_name: &str, text: Text) -> Result<Value, Exception> {
    let found = registry().by_full_name(type_name).and_then(|declared| {
        declared
            .named("Parse")
            .find(|member| matches!(member.parameters.as_slice(), [only] if only.ty == Type::String))
    });
    let Some(member) = found else {
        return Err(Exception::invalid_operation(format!("The body cannot be read as {type_name}.")));
    };
    run(call.machine(), member, Value::String(text))
}

fn certificate(call: &mut Call<'_>, der: Vec<u8>) -> Result<Value, Exception> {
    make_certificate(call.machine(), &der)
}

/// `new X509Certificate2(byte[])`.
pub(super) fn make_certificate(machine: &mut dyn Machine, der: &[u8]) -> Result<Value, Exception> {
    let found = registry().by_full_name("System.Security.Cryptography.X509Certificates.X509Certificate2");
    let bytes = Type::array(Type::Byte);
    let constructor = found.and_then(|declared| {
        declared
            .named("new")
            .find(|member| matches!(member.parameters.as_slice(), [only] if only.ty == bytes))
    });
    match constructor {
        Some(member) => run(machine, member, Value::bytes(der.to_vec())),
        None => Err(Exception::not_supported("Certificates are not available.")),
    }
}

fn run(
    machine: &mut dyn Machine,
    member: &'static registry::Declared,
    argument: Value,
) -> Result<Value, Exception> {
    let mut arguments = [argument];
    let mut inner =
        Call { receiver: Value::Null, arguments: &mut arguments, type_arguments: &[], member, machine };
    (member.member.run)(&mut inner)
}

fn form_content(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Some(bytes) = read(call)? else { return Ok(Value::Null) };
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in super::variables::form_fields(&decoded(&bytes)) {
        call.budget().step()?;
        match fields.iter_mut().find(|(found, _)| *found == name) {
            Some((_, values)) => values.push(Value::from(value)),
            None => fields.push((name, vec![Value::from(value)])),
        }
    }
    let list = Type::generic("System.Collections.Generic.IList", [Type::String]);
    let entries =
        fields.into_iter().map(|(name, values)| (Value::from(name), Value::list(Type::String, values)));
    Ok(Value::dictionary(Type::String, list, entries.collect()))
}
