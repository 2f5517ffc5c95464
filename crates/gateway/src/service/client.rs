//! Who calls, and how the URL looks to the caller.
//!
//! The caller is the address that connected. Only when that is a trusted proxy, `X-Forwarded-For` is believed, from
//! the right up to the first address that is not a trusted proxy, and so are `X-Forwarded-Proto` and
//! `X-Forwarded-Host`.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Uri};
use ipnet::IpNet;

use crate::listener::ConnectionFacts;

/// The caller's view of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The caller's address.
    pub(crate) ip: IpAddr,
    /// True when the caller used HTTPS.
    pub(crate) secure: bool,
    /// Host and port as the caller wrote them.
    pub(crate) authority: Option<HeaderValue>,
    /// The host without the port.
    pub(crate) host: Arc<str>,
    /// The port, also when it is the scheme's own.
    pub(crate) port: u16,
}

impl Client {
    pub(crate) fn new(
        connection: &ConnectionFacts,
        headers: &HeaderMap,
        uri: &Uri,
        trusted: &[IpNet],
    ) -> Self {
        let mut ip = connection.peer;
        let mut secure = connection.secure;
        let mut authority = match uri.authority() {
            Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
            None => headers.get(HOST).cloned(),
        };
        if is_trusted(trusted, ip) {
            ip = forwarded_for(headers, trusted).unwrap_or(ip);
            if let Some(scheme) = first(headers, "x-forwarded-proto") {
                secure = scheme.eq_ignore_ascii_case("https");
            }
            if let Some(host) =
                first(headers, "x-forwarded-host").and_then(|host| HeaderValue::from_str(host).ok())
            {
                authority = Some(host);
            }
        }
        let own_port = if secure { 443 } else { 80 };
        let text = authority.as_ref().and_then(|authority| authority.to_str().ok()).unwrap_or("");
        let (host, port) = split_authority(text);
        let host = if host.is_empty() { "localhost" } else { host };
        Self { ip, secure, port: port.unwrap_or(own_port), host: host.into(), authority }
    }

    /// Scheme and host as the caller wrote them, and what follows.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let authority = self.authority.as_ref().and_then(|authority| authority.to_str().ok());
        format!("{scheme}://{}{path}", authority.unwrap_or(&self.host))
    }
}

/// True for an address of these networks.
pub(super) fn is_trusted(trusted: &[IpNet], ip: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

fn forwarded_for(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let values: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut last = None;
    for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Some(ip) = address(entry.trim()) else { break };
        last = Some(ip);
        if !is_trusted(trusted, ip) {
            break;
        }
    }
    last
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| split_authority(text).0.parse().ok()).map(|ip: IpAddr| ip.to_canonical())
}

fn first<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn split_authority(text: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn client(peer: &str, headers: &[(&'static str, &'static str)], trusted: &[&str]) -> Client {
        let peer: SocketAddr = peer.parse().unwrap();
        let connection = ConnectionFacts::new(peer, false);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Client::new(&connection, &map, &Uri::from_static("/a"), &trusted)
    }

    #[test]
    fn strangers_cannot_choose_their_address() {
        let headers =
            [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https"), ("host", "gw.example:8080")];
        let stranger = client("[::ffff:9.9.9.9]:1", &headers, &["10.0.0.0/8"]);
        assert_eq!(stranger.ip.to_string(), "9.9.9.9");
        assert_eq!((&*stranger.host, stranger.port, stranger.secure), ("gw.example", 8080, false));
        assert_eq!(stranger.url("/a"), "http://gw.example:8080/a");
    }

    #[test]
    fn trusted_proxies_are_believed_up_to_the_first_stranger() {
        let headers = [
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4"),
            ("x-forwarded-for", "10.0.0.7:55"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "[::1]:99"),
            ("host", "inner"),
        ];
        let caller = client("10.0.0.1:1", &headers, &["10.0.0.0/8"]);
        assert_eq!(caller.ip.to_string(), "1.2.3.4");
        assert_eq!((&*caller.host, caller.port, caller.secure), ("::1", 99, true));
    }
}
