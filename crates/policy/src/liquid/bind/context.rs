//! `context`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use sekisho_expression::budget::Budget;
use sekisho_expression::context::{Context, UrlView};
use sekisho_expression::framework::url_decode;
use sekisho_expression::value::Text;
use sekisho_expression::{Exception, Value as Dotnet};

use super::tree::{of_dotnet, of_json};
use super::{VALUE_BYTES, hash};
use crate::exchange::Exchange;
use crate::liquid::Failure;
use crate::liquid::value::{Hash, Value};

/// `context`, as far as the documentation of `set-body` lists it, and `Variables`.
pub(super) fn context(exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    let named = |name: &str, value: Value| (Text::from(name), value);
    let variables = variables(exchange, budget)?;
    let method = Value::text(exchange.request.method.as_str());
    let mut members = Vec::new();
    if let Some(request) = exchange.request() {
        budget.allocate(VALUE_BYTES * (16 + request.headers.len() + request.matched_parameters.len()))?;
        let parameters = request.matched_parameters.iter();
        let parameters =
            parameters.map(|(name, value)| (Text::from(Arc::clone(name)), Value::text(Arc::clone(value))));
        let certificates = request.certificate.iter().map(|der| Value::text(STANDARD.encode(der)));
        let request = vec![
            named("Url", url(request.url)),
            named("Method", method.clone()),
            named("OriginalMethod", method.clone()),
            named("OriginalUrl", url(request.original_url)),
            named("IpAddress", Value::text(request.ip_address)),
            named("MatchedParameters", hash(parameters.collect())),
            named("HasBody", Value::Boolean(request.has_body)),
            named("ClientCertificates", Value::array(certificates.collect())),
            named("Headers", headers(request.headers)),
        ];
        members.push(named("Request", hash(request)));
    }
    if let Some(response) = exchange.response() {
        budget.allocate(VALUE_BYTES * (4 + response.headers.len()))?;
        let response = vec![
            named("StatusCode", Value::Integer(i64::from(response.status))),
            named("Method", method),
            named("Headers", headers(response.headers)),
        ];
        members.push(named("Response", hash(response)));
    }
    members.push(named("Variables", variables));
    Ok(hash(members))
}

/// Names with the array of their values.
fn headers(headers: &HeaderMap) -> Value {
    let values = |name| {
        headers.get_all(name).iter().map(|value| Value::text(&*String::from_utf8_lossy(value.as_bytes())))
    };
    let entries =
        headers.keys().map(|name| (Text::from(name.as_str()), Value::array(values(name).collect())));
    hash(entries.collect())
}

fn url(url: UrlView<'_>) -> Value {
    let mut query: Vec<(Text, Vec<Value>)> = Vec::new();
    for pair in url.query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = Text::from(url_decode(name));
        let value = Value::text(url_decode(value));
        match query.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => query.push((name, vec![value])),
        }
    }
    let whole = match (url.scheme, url.port) {
        ("https", 443) | ("http", 80) => format!("{}://{}{}{}", url.scheme, url.host, url.path, url.query),
        (scheme, port) => format!("{scheme}://{}:{port}{}{}", url.host, url.path, url.query),
    };
    let whole = Text::from(whole);
    let named = |name: &str, value: Value| (Text::from(name), value);
    let members = vec![
        named("Scheme", Value::text(url.scheme)),
        named("Host", Value::text(url.host)),
        named("Port", Value::Integer(i64::from(url.port))),
        named("Path", Value::text(url.path)),
        named("Query", hash(query.into_iter().map(|(name, values)| (name, Value::array(values))).collect())),
        named("QueryString", Value::text(url.query)),
        named("ToUri", Value::Text(whole.clone())),
        named("ToString", Value::Text(whole.clone())),
    ];
    Value::Hash(Arc::new(Hash::new(members).with_text(Some(whole))))
}

fn variables(exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    let mut entries = Vec::new();
    for (name, value) in exchange.variables() {
        budget.allocate(VALUE_BYTES)?;
        let value = variable(&value, exchange, budget)?;
        entries.push((Text::from(name), value));
    }
    Ok(hash(entries))
}

/// A variable: trees of JSON and collections as such, everything else that is no number or date as its text.
fn variable(value: &Dotnet, exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    if let Some(found) = of_dotnet(value) {
        return Ok(found);
    }
    match value {
        Dotnet::Json(token) => Ok(of_json(token, budget)?),
        Dotnet::Array(array) => {
            let items = array.items.lock().clone();
            budget.allocate(items.len() * VALUE_BYTES)?;
            let scalar = |item: &Dotnet| match item {
                Dotnet::Json(token) => of_json(token, budget),
                other => Ok(of_dotnet(other).unwrap_or_default()),
            };
            Ok(Value::array(items.iter().map(scalar).collect::<Result<_, _>>()?))
        }
        Dotnet::Dictionary(dictionary) => {
            let entries = dictionary.entries.lock();
            budget.allocate(entries.len() * VALUE_BYTES)?;
            let pair = |(name, value): (&Dotnet, &Dotnet)| {
                let value = match value {
                    Dotnet::Json(token) => of_json(token, budget)?,
                    other => of_dotnet(other).unwrap_or_default(),
                };
                Ok((name.as_text().cloned().unwrap_or_else(Text::empty), value))
            };
            Ok(hash(entries.iter().map(pair).collect::<Result<_, Exception>>()?))
        }
        other => {
            let limits = Arc::clone(&exchange.limits);
            let text = sekisho_expression::to_text(other, exchange, &limits.expression);
            Ok(text.map_or(Value::Nil, Value::Text))
        }
    }
}
