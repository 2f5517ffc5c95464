//! Assignments, increments, and what may stand on the left of them.

use super::access::again;
use super::conversions::shown;
use super::operators::Operation;
use super::tuples::{element_of, part};
use super::{Binder, Symbol, Typed, Visible};
use crate::ast::{Argument, BinaryOperator as B, Expression, ExpressionKind, Place};
use crate::dotnet::registry::{Declared, MemberKind};
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

/// Something on the left of `=`.
pub(super) struct Assignable {
    pub(super) ty: Type,
    place: Place,
    /// What must run before, once.
    pub(super) prepare: Vec<Node>,
    what: Target,
}

enum Target {
    Slot(u32),
    Element(Node, Node),
    /// An element of the tuple in a slot, whose elements have these types.
    Part(u32, usize, Vec<Type>),
    Member {
        getter: Option<&'static Declared>,
        setter: &'static Declared,
        receiver: Node,
        keys: Vec<Node>,
    },
}

impl Assignable {
    /// Reads the present value.
    pub(super) fn read(&self, binder: &Binder) -> Typed {
        let node = match &self.what {
            Target::Slot(slot) => Node::Load(*slot),
            Target::Element(array, index) => Node::Element(Box::new((again(array), again(index)))),
            Target::Part(slot, index, _) => part(*slot, *index),
            Target::Member { getter: Some(getter), receiver, keys, .. } => {
                binder.call_node(getter, Some(again(receiver)), keys.iter().map(again).collect(), Vec::new())
            }
            Target::Member { getter: None, .. } => Node::Constant(Value::Null),
        };
        Typed { node, ty: self.ty.clone(), place: self.place }
    }

    /// Stores a value and gives it.
    pub(super) fn write(&mut self, binder: &mut Binder, value: Node) -> Node {
        let what = std::mem::replace(&mut self.what, Target::Slot(0));
        let mut steps = std::mem::take(&mut self.prepare);
        let node = match what {
            Target::Slot(slot) => {
                binder.flow.assign(slot);
                Node::Store(slot, Box::new(value))
            }
            Target::Element(array, index) => Node::SetElement(Box::new((array, index, value))),
            Target::Part(slot, index, types) => {
                let kept = binder.new_slot();
                steps.push(Node::Store(kept, Box::new(value)));
                let item = |at| if at == index { Node::Load(kept) } else { part(slot, at) };
                let items = (0..types.len()).map(item).collect();
                steps.push(Node::Store(slot, Box::new(Node::Tuple { types, items })));
                Node::Load(kept)
            }
            Target::Member { setter, receiver, mut keys, .. } => {
                let slot = binder.new_slot();
                keys.push(Node::Store(slot, Box::new(value)));
                steps.push(binder.call_node(setter, Some(receiver), keys, Vec::new()));
                Node::Load(slot)
            }
        };
        if steps.is_empty() {
            return node;
        }
        steps.push(node);
        Node::Sequence(steps)
    }
}

impl Binder {
    pub(super) fn increment(&mut self, target: &Expression, by: i32, prefix: bool, place: Place) -> Typed {
        let (operator, symbol) = if by > 0 { (B::Add, "++") } else { (B::Subtract, "--") };
        let Some(mut assignable) = self.assignable(target, true) else { return self.error(place) };
        let ty = assignable.ty.clone();
        let bare = ty.without_nullable();
        if ty != Type::Error && !bare.is_numeric() && !self.is_enum(bare) {
            let message =
                format!("operator `{symbol}` cannot be applied to operand of type `{}`", shown(&ty));
            return self.wrong("no-operator", place, message);
        }
        let operation = Operation { operator, at: place, place };
        let one = Typed { node: Node::Constant(Value::Int32(1)), ty: Type::Int32, place };
        let read = assignable.read(self);
        if prefix {
            let sum = self.operation(operation, read, one);
            let sum = self.cast(sum, &ty, place);
            let node = assignable.write(self, sum.node);
            return Typed { node, ty, place };
        }
        let slot = self.new_slot();
        let old = Typed { node: Node::Load(slot), ty: ty.clone(), place };
        let sum = self.operation(operation, old, one);
        let sum = self.cast(sum, &ty, place);
        let mut steps = std::mem::take(&mut assignable.prepare);
        steps.push(Node::Store(slot, Box::new(read.node)));
        steps.push(assignable.write(self, sum.node));
        steps.push(Node::Load(slot));
        Typed { node: Node::Sequence(steps), ty, place }
    }

