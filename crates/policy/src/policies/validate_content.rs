//! `validate-content`: holds the body of a message against the specification, or against a schema of the service.
//!
//! - this file: declaration, compilation and the order of the checks
//! - `content`: the `content` elements and their schemas
//! - `content_type`: which content type a body counts as
//! - `side`: the request or the response
//! - `body`: a body held against a schema

mod body;
mod content;
mod content_type;
mod side;

use std::sync::Arc;

use sekisho_expression::budget::Budget;

use super::validation::{self, Action, ActionSetting, ERRORS_VARIABLE, Report, ValidationError};
use crate::body::Within;
use crate::compile::{Compiler, Number};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::xml::Element;
use body::BodyCheck;
use content::Content;
use content_type::ContentTypeMap;
use side::Side;

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
