//! The URL of a call that a policy makes.

use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Text};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::ports::BaseUrl;
use crate::xml::Content;

/// What cannot stand in a URL and is escaped, as `System.Uri` does it; escapes that are there stay.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An absolute `http` or `https` URL: read at load where it is a literal.
pub(crate) enum UrlSetting {
    Constant(Uri),
    Evaluated(Text),
}

impl UrlSetting {
    /// From a text or an attribute; a literal that is no such URL is reported.
    pub(crate) fn new(compiler: &mut Compiler<'_>, content: &Content) -> Option<Self> {
        let text = compiler.content_text(content)?;
        let Some(literal) = text.constant() else { return Some(UrlSetting::Evaluated(text)) };
        if let Some(url) = absolute(literal) {
            return Some(UrlSetting::Constant(url));
        }
        let message = format!("`{}` is not an absolute http or https URL", compiler.written(content.span));
        let finding = Diagnostic::error("wrong-value", content.span, message);
        compiler.report(finding.with_help("write it as `https://host/path`"));
        None
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Uri, PolicyError> {
        match self {
            UrlSetting::Constant(url) => Ok(url.clone()),
            UrlSetting::Evaluated(text) => absolute(&text.get(exchange)?).ok_or_else(not_absolute),
        }
    }
}

/// Path and query on a backend: read at load where they are a literal.
pub(crate) enum PathSetting {
    Constant(PathAndQuery),
    Evaluated(Text),
}

impl PathSetting {
    /// From a text that is a path or a whole URL, of which scheme and host are left out.
    pub(crate) fn new(compiler: &mut Compiler<'_>, content: &Content) -> Option<Self> {
        let text = compiler.content_text(content)?;
        let Some(literal) = text.constant() else { return Some(PathSetting::Evaluated(text)) };
        if let Some(path) = path_and_query(literal) {
            return Some(PathSetting::Constant(path));
        }
        let message = format!("`{}` is not the path of a URL", compiler.written(content.span));
        let finding = Diagnostic::error("wrong-value", content.span, message);
        compiler.report(finding.with_help("write it as `/path?query`"));
        None
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<PathAndQuery, PolicyError> {
        match self {
            PathSetting::Constant(path) => Ok(path.clone()),
            PathSetting::Evaluated(text) => path_and_query(&text.get(exchange)?).ok_or_else(|| {
                PolicyError::internal("InvalidUrl", "the URL of the call is not the path of a URL")
            }),
        }
    }
}

fn path_and_query(text: &str) -> Option<PathAndQuery> {
    if text.contains("://") {
        return absolute(text).and_then(|url| url.path_and_query().cloned());
    }
    let text = text.trim();
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("{slash}{}", utf8_percent_encode(text, ESCAPED)).parse().ok()
}

/// The URL may hold a credential in its query, so it is not repeated.
fn not_absolute() -> PolicyError {
    PolicyError::internal("InvalidUrl", "the URL of the call is not an absolute http or https URL")
}

/// `context.Request.Url`, for a copy of the current request.
pub(crate) fn current(exchange: &Exchange) -> Result<Uri, PolicyError> {
    if exchange.route.base.is_none() {
        // `context.Request.Url` is that of the gateway then: the copy would come back as a call of its own.
        return Err(PolicyError::internal(
            "InvalidUrl",
            "the current request has no backend URL yet, so its copy needs a `set-url`",
        ));
    }
    let url = exchange.request.url();
    let base =
        BaseUrl { scheme: url.scheme.into(), host: url.host.into(), port: url.port, ..BaseUrl::default() };
    absolute(&format!("{}://{}{}{}", url.scheme, base.authority(), url.path, url.query))
        .ok_or_else(not_absolute)
}

/// Reads an absolute `http` or `https` URL. User information and fragment are left out: they are not sent.
pub(crate) fn absolute(text: &str) -> Option<Uri> {
    let escaped: Cow<'_, str> = utf8_percent_encode(text.trim(), ESCAPED).into();
    let uri: Uri = escaped.parse().ok()?;
    let scheme = uri.scheme_str()?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let host = uri.host().filter(|host| !host.is_empty() && !host.contains('%'))?;
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !has_user {
        return Some(uri);
    }
    let port = uri.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{scheme}://{host}{port}{path}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_the_wire() {
        let read = |text: &str| absolute(text).map(|url| url.to_string());
        assert_eq!(
            read(" https://h.example/a b?q=ü#part ").as_deref(),
            Some("https://h.example/a%20b?q=%C3%BC")
        );
        assert_eq!(read("HTTP://h.example:8080").as_deref(), Some("http://h.example:8080/"));
        assert_eq!(read("https://user:word@[::1]:8443/x%20y").as_deref(), Some("https://[::1]:8443/x%20y"));
        for wrong in
            ["", "/path", "h.example/x", "ftp://h.example", "https://", "https:///x", "https://ü.example"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
