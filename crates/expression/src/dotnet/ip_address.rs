//! `System.Net.IPAddress`.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

static ADDRESS_FAMILY: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Net.Sockets.AddressFamily",
    &[("Unspecified", 0), ("Unix", 1), ("InterNetwork", 2), ("InterNetworkV6", 23), ("Unknown", -1)],
);

static IP_ADDRESS: TypeDeclaration = TypeDeclaration::class("System.Net.IPAddress").members(&[
    pure("new(byte[] address)", |call| {
        let bytes = call.bytes(0)?.lock().clone();
        let address = match bytes.as_slice().try_into() {
            Ok(four) => Some(IpAddr::V4(Ipv4Addr::from_octets(four))),
            Err(_) => bytes.as_slice().try_into().ok().map(|all| IpAddr::V6(Ipv6Addr::from_octets(all))),
        };
        address.map(value).ok_or_else(|| Exception::argument(INVALID, "address"))
    }),
    pure("new(byte[] address, long scopeid)", |call| {
        let bytes = call.bytes(0)?.lock().clone();
        let address = bytes.as_slice().try_into().ok().map(|all| IpAddr::V6(Ipv6Addr::from_octets(all)));
        let ip = address.ok_or_else(|| Exception::argument(INVALID, "address"))?;
        let scope = u32::try_from(call.long(1));
        let scope = scope.map_err(|_| Exception::argument_out_of_range("scopeid", ""))?;
        Ok(Value::object(Address { ip, scope }))
    }),
    pure("new(long newAddress)", |call| {
        let number = u32::try_from(call.long(0));
        let number = number.map_err(|_| Exception::argument_out_of_range("newAddress", ""))?;
        Ok(value(Ipv4Addr::from_octets(number.to_le_bytes()).into()))
    }),
    pure("static IPAddress Parse(string ipString)", |call| {
        let text = call.text(0)?;
        read(&text).map(Value::object).ok_or_else(|| Exception::format(INVALID))
    }),
    pure("static bool TryParse(string ipString, out IPAddress address)", |call| {
        let address = call.text_or_null(0).and_then(|text| read(&text));
        let found = address.is_some();
        call.set_out(1, address.map_or(Value::Null, Value::object));
        Ok(Value::Boolean(found))
    }),
    pure("static bool IsLoopback(IPAddress address)", |call| {
        Ok(Value::Boolean(call.object_argument::<Address>(0)?.ip.to_canonical().is_loopback()))
    }),
    pure("static short HostToNetworkOrder(short host)", swapped),
    pure("static int HostToNetworkOrder(int host)", swapped),
    pure("static long HostToNetworkOrder(long host)", swapped),
    pure("static short NetworkToHostOrder(short network)", swapped),
    pure("static int NetworkToHostOrder(int network)", swapped),
    pure("static long NetworkToHostOrder(long network)", swapped),
    pure("static IPAddress Any", |_| Ok(value(Ipv4Addr::UNSPECIFIED.into()))),
    pure("static IPAddress Loopback", |_| Ok(value(Ipv4Addr::LOCALHOST.into()))),
    pure("static IPAddress Broadcast", |_| Ok(value(Ipv4Addr::BROADCAST.into()))),
    pure("static IPAddress None", |_| Ok(value(Ipv4Addr::BROADCAST.into()))),
    pure("static IPAddress IPv6Any", |_| Ok(value(Ipv6Addr::UNSPECIFIED.into()))),
    pure("static IPAddress IPv6Loopback", |_| Ok(value(Ipv6Addr::LOCALHOST.into()))),
    pure("static IPAddress IPv6None", |_| Ok(value(Ipv6Addr::UNSPECIFIED.into()))),
    pure("AddressFamily AddressFamily", |call| {
        let number = if this(call)?.ip.is_ipv4() { 2 } else { 23 };
        Ok(Value::enumeration(&ADDRESS_FAMILY, number))
    }),
    impure("byte[] GetAddressBytes()", |call| {
        Ok(Value::bytes(match this(call)?.ip {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }))
    }),
    pure("bool IsIPv4MappedToIPv6", |call| {
        let mapped = matches!(this(call)?.ip, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
        Ok(Value::Boolean(mapped))
    }),
    pure("bool IsIPv6LinkLocal", |call| {
        let local = matches!(this(call)?.ip, IpAddr::V6(address) if address.is_unicast_link_local());
        Ok(Value::Boolean(local))
    }),
    pure("bool IsIPv6UniqueLocal", |call| {
        let local = matches!(this(call)?.ip, IpAddr::V6(address) if address.is_unique_local());
        Ok(Value::Boolean(local))
    }),
    pure("bool IsIPv6SiteLocal", |call| {
        let local = matches!(this(call)?.ip, IpAddr::V6(address) if first_group(address) & 0xFFC0 == 0xFEC0);
        Ok(Value::Boolean(local))
    }),
    pure("bool IsIPv6Teredo", |call| {
        let teredo = matches!(this(call)?.ip, IpAddr::V6(address) if address.to_bits() >> 96 == 0x2001_0000);
        Ok(Value::Boolean(teredo))
    }),
    pure("long Address", |call| match this(call)?.ip {
        IpAddr::V4(address) => Ok(Value::Int64(i64::from(u32::from_le_bytes(address.octets())))),
        IpAddr::V6(_) => Err(not_of_this_family()),
    }),
    pure("bool IsIPv6Multicast", |call| {
        let multicast = matches!(this(call)?.ip, IpAddr::V6(address) if address.is_multicast());
        Ok(Value::Boolean(multicast))
    }),
    pure("long ScopeId", |call| match this(call)?.ip {
        IpAddr::V4(_) => Err(not_of_this_family()),
        IpAddr::V6(_) => Ok(Value::Int64(i64::from(this(call)?.scope))),
    }),
    pure("IPAddress MapToIPv4()", |call| {
        Ok(value(match this(call)?.ip {
            // The last four bytes, mapped or not.
            IpAddr::V6(address) => IpAddr::V4(Ipv4Addr::from_bits((address.to_bits() & 0xFFFF_FFFF) as u32)),
            four => four,
        }))
    }),
    pure("IPAddress MapToIPv6()", |call| match this(call)?.ip {
        IpAddr::V4(address) => Ok(value(address.to_ipv6_mapped().into())),
        IpAddr::V6(_) => Ok(call.receiver().clone()),
    }),
    pure("string ToString()", |call| Ok(Value::from(this(call)?.to_text()))),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&IP_ADDRESS, &ADDRESS_FAMILY];

const INVALID: &str = "An invalid IP address was specified.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    ip: IpAddr,
    /// The zone of an IPv6 address; 0 for none.
    scope: u32,
}

impl DotnetObject for Address {
    fn type_of(&self) -> Type {
        Type::Named("System.Net.IPAddress")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        let text = match self.ip {
            IpAddr::V6(address) => match address.segments() {
                // Compatible addresses are shown with four decimal parts.
                [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
                    format!("::{}", Ipv4Addr::from_bits((address.to_bits() & 0xFFFF_FFFF) as u32))
                }
                _ => address.to_string(),
            },
            IpAddr::V4(address) => address.to_string(),
        };
        if self.scope == 0 { text } else { format!("{text}%{}", self.scope) }
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(44, self.to_text()))
    }
}

