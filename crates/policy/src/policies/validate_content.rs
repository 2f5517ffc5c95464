//! `validate-content`: holds the body of a message against the specification, or against a schema of the service.
//!
//! - this file: declaration, compilation and the order of the checks
//! - `content_type`: which content type a body counts as
//! - `body`: a body held against a schema

mod body;
mod content_type;

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};
use sekisho_expression::budget::Budget;

use super::validation::{self, Action, ActionSetting, ERRORS_VARIABLE, Report, ValidationError};
use crate::body::Within;
use crate::compile::{Compiler, Flag, Number, ServiceSchema};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::exchange::contract::{Contract, Representation};
use crate::pipeline::{
    PolicyError, PolicyResult, Run, RunLater, Section, request_body_error, response_body_error,
};
use crate::ports::PortFuture;
use crate::schema::{Builder, Dialect, Options, Schema};
use crate::xml::Element;
use body::BodyCheck;
use content_type::ContentTypeMap;

/// The largest `max-size` in bytes.
const MAXIMUM_SIZE: i64 = 4 * 1024 * 1024;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-content"],
    summary: "Holds size, content type and content of a body against the specification of the API, or against a schema of the service.",
    sections: &[Section::Inbound, Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "unspecified-content-type-action",
            validation::ACTIONS,
            "What to do about a content type that the specification does not name.",
        ),
        Attribute::required(
            "max-size",
            Kind::Integer { minimum: 0, maximum: MAXIMUM_SIZE },
            "The largest body in bytes, up to 4 MiB.",
        ),
        Attribute::required(
            "size-exceeded-action",
            validation::ACTIONS,
            "What to do about a larger body.",
        ),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[
        Child::optional(
            "content-type-map",
            Children::Elements(&[Child::any("type", Children::None, "As what one content type counts.").with(&[
                Attribute::optional("from", Kind::Text, "The content type of the message.").literal(),
                Attribute::optional("when", Kind::Boolean, "True for any content type that is meant."),
                Attribute::required("to", Kind::Text, "The content type that it counts as.").literal(),
            ])]),
            "As what content types count.",
        )
        .with(&[
            Attribute::optional("any-content-type-value", Kind::Text, "As what every content type counts.")
                .literal(),
            Attribute::optional(
                "missing-content-type-value",
                Kind::Text,
                "As what a body without a content type counts.",
            )
            .literal(),
        ]),
        Child::any("content", Children::None, "How bodies of one content type are checked.").with(&[
            Attribute::optional(
                "type",
                Kind::Text,
                "The content type; without it every one that the specification names.",
            )
            .literal(),
            Attribute::required(
                "validate-as",
                Kind::OneOf(&["json", "xml", "soap"]),
                "How the body is read. Only `json` is supported.",
            )
            .literal(),
            Attribute::optional("schema-id", Kind::Text, "A schema of the service in place of the operation's.")
                .literal(),
            Attribute::optional(
                "schema-ref",
                Kind::Text,
                "A definition in that schema, such as `#/components/schemas/address`.",
            )
            .literal(),
            Attribute::required("action", validation::ACTIONS, "What to do about a body that does not fit."),
            Attribute::optional(
                "allow-additional-properties",
                Kind::Boolean,
                "Whether members that the schema does not name may be there, whatever it says of them.",
            )
            .literal(),
            Attribute::optional(
                "case-insensitive-property-names",
                Kind::Boolean,
                "Names of members are compared without regard to case.",
            )
            .literal()
            .or("false"),
        ]),
    ]),
    once: false,
    reference: Reference {
        behaviour: "\
Inbound the request is looked at, outbound and in on-error the response. A message without a body is not.

1. **Size.** A body of more than `max-size` bytes, by its `Content-Length` or as it arrives, is an error of \
`size-exceeded-action`. It is not looked into then, and passes through as it came unless the action is `prevent`. \
No more than `max-size` bytes are held in memory.
2. **Content type.** `type` elements of `content-type-map` come first, in their order: one whose `from` is the content \
type of the message, or whose `when` is true. Then `any-content-type-value`, then `missing-content-type-value` where \
the message has none. Parameters such as `charset` and case do not count. A content type that the \
specification of the operation does not name is an error of `unspecified-content-type-action`, unless a `content` \
element for it brings a schema of its own by `schema-id`.
3. **Content.** Each `content` element for the content type, or without a `type`, holds the body against its schema: \
the one of `schema-id`, or the one of the specification for that content type. The body is read as JSON; every mistake \
is an error with its own text, up to 50 of them. `allow-additional-properties` overrides what schemas say of members \
that they do not name: `true` lets them be, `false` refuses them wherever a schema names members.

`ignore` does not look, `detect` notes the errors in the variable and goes on, `prevent` notes them, looks at nothing \
else and answers 400 inbound and 502 otherwise. What is wrong with a response the client is not told.

The variable holds a list (`JArray`) of objects with the members `Name` (the content type), `Type` (`RequestBody`, \
`ResponseBody`, `ApiSchema`), `ValidationRule` (`SizeLimit`, `Unspecified`, `MissingDefinition`, `IncorrectMessage`, \
`ValidationException`), `Details` and `Action`, all of them text. It is not set when there is no error.",
        errors: &[
            validation::BAD_REQUEST,
            validation::RESPONSE_NOT_ALLOWED,
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "an expression fails, or does not give an action or a size",
            },
        ],
        example: "prevent",
        differences: &[
            "`validate-as` `xml` and `soap` are refused when the document is loaded: there is no maintained checker of XML Schema for this platform.",
            "Bodies with a `Content-Encoding` cannot be checked and are a `ValidationException` error; API Management decompresses them.",
            "A member that stands twice in an object makes the body one that cannot be checked, because others may read the other one.",
            "`unevaluatedProperties`, `unevaluatedItems`, `$dynamicRef`, `$id` and `$anchor` of JSON Schema are not heeded. Patterns are those of .NET.",
            "A check has the time and steps of an expression; a body for which they do not do is one that cannot be checked.",
        ],
    },
    compile: Some(compile),
};

