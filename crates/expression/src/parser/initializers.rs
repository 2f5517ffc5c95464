//! What stands in braces after `new T(…)`.

use super::Parser;
use crate::ast::{Expression, Initializer, InitializerTarget, InitializerValue};

impl Parser<'_> {
    pub(super) fn initializer(&mut self) -> Initializer {
        self.nested(Initializer::Collection(Vec::new()), |parser| {
            parser.expect("{");
            let member = parser.is_identifier_at(0) && parser.is_symbol_at(1, "=");
            let out = if member || parser.is_symbol("[") {
                Initializer::Object(parser.object_members())
            } else {
                Initializer::Collection(parser.collection_elements())
            };
            parser.expect("}");
            out
        })
    }

    fn object_members(&mut self) -> Vec<(InitializerTarget, InitializerValue)> {
        let mut members = Vec::new();
        while !self.is_symbol("}") && !self.is_end() {
            let target = if self.is_symbol("[") {
                let keys = self.arguments("[", "]");
                InitializerTarget::Index(keys.into_iter().map(|key| key.value).collect())
            } else {
                let Some((name, place)) = self.identifier() else { break };
                InitializerTarget::Member(name, place)
            };
            self.expect("=");
            let value = if self.is_symbol("{") {
                InitializerValue::Nested(self.initializer())
            } else {
                InitializerValue::Value(self.expression())
            };
            members.push((target, value));
            if !self.eat(",") {
                break;
            }
        }
        members
    }

    fn collection_elements(&mut self) -> Vec<Vec<Expression>> {
        let mut elements = Vec::new();
        while !self.is_symbol("}") && !self.is_end() {
            elements.push(if self.is_symbol("{") {
                self.array_items(false)
            } else {
                vec![self.expression()]
            });
            if !self.eat(",") {
                break;
            }
        }
        elements
    }
}