    pub(super) fn assign(
        &mut self,
        operator: Option<B>,
        target: &Expression,
        value: &Expression,
        place: Place,
    ) -> Typed {
        match &target.kind {
            ExpressionKind::Tuple(targets) if operator.is_none() => {
                return self.deconstruct(targets, value, true, place);
            }
            // A discard.
            ExpressionKind::Name(name, _)
                if operator.is_none() && &**name == "_" && self.lookup("_").is_none() =>
            {
                return self.value(value);
            }
            _ => {}
        }
        let Some(mut assignable) = self.assignable(target, operator.is_some()) else {
            self.expression(value);
            return self.error(place);
        };
        let ty = assignable.ty.clone();
        let value = match operator {
            None => self.expression_as(value, &ty),
            Some(operator) => {
                let at = self.assignment_place(operator, target.place, value.place);
                let operation = Operation { operator, at, place };
                // `handler += () => …`
                let value = match super::lambdas::delegate_signature(&ty) {
                    Some(_) => self.expression_as(value, &ty),
                    None => self.operand(value, operation),
                };
                let read = assignable.read(self);
                self.compound(operation, read, value, &ty)
            }
        };
        let node = assignable.write(self, value.node);
        Typed { node, ty, place }
    }

    /// `x op= y`: the result goes back into the type of `x` when `y` alone would fit there.
    fn compound(&mut self, operation: Operation, read: Typed, value: Typed, ty: &Type) -> Typed {
        let shifts = matches!(operation.operator, B::ShiftLeft | B::ShiftRight);
        let operand = Typed { node: again(&value.node), ty: value.ty.clone(), place: value.place };
        let operand_fits = shifts || self.implicit_value(&operand, ty).is_some();
        let result = self.operation(operation, read, value);
        if result.ty == Type::Error || self.implicit_value(&result, ty).is_some() {
            return self.convert(result, ty);
        }
        let narrows = result.ty.without_nullable().is_numeric();
        if narrows && operand_fits {
            return self.cast(result, ty, operation.place);
        }
        if narrows { self.convert(operand, ty) } else { self.convert(result, ty) }
    }

    fn assignment_place(&self, operator: B, left: Place, right: Place) -> Place {
        let symbol = format!("{}=", operator.symbol());
        let between = self.text.get(left.end as usize..right.start as usize);
        match between.and_then(|text| text.rfind(&symbol)) {
            Some(found) => {
                let start = left.end as usize + found;
                Place::new(start, start + symbol.len())
            }
            None => left.to(right),
        }
    }

    /// What stands on the left of an assignment; `reused` when it is read too.
    pub(super) fn assignable(&mut self, target: &Expression, reused: bool) -> Option<Assignable> {
        let place = target.place;
        match &target.kind {
            ExpressionKind::Name(name, _) => self.assignable_name(target, name, reused),
            ExpressionKind::Index { target: owner, arguments } => {
                self.assignable_element(owner, arguments, reused, place)
            }
            ExpressionKind::Member { target: owner, name, name_place, .. } => {
                let variable = matches!(owner.kind, ExpressionKind::Name(..));
                let owner = self.value(owner);
                if owner.ty == Type::Error {
                    return None;
                }
                if let (true, Type::Tuple(types, _), Node::Load(slot)) = (variable, &owner.ty, &owner.node)
                    && let Some((index, ty)) = element_of(&owner.ty, name)
                {
                    let what = Target::Part(*slot, index, types.to_vec());
                    return Some(Assignable { ty, place, prepare: Vec::new(), what });
                }
                let Some((setter, _)) = self.find_member(&owner.ty, name, MemberKind::PropertySetter) else {
                    let anonymous = matches!(&owner.ty, Type::Anonymous(shape) if shape.iter().any(|(known, _)| known == name));
                    if anonymous || self.find_member(&owner.ty, name, MemberKind::Property).is_some() {
                        self.read_only_member(&owner.ty, name, *name_place);
                    } else {
                        self.unknown_member(&owner.ty.clone(), name, *name_place, false);
                    }
                    return None;
                };
                let getter = self.find_member(&owner.ty, name, MemberKind::Property);
                let ty = self.in_owner(&setter.return_type, &owner.ty);
                let mut prepare = Vec::new();
                let receiver = if reused { self.keep(owner.node, &mut prepare) } else { owner.node };
                let getter = getter.map(|(member, _)| member);
                Some(Assignable {
                    ty,
                    place,
                    prepare,
                    what: Target::Member { getter, setter, receiver, keys: Vec::new() },
                })
            }
            _ => {
                let message = "the left side of an assignment must be a variable, a property or an element";
                let help = "write `==` to compare".to_owned();
                self.report("not-assignable", place, message, Some(help));
                None
            }
        }
    }

    fn assignable_name(&mut self, target: &Expression, name: &str, reused: bool) -> Option<Assignable> {
        let place = target.place;
        let Some(symbol) = self.symbol(name).cloned() else {
            let known = self.mistakes.len();
            self.expression(target);
            if self.mistakes.len() == known {
                self.mistake("not-assignable", place, format!("`{name}` cannot be assigned to"));
            }
            return None;
        };
        if !self.check_writable(&symbol, place) {
            return None;
        }
        let Visible::Variable { slot, ty, .. } = symbol.what else { return None };
        if reused {
            self.check_assigned(name, slot, place);
        }
        Some(Assignable { ty, place, prepare: Vec::new(), what: Target::Slot(slot) })
    }