struct ValidateContent {
    unspecified: ActionSetting,
    maximum: Number,
    exceeded: ActionSetting,
    types: ContentTypeMap,
    contents: Vec<Content>,
    variable: Option<Arc<str>>,
}

/// A `content` element.
struct Content {
    content_type: Option<Arc<str>>,
    /// The schema of `schema-id`.
    schema: Option<Schema>,
    action: ActionSetting,
    options: Options,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.needs_contract();
    let mut types = ContentTypeMap::default();
    let mut contents = Vec::new();
    for child in element.elements() {
        match child.name.as_str() {
            "content-type-map" => types = ContentTypeMap::new(compiler, child)?,
            _ => contents.push(Content::new(compiler, child)?),
        }
    }
    Some(Run::later(ValidateContent {
        unspecified: ActionSetting::new(compiler, element, "unspecified-content-type-action")?,
        maximum: compiler.number(element, "max-size")?,
        exceeded: ActionSetting::new(compiler, element, "size-exceeded-action")?,
        types,
        contents,
        variable: ERRORS_VARIABLE.literal_of(compiler, element),
    }))
}

impl Content {
    fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        if let Some(engine) = element.attribute("validate-as")
            && engine.value.text.text().trim() != "json"
        {
            let message = format!("`validate-as` `{}` is not supported", compiler.written(engine.value.span));
            let finding = Diagnostic::error("value-not-supported-yet", engine.value.span, message);
            compiler
                .report(finding.with_help("only JSON is checked: there is no checker of XML Schema here"));
            return None;
        }
        let literal_flag = |compiler: &mut Compiler<'_>, name: &str| {
            element
                .attribute(name)
                .map(|_| matches!(compiler.flag(element, name, false), Flag::Constant(true)))
        };
        let additional_properties = literal_flag(compiler, "allow-additional-properties");
        let ignore_case = literal_flag(compiler, "case-insensitive-property-names").unwrap_or(false);
        let has_schema = element.attribute("schema-id").is_some();
        Some(Content {
            content_type: compiler
                .literal(element, "type")
                .filter(|content_type| !content_type.trim().is_empty()),
            schema: if has_schema { Some(service_schema(compiler, element)?) } else { None },
            action: ActionSetting::new(compiler, element, "action")?,
            options: Options { additional_properties, ignore_case },
        })
    }

    fn is_for(&self, content_type: &str) -> bool {
        self.content_type.as_ref().is_none_or(|own| own.trim().eq_ignore_ascii_case(content_type))
    }
}

