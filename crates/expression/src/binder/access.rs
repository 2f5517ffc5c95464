//! Names with dots, members, indexers, calls, and what can be assigned to.

use std::sync::Arc;

use super::arguments::Given;
use super::conversions::shown;
use super::lambdas::delegate_signature;
use super::overloads::Called;
use super::{Binder, Typed, Visible};
use crate::ast::{Argument, Expression, ExpressionKind, Place};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, DeclaredType, MemberKind};
use crate::program::{CallNode, Node};
use crate::types::Type;
use crate::value::Value;

/// A node that gives the same value again: a constant or a variable.
pub(super) fn again(node: &Node) -> Node {
    match node {
        Node::Constant(value) => Node::Constant(value.clone()),
        Node::Load(slot) => Node::Load(*slot),
        _ => Node::Constant(Value::Null),
    }
}

/// True for fields that C# knows as constants: limits of numbers and the like.
fn is_constant_member(member: &Declared) -> bool {
    let owner = &member.declaring;
    owner.is_numeric() || *owner == Type::Named("System.Math") || member.name.starts_with("TicksPer")
}

/// True for a name in a namespace that neither is a type nor hangs on one, as `System.DateTime.UtcNow` does.
fn names_nothing(path: &str) -> bool {
    let dots = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let mut prefixes = dots.filter_map(|end| path.get(..end));
    let in_namespace = prefixes.next().is_some_and(|root| registry().is_namespace(root));
    in_namespace && !prefixes.any(|prefix| registry().by_full_name(prefix).is_some())
}

impl Binder {
    pub(super) fn call_node(
        &self,
        member: &'static Declared,
        receiver: Option<Node>,
        arguments: Vec<Node>,
        type_arguments: Vec<Type>,
    ) -> Node {
        Node::Call(Box::new(CallNode {
            member,
            receiver,
            arguments,
            type_arguments: type_arguments.into(),
            outs: Vec::new(),
        }))
    }

    /// The text of a name with dots, when no part of it is anything else.
    pub(super) fn path(&self, expression: &Expression) -> Option<String> {
        match &expression.kind {
            ExpressionKind::Name(name, arguments) if arguments.is_empty() => {
                (self.lookup(name).is_none() && &**name != "context").then(|| name.to_string())
            }
            ExpressionKind::TypeName(ty) => match &ty.kind {
                crate::ast::TypeSyntaxKind::Name(name, _) => Some(name.to_string()),
                _ => None,
            },
            ExpressionKind::Member { target, name, arguments, .. } if arguments.is_empty() => {
                Some(format!("{}.{name}", self.path(target)?))
            }
            _ => None,
        }
    }

    /// The type that an expression before a dot names.
    pub(super) fn as_type(&self, expression: &Expression) -> Option<(Type, &'static DeclaredType)> {
        let path = self.path(expression)?;
        if let Some((_, keyword)) = crate::types::KEYWORDS.iter().find(|(keyword, _)| *keyword == path) {
            return Some((keyword.clone(), registry().of(keyword)?));
        }
        let declared = registry().by_name(&path)?;
        Some((Type::from_full_name(declared.source.full_name), declared))
    }

    /// True when a name with dots is a constant or an enum's value and no type.
    pub(super) fn is_value_path(&self, path: &str) -> bool {
        registry().by_name(path).is_none()
            && !crate::types::KEYWORDS.iter().any(|(keyword, _)| *keyword == path)
    }

    pub(super) fn path_value(&mut self, path: &str, place: Place) -> Typed {
        let mut parts = path.split('.');
        let name = |text: &str| ExpressionKind::Name(Arc::from(text), Vec::new());
        let mut expression = Expression { kind: name(parts.next().unwrap_or("")), place };
        for part in parts {
            let kind = ExpressionKind::Member {
                target: Box::new(expression),
                name: Arc::from(part),
                name_place: place,
                arguments: Vec::new(),
            };
            expression = Expression { kind, place };
        }
        self.expression(&expression)
    }

