//! `xml-to-json`: converts the body from XML to JSON.

use sekisho_expression::Needs;

use crate::compile::{Compiler, Flag, Text};
use crate::convert::media::Kind as MediaKind;
use crate::convert::message::{Conversion, is_always, one_of};
use crate::convert::{XmlToJson, xml_to_json};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["xml-to-json"],
    summary: "Converts the body from XML to JSON: of the request in inbound, of the response in outbound and on-error.",
    sections: &[Section::Inbound, Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "kind",
            Kind::OneOf(&["javascript-friendly", "direct"]),
            "`direct` keeps the structure of the XML, `javascript-friendly` has plain names.",
        ),
        Attribute::required(
            "apply",
            Kind::OneOf(&["always", "content-type-xml"]),
            "`always`, or only when the body's `Content-Type` is XML.",
        ),
        Attribute::optional(
            "consider-accept-header",
            Kind::Boolean,
            "Converts only when the request's `Accept` header names a JSON type.",
        )
        .or("true"),
        Attribute::optional(
            "always-array-child-elements",
            Kind::Boolean,
            "Makes arrays of all elements below the root; false only of those that stand more than once.",
        )
        .or("false"),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "\
Replaces the body by JSON and sets `Content-Type` to `application/json`. The JSON is not indented. A message without a body is left \
alone, and so is one that `apply` or `consider-accept-header` exclude. The body is buffered.\n\n\
`direct`: an element becomes a property of its name, prefix included; elements of one name in one parent become an array. An element \
with text alone becomes a text, `<a/>` null, `<a></a>` an empty text. Attributes become properties `@name`, namespace declarations among \
them; text beside attributes or elements becomes `#text`, a CDATA section `#cdata-section`, an instruction `?target`, and the \
declaration `?xml`. `json:Array=\"true\"` (namespace `http://james.newtonking.com/projects/json`) makes an array of a single element. \
Comments and the document type are left out.\n\n\
`javascript-friendly`: names without prefixes and marks, so that each can be written behind a dot: attributes become properties of their \
local name, text beside attributes or elements becomes `text`. Namespace declarations, instructions and the XML declaration are left \
out. An attribute and an element of one name become an array.\n\n\
Values stay texts, numbers too. White space between elements is left out unless `xml:space` keeps it. Entities of an internal document \
type are put in, up to ten million characters; nothing outside the document is read. Elements may nest 400 deep.",
        errors: &[ErrorFact {
            reason: "InvalidXml",
            status: "500",
            when: "the body is not well-formed XML, not UTF-8, or beyond the bounds",
        }],
        example: "direct",
        differences: &[
            "`direct` is the mapping of Newtonsoft.Json, which the documentation does not name; an old report shows `$` in place of `:` in names.",
            "What `javascript-friendly` looks like is not documented; plain names were chosen.",
        ],
    },
    compile: Some(compile),
};

struct Policy {
    on_response: bool,
    kind: Text,
    apply: Text,
    considers_accept: Flag,
    always_arrays: Flag,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let on_response = compiler.section().edits_response();
    let policy = Policy {
        on_response,
        kind: compiler.text(element, "kind")?,
        apply: compiler.text(element, "apply")?,
        considers_accept: compiler.flag(element, "consider-accept-header", true),
        always_arrays: compiler.flag(element, "always-array-child-elements", false),
    };
    compiler.add_needs(Needs { request_body: !on_response, response_body: on_response });
    Some(Run::now(policy))
}

impl RunNow for Policy {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let kind = self.kind.get(exchange)?;
        let options = XmlToJson {
            javascript_friendly: one_of("kind", &kind, ["direct", "javascript-friendly"])? == 1,
            always_arrays: self.always_arrays.get(exchange)?,
        };
        let conversion = Conversion {
            on_response: self.on_response,
            from: MediaKind::Xml,
            to: MediaKind::Json,
            always: is_always(&self.apply.get(exchange)?, "content-type-xml")?,
            considers_accept: self.considers_accept.get(exchange)?,
        };
        conversion.run(exchange, "InvalidXml", |text, budget| xml_to_json(text, options, budget))?;
        Ok(Outcome::Continue)
    }
}
