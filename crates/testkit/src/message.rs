//! HTTP messages as text: a start line, headers, an empty line, the body.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A request.
#[derive(Clone, Debug)]
pub struct RequestText {
    /// The method.
    pub method: Method,
    /// The request target: path and query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, Debug)]
pub struct ResponseText {
    /// The status code.
    pub status: u16,
    /// The reason phrase, when one is written.
    pub reason: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Reads `METHOD /target`, headers and body.
pub fn request(text: &str) -> Result<RequestText> {
    let (start, headers, body) = split(text)?;
    let mut words = start.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        bail!("the first line must be `METHOD /target`, not `{start}`")
    };
    Ok(RequestText { method: method.parse().context("method")?, target: target.to_owned(), headers, body })
}

/// Reads `HTTP/1.1 STATUS [reason]`, headers and body.
pub fn response(text: &str) -> Result<ResponseText> {
    let (start, headers, body) = split(text)?;
    let mut words = start.splitn(3, ' ');
    let (Some("HTTP/1.1"), Some(status)) = (words.next(), words.next()) else {
        bail!("the first line must be `HTTP/1.1 STATUS`, not `{start}`")
    };
    let reason = words.next().map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    Ok(ResponseText { status: status.trim().parse().context("status")?, reason, headers, body })
}

/// Start line, headers and body. One line end at the end of the file is not part of the body.
fn split(text: &str) -> Result<(&str, HeaderMap, Bytes)> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines().map(str::trim_end);
    let start = lines.next().context("the file is empty")?;
    let mut headers = HeaderMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').with_context(|| format!("`{line}` is not a header"))?;
        let name: HeaderName =
            name.trim().parse().with_context(|| format!("`{name}` is not a header name"))?;
        headers.append(name, HeaderValue::from_str(value.trim())?);
    }
    Ok((start, headers, Bytes::copy_from_slice(body.strip_suffix('\n').unwrap_or(body).as_bytes())))
}
