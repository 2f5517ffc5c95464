//! `upstream.destinations`: where calls may go that policies choose.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::fields::{Fields, Unknown, text_of};
use crate::reading::Reading;

/// `upstream.destinations`. Nothing is denied when not set, except what is always denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations {
    /// `deny`: what policies may not call.
    pub deny: Vec<Destination>,
    /// `allow`: exceptions to `deny`.
    pub allow: Vec<Destination>,
}

/// An entry of [`Destinations`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `*`: everything. Only in `deny`.
    Any,
    /// A network such as `10.0.0.0/8`, or a single address.
    Network(IpNet),
    /// A host name such as `api.example`, or `*.example` for every name below it.
    Host(HostPattern),
}

/// A host name, or all names below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// Lower case.
    name: String,
    below: bool,
}

impl HostPattern {
    /// True when the pattern means this host name. Case does not matter.
    pub fn matches(&self, host: &str) -> bool {
        let Some(start) = host.len().checked_sub(self.name.len()) else { return false };
        let (before, end) = host.as_bytes().split_at(start);
        let is_suffix = end.eq_ignore_ascii_case(self.name.as_bytes());
        is_suffix && if self.below { before.len() > 1 && before.ends_with(b".") } else { before.is_empty() }
    }
}

impl Destination {
    /// Reads an entry.
    pub fn parse(text: &str) -> Option<Destination> {
        let text = text.trim();
        if text == "*" {
            return Some(Destination::Any);
        }
        let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let network = text.parse::<IpNet>().or_else(|_| address.parse::<IpAddr>().map(IpNet::from));
        if let Ok(network) = network {
            return Some(Destination::Network(network));
        }
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_name = name.len() <= 253 && name.split('.').all(fits);
        // What ends in a number is an address that is not written well, or a network.
        let is_number =
            name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.to_ascii_lowercase();
        (is_name && !is_number).then_some(Destination::Host(HostPattern { name, below }))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Any => f.write_str("*"),
            Destination::Network(network) => network.fmt(f),
            Destination::Host(host) => write!(f, "{}{}", if host.below { "*." } else { "" }, host.name),
        }
    }
}

/// Reads `destinations` of `upstream`.
pub(super) fn read(upstream: &mut Fields<'_>, reading: &mut Reading<'_>) -> Destinations {
    let Some(mut fields) = upstream.object("destinations", reading) else { return Destinations::default() };
    let destinations =
        Destinations { deny: list(&mut fields, "deny", reading), allow: list(&mut fields, "allow", reading) };
    fields.finish(Unknown::Refused, reading);
    destinations
}

fn list(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Vec<Destination> {
    let mut entries = Vec::new();
    for node in fields.list(key, reading) {
        let Some(text) = text_of(node, key, reading) else { continue };
        match Destination::parse(&text.value) {
            Some(Destination::Any) if key == "allow" => {
                let message = "`*` in `allow` would lift every rule";
                let help = "remove it: what is not denied is allowed";
                reading.error("invalid-destination", text.span, message, help);
            }
            Some(entry) => entries.push(entry),
            None => {
                let message = format!("`{key}` holds something else than a destination");
                let help =
                    "write a network such as `10.0.0.0/8`, an address, or a host name such as `*.example`";
                reading.error("invalid-destination", text.span, message, help);
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_networks_addresses_or_names() {
        for text in ["*", "10.0.0.0/8", "fe80::/10", "192.0.2.1/32", "*.example", "api.example"] {
            assert_eq!(Destination::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Destination::parse("[::1]").unwrap().to_string(), "::1/128");
        for text in ["", "*.", "a..b", "a b", "http://a", "10.0.0.0/33", "300.1.1.1", "*.*.a", "a:80"] {
            assert_eq!(Destination::parse(text), None, "{text}");
        }
    }
}
