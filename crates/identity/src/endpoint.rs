//! Which token endpoints may be called: https, or plain http where nobody else can listen in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::ConfigError;

/// Who may be spoken to without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    /// Loopback addresses and `localhost`.
    Loopback,
    /// Those, and link-local addresses: the metadata services of Azure.
    LinkLocal,
}

/// Refuses an endpoint that would show a secret to the network.
pub(crate) fn check(endpoint: &Url, plain: PlainHttp, identity: &str) -> Result<(), ConfigError> {
    match refusal(endpoint, plain) {
        None => Ok(()),
        Some(reason) => {
            Err(ConfigError::Endpoint { identity: identity.to_owned(), endpoint: origin(endpoint), reason })
        }
    }
}

/// Why an endpoint may not be called; none when it may.
pub(crate) fn refusal(endpoint: &Url, plain: PlainHttp) -> Option<&'static str> {
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return Some("the url holds a user name or a password");
    }
    match endpoint.scheme() {
        "https" => None,
        "http" if is_local(endpoint, plain) => None,
        "http" => Some("plain http is for loopback addresses only, use https"),
        _ => Some("only https and http are possible"),
    }
}

fn is_local(endpoint: &Url, plain: PlainHttp) -> bool {
    let address = match endpoint.host() {
        Some(Host::Domain(name)) => return name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        None => return false,
    };
    address.is_loopback() || (plain == PlainHttp::LinkLocal && is_link_local(address))
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => Ipv4Addr::is_link_local(&address),
        IpAddr::V6(address) => Ipv6Addr::is_unicast_link_local(&address),
    }
}

/// Scheme, host and port: what messages may show of a URL.
pub(crate) fn origin(endpoint: &Url) -> String {
    endpoint.origin().ascii_serialization()
}

/// The endpoint with more path segments behind its own.
pub(crate) fn join(endpoint: &Url, segments: &[&str]) -> Url {
    let mut joined = endpoint.clone();
    // Only a URL without a host has no segments, and `check` let none of those through.
    if let Ok(mut path) = joined.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    joined
}
