//! `switch`.

use super::conversions::{is_subtype, shown};
use super::flow::{Around, State};
use super::{Binder, Typed};
use crate::ast::{Expression, Pattern, Place, SwitchLabel, SwitchSection, TypeSyntaxKind};
use crate::program::{CaseStep, Node, Step, Test};
use crate::types::Type;
use crate::value::Value;

/// What the labels before have handled for certain.
#[derive(Default)]
struct Handled {
    constants: Vec<Value>,
    types: Vec<Type>,
    default: bool,
}

impl Binder {
    pub(super) fn switch(&mut self, value: &Expression, sections: &[SwitchSection], place: Place) -> Step {
        let value = self.value(value);
        let ty = value.ty.clone();
        let before = self.flow.state();
        let mut handled = Handled::default();
        let mut cases = Vec::new();
        let slot = self.new_slot();
        self.begin_switch(&ty);
        let ((), breaks, _) = self.around(Around::Switch, |binder| {
            binder.in_block(|binder| {
                for (at, section) in sections.iter().enumerate() {
                    binder.flow.set(before.clone());
                    let case = binder.in_block(|binder| {
                        binder.section(section, &ty, at + 1 == sections.len(), &mut handled, place)
                    });
                    cases.push(case);
                }
            });
        });
        self.end_switch(&handled.constants, handled.default);
        let passes = if handled.default { State::nowhere() } else { before };
        self.flow.set(passes.join(&breaks));
        Step::Switch { slot, value: value.node, cases }
    }

    fn section(
        &mut self,
        section: &SwitchSection,
        ty: &Type,
        is_last: bool,
        handled: &mut Handled,
        place: Place,
    ) -> CaseStep {
        let place = section.body.first().map_or(place, |first| first.place);
        let mut tests = Vec::new();
        let mut is_default = false;
        for label in &section.labels {
            match label {
                SwitchLabel::Default => {
                    if handled.default {
                        self.mistake("duplicate-case", place, "the `switch` has two `default` labels");
                    }
                    (is_default, handled.default) = (true, true);
                }
                SwitchLabel::Case(pattern, guard) => {
                    self.check_case(pattern);
                    let test = self.pattern(pattern, ty, place);
                    if section.labels.len() > 1
                        && let Some(slot) = test_slot(&test)
                    {
                        // Another label may lead here, and gives it no value.
                        self.flow.declare_unassigned(slot);
                    }
                    self.note_handled(&test, guard.is_some(), handled, pattern_place(pattern, place));
                    let guard = guard.as_ref().map(|guard| {
                        let guard = self.condition(guard);
                        let (when_true, _) = self.flow.branches();
                        self.flow.set(when_true);
                        guard
                    });
                    tests.push((test, guard));
                }
            }
        }
        let (body, completes) = self.block_statements(&section.body);
        if completes {
            let place = section.body.last().map_or(place, |last| last.place);
            let help = "end the section with `break;`, `return …;` or `throw …;`".to_owned();
            let message = if is_last {
                "control cannot fall out of the `switch` from its last section"
            } else {
                "control cannot fall through from one `case` label to the next"
            };
            self.report("fall-through", place, message, Some(help));
        }
        CaseStep { tests, is_default, body }
    }

    /// Reports a label that can never be reached, and notes what this one handles.
    fn note_handled(&mut self, test: &Test, has_guard: bool, handled: &mut Handled, place: Place) {
        match test {
            Test::Constant(Node::Constant(value)) => {
                let covered = handled.types.iter().any(|ty| is_subtype(&value.type_of(), ty));
                if handled.constants.iter().any(|known| known.equals(value)) {
                    let help = "remove one of the two".to_owned();
                    let message = "the label already occurs in this `switch` statement";
                    self.report("duplicate-case", place, message, Some(help));
                } else if covered {
                    self.already_handled(place);
                }
                if !has_guard {
                    handled.constants.push(value.clone());
                }
            }
            Test::Type(ty, _) => {
                if handled.types.iter().any(|known| is_subtype(ty, known)) {
                    self.already_handled(place);
                }
                if !has_guard {
                    handled.types.push(ty.clone());
                }
            }
            _ => {}
        }
    }

    fn already_handled(&mut self, place: Place) {
        let message = "the `switch` case has already been handled by a previous case";
        self.mistake("duplicate-case", place, message);
    }

    /// A type alone is no label: C# 7 wants a name behind it.
    fn check_case(&mut self, pattern: &Pattern) {
        let Pattern::Type(syntax, None) = pattern else { return };
        let is_constant = match &syntax.kind {
            TypeSyntaxKind::Name(name, arguments) => arguments.is_empty() && self.is_value_path(name),
            _ => false,
        };
        if !is_constant {
            let message =
                "a type alone as a label is C# 9 and not available in policy expressions, which are C# 7";
            let help = "write a name behind it: `case T _:`".to_owned();
            self.report("expression-newer-language", syntax.place, message, Some(help));
        }
    }

    /// A constant that a value of type `ty` is compared with.
    pub(super) fn constant_pattern(&mut self, value: &Expression, ty: &Type) -> Test {
        if super::conditionals::is_default(value) {
            let help = "write `null`, `0` or another constant".to_owned();
            self.report("not-constant", value.place, "`default` alone is no pattern", Some(help));
        }
        let value = self.value(value);
        self.constant_test(value, ty)
    }

    pub(super) fn constant_test(&mut self, value: Typed, ty: &Type) -> Test {
        let place = value.place;
        let failed = value.ty == Type::Error || *ty == Type::Error;
        if !failed && !self.is_constant(&value) {
            let help = "compare with `==`, or use `if` and `else if`".to_owned();
            self.report("not-constant", place, "a constant value is expected", Some(help));
            return Test::Constant(value.node);
        }
        if *ty == Type::Object || failed || (value.ty == Type::Null && !self.is_value_type(ty)) {
            return Test::Constant(value.node);
        }
        if value.ty == Type::Null {
            let message = format!("a value of type `{}` is never null", shown(ty));
            self.mistake("no-conversion", place, message);
            return Test::Constant(value.node);
        }
        let to = ty.without_nullable().clone();
        Test::Constant(self.convert(value, &to).node)
    }
}

/// The variable that a pattern sets.
pub(super) fn test_slot(test: &Test) -> Option<u32> {
    match test {
        Test::Type(_, slot) => *slot,
        Test::Any(slot) => Some(*slot),
        Test::Constant(_) => None,
    }
}

fn pattern_place(pattern: &Pattern, otherwise: Place) -> Place {
    match pattern {
        Pattern::Type(syntax, _) => syntax.place,
        Pattern::Constant(value) => value.place,
        Pattern::Var(_) => otherwise,
    }
}
