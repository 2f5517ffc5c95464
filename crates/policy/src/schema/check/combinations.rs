//! Schemas made of others: `allOf`, `anyOf`, `oneOf`, `not`, `if`.

use serde_json::Value;

use super::super::node::{Conditional, Id, Node};
use super::{Check, Checked};

impl<'s, 'v> Check<'s, 'v, '_> {
    pub(super) fn combinations(&mut self, node: &'s Node, value: &'v Value) -> Checked {
        for part in &node.all_of {
            self.value(*part, value)?;
        }
        if !node.any_of.is_empty() {
            self.any_of(&node.any_of, value)?;
        }
        if !node.one_of.is_empty() {
            self.one_of(&node.one_of, value)?;
        }
        if let Some(not) = node.not
            && self.fits(not, value)?
        {
            self.mistake(|| "JSON is valid against schema from 'not'.".to_owned())?;
        }
        match node.conditional {
            Some(conditional) => self.conditional(conditional, value),
            None => Ok(()),
        }
    }

    fn any_of(&mut self, alternatives: &[Id], value: &'v Value) -> Checked {
        if let [only] = alternatives {
            return self.value(*only, value);
        }
        for alternative in alternatives {
            if self.fits(*alternative, value)? {
                return Ok(());
            }
        }
        self.mistake(|| "JSON does not match any schemas from 'anyOf'.".to_owned())
    }

    fn one_of(&mut self, alternatives: &[Id], value: &'v Value) -> Checked {
        if let [only] = alternatives {
            return self.value(*only, value);
        }
        let mut fitting = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            if self.fits(*alternative, value)? {
                fitting.push(index.to_string());
            }
        }
        match fitting.len() {
            1 => Ok(()),
            0 => self.mistake(|| {
                "JSON is valid against no schemas from 'oneOf'.".to_owned()
            }),
            _ => self.mistake(|| {
                let indexes = fitting.join(", ");
                format!("JSON is valid against more than one schema from 'oneOf'. Valid schema indexes: {indexes}.")
            }),
        }
    }

    fn conditional(&mut self, conditional: Conditional, value: &'v Value) -> Checked {
        let branch =
            if self.fits(conditional.condition, value)? { conditional.then } else { conditional.otherwise };
        branch.map_or(Ok(()), |branch| self.value(branch, value))
    }
}
