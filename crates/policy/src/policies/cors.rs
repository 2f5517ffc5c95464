//! `cors`: lets web pages of other origins call the API.
//!
//! A preflight request never reaches other policies: [`preflight`] asks the `cors` policies of inbound alone.

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::compile::{Compiler, Flag, Number, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

const METHODS: &[Attribute] = &[Attribute::optional(
    "preflight-result-max-age",
    Kind::Seconds,
    "Seconds a browser may keep the answer.",
)
.or("0")];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cors"],
    summary: "Answers preflight requests and adds the headers that let a web page of another origin read the response.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional(
            "allow-credentials",
            Kind::Boolean,
            "Lets the page send cookies and credentials.",
        )
        .or("false"),
        Attribute::optional(
            "terminate-unmatched-request",
            Kind::Boolean,
            "Ends requests of other origins with an empty 200.",
        )
        .or("true"),
    ],
    children: Children::Elements(&[
        Child::optional(
            "allowed-origins",
            Children::Elements(&[
                Child::any("origin", Children::Text, "Scheme, host and port, or `*`.").at_least(1)
            ]),
            "Origins that may call.",
        )
        .at_least(1),
        Child::optional(
            "allowed-methods",
            Children::Elements(&[Child::any("method", Children::Text, "A method, or `*`.").at_least(1)]),
            "Methods beside GET and POST.",
        )
        .with(METHODS),
        Child::optional(
            "allowed-headers",
            Children::Elements(&[Child::any("header", Children::Text, "A header, or `*`.").at_least(1)]),
            "Request headers that a page may send.",
        ),
        Child::optional(
            "expose-headers",
            Children::Elements(&[Child::any("header", Children::Text, "A header, or `*`.").at_least(1)]),
            "Response headers that a page may read.",
        ),
    ]),
    once: true,
    reference: Reference {
        behaviour: "A request with an `Origin` header that is listed gets `Access-Control-Allow-Origin` and the other headers on whatever response leaves, errors and returned responses included. `Vary: Origin` is added unless every origin is allowed.\n\
\n\
A preflight request (`OPTIONS` with `Origin` and `Access-Control-Request-Method`) for an operation without its own `OPTIONS` operation never reaches other policies and needs no key: the `cors` policies of the effective inbound section decide it alone. When origin, method and headers are allowed it is answered with 200 and the headers that allow it, else with an empty 200.\n\
\n\
Origins are compared without regard to case, to a slash at the end, and to the port that is the scheme's own. Without `allowed-methods` GET and POST are allowed.",
        errors: &[
            ErrorFact {
                reason: "InvalidHeaderValue",
                status: "500",
                when: "A value comes from an expression and holds characters that no header may have.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "matching-origin",
        differences: &[
            "`terminate-unmatched-request` is true when not set: a GET or HEAD of an origin that is not listed ends with an empty 200.",
        ],
    },
    compile: Some(compile),
};

/// A compiled `cors` policy.
pub struct Cors {
    credentials: Flag,
    terminate: Flag,
    origins: Vec<Text>,
    methods: Vec<Text>,
    headers: Vec<Text>,
    exposed: Vec<Text>,
    max_age: Option<Number>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let child = |name: &str| element.elements().find(|child| child.name == name);
    let mut texts = |name: &str| -> Option<Vec<Text>> {
        child(name).map_or(Some(Vec::new()), |list| {
            list.elements().map(|item| compiler.element_text(item)).collect()
        })
    };
    let origins = texts("allowed-origins")?;
    let methods = texts("allowed-methods")?;
    let headers = texts("allowed-headers")?;
    let exposed = texts("expose-headers")?;
    let cors = Arc::new(Cors {
        credentials: compiler.flag(element, "allow-credentials", false),
        terminate: compiler.flag(element, "terminate-unmatched-request", true),
        max_age: child("allowed-methods")
            .and_then(|methods| compiler.number(methods, "preflight-result-max-age")),
        origins,
        methods,
        headers,
        exposed,
    });
    compiler.add_cors(Arc::clone(&cors));
    Some(Run::now(Simple(cors)))
}

/// The policy on a request that is no preflight.
struct Simple(Arc<Cors>);

impl RunNow for Simple {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let cors = &self.0;
        let Some(origin) = exchange.request.headers.get(ORIGIN).cloned() else {
            return Ok(Outcome::Continue);
        };
        if cors.allows_origin(exchange, &origin)? {
            let mut headers = HeaderMap::new();
            cors.origin_headers(exchange, &origin, &mut headers)?;
            let exposed = list(exchange, &cors.exposed)?;
            if !exposed.is_empty() {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, value(&exposed.join(","))?);
            }
            exchange.cors_headers = Some(headers);
            return Ok(Outcome::Continue);
        }
        let is_simple = matches!(exchange.request.method, Method::GET | Method::HEAD);
        if is_simple && cors.terminate.get(exchange)? {
            exchange.response = Some(Response::new(200));
            return Ok(Outcome::Respond);
        }
        Ok(Outcome::Continue)
    }
}