/// The schema that `schema-id` and `schema-ref` name; none after an error, and for one that may be elsewhere.
fn service_schema(compiler: &mut Compiler<'_>, element: &Element) -> Option<Schema> {
    let attribute = element.attribute("schema-id")?;
    let id = attribute.value.text.text().trim();
    let Some(schema) = compiler.environment().schemas.get(id) else {
        let message = format!("schema `{}` does not exist", compiler.written(attribute.value.span));
        let mut finding = Diagnostic::error("unknown-schema", attribute.value.span, message);
        if let Some(known) = closest(id, compiler.environment().schemas.keys().map(String::as_str)) {
            finding = finding.with_help(format!("did you mean `{known}`?"));
        }
        compiler.report_unresolved(finding);
        return None;
    };
    let ServiceSchema::Json(document) = schema else {
        let message = format!("schema `{}` is not a JSON schema", compiler.written(attribute.value.span));
        let finding = Diagnostic::error("wrong-schema", attribute.value.span, message);
        compiler.report(finding.with_help("`validate-as` `json` needs a schema of type `json`"));
        return None;
    };
    let reference = element.attribute("schema-ref");
    let path = reference.map_or("#", |reference| reference.value.text.text().trim());
    let Some(target) = crate::schema::follow(document, path) else {
        let span = reference.map_or(attribute.value.span, |reference| reference.value.span);
        let message = format!("schema `{id}` has no `{}`", compiler.written(span));
        let finding = Diagnostic::error("unknown-schema", span, message);
        compiler.report(finding.with_help("name a definition such as `#/components/schemas/address`"));
        return None;
    };
    let mut builder = Builder::new();
    let name = path.rsplit('/').next().filter(|name| *name != "#").unwrap_or(id);
    let draft = builder.schema(document, target, Dialect::Beside, name);
    for problem in builder.problems() {
        let message = format!("schema `{id}`: {}", problem.message);
        compiler.report(Diagnostic::warning("unchecked-schema", attribute.value.span, message));
    }
    let set = builder.finish();
    Some(draft.finished(&set))
}

impl RunLater for ValidateContent {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let mut report = Report::default();
            let side = Side::of(exchange);
            if side.has_body(exchange) {
                self.check(side, exchange, &mut report).await?;
            }
            report.finish(exchange, self.variable.as_ref())
        })
    }
}

impl ValidateContent {
    async fn check(
        &self,
        side: Side,
        exchange: &mut Exchange,
        report: &mut Report,
    ) -> Result<(), PolicyError> {
        if !self.is_small_enough(side, exchange, report).await? {
            return Ok(());
        }
        let own = side.content_type(exchange);
        let content_type = self.types.mapped(own, exchange)?;
        let contract = exchange.facts.contract.clone();
        let representation =
            contract.as_ref().and_then(|contract| side.representation(contract, exchange, &content_type));
        // A schema of the service needs no specification; without one of either kind nothing is named.
        let brings_schema = |content: &Content| content.schema.is_some() && content.is_for(&content_type);
        if representation.is_none() && !self.contents.iter().any(brings_schema) {
            let error = match &contract {
                Some(_) => side.unspecified(&content_type),
                None => ValidationError::no_schema(),
            };
            report.add([error], self.unspecified.get(exchange)?);
            return Ok(());
        }
        let mut budget = Budget::new(&exchange.limits.expression);
        let mut body = BodyCheck::new(side, content_type.clone(), exchange);
        for content in self.contents.iter().filter(|content| content.is_for(&content_type)) {
            let action = content.action.get(exchange)?;
            if action == Action::Ignore {
                continue;
            }
            let schema = content.schema.as_ref();
            let of_operation = representation.and_then(|representation| representation.schema.as_ref());
            let errors = match schema.or(of_operation) {
                Some(schema) => body.check(schema, content.options, &mut budget),
                None => vec![no_definition()],
            };
            if report.add(errors, action) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Brings the body into memory; false when it is too large to be looked at.
    async fn is_small_enough(
        &self,
        side: Side,
        exchange: &mut Exchange,
        report: &mut Report,
    ) -> Result<bool, PolicyError> {
        let maximum = self.maximum.count(exchange)?.min(u32::try_from(MAXIMUM_SIZE).unwrap_or(u32::MAX));
        let kept = usize::try_from(maximum).unwrap_or(usize::MAX).min(exchange.limits.buffered_body);
        let announced = side.content_length(exchange);
        let is_announced_larger = announced.is_some_and(|length| length > u64::from(maximum));
        if !is_announced_larger && side.buffer(exchange, kept).await? == Within::Whole {
            return Ok(true);
        }
        let action = self.exceeded.get(exchange)?;
        report.add([side.too_large(announced.filter(|_| is_announced_larger), maximum)], action);
        Ok(false)
    }
}

/// The operation says nothing of bodies of this content type.
fn no_definition() -> ValidationError {
    ValidationError::hidden("", "ApiSchema", "", "API's schema does not specify definitions.".to_owned())
}

/// The message that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

impl Side {
    fn of(exchange: &Exchange) -> Side {
        if exchange.section.edits_response() { Side::Response } else { Side::Request }
    }

    fn is_response(self) -> bool {
        self == Side::Response
    }

    fn kind(self) -> &'static str {
        if self.is_response() { "ResponseBody" } else { "RequestBody" }
    }

    fn noun(self) -> &'static str {
        if self.is_response() { "response" } else { "request" }
    }

