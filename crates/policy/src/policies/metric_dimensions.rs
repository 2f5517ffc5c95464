//! Dimensions of metrics, as `emit-metric` and its like take them.
//!
//! A dimension has a name and a value; the names of [`DEFAULT_NAMES`] may stand without one and then tell of the call.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};

use crate::compile::{Compiler, Text};
use crate::declaration::{Attribute, Child, Children, Kind};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::xml::Element;

/// The most dimensions that a metric may have.
const MAXIMUM: usize = 10;
/// So many dimensions of its own Azure Monitor leaves to a metric beside those that it adds.
const ADVISED: usize = 5;

/// Names that may stand without a value.
const DEFAULT_NAMES: [&str; 9] = [
    "API ID",
    "Operation ID",
    "Product ID",
    "User ID",
    "Subscription ID",
    "Location",
    "Gateway ID",
    "Client IP address",
    BACKEND_ID,
];

const BACKEND_ID: &str = "Backend ID";

/// The child element `dimension`, one to ten of them.
pub(super) const CHILD: Child = Child {
    minimum: 1,
    maximum: MAXIMUM,
    ..Child::any("dimension", Children::None, "A dimension of the metric; one to ten.").with(&[
        Attribute::required("name", Kind::Text, "Name of the dimension."),
        Attribute::optional(
            "value",
            Kind::Text,
            "Its value. May be left out for `API ID`, `Operation ID`, `Product ID`, `User ID`, `Subscription ID`, \
             `Location`, `Gateway ID`, `Client IP address` and `Backend ID`, which then tell of the call.",
        ),
    ])
};

/// A compiled dimension.
pub(super) struct Dimension {
    name: Text,
    /// None for the value that the name stands for.
    value: Option<Text>,
}

impl Dimension {
    /// The dimensions in an element, in their order; none after an error.
    pub(super) fn all(compiler: &mut Compiler<'_>, element: &Element) -> Option<Vec<Dimension>> {
        let mut dimensions = Vec::new();
        for child in element.elements().filter(|child| child.name == CHILD.name) {
            let name = compiler.text(child, "name")?;
            let value = match child.attribute("value") {
                Some(_) => Some(compiler.text(child, "value")?),
                None => None,
            };
            if let (None, Some(name)) = (&value, name.constant())
                && default_name(name).is_none()
            {
                compiler.report(without_value(compiler, child, name));
                return None;
            }
            dimensions.push(Dimension { name, value });
            if dimensions.iter().filter(|dimension| dimension.value.is_some()).count() == ADVISED + 1 {
                compiler.report(many(element, child));
            }
        }
        Some(dimensions)
    }

    /// Names and values for a call. Of names that differ in case only the first counts.
    pub(super) fn evaluate_all(
        dimensions: &[Dimension],
        exchange: &mut Exchange,
    ) -> Result<Vec<Evaluated>, PolicyError> {
        let mut all: Vec<Evaluated> = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            let evaluated = dimension.evaluate(exchange)?;
            if !all.iter().any(|known| known.name.eq_ignore_ascii_case(&evaluated.name)) {
                all.push(evaluated);
            }
        }
        Ok(all)
    }

    fn evaluate(&self, exchange: &mut Exchange) -> Result<Evaluated, PolicyError> {
        let name = self.name.get(exchange)?;
        let is_backend = self.value.is_none() && name.eq_ignore_ascii_case(BACKEND_ID);
        let value = match &self.value {
            Some(value) => value.get(exchange)?,
            None => known(exchange, &name),
        };
        Ok(Evaluated { name, value, is_backend })
    }
}

/// A dimension of a call.
pub(super) struct Evaluated {
    pub(super) name: Arc<str>,
    pub(super) value: Arc<str>,
    /// True where the value is the backend in use, which may be known later only.
    pub(super) is_backend: bool,
}

fn many(element: &Element, dimension: &Element) -> Diagnostic {
    let message = format!("`{}` has more than {ADVISED} dimensions with values", element.name);
    Diagnostic::warning("many-dimensions", dimension.name_span, message).with_help(format!(
        "API Management keeps {ADVISED} dimensions of a metric beside its own; remove some"
    ))
}

fn without_value(compiler: &Compiler<'_>, dimension: &Element, name: &str) -> Diagnostic {
    let span = dimension.attribute("name").map_or(dimension.name_span, |attribute| attribute.value.span);
    let message = format!("dimension `{}` has no value", compiler.written(span));
    Diagnostic::error("missing-attribute", span, message).with_help(match closest(name, DEFAULT_NAMES) {
        Some(meant) => format!("add `value`, or did you mean `{meant}`?"),
        None => format!("add `value`; without one the name must be one of {}", DEFAULT_NAMES.join(", ")),
    })
}

/// A default name, however it is written.
fn default_name(name: &str) -> Option<&'static str> {
    DEFAULT_NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// What a default name tells of a call; empty where the call has no such thing.
fn known(exchange: &Exchange, name: &str) -> Arc<str> {
    let facts = &exchange.facts;
    let found = match default_name(name).unwrap_or("") {
        "API ID" => facts.api.as_ref().map(|api| &api.id),
        "Operation ID" => facts.operation.as_ref().map(|operation| &operation.id),
        "Product ID" => facts.product.as_ref().map(|product| &product.id),
        "User ID" => facts.user.as_ref().map(|user| &user.id),
        "Subscription ID" => facts.subscription.as_ref().map(|subscription| &subscription.id),
        "Location" => Some(&facts.deployment.region),
        "Gateway ID" => Some(&facts.deployment.gateway_id),
        "Client IP address" => Some(&exchange.request.ip_text),
        BACKEND_ID => exchange.route.backend.as_ref().map(|backend| &backend.id),
        _ => None,
    };
    found.map(Arc::clone).unwrap_or_default()
}
