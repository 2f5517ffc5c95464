//! Where calls may go that policies choose: `upstream.destinations`.
//!
//! Names are held against the rules as they are written, addresses when a connection is made: a name that leads to a
//! refused address is refused whatever it led to before. An entry of `allow` is an exception to those of `deny`. The
//! built-in rules close the metadata services of clouds; only a network in `allow` opens them, because a name may
//! lead anywhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sekisho_resources::process::{Destination, Destinations};

/// Link-local addresses, and the metadata services of clouds that are elsewhere.
const BUILT_IN: [IpNet; 4] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(168, 63, 129, 16), 32)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128)),
];

/// A destination that policies may not choose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policies may not call `{host}`{address}: {rule}", address = Shown(.address))]
pub(super) struct Refused {
    host: String,
    /// What the host led to; none when the name was enough.
    address: Option<IpAddr>,
    rule: Rule,
}

/// The rule that refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    BuiltIn(IpNet),
    Configured(Destination),
}

struct Shown<'a>(&'a Option<IpAddr>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| write!(f, " at {address}"))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::BuiltIn(network) => {
                write!(f, "`{network}` is denied unless `upstream.destinations.allow` holds its network")
            }
            Rule::Configured(rule) => write!(f, "`upstream.destinations.deny` holds `{rule}`"),
        }
    }
}

/// The rules.
#[derive(Clone, Debug, Default)]
pub(super) struct DestinationRules(Destinations);

impl DestinationRules {
    pub(super) fn new(destinations: &Destinations) -> Self {
        Self(destinations.clone())
    }

    /// Looks at a host before it is resolved: a name, or an address with or without brackets.
    pub(super) fn check_host(&self, host: &str) -> Result<(), Refused> {
        let host = plain(host);
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.check_address(host, address);
        }
        if self.allows_name(host) {
            return Ok(());
        }
        let denied =
            self.0.deny.iter().find(|rule| matches!(rule, Destination::Host(name) if name.matches(host)));
        denied.map_or(Ok(()), |rule| Err(refused(host, None, Rule::Configured(rule.clone()))))
    }

    /// Looks at a host that somebody else resolves: a proxy.
    pub(super) fn check_unresolved(&self, host: &str) -> Result<(), Refused> {
        self.check_host(host)?;
        let host = plain(host);
        let denies_all = self.0.deny.contains(&Destination::Any);
        if denies_all && host.parse::<IpAddr>().is_err() && !self.allows_name(host) {
            return Err(refused(host, None, Rule::Configured(Destination::Any)));
        }
        Ok(())
    }

    /// Looks at an address that a host led to.
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let host = plain(host);
        for meant in meanings(address).into_iter().flatten() {
            let holds = |rule: &Destination| matches!(rule, Destination::Network(network) if network.contains(&meant));
            if self.0.allow.iter().any(holds) {
                continue;
            }
            if let Some(network) = BUILT_IN.iter().find(|network| network.contains(&meant)) {
                return Err(refused(host, Some(address), Rule::BuiltIn(*network)));
            }
            if self.allows_name(host) {
                continue;
            }
            if let Some(rule) = self.0.deny.iter().find(|rule| holds(rule) || **rule == Destination::Any) {
                return Err(refused(host, Some(address), Rule::Configured(rule.clone())));
            }
        }
        Ok(())
    }

    fn allows_name(&self, host: &str) -> bool {
        self.0.allow.iter().any(|rule| matches!(rule, Destination::Host(name) if name.matches(host)))
    }
}

fn refused(host: &str, address: Option<IpAddr>, rule: Rule) -> Refused {
    Refused { host: host.to_owned(), address, rule }
}

