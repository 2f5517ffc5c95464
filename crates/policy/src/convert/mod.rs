//! JSON to XML and back, as Newtonsoft.Json maps one to the other.
//!
//! - [`media`]: what a content type says
//! - [`xml_to_json`] and [`json_to_xml`]: the conversions; [`xml_writer`]: XML as `XmlNode.OuterXml` has it
//! - [`decide`]: whether a message is converted at all

pub mod media;
