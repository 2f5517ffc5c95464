//! `goto`, labels, `lock`, and references to variables.

use super::{Binder, Symbol, Typed, Visible};
use crate::ast::{
    Expression, ExpressionKind, GotoTarget, Name, Place, Statement, TypeSyntax, TypeSyntaxKind,
};
use crate::program::{Node, Step};
use crate::types::Type;
use crate::value::Value;

/// What `goto case` and `goto default` may reach in a `switch`.
#[derive(Debug)]
pub(super) struct SwitchJumps {
    ty: Type,
    wanted: Vec<(Option<Value>, Place)>,
}

/// A `goto` or a label.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    name: Name,
    place: Place,
    /// The blocks around it, outermost first.
    blocks: Vec<u32>,
}

impl Binder {
    /// Binds the sections of a `switch`; `handled` tells whether a label exists.
    pub(super) fn begin_switch(&mut self, ty: &Type) {
        self.switches.push(SwitchJumps { ty: ty.clone(), wanted: Vec::new() });
    }

    /// Reports jumps to labels that the `switch` has not.
    pub(super) fn end_switch(&mut self, constants: &[Value], has_default: bool) {
        let Some(jumps) = self.switches.pop() else { return };
        for (wanted, place) in jumps.wanted {
            let found = match &wanted {
                Some(value) => constants.iter().any(|known| known.equals(value)),
                None => has_default,
            };
            if !found {
                self.mistake("unknown-name", place, "the `switch` has no such label");
            }
        }
    }

    pub(super) fn goto(&mut self, target: &GotoTarget, place: Place) -> Step {
        let step = match target {
            GotoTarget::Label(name) => {
                let blocks = self.open_blocks.clone();
                self.gotos.push(Mark { name: name.clone(), place, blocks });
                Step::Goto(name.clone())
            }
            GotoTarget::Default => {
                self.note_switch_jump(None, place);
                Step::GotoDefault
            }
            GotoTarget::Case(value) => self.goto_case(value, place),
        };
        self.flow.stop();
        step
    }

    fn goto_case(&mut self, value: &Expression, place: Place) -> Step {
        let ty = self.switches.last().map_or(Type::Error, |jumps| jumps.ty.without_nullable().clone());
        let value = if ty == Type::Error { self.value(value) } else { self.expression_as(value, &ty) };
        match value.node {
            Node::Constant(constant) => {
                self.note_switch_jump(Some(constant.clone()), place);
                Step::GotoCase(constant)
            }
            _ => {
                self.mistake("not-constant", value.place, "a constant value is expected");
                Step::GotoDefault
            }
        }
    }

    fn note_switch_jump(&mut self, wanted: Option<Value>, place: Place) {
        match self.switches.last_mut() {
            Some(jumps) => jumps.wanted.push((wanted, place)),
            None => {
                let message = "`goto case` and `goto default` stand only in a `switch`";
                self.mistake("misplaced-jump", place, message);
            }
        }
    }

    /// `name: statement`. Code after a label can be reached, as a jump may lead there.
    pub(super) fn labeled(&mut self, name: &Name, place: Place, statement: &Statement) -> Step {
        let blocks = self.open_blocks.clone();
        let twice = self.labels.iter().any(|label| label.name == *name && label.blocks == blocks);
        if twice {
            self.mistake("duplicate-name", place, format!("the label `{name}` is there twice"));
        }
        self.labels.push(Mark { name: name.clone(), place, blocks });
        self.flow.reach();
        let (step, _) = self.statement(statement);
        Step::Labeled(name.clone(), Box::new(step))
    }

    /// Reports every `goto` that leads nowhere: a label is seen from its own block and from blocks inside.
    pub(super) fn check_gotos(&mut self) {
        let (gotos, labels) = (std::mem::take(&mut self.gotos), std::mem::take(&mut self.labels));
        for jump in gotos {
            let reaches = |label: &Mark| label.name == jump.name && jump.blocks.starts_with(&label.blocks);
            if !labels.iter().any(reaches) {
                let message = format!("there is no label `{}` that can be jumped to from here", jump.name);
                self.mistake("unknown-name", jump.place, message);
            }
        }
    }

    /// `lock (object) statement`: one evaluation runs on one thread, so that there is nothing to lock.
    pub(super) fn lock(&mut self, object: &Expression, body: &Statement) -> Step {
        let object = self.value(object);
        if self.is_value_type(&object.ty) {
            self.mistake("no-conversion", object.place, "`lock` needs an object");
        }
        let body = self.embedded(body);
        Step::Block(vec![Step::Evaluate(object.node), body])
    }

    /// `ref T name = ref variable;`: another name for the variable.
    pub(super) fn ref_local(&mut self, ty: &TypeSyntax, name: &Name, of: &Expression, place: Place) -> Step {
        let declared = match ty.kind {
            TypeSyntaxKind::Inferred => None,
            _ => Some(self.resolve_type(ty)),
        };
        let variable = match &of.kind {
            ExpressionKind::Ref(of) => match &of.kind {
                ExpressionKind::Name(source, _) => self.symbol(source).cloned(),
                _ => None,
            },
            _ => {
                self.mistake(
                    "expression-syntax",
                    of.place,
                    "a reference is initialised with `ref` and a variable",
                );
                return Step::Block(Vec::new());
            }
        };
        let Some(Symbol { what: Visible::Variable { slot, ty: own }, read_only, .. }) = variable else {
            let message = "only references to local variables are supported in policy expressions";
            self.mistake("unsupported", of.place, message);
            self.declare(name, declared.unwrap_or(Type::Error), place);
            return Step::Block(Vec::new());
        };
        if declared.is_some_and(|declared| declared != own) {
            self.mistake("no-conversion", place, "the reference must have the type of its variable");
        }
        self.check_new_name(name, place);
        let what = Visible::Variable { slot, ty: own };
        self.symbols.push(Symbol { name: name.clone(), what, read_only });
        Step::Block(Vec::new())
    }

    /// The release of what a variable holds, when its type has one.
    pub(super) fn dispose(&mut self, slot: u32, ty: &Type) -> Option<Step> {
        let (member, _) = self
            .members(ty, "Dispose")
            .into_iter()
            .find(|(member, _)| !member.is_static && member.parameters.is_empty())?;
        let receiver = self.new_slot();
        let call = self.call_node(member, Some(Node::Load(receiver)), Vec::new(), ty.arguments().to_vec());
        let target = Box::new(Node::Load(slot));
        Some(Step::Evaluate(Node::ConditionalAccess { slot: receiver, target, access: Box::new(call) }))
    }

    /// A value where `ref` stands and no reference can be.
    pub(super) fn misplaced_ref(&mut self, place: Place) -> Typed {
        self.wrong("expression-syntax", place, "`ref` stands before arguments and in `ref` variables only")
    }
}
