//! JSON to XML and back, as Newtonsoft.Json's `XmlNodeConverter` maps one to the other.
//!
//! - [`xml_to_json`] and [`json_to_xml`]: the conversions
//! - [`media`]: what content types and `Accept` headers say; [`message`]: which message is converted, and its new body

mod json_to_xml;
pub(crate) mod media;
pub(crate) mod message;
mod xml_to_json;

pub use json_to_xml::{JsonToXml, json_to_xml};
pub use xml_to_json::{XmlToJson, xml_to_json};

/// The namespace of `json:Array`.
const JSON_NAMESPACE: &str = "http://james.newtonking.com/projects/json";

/// The namespace of `xsi:nil`.
pub(crate) const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
