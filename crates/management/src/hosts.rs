//! Under which names the listener may be called.
//!
//! A page of another site can point its own name at this machine and have a browser call it (DNS rebinding). The browser
//! then sends that name, so names that are not known are refused; addresses cannot be pointed anywhere.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HOST;

/// Names that are known.
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    pub(crate) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// True when a request may be answered that calls this listener by the name in `Host`.
    pub(crate) fn may_call(&self, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let Ok(host) = host.to_str() else { return false };
        let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        literal.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.0.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_this_machine_and_known_names_may_call() {
        let hosts = Hosts::new(&["Gateway.example".to_owned()]);
        let may = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            hosts.may_call(&headers)
        };
        for good in
            ["127.0.0.1:8090", "[::1]:8090", "localhost", "LOCALHOST:1", "a.localhost", "gateway.example:443"]
        {
            assert!(may(good), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example:8090", "", "127.0.0.1.evil.example"] {
            assert!(!may(bad), "{bad}");
        }
        assert!(!hosts.may_call(&HeaderMap::new()));
    }
}
