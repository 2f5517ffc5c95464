//! Columns that are made of something that is no text, or of several.

use std::fmt::Write;
use std::net::IpAddr;

use sekisho_llm::compose::push_number;
use sekisho_policy::pipeline::uuid_text;

pub(super) fn uuid(to: &mut String, bytes: &[u8; 16]) -> Option<()> {
    to.push_str(&uuid_text(bytes));
    Some(())
}

pub(super) fn hex<const N: usize>(to: &mut String, bytes: [u8; N]) -> Option<()> {
    to.push_str(const_hex::Buffer::<N>::new().format(&bytes));
    Some(())
}

/// Addresses of version 4 number by number: each call has one, and the formatter takes long for them.
pub(super) fn address(to: &mut String, address: IpAddr) -> Option<()> {
    let IpAddr::V4(address) = address else { return write!(to, "{address}").ok() };
    for (place, number) in address.octets().into_iter().enumerate() {
        if place > 0 {
            to.push('.');
        }
        push_number(to, number.into());
    }
    Some(())
}

pub(super) fn concat(to: &mut String, texts: [&str; 2]) -> Option<()> {
    to.extend(texts);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_shown() {
        for text in ["127.0.0.1", "255.10.200.9", "0.0.0.0", "::1", "2001:db8::ff", "::ffff:10.0.0.1"] {
            let mut written = String::new();
            address(&mut written, text.parse().unwrap()).unwrap();
            assert_eq!(written, text);
        }
    }
}
