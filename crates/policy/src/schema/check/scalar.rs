//! Numbers and texts.

use serde_json::Number;

use super::super::format::Format;
use super::super::node::Node;
use super::{Check, Checked, shortened};

impl Check<'_, '_, '_> {
    pub(super) fn number(&mut self, node: &Node, number: &Number) -> Checked {
        let Some(rules) = &node.number else { return Ok(()) };
        let value = number.as_f64().unwrap_or(f64::NAN);
        let kind = if number.is_f64() { "Float" } else { "Integer" };
        if let Some(bound) = rules.minimum.filter(|bound| value < *bound) {
            self.mistake(|| format!("{kind} {number} is less than minimum value of {bound}."))?;
        }
        if let Some(bound) = rules.maximum.filter(|bound| value > *bound) {
            self.mistake(|| format!("{kind} {number} exceeds maximum value of {bound}."))?;
        }
        if let Some(bound) = rules.exclusive_minimum.filter(|bound| value <= *bound) {
            self.mistake(|| {
                format!("{kind} {number} is less than or equal to exclusive minimum value of {bound}.")
            })?;
        }
        if let Some(bound) = rules.exclusive_maximum.filter(|bound| value >= *bound) {
            self.mistake(|| {
                format!("{kind} {number} equals or exceeds exclusive maximum value of {bound}.")
            })?;
        }
        if let Some(factor) = rules.multiple_of.filter(|factor| !is_multiple(value, *factor)) {
            self.mistake(|| format!("{kind} {number} is not a multiple of {factor}."))?;
        }
        match rules.format {
            Some(format) if !format.accepts_number(value) => self
                .mistake(|| format!("{kind} {number} does not validate against format '{}'.", format.name())),
            _ => Ok(()),
        }
    }

    pub(super) fn text(&mut self, node: &Node, text: &str) -> Checked {
        let Some(rules) = &node.text else { return Ok(()) };
        if rules.minimum_length.is_some() || rules.maximum_length.is_some() {
            self.budget.work(text.len())?;
            let length = text.chars().count() as u64;
            if let Some(bound) = rules.minimum_length.filter(|bound| length < *bound) {
                let shown = shortened(text);
                self.mistake(|| format!("String '{shown}' is less than minimum length of {bound}."))?;
            }
            if let Some(bound) = rules.maximum_length.filter(|bound| length > *bound) {
                let shown = shortened(text);
                self.mistake(|| format!("String '{shown}' exceeds maximum length of {bound}."))?;
            }
        }
        if let Some(pattern) = &rules.pattern
            && !pattern.is_match(text, self.budget)?
        {
            let (shown, pattern) = (shortened(text), shortened(pattern.as_str()));
            self.mistake(|| format!("String '{shown}' does not match regex pattern '{pattern}'."))?;
        }
        match rules.format {
            Some(format) => self.format(format, text),
            None => Ok(()),
        }
    }

    fn format(&mut self, format: Format, text: &str) -> Checked {
        self.budget.work(text.len())?;
        if format.accepts(text) {
            return Ok(());
        }
        let shown = shortened(text);
        self.mistake(|| format!("String '{shown}' does not validate against format '{}'.", format.name()))
    }
}

/// True when the quotient is a whole number, as far as a double can tell: 0.3 is a multiple of 0.1.
fn is_multiple(value: f64, factor: f64) -> bool {
    let quotient = value / factor;
    if !quotient.is_finite() {
        return value % factor == 0.0;
    }
    (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0)
}
