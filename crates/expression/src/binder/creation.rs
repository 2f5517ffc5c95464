//! `new`: objects, arrays, initialisers.

use super::conditionals::is_default;
use super::conversions::shown;
use super::lambdas::delegate_signature;
use super::overloads::Called;
use super::{Binder, Typed};
use crate::ast::{Argument, Expression, Initializer, InitializerTarget, InitializerValue, Place, TypeSyntax};
use crate::dotnet::registry;
use crate::dotnet::registry::MemberKind;
use crate::program::Node;
use crate::types::Type;

impl Binder {
    pub(super) fn creation(
        &mut self,
        syntax: &TypeSyntax,
        arguments: &[Argument],
        initializer: Option<&Initializer>,
        place: Place,
    ) -> Typed {
        let ty = self.resolve_type(syntax);
        if ty == Type::Error {
            self.given(arguments);
            return self.error(place);
        }
        // `new Func<int, int>(x => x + 1)`
        if let ([Argument { value, .. }], None, Some(_)) = (arguments, initializer, delegate_signature(&ty)) {
            return self.expression_as(value, &ty);
        }
        let constructors: Vec<_> = registry()
            .of(&ty)
            .into_iter()
            .flat_map(|declared| declared.named("new"))
            .filter(|member| member.kind == MemberKind::Constructor)
            // A tuple is made of exactly its items.
            .filter(|member| {
                ty.declaration_name() != Some("System.Tuple")
                    || member.parameters.len() == ty.arguments().len()
            })
            .map(|member| (member, ty.clone()))
            .collect();
        if constructors.is_empty() {
            if ty == Type::Object || (self.is_value_type(&ty) && arguments.is_empty()) {
                return Typed { node: Node::Constant(ty.default_value()), ty, place };
            }
            let message = format!("objects of type `{}` cannot be made in policy expressions", shown(&ty));
            return self.wrong("unknown-member", syntax.place, message);
        }
        let given = self.given(arguments);
        let at = syntax.place;
        let called = Called { name: "new", owner: &ty, types: &[], at, place, extends: false };
        let mut made = self.resolve_call(constructors, None, given, &called);
        if made.ty != Type::Error {
            made.ty = ty;
        }
        match initializer {
            Some(initializer) => self.initialize(made, initializer, place),
            None => made,
        }
    }

    /// Fills a new object and gives it.
    fn initialize(&mut self, made: Typed, initializer: &Initializer, place: Place) -> Typed {
        let slot = self.new_slot();
        let ty = made.ty.clone();
        let mut steps = vec![Node::Store(slot, Box::new(made.node))];
        self.fill(&Typed { node: Node::Load(slot), ty: ty.clone(), place }, slot, initializer, &mut steps);
        steps.push(Node::Load(slot));
        Typed { node: Node::Sequence(steps), ty, place }
    }

    fn fill(&mut self, target: &Typed, slot: u32, initializer: &Initializer, steps: &mut Vec<Node>) {
        if target.ty == Type::Error {
            return;
        }
        match initializer {
            Initializer::Collection(elements) => {
                for element in elements {
                    self.add_element(&target.ty, slot, element, target.place, steps);
                }
            }
            Initializer::Object(members) => {
                for (place, (what, value)) in members.iter().map(|member| (target.place, member)) {
                    self.set_member(&target.ty, slot, what, value, place, steps);
                }
            }
        }
    }

    fn add_element(
        &mut self,
        ty: &Type,
        slot: u32,
        element: &[Expression],
        place: Place,
        steps: &mut Vec<Node>,
    ) {
        let adders: Vec<_> = self
            .members(ty, "Add")
            .into_iter()
            .filter(|(member, _)| member.kind == MemberKind::Method && !member.is_static)
            .collect();
        if adders.is_empty() {
            self.mistake(
                "unknown-member",
                place,
                format!("`{}` has no `Add` for a collection initialiser", shown(ty)),
            );
            return;
        }
        let arguments: Vec<Argument> = element
            .iter()
            .map(|value| Argument { name: None, mode: crate::ast::ArgumentMode::Value, value: value.clone() })
            .collect();
        let place = element.first().map_or(place, |first| first.place);
        let given = self.given(&arguments);
        let called = Called { name: "Add", owner: ty, types: &[], at: place, place, extends: false };
        let call = self.resolve_call(adders, Some(Node::Load(slot)), given, &called);
        steps.push(call.node);
    }

