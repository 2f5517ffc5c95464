//! The dictionaries of `context`: variables, headers, query, matched parameters; and `Authorization`.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderMap;

use super::messages::{make_certificate, url_view};
use crate::binder::is_instance;
use crate::call::{Call, Machine};
use crate::context::{CertificateFacts, Context};
use crate::dotnet::crypto::certificate::from_der_and_key;
use crate::exception::Exception;
use crate::members::{Member, TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, HostReference as Host, Text, Value};

pub(super) static VARIABLES: TypeDeclaration = TypeDeclaration::interface("IVariables").note("Names are case-sensitive. Values keep their type; objects are shared, so what is done to a `JObject` is seen by later policies.")
    .interfaces(&["IEnumerable<KeyValuePair<string, object>>"])
    .members(&[
        impure("object this[string key]", |call| {
            let key = call.text(0)?;
            Ok(call.context().variable(&key).cloned().unwrap_or(Value::Null))
        }).note("Null for a variable that is not set."),
        impure("object GetValueOrDefault(string key)", |call| {
            let key = call.text(0)?;
            Ok(call.context().variable(&key).cloned().unwrap_or(Value::Null))
        }),
        impure("T GetValueOrDefault<T>(string key)", variable_or_default).note("The default of `T` for a variable that is not set; `InvalidCastException` when it holds another type."),
        impure("T GetValueOrDefault<T>(string key, T defaultValue)", variable_or_default),
        impure("bool ContainsKey(string key)", |call| {
            let key = call.text(0)?;
            Ok(Value::Boolean(call.context().variable(&key).is_some()))
        }),
        impure("bool TryGetValue(string key, out object value)", |call| {
            let key = call.text(0)?;
            let found = call.context().variable(&key).cloned();
            let is_there = found.is_some();
            call.set_out(1, found.unwrap_or(Value::Null));
            Ok(Value::Boolean(is_there))
        }),
        impure("int Count", count),
        impure("IEnumerable<string> Keys", keys),
        impure("IEnumerable<object> Values", values),
    ]);

/// Members of `IReadOnlyDictionary<string, string[]>`.
static LISTS: &[Member] = &[
    impure("string[] this[string key]", |call| {
        let key = call.text(0)?;
        match find(call, &key)? {
            Some(values) => Ok(Value::string_array(values)),
            None => Err(Exception::key_not_found(&key)),
        }
    })
    .note("`KeyNotFoundException` when there is none.")
    .note("`KeyNotFoundException` when there is none."),
    impure("string GetValueOrDefault(string key)", joined)
        .note("Several values are joined by a comma; null when there is none.")
        .note("Several values are joined by a comma; null when there is none."),
    impure("string GetValueOrDefault(string key, string defaultValue)", joined),
    impure("bool ContainsKey(string key)", contains),
    impure("bool TryGetValue(string key, out string[] value)", |call| {
        let key = call.text(0)?;
        let found = find(call, &key)?;
        let is_there = found.is_some();
        call.set_out(1, found.map_or(Value::Null, Value::string_array));
        Ok(Value::Boolean(is_there))
    }),
    impure("int Count", count),
    impure("IEnumerable<string> Keys", keys),
    impure("IEnumerable<string[]> Values", values),
];

pub(super) static HEADERS: TypeDeclaration = TypeDeclaration::interface("IHeaders")
    .note("Names ignore case.")
    .interfaces(&["IReadOnlyDictionary<string, string[]>", "IEnumerable<KeyValuePair<string, string[]>>"])
    .members(LISTS);

pub(super) static QUERY: TypeDeclaration = TypeDeclaration::interface("IQuery")
    .note("Names are case-sensitive.")
    .interfaces(&["IReadOnlyDictionary<string, string[]>", "IEnumerable<KeyValuePair<string, string[]>>"])
    .members(LISTS);