    /// `a.b` that is not called.
    pub(super) fn member(
        &mut self,
        target: &Expression,
        name: &Arc<str>,
        name_place: Place,
        place: Place,
    ) -> Typed {
        if let Some((ty, declared)) = self.as_type(target) {
            if let Some((_, value)) = declared.source.values.iter().find(|(found, _)| *found == &**name) {
                let node = Node::Constant(Value::enumeration(declared.source, *value));
                return Typed { node, ty, place };
            }
            let property =
                declared.named(name).find(|member| member.is_static && member.kind == MemberKind::Property);
            return match property {
                Some(member) => {
                    let node = self.call_node(member, None, Vec::new(), Vec::new());
                    let node = if is_constant_member(member) { crate::run::fold(node) } else { node };
                    Typed { node, ty: member.return_type.clone(), place }
                }
                None => self.unknown_member(&ty, name, name_place, true),
            };
        }
        if let Some(path) = self.path(target).filter(|path| names_nothing(path)) {
            self.note_namespace(name, &path);
            self.unknown_type(&format!("{path}.{name}"), place);
            return self.error(place);
        }
        let target = self.receiver(target);
        if target.ty == Type::Error {
            return target;
        }
        if let Type::Anonymous(shape) = &target.ty
            && let Some(index) = shape.iter().position(|(found, _)| *found == *name)
        {
            let ty = shape.get(index).map_or(Type::Error, |(_, ty)| ty.clone());
            return Typed { node: Node::Property { target: Box::new(target.node), index }, ty, place };
        }
        if let Some((index, ty)) = super::tuples::element_of(&target.ty, name) {
            return Typed { node: Node::Property { target: Box::new(target.node), index }, ty, place };
        }
        if matches!(target.ty, Type::Array(_)) && &**name == "Length" {
            return Typed { node: Node::Length(Box::new(target.node)), ty: Type::Int32, place };
        }
        match self.find_member(&target.ty, name, MemberKind::Property) {
            Some((member, ty)) => {
                self.note_needs(&target, member);
                let types = target.ty.arguments().to_vec();
                let node = self.property_node(member, target.node, types);
                Typed { node, ty, place }
            }
            None => self.unknown_member(&target.ty, name, name_place, false),
        }
    }

    /// Notes what is needed of the messages: see [`super::BodyUses`].
    fn note_needs(&mut self, target: &Typed, member: &Declared) {
        self.uses.note_direct(&target.node);
        match (&target.ty, member.name) {
            (Type::Named("IRequest"), "Body") | (Type::Named("IFoundry"), "Deployment") => {
                self.uses.reads_request_body = true;
            }
            (Type::Named("IResponse"), "Body") => self.uses.reads_response_body = true,
            _ => {}
        }
    }

    /// A property, with the mention of a message counted.
    fn property_node(&mut self, member: &'static Declared, target: Node, types: Vec<Type>) -> Node {
        let node = self.call_node(member, Some(target), Vec::new(), types);
        if let Some(count) = super::message_side(&node).and_then(|side| self.uses.mentions.get_mut(side)) {
            *count += 1;
        }
        node
    }

    /// An instance member without overloads, in the type, its bases and interfaces; with its type.
    pub(super) fn find_member(
        &self,
        ty: &Type,
        name: &str,
        kind: MemberKind,
    ) -> Option<(&'static Declared, Type)> {
        self.members(ty, name)
            .into_iter()
            .find(|(member, _)| member.kind == kind && !member.is_static)
            .map(|(member, owner)| (member, self.in_owner(&member.return_type, &owner)))
    }

    /// Puts the owner's type arguments into a type of its declaration.
    pub(super) fn in_owner(&self, ty: &Type, owner: &Type) -> Type {
        let Some(declared) = registry().of(owner) else { return ty.clone() };
        ty.substitute(&|name| registry::argument(declared, owner, name))
    }

    /// Members by name with the type that declares them, nearest first.
    pub(super) fn members(&self, ty: &Type, name: &str) -> Vec<(&'static Declared, Type)> {
        let named = |owner: Type| {
            let declared = registry().of(&owner);
            declared
                .into_iter()
                .flat_map(|found| found.named(name))
                .map(move |member| (member, owner.clone()))
        };
        super::probe::owners(ty).into_iter().flat_map(named).collect()
    }

    pub(super) fn index(&mut self, target: &Expression, arguments: &[Argument], place: Place) -> Typed {
        let target = self.receiver(target);
        if let Type::Array(element) = &target.ty {
            let ty = (**element).clone();
            let index = self.array_index(arguments, place);
            return Typed { node: Node::Element(Box::new((target.node, index))), ty, place };
        }
        if target.ty == Type::Error {
            return target;
        }
        let candidates = self.indexers(&target.ty, MemberKind::Indexer);
        if candidates.is_empty() {
            return self.no_indexer(&target.ty, place);
        }
        let given = self.given(arguments);
        let called =
            Called { name: "this[]", owner: &target.ty, types: &[], at: place, place, extends: false };
        self.resolve_call(candidates, Some(target.node), given, &called)
    }

    fn no_indexer(&mut self, ty: &Type, place: Place) -> Typed {
        let message = format!("a value of type `{}` has no elements to read with `[…]`", shown(ty));
        let help = match ty {
            Type::Object => Some("cast it to what it is first, as in `((JObject)…)[…]`".to_owned()),
            Type::Generic("System.Collections.Generic.IEnumerable", _) => {
                Some("write `.ElementAt(…)`, or `.ToList()[…]`".to_owned())
            }
            _ => None,
        };
        self.report("unknown-member", place, message, help);
        self.error(place)
    }

    pub(super) fn indexers(&self, ty: &Type, kind: MemberKind) -> Vec<(&'static Declared, Type)> {
        self.members(ty, "this[]").into_iter().filter(|(member, _)| member.kind == kind).collect()
    }