    fn set_member(
        &mut self,
        ty: &Type,
        slot: u32,
        what: &InitializerTarget,
        value: &InitializerValue,
        place: Place,
        steps: &mut Vec<Node>,
    ) {
        let name = match what {
            InitializerTarget::Index(_) => "this[]",
            InitializerTarget::Member(name, _) => name,
        };
        let place = match (what, value) {
            (InitializerTarget::Member(_, place), _) => *place,
            (_, InitializerValue::Value(value)) => value.place,
            _ => place,
        };
        let wanted = match what {
            InitializerTarget::Index(_) => MemberKind::IndexSetter,
            InitializerTarget::Member(..) => MemberKind::PropertySetter,
        };
        let members = self.members(ty, name);
        if let InitializerValue::Nested(nested) = value {
            let Some((getter, owner)) =
                members.into_iter().find(|(member, _)| member.kind == MemberKind::Property)
            else {
                self.mistake("unknown-member", place, format!("`{}` has no member `{name}`", shown(ty)));
                return;
            };
            let inner = self.new_slot();
            let read = self.call_node(getter, Some(Node::Load(slot)), Vec::new(), owner.arguments().to_vec());
            steps.push(Node::Store(inner, Box::new(read)));
            let inner_type = self.in_owner(&getter.return_type, &owner);
            self.fill(&Typed { node: Node::Load(inner), ty: inner_type, place }, inner, nested, steps);
            return;
        }
        let InitializerValue::Value(value) = value else { return };
        let keys: &[Expression] = if let InitializerTarget::Index(keys) = what { keys } else { &[] };
        let found = members.into_iter().find(|(member, _)| {
            member.kind == wanted && !member.is_static && member.parameters.len() == keys.len()
        });
        let Some((setter, owner)) = found else {
            self.mistake("unknown-member", place, format!("`{}` has no `{name}` that can be set", shown(ty)));
            return;
        };
        let mut arguments = Vec::new();
        for (key, parameter) in keys.iter().zip(&setter.parameters) {
            let to = self.in_owner(&parameter.ty, &owner);
            arguments.push(self.expression_as(key, &to).node);
        }
        let to = self.in_owner(&setter.return_type, &owner);
        arguments.push(self.expression_as(value, &to).node);
        steps.push(self.call_node(setter, Some(Node::Load(slot)), arguments, owner.arguments().to_vec()));
    }

    pub(super) fn array_creation(
        &mut self,
        element: Option<&TypeSyntax>,
        length: Option<&Expression>,
        items: Option<&[Expression]>,
        place: Place,
    ) -> Typed {
        let element = element.map(|element| self.resolve_type(element));
        match (element, length, items) {
            (Some(element), length, Some(items)) => {
                if let Some(length) = length {
                    self.check_length(length, items.len());
                }
                self.array_items(&element, items, place)
            }
            (Some(element), Some(length), None) => {
                let length = self.array_length(length);
                let node = Node::NewArray { element: element.clone(), length: Box::new(length.node) };
                Typed { node, ty: Type::array(element), place }
            }
            (_, _, items) => {
                let written = items.unwrap_or_default();
                let mut items: Vec<Typed> = written.iter().map(|item| self.value(item)).collect();
                let typed = written.iter().zip(&items).filter(|(item, _)| !is_default(item));
                let types: Vec<Type> = typed.map(|(_, item)| item.ty.clone()).collect();
                let common = self.common_type(&types);
                for (item, _) in items.iter_mut().zip(written).filter(|(_, item)| is_default(item)) {
                    (item.node, item.ty) = (Node::Constant(common.default_value()), common.clone());
                }
                let mixed =
                    common == Type::Object && !types.contains(&Type::Object) && !types.contains(&Type::Error);
                if mixed {
                    let message = "the elements of `new[]` have no common type: write the type, as in `new object[] {…}`";
                    return self.wrong("no-conversion", place, message);
                }
                let items = items.into_iter().map(|item| self.convert(item, &common).node).collect();
                let node = Node::ArrayItems { element: common.clone(), items };
                Typed { node, ty: Type::array(common), place }
            }
        }
    }

    /// A length beside the elements must be a constant and their number.
    fn check_length(&mut self, length: &Expression, count: usize) {
        let value = self.expression_as(length, &Type::Int32);
        match &value.node {
            Node::Constant(constant) if constant.as_integer() == i128::try_from(count).ok() => {}
            Node::Constant(constant) => {
                let wanted = constant.as_integer().unwrap_or(0);
                let message =
                    format!("an array of length {wanted} has {wanted} elements, and here are {count}");
                let help = "leave out the length: `new T[] { … }`".to_owned();
                self.report("wrong-arguments", length.place, message, Some(help));
            }
            _ if value.ty == Type::Error => {}
            _ => self.mistake("not-constant", length.place, "a length beside elements must be a constant"),
        }
    }

    fn array_length(&mut self, length: &Expression) -> Typed {
        let value = self.value(length);
        let is_negative =
            matches!(&value.node, Node::Constant(constant) if constant.as_integer().is_some_and(|n| n < 0));
        if is_negative {
            return self.wrong("wrong-arguments", length.place, "an array cannot have a negative length");
        }
        match value.ty {
            Type::Int64 | Type::UInt32 | Type::UInt64 => value,
            _ => self.convert(value, &Type::Int32),
        }
    }

    pub(super) fn array_items(&mut self, element: &Type, items: &[Expression], place: Place) -> Typed {
        let items = items.iter().map(|item| self.expression_as(item, element).node).collect();
        let node = Node::ArrayItems { element: element.clone(), items };
        Typed { node, ty: Type::array(element.clone()), place }
    }
}