pub(super) static MATCHED_PARAMETERS: TypeDeclaration = TypeDeclaration::interface("IMatchedParameters")
    .note("The parameters that the operation's URL template names. Names are case-sensitive.")
    .interfaces(&["IReadOnlyDictionary<string, string>", "IEnumerable<KeyValuePair<string, string>>"])
    .members(&[
        impure("string this[string key]", |call| {
            let key = call.text(0)?;
            let found = find(call, &key)?.and_then(|values| values.into_iter().next());
            found.map(Value::String).ok_or_else(|| Exception::key_not_found(&key))
        }),
        impure("string GetValueOrDefault(string key)", joined),
        impure("string GetValueOrDefault(string key, string defaultValue)", joined),
        impure("bool ContainsKey(string key)", |call| {
            let key = call.text(0)?;
            Ok(Value::Boolean(find(call, &key)?.is_some()))
        }),
        impure("bool TryGetValue(string key, out string value)", |call| {
            let key = call.text(0)?;
            let found = find(call, &key)?.and_then(|values| values.into_iter().next());
            let is_there = found.is_some();
            call.set_out(1, found.map_or(Value::Null, Value::String));
            Ok(Value::Boolean(is_there))
        }),
        impure("int Count", count),
        impure("IEnumerable<string> Keys", keys),
        impure("IEnumerable<string> Values", values),
    ]);

pub(super) static CERTIFICATES: TypeDeclaration = TypeDeclaration::interface("ICertificates")
    .interfaces(&[
        "IReadOnlyDictionary<string, X509Certificate2>",
        "IEnumerable<KeyValuePair<string, X509Certificate2>>",
    ])
    .members(&[
        impure("System.Security.Cryptography.X509Certificates.X509Certificate2 this[string key]", |call| {
            let key = call.text(0)?;
            let facts = call
                .context()
                .deployment()
                .certificates
                .iter()
                .find(|(id, _)| **id == *key)
                .map(|(_, facts)| facts.clone());
            match facts {
                Some(facts) => deployed_certificate(call.machine(), &facts),
                None => Err(Exception::key_not_found(&key)),
            }
        }),
        impure("bool ContainsKey(string key)", |call| {
            let key = call.text(0)?;
            let certificates = &call.context().deployment().certificates;
            Ok(Value::Boolean(certificates.iter().any(|(id, _)| **id == *key)))
        }),
        impure("int Count", |call| {
            let count = call.context().deployment().certificates.len();
            Ok(Value::Int32(i32::try_from(count).unwrap_or(i32::MAX)))
        }),
        impure("IEnumerable<string> Keys", |call| {
            let certificates = &call.context().deployment().certificates;
            Ok(Value::string_array(certificates.iter().map(|(id, _)| Arc::clone(id)).collect::<Vec<_>>()))
        }),
        impure("IEnumerable<X509Certificate2> Values", |call| {
            let values = certificates(call.machine())?.into_iter().map(|(_, value)| value);
            Ok(Value::array(CERTIFICATE, values.collect()))
        }),
        impure("bool TryGetValue(string key, out X509Certificate2 value)", |call| {
            let key = call.text(0)?;
            let found = certificates(call.machine())?.into_iter().find(|(id, _)| **id == *key);
            let is_there = found.is_some();
            call.set_out(1, found.map_or(Value::Null, |(_, value)| value));
            Ok(Value::Boolean(is_there))
        }),
    ]);

/// What `context.Deployment.Certificates` holds.
pub(super) const CERTIFICATE: Type =
    Type::Named("System.Security.Cryptography.X509Certificates.X509Certificate2");

/// A certificate of the deployment, with its key when the host has one.
fn deployed_certificate(machine: &mut dyn Machine, facts: &CertificateFacts) -> Result<Value, Exception> {
    match &facts.private_key {
        Some(key) => from_der_and_key(&facts.der, key),
        None => make_certificate(machine, &facts.der),
    }
}

/// The certificates of the deployment by id.
pub(super) fn certificates(machine: &mut dyn Machine) -> Result<Vec<(Text, Value)>, Exception> {
    let known = machine.context().deployment().certificates.clone();
    let one = |(id, facts): (Arc<str>, CertificateFacts)| {
        Ok((Text::from(id), deployed_certificate(machine, &facts)?))
    };
    known.into_iter().map(one).collect()
}

