//! The service URL that a specification gives.

use crate::model::Spanned;
use crate::value::Node;

/// The first https server, else the first http one. Variables take their defaults; a relative server gives nothing.
pub(super) fn server(root: &Node) -> Option<Spanned<String>> {
    if root.get("swagger").is_some() {
        return swagger_host(root);
    }
    let servers = root.get("servers").map(Node::elements).unwrap_or_default();
    let urls: Vec<Spanned<String>> = servers.iter().filter_map(server_url).collect();
    let with = |scheme: &str| urls.iter().find(|url| url.value.starts_with(scheme)).cloned();
    with("https://").or_else(|| with("http://"))
}

fn server_url(server: &Node) -> Option<Spanned<String>> {
    let node = server.get("url")?;
    let mut url = node.text()?.to_owned();
    for variable in server.get("variables").map(Node::entries).unwrap_or_default() {
        if let Some(default) = variable.value.get("default").and_then(Node::scalar) {
            url = url.replace(&format!("{{{}}}", variable.key), default);
        }
    }
    let complete = !url.contains(['{', '}']);
    (complete && !is_gateway(&url)).then(|| Spanned::new(url, node.span))
}

/// True for a gateway of API Management: a document exported from one names the gateway as its server, not what
/// stands behind it.
fn is_gateway(url: &str) -> bool {
    let parsed = url::Url::parse(url).ok();
    parsed.is_some_and(|url| url.host_str().is_some_and(|host| host.ends_with(".azure-api.net")))
}

/// `schemes`, `host` and `basePath` of OpenAPI 2.0.
fn swagger_host(root: &Node) -> Option<Spanned<String>> {
    let host = root.get("host")?;
    let schemes: Vec<&str> =
        root.get("schemes").map(Node::elements).unwrap_or_default().iter().filter_map(Node::text).collect();
    let only_http = schemes.contains(&"http") && !schemes.contains(&"https");
    let scheme = if only_http { "http" } else { "https" };
    let base = root.get("basePath").and_then(Node::text).unwrap_or("");
    let url = format!("{scheme}://{}{base}", host.text()?);
    (!is_gateway(&url)).then(|| Spanned::new(url, host.span))
}