/// A host without the brackets of IPv6 and the dot that ends a complete name.
fn plain(host: &str) -> &str {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

/// An address, and the addresses that a connection to it may reach: the IPv4 address that an IPv6 one carries (mapped,
/// compatible, 6to4, NAT64), and loopback for the unspecified one.
fn meanings(address: IpAddr) -> [Option<IpAddr>; 2] {
    let other = match address {
        IpAddr::V4(v4) => v4.is_unspecified().then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        IpAddr::V6(v6) if v6.is_unspecified() => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        IpAddr::V6(v6) => carried(v6).map(IpAddr::V4),
    };
    [Some(address), other]
}

fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] if (high, low) != (0, 1) => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(deny: &[&str], allow: &[&str]) -> DestinationRules {
        let list = |texts: &[&str]| texts.iter().map(|text| Destination::parse(text).unwrap()).collect();
        DestinationRules::new(&Destinations { deny: list(deny), allow: list(allow) })
    }

    fn address(rules: &DestinationRules, text: &str) -> Result<(), String> {
        rules.check_address("a.example", text.parse().unwrap()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn metadata_services_are_closed_in_every_spelling() {
        let rules = rules(&[], &["*.example"]);
        for closed in [
            "169.254.169.254",
            "169.254.0.1",
            "168.63.129.16",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ] {
            let error = address(&rules, closed).unwrap_err();
            let shown = closed.parse::<IpAddr>().unwrap();
            let start = format!("policies may not call `a.example` at {shown}: `");
            assert!(error.starts_with(&start), "{error}");
            assert!(rules.check_host(closed).is_err(), "{closed}");
        }
        assert!(rules.check_host("[fe80::1]").is_err());
        for open in ["127.0.0.1", "10.0.0.1", "::1", "168.63.129.17", "2001:db8::1"] {
            assert_eq!(address(&rules, open), Ok(()), "{open}");
        }
    }

    #[test]
    fn a_network_in_allow_opens_them() {
        let rules = rules(&["*"], &["169.254.169.254"]);
        assert_eq!(address(&rules, "169.254.169.254"), Ok(()));
        assert!(address(&rules, "169.254.169.253").is_err());
        assert!(address(&rules, "192.0.2.1").is_err());
    }

    #[test]
    fn names_are_exceptions_to_networks_but_not_to_the_built_in_rules() {
        let rules = rules(&["0.0.0.0/0", "::/0"], &["*.example"]);
        assert_eq!(address(&rules, "192.0.2.1"), Ok(()));
        assert!(rules.check_address("other.test", "192.0.2.1".parse().unwrap()).is_err());
        assert!(address(&rules, "169.254.1.1").is_err());
    }

    #[test]
    fn names_are_denied_as_they_are_written() {
        let rules = rules(&["*.internal", "secret.example"], &["open.internal"]);
        for denied in ["a.internal", "A.B.INTERNAL", "a.internal.", "secret.example"] {
            assert!(rules.check_host(denied).is_err(), "{denied}");
        }
        for open in ["internal", "open.internal", "notsecret.example", "a.secret.example", "internal.example"]
        {
            assert_eq!(rules.check_host(open), Ok(()), "{open}");
        }
        let error = rules.check_host("a.internal").unwrap_err().to_string();
        assert_eq!(
            error,
            "policies may not call `a.internal`: `upstream.destinations.deny` holds `*.internal`"
        );
    }

    #[test]
    fn a_list_of_what_is_allowed() {
        let rules = rules(&["*"], &["api.example", "10.0.0.0/8"]);
        // What a name leads to is not known yet; behind a proxy it never will be.
        assert_eq!(rules.check_host("other.example"), Ok(()));
        assert!(rules.check_unresolved("other.example").is_err());
        assert_eq!(rules.check_unresolved("api.example"), Ok(()));
        assert_eq!(rules.check_unresolved("10.1.1.1"), Ok(()));
        assert!(rules.check_unresolved("11.1.1.1").is_err());
        assert_eq!(rules.check_address("other.example", "10.1.1.1".parse().unwrap()), Ok(()));
    }

    #[test]
    fn the_unspecified_address_is_loopback() {
        let rules = rules(&["127.0.0.0/8", "::1"], &[]);
        for denied in ["127.0.0.1", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"] {
            assert!(address(&rules, denied).is_err(), "{denied}");
        }
    }
}