pub(super) static AUTHORIZATION: TypeDeclaration =
    TypeDeclaration::class("Authorization").note("What `get-authorization-context` stores.").members(&[
        pure("string AccessToken", |call| {
            Ok(Value::String(call.object::<Authorization>()?.access_token.clone()))
        }),
        impure("IReadOnlyDictionary<string, object> Claims", |call| {
            Ok(call.object::<Authorization>()?.claims.clone())
        }),
    ]);

struct Authorization {
    access_token: Text,
    claims: Value,
}

impl DotnetObject for Authorization {
    fn type_of(&self) -> Type {
        Type::Named("Authorization")
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// A new `Authorization`, as `get-authorization-context` stores it.
pub fn authorization(access_token: &str, claims: Vec<(Value, Value)>) -> Value {
    Value::object(Authorization {
        access_token: Text::from(access_token),
        claims: Value::dictionary(Type::String, Type::Object, claims),
    })
}

/// `Variables.GetValueOrDefault<T>`: the default only when the variable is missing.
fn variable_or_default(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::String(key) = call.take(0) else { return Err(call.null_argument(0)) };
    let Some(value) = call.context().variable(&key) else {
        return Ok(if call.arguments().len() > 1 {
            call.take(1)
        } else {
            call.type_argument(0).default_value()
        });
    };
    let value = value.clone();
    // The common types are told apart without looking anything up.
    match (&value, call.type_arguments.first()) {
        (Value::String(_), Some(Type::String | Type::Object)) | (Value::Int32(_), Some(Type::Int32)) => {
            return Ok(value);
        }
        _ => {}
    }
    let wanted = call.type_argument(0);
    if value.is_null() {
        let default = wanted.default_value();
        return if default.is_null() { Ok(value) } else { Err(Exception::null_reference()) };
    }
    if is_instance(&value, &wanted) {
        Ok(value)
    } else {
        Err(Exception::invalid_cast(&value.type_of(), &wanted))
    }
}

/// All values joined with a comma; the default, or null, when there are none.
fn joined(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::String(key) = call.take(0) else { return Err(call.null_argument(0)) };
    if let Some(headers) = headers_of(call) {
        let mut values = headers.get_all(&*key).iter();
        if let (Some(only), None) = (values.next(), values.next()) {
            return Ok(Value::String(header_text(only.as_bytes())));
        }
    }
    Ok(match find(call, &key)? {
        Some(mut values) if values.len() == 1 => values.pop().map_or(Value::Null, Value::String),
        Some(values) => {
            let values: Vec<&str> = values.iter().map(Text::as_str).collect();
            Value::from(values.join(","))
        }
        None => call.take(1),
    })
}

/// The headers that a member of `IHeaders` was called on.
fn headers_of<'a>(call: &'a mut Call<'_>) -> Option<&'a HeaderMap> {
    let Value::Host(Host::Headers(side)) = call.receiver() else { return None };
    let side = *side;
    call.context().headers(side)
}

fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::String(key) = call.take(0) else { return Err(call.null_argument(0)) };
    let there = match headers_of(call) {
        Some(headers) => headers.contains_key(&*key),
        None => find(call, &key)?.is_some(),
    };
    Ok(Value::Boolean(there))
}

/// The values under a key.
fn find(call: &mut Call<'_>, key: &str) -> Result<Option<Vec<Text>>, Exception> {
    let host = match call.receiver() {
        Value::Host(host) => host.clone(),
        other => return Err(call.mismatch(other)),
    };
    let context = call.context();
    Ok(match &host {
        Host::Headers(side) => context.headers(*side).and_then(|headers| header_values(headers, key)),
        Host::StoredHeaders(message) => header_values(&message.headers, key),
        Host::MatchedParameters => context.request().and_then(|request| {
            let found = request.matched_parameters.iter().find(|(name, _)| **name == *key);
            found.map(|(_, value)| vec![Text::from(Arc::clone(value))])
        }),
        Host::Query(_) | Host::ProductApiQuery(_) => {
            let query = url_view(&host, context).map_or("", |url| url.query);
            let fields = query_fields(query).filter(|(name, _)| names(name, key));
            let values: Vec<Text> = fields.map(|(_, value)| Text::from(&*url_decoded(value))).collect();
            (!values.is_empty()).then_some(values)
        }
        _ => None,
    })
}

fn header_values(headers: &HeaderMap, key: &str) -> Option<Vec<Text>> {
    let values: Vec<Text> = headers.get_all(key).iter().map(|value| header_text(value.as_bytes())).collect();
    (!values.is_empty()).then_some(values)
}

/// Bytes beyond ASCII are UTF-8, or ISO 8859-1 when they are not.
fn header_text(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(text) => Text::from(text),
        Err(_) => Text::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    }
}

