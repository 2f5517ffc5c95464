//! `cross-domain`: the policy file that Flash and Silverlight ask for.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use sekisho_diagnostics::Diagnostic;

use crate::body::Body;
use crate::compile::{Compiler, Text};
use crate::declaration::{Child, Children, Declaration, Reference};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Scope, Section};
use crate::xml::{Element, Node};

/// What the path of the policy file ends with.
const FILE: &str = "/crossdomain.xml";

/// What stands before the root element.
const PROLOGUE: &str = "<?xml version=\"1.0\"?>\n<!DOCTYPE cross-domain-policy SYSTEM \
\"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd\">\n";

/// Elements in elements, at most: the format has three levels.
const DEEPEST: usize = 8;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["cross-domain"],
    summary: "Answers `/crossdomain.xml` with the policy file of Adobe Flash and Microsoft Silverlight that stands in it.",
    sections: &[Section::Inbound],
    scopes: &[Scope::Global],
    attributes: &[],
    children: Children::Elements(&[Child::optional(
        "cross-domain-policy",
        Children::Markup,
        "The policy file, in the format of Adobe's cross-domain policy files.",
    )
    .at_least(1)]),
    once: false,
    reference: Reference {
        behaviour: "\
Answers a GET or HEAD request whose path ends with `/crossdomain.xml` with status 200, `Content-Type: text/x-cross-domain-policy` and \
the `cross-domain-policy` element that stands in the policy, and ends the call. Every other request goes on. Attributes in the file may be \
expressions.\n\n\
Browser plug-ins ask for the file at the root of the host, where no operation is: the gateway answers such a request by the policies \
`cross-domain` of the document for all APIs before it would answer 404. No subscription key is needed for it.\n\n\
`domain=\"*\"` lets pages of every site read what the caller may read; name the domains instead.",
        errors: &[],
        example: "policy-file",
        differences: &[
            "The documentation does not say how the file is served; the path and the content type are those of Adobe's specification.",
        ],
    },
    compile: Some(compile),
};

struct CrossDomain {
    parts: Vec<Part>,
}

enum Part {
    Markup(String),
    Value(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let file = element.elements().next()?;
    let mut parts = vec![Part::Markup(PROLOGUE.to_owned())];
    push(compiler, file, &mut parts, 0)?;
    Some(Run::now(CrossDomain { parts }))
}

/// The markup of an element, its attributes as settings.
fn push(compiler: &mut Compiler<'_>, element: &Element, parts: &mut Vec<Part>, depth: usize) -> Option<()> {
    if depth >= DEEPEST {
        let finding =
            Diagnostic::error("nested-too-deep", element.name_span, "the policy file is nested too deeply");
        compiler.report(finding.with_help("see Adobe's specification of cross-domain policy files"));
        return None;
    }
    let mut markup = format!("<{}", element.name);
    for attribute in &element.attributes {
        markup.push_str(&format!(" {}=\"", attribute.name));
        parts.push(Part::Markup(std::mem::take(&mut markup)));
        parts.push(Part::Value(compiler.content_text(&attribute.value)?));
        markup.push('"');
    }
    if element.children.is_empty() {
        parts.push(Part::Markup(markup + " />"));
        return Some(());
    }
    parts.push(Part::Markup(markup + ">"));
    for child in &element.children {
        match child {
            Node::Element(child) => push(compiler, child, parts, depth + 1)?,
            Node::Text(text) => parts.push(Part::Value(compiler.content_text(text)?)),
        }
    }
    parts.push(Part::Markup(format!("</{}>", element.name)));
    Some(())
}

impl CrossDomain {
    fn file(&self, exchange: &mut Exchange) -> Result<Bytes, PolicyError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Markup(markup) => out.push_str(markup),
                Part::Value(value) => push_escaped(&mut out, &value.get(exchange)?),
            }
        }
        Ok(Bytes::from(out))
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

impl RunNow for CrossDomain {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let request = &exchange.request;
        let asks =
            matches!(request.method, Method::GET | Method::HEAD) && request.original_url.path.ends_with(FILE);
        if !asks {
            return Ok(Outcome::Continue);
        }
        let mut response = Response { body: Body::Full(self.file(exchange)?), ..Response::default() };
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/x-cross-domain-policy"));
        exchange.response = Some(response);
        Ok(Outcome::Respond)
    }
}
