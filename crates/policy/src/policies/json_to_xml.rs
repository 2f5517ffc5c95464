//! `json-to-xml`: converts the body from JSON to XML.

use sekisho_diagnostics::Diagnostic;
use sekisho_expression::Needs;

use crate::compile::{Compiler, Flag, Text};
use crate::convert::media::Kind as MediaKind;
use crate::convert::message::{Conversion, is_always};
use crate::convert::{JsonToXml, json_to_xml};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The root element of JSON that has no single root.
const ROOT: &str = "Document";

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["json-to-xml"],
    summary: "Converts the body from JSON to XML: of the request in inbound, of the response in outbound and on-error.",
    sections: &[Section::Inbound, Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "apply",
            Kind::OneOf(&["always", "content-type-json"]),
            "`always`, or only when the body's `Content-Type` is JSON.",
        ),
        Attribute::optional(
            "consider-accept-header",
            Kind::Boolean,
            "Converts only when the request's `Accept` header names an XML type.",
        )
        .or("true"),
        Attribute::optional(
            "parse-date",
            Kind::Boolean,
            "Reads texts that look like dates as dates and writes them as XML does; false copies them.",
        )
        .literal()
        .or("true"),
        Attribute::optional(
            "namespace-separator",
            Kind::Text,
            "The character between prefix and name in JSON names, besides a colon.",
        )
        .or("_"),
        Attribute::optional(
            "namespace-prefix",
            Kind::Text,
            "What the names of properties that declare namespaces begin with, usually `xmlns`.",
        ),
        Attribute::optional(
            "attribute-block-name",
            Kind::Text,
            "The property whose members become attributes of the element it stands in.",
        ),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "\
Replaces the body by XML and sets `Content-Type` to `application/xml`. The XML is UTF-8, without a declaration unless the JSON has \
one (`?xml`), and not indented. A message without a body is left alone, and so is one that `apply` or `consider-accept-header` \
exclude. The body is buffered.\n\n\
A property becomes an element of its name, an array one element for each of its items, a nested object a nested element. Properties \
whose names begin with `@` become attributes (`@xmlns` and `@xmlns:p` declare namespaces), `#text` the text of the element, \
`#cdata-section` a CDATA section, and `?target` an instruction. Numbers, booleans and dates are written as XML Schema writes them. null \
becomes an empty element with `xsi:nil=\"true\"`, an empty array an empty element. Names that XML does not have are encoded: `a b` is \
`a_x0020_b`. A prefix that nothing declares is left out.\n\n\
JSON that is not an object with one property gets the root element `Document`; items of an array at the root become `Item` elements in \
it.\n\n\
With `namespace-prefix=\"xmlns\"` a property `xmlns` or `xmlns:p` declares a namespace too. `namespace-separator` also separates a \
declared prefix from the name: with `_`, `p_name` is `p:name` where `p` is declared. With `attribute-block-name=\"#attrs\"` the members of \
`#attrs` become attributes.\n\n\
JSON is read as leniently as Newtonsoft.Json reads it, 64 levels deep.",
        errors: &[ErrorFact {
            reason: "InvalidJson",
            status: "500",
            when: "the body is not JSON, not UTF-8, or cannot be XML",
        }],
        example: "soap-envelope",
        differences: &[
            "The mapping is that of Newtonsoft.Json, which the documentation does not name; null, empty arrays and the root `Document` follow reported outputs of API Management.",
            "The page shows the result indented and drops one element of its own example; here nothing is dropped.",
        ],
    },
    compile: Some(compile),
};

struct Policy {
    on_response: bool,
    apply: Text,
    considers_accept: Flag,
    dates: bool,
    separator: Option<Text>,
    namespace_prefix: Option<Text>,
    attribute_block: Option<Text>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let on_response = compiler.section().edits_response();
    let policy = Policy {
        on_response,
        apply: compiler.text(element, "apply")?,
        considers_accept: compiler.flag(element, "consider-accept-header", true),
        dates: !compiler
            .literal(element, "parse-date")
            .is_some_and(|flag| flag.trim().eq_ignore_ascii_case("false")),
        separator: compiler.text(element, "namespace-separator"),
        namespace_prefix: compiler.text(element, "namespace-prefix"),
        attribute_block: compiler.text(element, "attribute-block-name"),
    };
    if let Some(attribute) = element.attribute("namespace-separator")
        && attribute.value.is_literal()
        && attribute.value.text.text().chars().count() != 1
    {
        let finding =
            Diagnostic::error("wrong-value", attribute.value.span, "`namespace-separator` is one character");
        compiler.report(finding.with_help("write one character, such as `_` or `:`"));
    }
    compiler.add_needs(Needs { request_body: !on_response, response_body: on_response });
    Some(Run::now(policy))
}

impl Policy {
    fn options(&self, exchange: &mut Exchange) -> Result<JsonToXml, PolicyError> {
        let mut get = |setting: &Option<Text>| -> Result<Option<String>, PolicyError> {
            let Some(setting) = setting else { return Ok(None) };
            Ok(setting.get_optional(exchange)?.map(|text| text.to_string()).filter(|text| !text.is_empty()))
        };
        Ok(JsonToXml {
            dates: self.dates,
            root: Some(ROOT.to_owned()),
            marks_null: true,
            separator: get(&self.separator)?.or_else(|| Some("_".to_owned())),
            namespace_prefix: get(&self.namespace_prefix)?,
            attribute_block: get(&self.attribute_block)?,
        })
    }
}

impl RunNow for Policy {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let conversion = Conversion {
            on_response: self.on_response,
            from: MediaKind::Json,
            to: MediaKind::Xml,
            always: is_always(&self.apply.get(exchange)?, "content-type-json")?,
            considers_accept: self.considers_accept.get(exchange)?,
        };
        let options = self.options(exchange)?;
        conversion.run(exchange, "InvalidJson", |text, budget| json_to_xml(text, &options, budget))?;
        Ok(Outcome::Continue)
    }
}
