//! Arrays.

use std::collections::HashSet;

use serde_json::Value;

use super::super::canonical::canonical;
use super::super::node::{ArrayRules, Node};
use super::{Check, Checked, Part};

impl<'s, 'v> Check<'s, 'v, '_> {
    pub(super) fn array(&mut self, node: &'s Node, elements: &'v [Value]) -> Checked {
        if let Some(rules) = &node.array {
            self.array_rules(rules, elements)?;
        }
        let prefix = node.array.as_ref().map_or(&[][..], |rules| &rules.prefix);
        for (index, element) in elements.iter().enumerate() {
            let Some(schema) = prefix.get(index).copied().or(node.items) else { continue };
            self.path.push(Part::Index(index));
            let result = self.value(schema, element);
            self.path.pop();
            result?;
        }
        Ok(())
    }

    fn array_rules(&mut self, rules: &ArrayRules, elements: &'v [Value]) -> Checked {
        let count = elements.len() as u64;
        if let Some(minimum) = rules.minimum.filter(|minimum| count < *minimum) {
            self.mistake(|| format!("Array item count {count} is less than minimum count of {minimum}."))?;
        }
        if let Some(maximum) = rules.maximum.filter(|maximum| count > *maximum) {
            self.mistake(|| format!("Array item count {count} exceeds maximum count of {maximum}."))?;
        }
        if rules.is_unique {
            self.unique(elements)?;
        }
        let Some(contains) = rules.contains else { return Ok(()) };
        let mut found = 0;
        for element in elements {
            found += u64::from(self.fits(contains, element)?);
        }
        let is_enough = found >= rules.minimum_contains.unwrap_or(1);
        if !is_enough || rules.maximum_contains.is_some_and(|maximum| found > maximum) {
            self.mistake(|| format!("Contains match count {found} is not within the allowed count."))?;
        }
        Ok(())
    }

    fn unique(&mut self, elements: &[Value]) -> Checked {
        let mut seen = HashSet::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let text = canonical(element);
            self.budget.allocate(text.len())?;
            if !seen.insert(text) {
                self.mistake(|| format!("Non-unique array item at index {index}."))?;
            }
        }
        Ok(())
    }
}