    /// Reports a name that cannot be assigned to.
    pub(super) fn check_writable(&mut self, symbol: &Symbol, place: Place) -> bool {
        let name = &symbol.name;
        let (what, help) = match (&symbol.what, symbol.read_only) {
            (Visible::Variable { .. }, None) => return true,
            (Visible::Variable { .. }, Some(what)) => (what, "assign to another variable"),
            (Visible::Constant(..), _) => ("constant", "declare it without `const`"),
            (Visible::Function { .. }, _) => ("local function", "assign to a variable"),
        };
        let message = format!("cannot assign to `{name}` because it is a {what}");
        self.report("not-assignable", place, message, Some(help.to_owned()));
        false
    }

    fn read_only_member(&mut self, ty: &Type, name: &str, place: Place) {
        let message = match ty {
            Type::Anonymous(_) => format!("property `{name}` of an anonymous object is read-only"),
            _ => format!("property `{}.{name}` is read-only", shown(ty)),
        };
        let policy = match (ty, name) {
            (Type::Named("IRequest"), "Method") => Some("set-method"),
            (Type::Named("IRequest"), "Url") => Some("rewrite-uri"),
            (Type::Named("IRequest" | "IResponse"), "Headers") => Some("set-header"),
            (Type::Named("IRequest" | "IResponse"), "Body") => Some("set-body"),
            (Type::Named("IResponse"), "StatusCode" | "StatusReason") => Some("set-status"),
            _ => None,
        };
        let help = match (policy, ty) {
            (Some(policy), _) => Some(format!("expressions change nothing: use the policy `{policy}`")),
            (_, Type::Anonymous(_)) => Some("make a new object, or use a `JObject`".to_owned()),
            _ => None,
        };
        self.report("not-assignable", place, message, help);
    }

    fn read_only_elements(&mut self, ty: &Type, place: Place) {
        let message = format!("the elements of `{}` cannot be assigned to", shown(ty));
        let help = match ty {
            Type::String => Some("make a new text, as with `Replace(…)` or a `StringBuilder`"),
            Type::Named("IVariables") => Some("expressions change nothing: use the policy `set-variable`"),
            Type::Named("IHeaders") => Some("expressions change nothing: use the policy `set-header`"),
            Type::Generic("System.Collections.Generic.IEnumerable", _) => {
                Some("make a list of it with `.ToList()`")
            }
            _ => None,
        };
        self.report("not-assignable", place, message, help.map(str::to_owned));
    }

    fn assignable_element(
        &mut self,
        owner: &Expression,
        arguments: &[Argument],
        reused: bool,
        place: Place,
    ) -> Option<Assignable> {
        let owner = self.value(owner);
        let mut prepare = Vec::new();
        if let Type::Array(element) = &owner.ty {
            let ty = (**element).clone();
            let index = self.array_index(arguments, place);
            let (array, index) = if reused {
                (self.keep(owner.node, &mut prepare), self.keep(index, &mut prepare))
            } else {
                (owner.node, index)
            };
            return Some(Assignable { ty, place, prepare, what: Target::Element(array, index) });
        }
        if owner.ty == Type::Error {
            return None;
        }
        let setters = self.indexers(&owner.ty, MemberKind::IndexSetter);
        let given = self.given(arguments);
        let found = setters.into_iter().find(|(member, declaring)| {
            member.parameters.len() == given.len()
                && member.parameters.iter().zip(&given).all(|(parameter, given)| {
                    let to = self.in_owner(&parameter.ty, declaring);
                    given.fits(self, &to)
                })
        });
        let Some((setter, declaring)) = found else {
            self.read_only_elements(&owner.ty, place);
            return None;
        };
        let mut keys = Vec::new();
        for (parameter, given) in setter.parameters.iter().zip(given) {
            let to = self.in_owner(&parameter.ty, &declaring);
            let key = given.bind(self, &to).node;
            keys.push(if reused { self.keep(key, &mut prepare) } else { key });
        }
        let types: Vec<&Type> = setter.parameters.iter().map(|parameter| &parameter.ty).collect();
        let getter = self
            .indexers(&owner.ty, MemberKind::Indexer)
            .into_iter()
            .find(|(member, _)| {
                member.parameters.iter().map(|parameter| &parameter.ty).eq(types.iter().copied())
            })
            .map(|(member, _)| member);
        let ty = self.in_owner(&setter.return_type, &declaring);
        let receiver = if reused { self.keep(owner.node, &mut prepare) } else { owner.node };
        Some(Assignable { ty, place, prepare, what: Target::Member { getter, setter, receiver, keys } })
    }

    /// Evaluates once into a slot, so that it can be used again.
    fn keep(&mut self, node: Node, prepare: &mut Vec<Node>) -> Node {
        if matches!(node, Node::Constant(_) | Node::Load(_)) {
            return node;
        }
        let slot = self.new_slot();
        prepare.push(Node::Store(slot, Box::new(node)));
        Node::Load(slot)
    }
}