    fn has_body(self, exchange: &Exchange) -> bool {
        match self {
            Side::Request => exchange.request.body.is_present(),
            Side::Response => exchange.response.as_ref().is_some_and(|response| response.body.is_present()),
        }
    }

    fn header(self, exchange: &Exchange, name: http::HeaderName) -> Option<&str> {
        let headers = match self {
            Side::Request => &exchange.request.headers,
            Side::Response => &exchange.response.as_ref()?.headers,
        };
        headers.get(name)?.to_str().ok()
    }

    fn content_length(self, exchange: &Exchange) -> Option<u64> {
        self.header(exchange, http::header::CONTENT_LENGTH)?.trim().parse().ok()
    }

    fn content_type(self, exchange: &Exchange) -> Option<Arc<str>> {
        let content_type = self.header(exchange, http::header::CONTENT_TYPE)?;
        let media_type = crate::exchange::contract::media_type(content_type);
        (!media_type.is_empty()).then(|| media_type.into())
    }

    async fn buffer(self, exchange: &mut Exchange, limit: usize) -> Result<Within, PolicyError> {
        match (self, &mut exchange.response) {
            (Side::Request, _) => {
                exchange.request.body.buffer_within(limit).await.map_err(request_body_error)
            }
            (Side::Response, Some(response)) => {
                response.body.buffer_within(limit).await.map_err(response_body_error)
            }
            (Side::Response, None) => Ok(Within::Whole),
        }
    }

    /// The representation of the specification for a content type.
    fn representation<'c>(
        self,
        contract: &'c Contract,
        exchange: &Exchange,
        content_type: &str,
    ) -> Option<&'c Representation> {
        let all = match self {
            Side::Request => &contract.requests,
            Side::Response => {
                let status = exchange.response.as_ref().map_or(200, |response| response.status);
                &contract.response(status)?.representations
            }
        };
        let exact = all.iter().find(|own| own.content_type.eq_ignore_ascii_case(content_type));
        exact.or_else(|| all.iter().find(|own| own.is_for(content_type)))
    }

    fn unspecified(self, content_type: &str) -> ValidationError {
        let details = format!("Unspecified content type {content_type} is not allowed.");
        ValidationError::told(self.is_response(), content_type, self.kind(), "Unspecified", details)
    }

    fn too_large(self, size: Option<u64>, maximum: u32) -> ValidationError {
        let message = if self.is_response() { "Response" } else { "Request" };
        let size = size.map_or_else(|| format!("more than {maximum}"), |size| size.to_string());
        let start = format!("{message}'s body is {size} bytes long and it exceeds the");
        let mut error = ValidationError::told(
            self.is_response(),
            "",
            self.kind(),
            "SizeLimit",
            format!("{start} configured limit of {maximum} bytes."),
        );
        if !self.is_response() {
            error.public = Some(format!("{start} limit of {maximum} bytes."));
        }
        error
    }
}
