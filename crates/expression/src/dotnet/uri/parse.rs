//! Reading of URIs by .NET's rules, and resolving of relative ones.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::escape::canonical;

/// The parts of an absolute URI, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) scheme: String,
    /// False for `urn:…` and the like.
    pub(super) has_authority: bool,
    pub(super) user_info: String,
    /// IPv6 addresses in brackets.
    pub(super) host: String,
    pub(super) host_kind: HostKind,
    /// -1 when neither given nor known.
    pub(super) port: i32,
    pub(super) path: String,
    /// With its `?`, or empty.
    pub(super) query: String,
    /// With its `#`, or empty.
    pub(super) fragment: String,
}

/// `UriHostNameType` by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostKind {
    Unknown = 0,
    Basic = 1,
    Dns = 2,
    IPv4 = 3,
    IPv6 = 4,
}

/// Why a text is no absolute URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Format,
    Scheme,
    Authority,
    Empty,
    TooLong,
    Host,
    Port,
}

impl Refusal {
    /// .NET's message.
    pub(super) fn message(self) -> &'static str {
        match self {
            Refusal::Format => "Invalid URI: The format of the URI could not be determined.",
            Refusal::Scheme => "Invalid URI: The URI scheme is not valid.",
            Refusal::Authority => "Invalid URI: The Authority/Host could not be parsed.",
            Refusal::Empty => "Invalid URI: The URI is empty.",
            Refusal::TooLong => "Invalid URI: The Uri string is too long.",
            Refusal::Host => "Invalid URI: The hostname could not be parsed.",
            Refusal::Port => "Invalid URI: Invalid port specified.",
        }
    }

    /// True when the text may still be a relative URI.
    pub(super) fn may_be_relative(self) -> bool {
        matches!(self, Refusal::Format | Refusal::Scheme | Refusal::Authority | Refusal::Empty)
    }
}

/// .NET's limit in characters.
const LONGEST: usize = 65_519;

/// Schemes with an authority: port, and whether paths are compressed and backslashes turned.
const KNOWN: &[(&str, i32, bool)] = &[
    ("http", 80, true),
    ("https", 443, true),
    ("ws", 80, true),
    ("wss", 443, true),
    ("ftp", 21, true),
    ("file", -1, true),
    ("net.tcp", 808, true),
    ("net.pipe", -1, true),
    ("ldap", 389, false),
    ("gopher", 70, false),
    ("nntp", 119, false),
    ("telnet", 23, false),
];

/// The scheme of mailboxes, which have a host without slashes before it.
const MAIL: &str = "mailto";

/// The port of a scheme; -1 when it has none.
pub(super) fn default_port(scheme: &str) -> i32 {
    if scheme == MAIL {
        return 25;
    }
    KNOWN.iter().find(|(known, ..)| *known == scheme).map_or(-1, |(_, port, _)| *port)
}

fn is_hierarchical(scheme: &str) -> bool {
    KNOWN.iter().any(|(known, _, compresses)| *known == scheme && *compresses)
}

/// True for a letter followed by letters, digits and `+-.`.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Reads an absolute URI.
pub(super) fn parse(text: &str) -> Result<Parts, Refusal> {
    if text.len() > LONGEST && text.encode_utf16().count() > LONGEST {
        return Err(Refusal::TooLong);
    }
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    let colon = text.find([':', '/', '\\', '?', '#']).filter(|at| text.as_bytes().get(*at) == Some(&b':'));
    let Some((scheme, rest)) = colon.and_then(|at| text.split_at_checked(at)) else {
        return Err(Refusal::Format);
    };
    // A single letter is a drive: file paths are no business of a gateway.
    if scheme.len() < 2 {
        return Err(Refusal::Format);
    }
    if !is_scheme(scheme) {
        return Err(Refusal::Scheme);
    }
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.get(1..).unwrap_or("");
    let slashed = ["//", "\\\\", "/\\", "\\/"].iter().find_map(|start| rest.strip_prefix(start));
    match slashed.filter(|_| rest.starts_with("//") || is_hierarchical(&scheme)) {
        Some(rest) => with_authority(scheme, rest),
        None if KNOWN.iter().any(|(known, ..)| *known == scheme) => Err(Refusal::Authority),
        None => Ok(opaque(scheme, rest)),
    }
}

fn opaque(scheme: String, rest: &str) -> Parts {
    let (path, query, fragment) = split_tail(rest);
    let mailbox = path.split_once('@').filter(|(_, host)| scheme == MAIL && is_dns(host));
    if let Some((user, host)) = mailbox {
        return Parts {
            port: default_port(&scheme),
            user_info: canonical(user),
            host: host.to_lowercase(),
            host_kind: HostKind::Dns,
            path: String::new(),
            ..opaque(scheme, rest.get(path.len()..).unwrap_or(""))
        };
    }
    Parts {
        scheme,
        has_authority: false,
        user_info: String::new(),
        host: String::new(),
        host_kind: HostKind::Unknown,
        port: -1,
        path: canonical(path),
        query: canonical(query),
        fragment: canonical(fragment),
    }
}

