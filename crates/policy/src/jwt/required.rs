//! `required-claims`: claims that a token must have, and what they must say.

use std::sync::Arc;

use super::Refused;
use super::claims::{Claims, claims_not_found, texts, value_not_allowed};
use crate::compile::{Compiler, Text};
use crate::declaration::{Attribute, Child, Children, Kind};
use crate::exchange::Exchange;
use crate::xml::Element;

/// `required-claims`.
pub(crate) const REQUIRED_CLAIMS: Child = Child::optional(
    "required-claims",
    Children::Elements(&[Child::any(
        "claim",
        Children::Elements(&[Child::any("value", Children::Text, "A value of the claim.")]),
        "A claim that must be there; without values, with any value.",
    )
    .at_least(1)
    .with(&[
        Attribute::required("name", Kind::Text, "The name of the claim, as the token writes it.").literal(),
        Attribute::optional(
            "match",
            Kind::OneOf(&["all", "any"]),
            "Whether all values must be there, or one.",
        )
        .or("all"),
        Attribute::optional("separator", Kind::Text, "What stands between several values in one text.")
            .literal(),
    ])]),
    "Claims that the token must have.",
);

/// One `claim` of `required-claims`.
pub(crate) struct RequiredClaim {
    name: Arc<str>,
    matching: Option<Text>,
    separator: Option<Arc<str>>,
    values: Vec<Text>,
}

/// The claims of `required-claims`; none after an error was reported.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Vec<RequiredClaim>> {
    let lists = element.elements().filter(|child| child.name == REQUIRED_CLAIMS.name);
    lists.flat_map(Element::elements).map(|claim| RequiredClaim::compile(compiler, claim)).collect()
}

impl RequiredClaim {
    fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<RequiredClaim> {
        let values = element.elements().map(|value| compiler.element_text(value)).collect::<Option<_>>()?;
        Some(RequiredClaim {
            name: compiler.literal(element, "name")?,
            matching: compiler.text(element, "match"),
            separator: compiler.literal(element, "separator").filter(|separator| !separator.is_empty()),
            values,
        })
    }

    fn check(&self, exchange: &mut Exchange, claims: &Claims) -> Result<(), Refused> {
        if self.values.is_empty() {
            return Ok(());
        }
        let found = texts(claims.get(&*self.name), self.separator.as_deref());
        let any = match &self.matching {
            Some(matching) => matching.get(exchange)?.trim().eq_ignore_ascii_case("any"),
            None => false,
        };
        let mut matches = 0;
        for value in &self.values {
            let value = value.get(exchange)?;
            matches += usize::from(found.iter().any(|found| **found == *value));
        }
        if matches == self.values.len() || any && matches > 0 {
            return Ok(());
        }
        Err(value_not_allowed(claims, &self.name).into())
    }
}

/// Checks the required claims: first that all are there, then what they say.
pub(crate) fn check(
    exchange: &mut Exchange,
    claims: &Claims,
    required: &[RequiredClaim],
) -> Result<(), Refused> {
    let missing: Vec<&str> =
        required.iter().map(|claim| &*claim.name).filter(|name| !claims.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(claims_not_found(&missing).into());
    }
    required.iter().try_for_each(|claim| claim.check(exchange, claims))
}