/// `a=1&b=2` decoded.
pub(super) fn form_fields(text: &str) -> impl Iterator<Item = (String, String)> {
    raw_fields(text).map(|(name, value)| (url_decoded(name).into_owned(), url_decoded(value).into_owned()))
}

/// The fields of a query as they are.
fn query_fields(query: &str) -> impl Iterator<Item = (&str, &str)> {
    raw_fields(query.strip_prefix('?').unwrap_or(query))
}

fn raw_fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| field.split_once('=').unwrap_or((field, "")))
}

/// True when an escaped name is this one.
fn names(escaped: &str, key: &str) -> bool {
    if escaped.contains(['%', '+']) { url_decoded(escaped) == key } else { escaped == key }
}

fn url_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (digit(ahead.next()), digit(ahead.next())) {
                (Some(high), Some(low)) => {
                    out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    bytes = ahead;
                }
                _ => out.push(byte),
            },
            _ => out.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The type of the values, and the entries.
pub(super) fn entries(host: &Host, context: &mut dyn Context) -> Option<(Type, Vec<(Text, Value)>)> {
    let lists = Type::array(Type::String);
    Some(match host {
        Host::Variables => {
            let variables = context.variables().into_iter().map(|(name, value)| (Text::from(name), value));
            (Type::Object, variables.collect())
        }
        Host::Headers(side) => (lists, header_entries(context.headers(*side)?)),
        Host::StoredHeaders(message) => (lists, header_entries(&message.headers)),
        Host::MatchedParameters => {
            let request = context.request()?;
            let one = |(name, value): &(Arc<str>, Arc<str>)| {
                (Text::from(Arc::clone(name)), Value::string(Arc::clone(value)))
            };
            (Type::String, request.matched_parameters.iter().map(one).collect())
        }
        Host::Query(_) | Host::ProductApiQuery(_) => {
            let query = url_view(host, context)?.query;
            let mut fields: Vec<(String, Vec<String>)> = Vec::new();
            for (name, value) in form_fields(query.strip_prefix('?').unwrap_or(query)) {
                match fields.iter_mut().find(|(found, _)| *found == name) {
                    Some((_, values)) => values.push(value),
                    None => fields.push((name, vec![value])),
                }
            }
            let one = |(name, values): (String, Vec<String>)| (Text::from(name), Value::string_array(values));
            (lists, fields.into_iter().map(one).collect())
        }
        _ => return None,
    })
}

fn header_entries(headers: &HeaderMap) -> Vec<(Text, Value)> {
    let values =
        |name: &http::HeaderName| headers.get_all(name).iter().map(|value| header_text(value.as_bytes()));
    headers.keys().map(|name| (Text::from(name.as_str()), Value::string_array(values(name)))).collect()
}

fn all(call: &mut Call<'_>) -> Result<(Type, Vec<(Text, Value)>), Exception> {
    let Value::Host(host) = call.receiver().clone() else { return Err(call.mismatch(call.receiver())) };
    entries(&host, call.context()).ok_or_else(Exception::null_reference)
}

fn count(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (_, entries) = all(call)?;
    Ok(Value::Int32(i32::try_from(entries.len()).unwrap_or(i32::MAX)))
}

fn keys(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (_, entries) = all(call)?;
    Ok(Value::string_array(entries.into_iter().map(|(name, _)| name)))
}

fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (ty, entries) = all(call)?;
    Ok(Value::array(ty, entries.into_iter().map(|(_, value)| value).collect()))
}