/// Answers a preflight request (OPTIONS with `Origin` and `Access-Control-Request-Method`). None when there is no `cors` policy.
pub fn preflight(policies: &[Arc<Cors>], exchange: &mut Exchange) -> Option<Response> {
    if policies.is_empty() {
        return None;
    }
    let origin = exchange.request.headers.get(ORIGIN)?.clone();
    for cors in policies {
        match cors.preflight(exchange, &origin) {
            Ok(Some(response)) => return Some(response),
            Ok(None) => {}
            Err(error) => return Some(error.response(&exchange.request_id)),
        }
    }
    Some(Response::new(200))
}

impl Cors {
    /// The answer when this policy decides; none when another policy may.
    fn preflight(
        &self,
        exchange: &mut Exchange,
        origin: &HeaderValue,
    ) -> Result<Option<Response>, PolicyError> {
        let method = text_of(&exchange.request.headers, &ACCESS_CONTROL_REQUEST_METHOD);
        let wanted = text_of(&exchange.request.headers, &ACCESS_CONTROL_REQUEST_HEADERS);
        let matches = self.allows_origin(exchange, origin)?
            && self.allows_method(exchange, &method)?
            && self.allows_headers(exchange, &wanted)?;
        if !matches {
            return Ok(self.terminate.get(exchange)?.then(|| Response::new(200)));
        }
        let mut response = Response::new(200);
        self.origin_headers(exchange, origin, &mut response.headers)?;
        response.headers.insert(ACCESS_CONTROL_ALLOW_METHODS, value(&method)?);
        if !wanted.is_empty() {
            response.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, value(&wanted)?);
        }
        if let Some(max_age) = &self.max_age {
            response.headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(max_age.count(exchange)?));
        }
        Ok(Some(response))
    }

    fn origin_headers(
        &self,
        exchange: &mut Exchange,
        origin: &HeaderValue,
        headers: &mut HeaderMap,
    ) -> Result<(), PolicyError> {
        let credentials = self.credentials.get(exchange)?;
        let any = list(exchange, &self.origins)?.iter().any(|allowed| &**allowed == "*");
        if any && !credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        if credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        Ok(())
    }

    fn allows_origin(&self, exchange: &mut Exchange, origin: &HeaderValue) -> Result<bool, PolicyError> {
        let Ok(origin) = origin.to_str() else { return Ok(false) };
        let origin = normal_origin(origin);
        Ok(list(exchange, &self.origins)?
            .iter()
            .any(|allowed| &**allowed == "*" || normal_origin(allowed) == origin))
    }

    fn allows_method(&self, exchange: &mut Exchange, method: &str) -> Result<bool, PolicyError> {
        let methods = list(exchange, &self.methods)?;
        let by_default = methods.is_empty() && (method == "GET" || method == "POST");
        Ok(by_default
            || methods.iter().any(|allowed| &**allowed == "*" || allowed.eq_ignore_ascii_case(method)))
    }

    fn allows_headers(&self, exchange: &mut Exchange, wanted: &str) -> Result<bool, PolicyError> {
        let headers = list(exchange, &self.headers)?;
        let allows = |header: &str| {
            headers.iter().any(|allowed| &**allowed == "*" || allowed.eq_ignore_ascii_case(header))
        };
        Ok(wanted.split(',').map(str::trim).filter(|header| !header.is_empty()).all(allows))
    }
}

fn list(exchange: &mut Exchange, texts: &[Text]) -> Result<Vec<Arc<str>>, PolicyError> {
    texts.iter().map(|text| text.get(exchange).map(|text| Arc::from(text.trim()))).collect()
}

fn text_of(headers: &HeaderMap, name: &http::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn value(text: &str) -> Result<HeaderValue, PolicyError> {
    super::set_header::header_value(text)
}

/// An origin without what makes no difference: case, a slash at the end, the scheme's own port.
fn normal_origin(origin: &str) -> String {
    let lower = origin.trim().trim_end_matches('/').to_ascii_lowercase();
    let own_port = if lower.starts_with("https:") { ":443" } else { ":80" };
    lower.strip_suffix(own_port).map(str::to_owned).unwrap_or(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_compare_without_what_makes_no_difference() {
        assert_eq!(normal_origin("https://App.example:443/"), normal_origin("https://app.example"));
        assert_ne!(normal_origin("http://app.example"), normal_origin("https://app.example"));
        assert_ne!(normal_origin("http://app.example:443"), normal_origin("http://app.example"));
    }
}
