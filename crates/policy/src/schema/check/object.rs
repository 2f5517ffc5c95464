//! Objects.

use serde_json::{Map, Value};

use super::super::node::{Additional, Id, Node, ObjectRules};
use super::{Check, Checked, Part, Stop};

impl<'s, 'v> Check<'s, 'v, '_> {
    pub(super) fn object(
        &mut self,
        node: &'s Node,
        whole: &'v Value,
        members: &'v Map<String, Value>,
    ) -> Checked {
        let Some(rules) = node.object.as_deref() else { return Ok(()) };
        self.required(&rules.required, members)?;
        let count = members.len() as u64;
        if let Some(minimum) = rules.minimum.filter(|minimum| count < *minimum) {
            self.mistake(|| {
                format!("Object property count {count} is less than minimum count of {minimum}.")
            })?;
        }
        if let Some(maximum) = rules.maximum.filter(|maximum| count > *maximum) {
            self.mistake(|| format!("Object property count {count} exceeds maximum count of {maximum}."))?;
        }
        for (name, value) in members {
            self.budget.step()?;
            self.path.push(Part::Name(name));
            let result = self.member(rules, name, value);
            self.path.pop();
            result?;
        }
        self.dependencies(rules, whole, members)
    }

    fn required(&mut self, required: &[Box<str>], members: &Map<String, Value>) -> Checked {
        let mut missing = Vec::new();
        for name in required {
            if !self.has(members, name)? {
                missing.push(&**name);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.mistake(|| format!("Required properties are missing from object: {}.", missing.join(", ")))
    }

    fn has(&mut self, members: &Map<String, Value>, name: &str) -> Result<bool, Stop> {
        self.budget.step()?;
        if !self.options.ignore_case {
            return Ok(members.contains_key(name));
        }
        self.budget.steps(members.len() as u64 / 4)?;
        Ok(members.keys().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// One member: by its name, by patterns, else as an additional one.
    fn member(&mut self, rules: &'s ObjectRules, name: &'v str, value: &'v Value) -> Checked {
        if let Some(names) = rules.names {
            self.name(names, name)?;
        }
        let mut is_named = false;
        if let Some(schema) = self.property(rules, name)? {
            is_named = true;
            self.value(schema, value)?;
        }
        for (pattern, schema) in &rules.patterns {
            if pattern.is_match(name, self.budget)? {
                is_named = true;
                self.value(*schema, value)?;
            }
        }
        if is_named { Ok(()) } else { self.additional(rules, name, value) }
    }

    fn property(&mut self, rules: &ObjectRules, name: &str) -> Result<Option<Id>, Stop> {
        if let Some((_, schema)) = rules.properties.get(name) {
            return Ok(Some(*schema));
        }
        if !self.options.ignore_case {
            return Ok(None);
        }
        self.budget.steps(rules.properties.len() as u64 / 4)?;
        let mut known = rules.properties.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        Ok(known.next().map(|(_, (_, schema))| *schema))
    }

    fn additional(&mut self, rules: &ObjectRules, name: &str, value: &'v Value) -> Checked {
        let says_what_it_has = !rules.properties.is_empty() || !rules.patterns.is_empty();
        let is_refused = match (self.options.additional_properties, rules.additional) {
            (Some(true), _) => false,
            // A schema that names nothing, such as a map, does not tell which members would be additional.
            (Some(false), Additional::Unsaid) => says_what_it_has,
            (Some(false), _) => true,
            (None, additional) => matches!(additional, Additional::Refused),
        };
        if is_refused {
            return self.mistake(|| {
                format!("Property '{name}' has not been defined and the schema does not allow additional properties.")
            });
        }
        match rules.additional {
            Additional::Allowed(Some(schema)) => self.value(schema, value),
            _ => Ok(()),
        }
    }

    /// `propertyNames`: the name as a text.
    fn name(&mut self, schema: Id, name: &str) -> Checked {
        let value = Value::String(name.to_owned());
        let mut check = Check {
            set: self.set,
            options: self.options,
            budget: &mut *self.budget,
            depth: self.depth,
            silent: 1,
            path: Vec::new(),
            mistakes: Vec::new(),
            kept: std::collections::HashMap::new(),
        };
        match check.value(schema, &value) {
            Ok(()) => Ok(()),
            Err(Stop::Invalid) => {
                self.mistake(|| format!("Property name '{name}' does not match schema of 'propertyNames'."))
            }
            Err(failure) => Err(failure),
        }
    }

    fn dependencies(
        &mut self,
        rules: &'s ObjectRules,
        whole: &'v Value,
        members: &'v Map<String, Value>,
    ) -> Checked {
        for (name, wanted) in &rules.dependent_required {
            if self.has(members, name)? {
                self.required(wanted, members)?;
            }
        }
        for (name, schema) in &rules.dependent {
            if self.has(members, name)? {
                self.value(*schema, whole)?;
            }
        }
        Ok(())
    }
}
