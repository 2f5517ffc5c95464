//! `redirect-content-urls`: links in the body that point at the backend point at the gateway, and the other way round.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use memchr::memmem;
use sekisho_expression::Needs;

use crate::body::Body;
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Children, Declaration, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow, Section};
use crate::ports::BaseUrl;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["redirect-content-urls"],
    summary: "Rewrites links in the body: to the gateway in outbound, to the backend in inbound.",
    sections: &[Section::Inbound, Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[],
    children: Children::None,
    once: true,
    reference: Reference {
        behaviour: "\
In outbound every URL in the response body that begins with the base URL of the backend begins with the URL of the API at the gateway \
afterwards; in inbound the same is done to the request body the other way round. What follows the base URL stays. So with the backend \
`https://contoso.example/v1` and the API `https://gateway.example/shop`, `https://contoso.example/v1/items/1` becomes \
`https://gateway.example/shop/items/1`.\n\n\
URLs are found as texts, whatever the body is: a match ends at a character that does not belong to the host or the path segment, so \
`https://contoso.example/v10` is left alone. `https:\\/\\/…` with slashes escaped as in JSON is found too. Scheme, host and port must be the \
same; the port may be left out or written when it is the scheme's own.\n\n\
Headers such as `Location` are not changed. A body whose content type is not text, JSON, XML, JavaScript or a form is left alone, and \
so is a compressed one. The body is buffered. `Content-Length` is measured anew.",
        errors: &[],
        example: "outbound",
        differences: &[
            "The documentation does not say which URLs are found: those below the base URL of the backend in use were chosen, so that the new links lead to the same API.",
            "For a pool, nothing is rewritten, since its members are known only while the call is sent.",
        ],
    },
    compile: Some(compile),
};

struct RedirectContentUrls {
    on_response: bool,
}

fn compile(compiler: &mut Compiler<'_>, _element: &Element) -> Option<Run> {
    let on_response = compiler.section().edits_response();
    compiler.add_needs(Needs { request_body: !on_response, response_body: on_response });
    Some(Run::now(RedirectContentUrls { on_response }))
}

impl RunNow for RedirectContentUrls {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let Some(backend) = exchange.route.base.as_ref() else { return Ok(Outcome::Continue) };
        let backend = base_texts(backend);
        let gateway = base_texts(&gateway_base(exchange));
        let (from, to) = if self.on_response { (backend, gateway) } else { (gateway, backend) };
        let (headers, body) = if self.on_response {
            let response = exchange.response_mut();
            (&mut response.headers, &mut response.body)
        } else {
            (&mut exchange.request.headers, &mut exchange.request.body)
        };
        if !is_text(headers) {
            return Ok(Outcome::Continue);
        }
        let Body::Full(bytes) = body else { return Ok(Outcome::Continue) };
        let Some(target) = to.first() else { return Ok(Outcome::Continue) };
        let mut changed = false;
        for found in &from {
            for (found, target) in [(found.clone(), target.clone()), (escaped(found), escaped(target))] {
                if let Some(replaced) = replaced(bytes, found.as_bytes(), target.as_bytes()) {
                    *bytes = replaced;
                    changed = true;
                }
            }
        }
        if changed {
            headers.remove(CONTENT_LENGTH);
        }
        Ok(Outcome::Continue)
    }
}

/// The URL of the API as the client sees it.
fn gateway_base(exchange: &Exchange) -> BaseUrl {
    let url = &exchange.request.original_url;
    let path = exchange.facts.api.as_ref().map_or("", |api| api.path.trim_matches('/'));
    BaseUrl {
        scheme: url.scheme.clone(),
        host: url.host.clone(),
        port: url.port,
        path: if path.is_empty() { "".into() } else { format!("/{path}").into() },
        query: "".into(),
    }
}

/// A base URL as it may be written: the usual way first, then with the port that the scheme implies.
fn base_texts(base: &BaseUrl) -> Vec<String> {
    let authority = base.authority();
    let mut out = vec![format!("{}://{authority}{}", base.scheme, base.path)];
    let port = format!(":{}", base.port);
    if !authority.ends_with(&port) {
        out.push(format!("{}://{authority}{port}{}", base.scheme, base.path));
    }
    out
}

/// With slashes as JSON may escape them.
fn escaped(url: &str) -> String {
    url.replace('/', "\\/")
}

/// True for a body in which links can be looked for.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return false;
    }
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return true };
    let content_type = content_type.to_str().unwrap_or("").to_ascii_lowercase();
    content_type.starts_with("text/")
        || ["json", "xml", "javascript", "x-www-form-urlencoded"]
            .iter()
            .any(|part| content_type.contains(part))
}

/// The bytes with all URLs replaced that end where a host or a path segment may; none when there are none.
fn replaced(bytes: &Bytes, from: &[u8], to: &[u8]) -> Option<Bytes> {
    let mut out = Vec::new();
    let mut at = 0;
    for found in memmem::find_iter(bytes, from) {
        let end = found + from.len();
        if bytes.get(end).is_some_and(|next| continues(*next)) {
            continue;
        }
        out.extend_from_slice(bytes.get(at..found)?);
        out.extend_from_slice(to);
        at = end;
    }
    if at == 0 {
        return None;
    }
    out.extend_from_slice(bytes.get(at..)?);
    Some(out.into())
}

/// True for a byte that makes another host or another path segment of what stands before it.
fn continues(next: u8) -> bool {
    next.is_ascii_alphanumeric()
        || next >= 0x80
        || matches!(next, b'-' | b'.' | b'_' | b'~' | b'%' | b':' | b'@' | b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_urls_are_replaced() {
        let body = Bytes::from_static(
            b"https://a.example/v1/x https://a.example/v10 https://a.example/v1 \"https://a.example/v1\"",
        );
        let found = replaced(&body, b"https://a.example/v1", b"https://g.example/api").unwrap();
        assert_eq!(
            found,
            "https://g.example/api/x https://a.example/v10 https://g.example/api \"https://g.example/api\""
        );
        assert_eq!(replaced(&body, b"https://b.example", b"x"), None);
    }
}
