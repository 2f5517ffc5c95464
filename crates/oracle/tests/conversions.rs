//! The documents of `conformance/conversions/` against the answers that mono gave when they were recorded.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

use sekisho_oracle::conversions::Converted;
use sekisho_oracle::conversions::{Direction, compare, documents, ours, recorded};

#[test]
fn documents_become_what_newtonsoft_makes_of_them() {
    for direction in Direction::ALL {
        let wrong = compare(direction, &recorded(direction).unwrap()).unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(documents(direction).unwrap().len() >= 150);
    }
}

#[test]
fn what_json_became_reads_back_as_xml() {
    for document in documents(Direction::JsonToXml).unwrap() {
        if let Converted::Value(xml) = ours(Direction::JsonToXml, &document) {
            let again = ours(Direction::XmlToJson, &xml);
            // No element at all comes of `{}`.
            assert!(xml.is_empty() || matches!(again, Converted::Value(_)), "{document}\n{xml}\n{again:?}");
        }
    }
}
