//! Addresses of IPv4. An address may carry a prefix, `10.0.0.0/8`; of two prefixes the shorter counts.

use std::net::Ipv4Addr;

use super::cell::{Cell, Row};
use super::declare::Does::Rows;
use super::declare::Function;
use super::json::text as json;
use super::strings::element_text;
use crate::Type::{Bool, Long, String as Text};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "ipv4_is_private",
        takes: "ip: string",
        does: Rows(Bool, |row| is_private(row.text(0)).into()),
    },
    Function {
        name: "ipv4_is_in_range",
        takes: "ip: string, range: string",
        does: Rows(Bool, |row| in_range(row.text(0), row.text(1)).into()),
    },
    Function {
        name: "ipv4_is_in_any_range",
        takes: "ip: string, range+: any",
        does: Rows(Bool, in_any_range),
    },
    Function {
        name: "ipv4_is_match",
        takes: "left: string, right: string, prefix?: long",
        does: Rows(Bool, |row| compare(row).map(|order| order == 0).into()),
    },
    Function {
        name: "ipv4_compare",
        takes: "left: string, right: string, prefix?: long",
        does: Rows(Long, |row| compare(row).into()),
    },
    Function {
        name: "parse_ipv4",
        takes: "ip: string",
        does: Rows(Long, |row| address(row.text(0)).map(|(ip, prefix)| masked(ip, prefix)).into()),
    },
    Function {
        name: "parse_ipv4_mask",
        takes: "ip: string, prefix: long",
        does: Rows(Long, |row| {
            let prefix = row.long(1).and_then(|prefix| u32::try_from(prefix).ok());
            address(row.text(0)).zip(prefix).map(|((ip, own), prefix)| masked(ip, own.min(prefix))).into()
        }),
    },
    Function {
        name: "format_ipv4",
        takes: "ip: any, prefix?: long",
        does: Rows(Text, |row| {
            let prefix = row.long(1).map_or(Some(32), |prefix| u32::try_from(prefix).ok());
            let ip = match row.cell(0) {
                Cell::Long(number) => u32::try_from(*number).ok(),
                _ => address(row.text(0)).map(|(ip, _)| ip),
            };
            let ip = ip.zip(prefix).and_then(|(ip, prefix)| u32::try_from(masked(ip, prefix)).ok());
            ip.map(|ip| Ipv4Addr::from(ip).to_string()).into()
        }),
    },
];

/// The address and its prefix, 32 without one.
fn address(text: &str) -> Option<(u32, u32)> {
    let (ip, prefix) = match text.trim().split_once('/') {
        Some((ip, prefix)) => (ip, prefix.parse().ok().filter(|prefix| *prefix <= 32)?),
        None => (text.trim(), 32),
    };
    Some((ip.parse::<Ipv4Addr>().ok()?.to_bits(), prefix))
}

fn masked(ip: u32, prefix: u32) -> i64 {
    i64::from(ip & u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0))
}

fn is_private(text: &str) -> Option<bool> {
    let (ip, prefix) = address(text)?;
    let inside = |range: &str| {
        address(range)
            .is_some_and(|(of, length)| prefix >= length && masked(ip, length) == masked(of, length))
    };
    Some(inside("10.0.0.0/8") || inside("172.16.0.0/12") || inside("192.168.0.0/16"))
}

fn in_range(ip: &str, range: &str) -> Option<bool> {
    let ((ip, own), (range, prefix)) = (address(ip)?, address(range)?);
    let prefix = own.min(prefix);
    Some(masked(ip, prefix) == masked(range, prefix))
}

fn in_any_range<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let ranges = (1..row.len()).flat_map(|position| {
        let text = row.text(position);
        json::elements(text)
            .map_or_else(|| vec![text.to_owned()], |all| all.into_iter().map(element_text).collect())
    });
    let tests: Vec<Option<bool>> = ranges.map(|range| in_range(row.text(0), &range)).collect();
    match address(row.text(0)) {
        Some(_) => Cell::Bool(tests.contains(&Some(true))),
        None => Cell::Null,
    }
}

/// −1, 0 or 1; null where one is not an address.
fn compare(row: &Row<'_, '_>) -> Option<i64> {
    let ((left, own), (right, other)) = (address(row.text(0))?, address(row.text(1))?);
    let wanted = row.long(2).map_or(Some(32), |prefix| u32::try_from(prefix).ok())?;
    let prefix = own.min(other).min(wanted);
    Some(masked(left, prefix).cmp(&masked(right, prefix)) as i64)
}