    pub(super) fn array_index(&mut self, arguments: &[Argument], place: Place) -> Node {
        let [only] = arguments else {
            return self.wrong("wrong-arguments", place, "an array takes one index").node;
        };
        let index = self.value(&only.value);
        let is_long = matches!(index.ty, Type::Int64 | Type::UInt32 | Type::UInt64);
        if is_long && self.implicit_value(&index, &Type::Int32).is_none() {
            return index.node;
        }
        self.convert(index, &Type::Int32).node
    }

    /// `a.b(…)`, `f(…)`.
    pub(super) fn call(&mut self, target: &Expression, arguments: &[Argument], place: Place) -> Typed {
        match &target.kind {
            ExpressionKind::Name(name, types) => {
                if let Some(function @ Visible::Function { .. }) = self.lookup(name).cloned() {
                    return self.call_function(name, function, types, arguments, place);
                }
                if matches!(&**name, "Equals" | "ReferenceEquals") && self.lookup(name).is_none() {
                    return self.call_of_object(name, target.place, arguments, place);
                }
                let delegate = self.expression(target);
                self.invoke(delegate, arguments, place)
            }
            ExpressionKind::Member { target: owner, name, name_place, arguments: types } => {
                let types: Vec<Type> = types.iter().map(|ty| self.resolve_type(ty)).collect();
                if let Some((ty, declared)) = self.as_type(owner) {
                    let candidates: Vec<_> = declared
                        .named(name)
                        .filter(|member| {
                            member.is_static
                                && matches!(member.kind, MemberKind::Method | MemberKind::Extension)
                        })
                        .map(|member| (member, ty.clone()))
                        .collect();
                    if candidates.is_empty() {
                        self.given(arguments);
                        return self.unknown_member(&ty, name, *name_place, true);
                    }
                    let given = self.given(arguments);
                    let at = *name_place;
                    let called = Called { name, owner: &ty, types: &types, at, place, extends: false };
                    return self.resolve_call(candidates, None, given, &called);
                }
                self.instance_call(owner, name, *name_place, &types, arguments, place)
            }
            _ => {
                let delegate = self.expression(target);
                self.invoke(delegate, arguments, place)
            }
        }
    }

    fn instance_call(
        &mut self,
        owner: &Expression,
        name: &Arc<str>,
        name_place: Place,
        types: &[Type],
        arguments: &[Argument],
        place: Place,
    ) -> Typed {
        let target = self.receiver(owner);
        if target.ty == Type::Error {
            self.given(arguments);
            return target;
        }
        let is_delegate = delegate_signature(&target.ty).is_some();
        if is_delegate && &**name == "Invoke" {
            return self.invoke(target, arguments, place);
        }
        let methods: Vec<_> = self
            .members(&target.ty, name)
            .into_iter()
            .filter(|(member, _)| member.kind == MemberKind::Method && !member.is_static)
            .collect();
        // `MatchedParameters("x")`, `Headers["x"]`-like properties that are called: a delegate or nothing.
        let given = self.given(arguments);
        let owner_type = target.ty.clone();
        let extensions: Vec<_> =
            registry().extensions(name).map(|member| (member, member.declaring.clone())).collect();
        if methods.is_empty() && extensions.is_empty() {
            if let Some((member, ty)) = self.find_member(&target.ty, name, MemberKind::Property) {
                let node =
                    self.call_node(member, Some(target.node), Vec::new(), target.ty.arguments().to_vec());
                if delegate_signature(&ty).is_none() {
                    let message = format!("`{name}` is a property and cannot be called like a method");
                    self.report(
                        "wrong-arguments",
                        name_place,
                        message,
                        Some(format!("write `{name}` without `(…)`")),
                    );
                    return self.error(place);
                }
                return self.invoke(Typed { node, ty, place: name_place }, arguments, place);
            }
            return self.unknown_member(&owner_type, name, name_place, false);
        }
        let mut called = Called { name, owner: &owner_type, types, at: name_place, place, extends: false };
        if self.any_applicable(&methods, &given, &called) || extensions.is_empty() {
            return self.resolve_call(methods, Some(target.node), given, &called);
        }
        let receiver = Given::typed(target);
        let given: Vec<Given<'_>> = std::iter::once(receiver).chain(given).collect();
        called.extends = true;
        if self.any_applicable(&extensions, &given, &called) || methods.is_empty() {
            let fits = given.first().is_some_and(|receiver| self.any_receiver(&extensions, receiver));
            if !fits && methods.is_empty() {
                return self.unknown_member(&owner_type, name, name_place, false);
            }
            return self.resolve_call(extensions, None, given, &called);
        }
        called.extends = false;
        let mut given = given.into_iter();
        let receiver = given.next().and_then(Given::into_node);
        self.resolve_call(methods, receiver, given.collect(), &called)
    }
}
