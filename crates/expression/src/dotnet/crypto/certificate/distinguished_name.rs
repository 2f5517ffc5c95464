//! Distinguished names as .NET writes them.

use x509_parser::asn1_rs::Tag;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Labels of .NET by OID.
const LABELS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "S"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "T"),
    ("2.5.4.42", "G"),
    ("2.5.4.43", "I"),
    ("2.5.4.46", "dnQualifier"),
    ("1.2.840.113549.1.9.1", "E"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// `CN=api, O="Contoso, Ltd", C=NL`: the most specific part first.
pub(super) fn text(name: &X509Name<'_>) -> String {
    let parts: Vec<String> =
        name.iter_rdn().map(|part| part.iter().map(attribute).collect::<Vec<_>>().join(" + ")).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(", ")
}

/// The first value of an attribute, most specific part first.
pub(super) fn first(name: &X509Name<'_>, oid: &str) -> Option<String> {
    let found: Vec<_> =
        name.iter_attributes().filter(|attribute| attribute.attr_type().to_id_string() == oid).collect();
    found.last().map(|attribute| value(attribute))
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let label = LABELS.iter().find(|(known, _)| *known == oid).map(|(_, label)| *label);
    let value = quoted(&value(attribute));
    match label {
        Some(label) => format!("{label}={value}"),
        None => format!("OID.{oid}={value}"),
    }
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    let raw = attribute.attr_value();
    if raw.tag() == Tag::BmpString {
        let units: Vec<u16> =
            raw.data.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        return String::from_utf16_lossy(&units);
    }
    match raw.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString | Tag::NumericString => {
            String::from_utf8_lossy(raw.data).into_owned()
        }
        // What is no text is shown as the bytes of its encoding.
        _ => format!("#{}", const_hex::encode_upper(raw.data)),
    }
}

fn quoted(value: &str) -> String {
    let special = value.is_empty()
        || value.starts_with(' ')
        || value.ends_with(' ')
        || value.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';']);
    if special { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}