/// A question that only addresses of the other family answer.
fn not_of_this_family() -> Exception {
    Exception::new("System.Net.Sockets.SocketException", "Operation not supported")
}

fn first_group(address: Ipv6Addr) -> u16 {
    address.segments().first().copied().unwrap_or(0)
}

/// An integer with its bytes in the opposite order.
fn swapped(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(match call.argument(0) {
        Value::Int16(number) => Value::Int16(number.swap_bytes()),
        Value::Int32(number) => Value::Int32(number.swap_bytes()),
        Value::Int64(number) => Value::Int64(number.swap_bytes()),
        other => return Err(call.mismatch(other)),
    })
}

fn value(ip: IpAddr) -> Value {
    Value::object(Address { ip, scope: 0 })
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Address, Exception> {
    call.object()
}

/// IPv4 with one to four numbers, decimal, octal or hexadecimal; IPv6 also in brackets, with port and zone. A zone that
/// is no number names an interface, of which there are none here.
fn read(text: &str) -> Option<Address> {
    if !text.contains(':') {
        return super::uri::loose_ipv4(text).map(|ip| Address { ip: IpAddr::V4(ip), scope: 0 });
    }
    let inner = match text.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) = rest.split_once(']')?;
            let port = after.strip_prefix(':');
            if !after.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_err()) {
                return None;
            }
            inner
        }
        None => text,
    };
    let (address, zone) = inner.split_once('%').unwrap_or((inner, ""));
    let ip: Ipv6Addr = address.parse().ok()?;
    Some(Address { ip: IpAddr::V6(ip), scope: zone.parse().unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_dotnet() {
        let cases = [
            ("1.2.3.4", "1.2.3.4"),
            ("1.2.3", "1.2.0.3"),
            ("0x10.1.1.1", "16.1.1.1"),
            ("010.1.1.1", "8.1.1.1"),
            ("4294967295", "255.255.255.255"),
            ("::1", "::1"),
            ("fe80::1%3", "fe80::1%3"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("2001:DB8::0:1", "2001:db8::1"),
            ("[::1]", "::1"),
            ("[::1]:80", "::1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("1::", "1::"),
            ("::1.2.3.4", "::1.2.3.4"),
        ];
        for (text, shown) in cases {
            assert_eq!(read(text).map(|address| address.to_text()).as_deref(), Some(shown), "{text}");
        }
        for text in ["256.1.1.1", "1.2.3.4:80", "", "abc", " 1.2.3.4", "1.2.3.4.5", "[::1", "[::1]x", ":::"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn members_in_expressions() {
        use crate::testing::{assert_evaluates, assert_throws};
        let cases = [
            (r#"@(IPAddress.Parse("10.0.0.1").ToString())"#, "System.String", "10.0.0.1"),
            (
                r#"@(IPAddress.Parse("::1").AddressFamily)"#,
                "System.Net.Sockets.AddressFamily",
                "InterNetworkV6",
            ),
            (r#"@(IPAddress.Parse("1.2.3.4").Equals(IPAddress.Parse("1.2.3.4")))"#, "System.Boolean", "true"),
            (r#"@(IPAddress.Parse("1.2.3.4").GetAddressBytes())"#, "System.Byte[]", "AQIDBA=="),
            (r#"@(IPAddress.IsLoopback(IPAddress.Parse("127.0.0.1")))"#, "System.Boolean", "true"),
            (
                r#"@{ IPAddress a; return IPAddress.TryParse("x", out a) + "" + (a == null); }"#,
                "System.String",
                "FalseTrue",
            ),
        ];
        for (expression, type_name, value) in cases {
            assert_evaluates(expression, type_name, value);
        }
        assert_throws(r#"@(IPAddress.Parse("x"))"#, "System.FormatException");
    }
}