fn with_authority(scheme: String, rest: &str) -> Result<Parts, Refusal> {
    let hierarchical = is_hierarchical(&scheme);
    let end = rest.find(|next| matches!(next, '/' | '?' | '#') || (hierarchical && next == '\\'));
    let (authority, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let (user_info, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = split_port(server)?;
    let may_be_empty = scheme == "file" || default_port(&scheme) == -1;
    let (host, host_kind) = if host.is_empty() && may_be_empty && port.is_none() {
        (String::new(), HostKind::Basic)
    } else {
        read_host(host).ok_or(Refusal::Host)?
    };
    let (path, query, fragment) = split_tail(rest);
    Ok(Parts {
        port: port.unwrap_or_else(|| default_port(&scheme)),
        has_authority: true,
        user_info: canonical(user_info),
        host,
        host_kind,
        path: canonical_path(path, hierarchical),
        query: canonical(query),
        fragment: canonical(fragment),
        scheme,
    })
}

fn canonical_path(path: &str, hierarchical: bool) -> String {
    let path =
        if hierarchical { without_dots(&canonical(&path.replace('\\', "/"))) } else { canonical(path) };
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Path, query and fragment, the latter with their marks.
fn split_tail(text: &str) -> (&str, &str, &str) {
    let (head, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
    let (path, query) = head.split_at(head.find('?').unwrap_or(head.len()));
    (path, query, fragment)
}

fn split_port(server: &str) -> Result<(&str, Option<i32>), Refusal> {
    let from = server.rfind(']').unwrap_or(0);
    let Some(colon) = server.get(from..).and_then(|tail| tail.find(':')).map(|at| at + from) else {
        return Ok((server, None));
    };
    let (host, port) = server.split_at(colon);
    let port = port.get(1..).unwrap_or("");
    if port.is_empty() {
        return Ok((host, None));
    }
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Refusal::Port);
    }
    port.parse::<u16>().map(|port| (host, Some(i32::from(port)))).map_err(|_| Refusal::Port)
}

/// A host in its canonical form, and its kind.
pub(super) fn read_host(host: &str) -> Option<(String, HostKind)> {
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']')?;
        // A zone is dropped, as `Host` does.
        let address: Ipv6Addr = address.split('%').next()?.parse().ok()?;
        return Some((format!("[{address}]"), HostKind::IPv6));
    }
    if let Some(address) = loose_ipv4(host) {
        return Some((address.to_string(), HostKind::IPv4));
    }
    is_dns(host).then(|| (host.to_lowercase(), HostKind::Dns))
}

fn is_dns(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    host.len() <= 255
        && labels.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|next| next.is_alphanumeric() || next == '-' || next == '_')
        })
}

/// One to four numbers, decimal, octal or hexadecimal; the last fills the rest.
pub(in crate::dotnet) fn loose_ipv4(host: &str) -> Option<Ipv4Addr> {
    let numbers = host.split('.').map(loose_number).collect::<Option<Vec<u32>>>()?;
    let (last, heads) = numbers.split_last()?;
    if heads.len() > 3 || heads.iter().any(|head| *head > 255) {
        return None;
    }
    let left = 4 - u32::try_from(heads.len()).ok()?;
    if u64::from(*last) >= 1_u64 << (8 * left) {
        return None;
    }
    let high = heads.iter().zip([24, 16, 8]).fold(0_u32, |sum, (head, shift)| sum | (head << shift));
    Some(Ipv4Addr::from_bits(high | last))
}

fn loose_number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    let radix = if text.len() > 1 && text.starts_with('0') { 8 } else { 10 };
    if text.bytes().all(|digit| digit.is_ascii_digit()) {
        u32::from_str_radix(text, radix).ok()
    } else {
        None
    }
}

/// Removes `.` and `..` segments.
fn without_dots(path: &str) -> String {
    let Some(tail) = path.strip_prefix('/') else { return path.to_owned() };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = tail.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Resolves a relative reference.
pub(super) fn resolve(base: &Parts, reference: &str) -> Result<Parts, Refusal> {
    if reference.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    let reference = reference.trim_matches([' ', '\t', '\r', '\n']);
    if let Some(rest) = reference.strip_prefix("//").filter(|_| base.has_authority) {
        return with_authority(base.scheme.clone(), rest);
    }
    let mut out = base.clone();
    if reference.is_empty() {
        return Ok(out);
    }
    let (path, query, fragment) = split_tail(reference);
    out.fragment = canonical(fragment);
    if path.is_empty() {
        if !query.is_empty() {
            out.query = canonical(query);
        }
        return Ok(out);
    }
    out.query = canonical(query);
    let merged = if path.starts_with(['/', '\\']) {
        path.to_owned()
    } else {
        let folder = base.path.rfind('/').map_or("", |at| base.path.get(..=at).unwrap_or(""));
        format!("{folder}{path}")
    };
    let slashed = if is_hierarchical(&base.scheme) { merged.replace('\\', "/") } else { merged };
    // The parts of a resolved reference lose their dots whatever the scheme.
    out.path = without_dots(&canonical(&slashed));
    Ok(out)
}
