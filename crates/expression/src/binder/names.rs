//! `nameof`, `typeof`, `sizeof`, the names in queries, and anonymous methods without parameters.

use std::sync::Arc;

use super::conversions::shown;
use super::lambdas::delegate_signature;
use super::{Binder, Typed};
use crate::ast::{
    Argument, Expression, ExpressionKind, LambdaBody, LambdaParameter, Name, ParameterMode, Place,
    TypeSyntax, TypeSyntaxKind,
};
use crate::dotnet::reflection::type_object;
use crate::dotnet::registry;
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// `nameof(a.b)`: the last name, which must exist.
    pub(super) fn name_of(&mut self, argument: &Expression, place: Place) -> Typed {
        let argument = &without_type_arguments(argument);
        let name = match &argument.kind {
            ExpressionKind::Name(name, _) | ExpressionKind::Member { name, .. } => name,
            _ => return self.wrong("expression-syntax", argument.place, "`nameof` takes a name"),
        };
        if !self.name_exists(argument) {
            let before = self.mistakes.len();
            self.expression(argument);
            if self.mistakes.len() == before {
                self.mistake(
                    "unknown-name",
                    argument.place,
                    format!("the name `{name}` does not exist here"),
                );
            }
            return self.error(place);
        }
        Typed { node: Node::Constant(Value::from(&**name)), ty: Type::String, place }
    }

    /// True for variables, functions, types, namespaces, and members of any kind.
    fn name_exists(&mut self, argument: &Expression) -> bool {
        let known_path = |path: &str| registry().by_name(path).is_some() || registry().is_namespace(path);
        match &argument.kind {
            ExpressionKind::Name(name, _) => {
                self.lookup(name).is_some() || &**name == "context" || known_path(name)
            }
            ExpressionKind::Member { target, name, .. } => {
                if let Some((_, declared)) = self.as_type(target) {
                    let value = declared.source.values.iter().any(|(value, _)| *value == &**name);
                    return value || declared.named(name).next().is_some();
                }
                if self.path(argument).is_some_and(|path| known_path(&path)) {
                    return true;
                }
                let (before, flow) = (self.mistakes.len(), self.flow.state());
                let ty = self.expression(target).ty;
                let failed = self.mistakes.len() > before;
                self.mistakes.truncate(before);
                self.flow.set(flow);
                !failed && self.has_member(&ty, name)
            }
            _ => false,
        }
    }

    fn has_member(&self, ty: &Type, name: &str) -> bool {
        has_own_property(ty, name)
            || !self.members(ty, name).is_empty()
            || registry().extensions(name).next().is_some()
    }

    /// `new { A = 1 }`.
    pub(super) fn anonymous(&mut self, properties: &[(Name, Expression)], place: Place) -> Typed {
        let mut shape = Vec::new();
        let mut values = Vec::new();
        for (name, value) in properties {
            let value = self.value(value);
            if value.ty == Type::Null {
                let message = format!("the type of the property `{name}` cannot be read from `null`");
                self.report(
                    "no-conversion",
                    value.place,
                    message,
                    Some("cast it, as in `(string)null`".into()),
                );
            }
            shape.push((Arc::clone(name), value.ty));
            values.push(value.node);
        }
        let shape: Arc<[(Arc<str>, Type)]> = shape.into();
        let node = Node::Anonymous { shape: Arc::clone(&shape), values };
        Typed { node, ty: Type::Anonymous(shape), place }
    }

    /// `typeof(T)`.
    pub(super) fn type_of(&mut self, syntax: &TypeSyntax, place: Place) -> Typed {
        let ty = self.resolve_type(syntax);
        if ty == Type::Error {
            return self.error(place);
        }
        Typed { node: Node::Constant(type_object(ty)), ty: Type::Named("System.Type"), place }
    }

    /// `sizeof(T)` of the types whose size the language knows.
    pub(super) fn size_of(&mut self, syntax: &TypeSyntax, place: Place) -> Typed {
        let size = match self.resolve_type(syntax) {
            Type::Boolean | Type::Byte | Type::SByte => 1,
            Type::Char | Type::Int16 | Type::UInt16 => 2,
            Type::Int32 | Type::UInt32 | Type::Single => 4,
            Type::Int64 | Type::UInt64 | Type::Double => 8,
            Type::Decimal => 16,
            Type::Error => return self.error(place),
            other => {
                let message = format!("`{}` has no size that is known in advance", shown(&other));
                return self.wrong("no-conversion", syntax.place, message);
            }
        };
        Typed { node: Node::Constant(Value::Int32(size)), ty: Type::Int32, place }
    }

    /// Binds `body` with the properties of the variable `of` visible as names of their own.
    pub(super) fn with_range_variables(
        &mut self,
        of: &Name,
        names: &[Name],
        place: Place,
        bind: impl FnOnce(&mut Self) -> Typed,
    ) -> Typed {
        let source = ExpressionKind::Name(Arc::clone(of), Vec::new());
        let source = self.expression(&Expression { kind: source, place });
        let Type::Anonymous(shape) = &source.ty else { return self.error(place) };
        let Node::Load(source_slot) = source.node else { return self.error(place) };
        let shape = Arc::clone(shape);
        self.in_block(|binder| {
            let mut steps = Vec::new();
            for name in names {
                let Some(index) = shape.iter().position(|(known, _)| known == name) else { continue };
                let ty = shape.get(index).map_or(Type::Error, |(_, ty)| ty.clone());
                let slot = binder.declare_read_only(name, ty, place, "range variable");
                steps.push(Node::Store(slot, Box::new(super::tuples::part(source_slot, index))));
            }
            let body = bind(binder);
            steps.push(body.node);
            Typed { node: Node::Sequence(steps), ty: body.ty, place: body.place }
        })
    }

    /// `delegate {…}` where a delegate type is wanted: its parameters have no names.
    pub(super) fn anonymous_method_as(&mut self, body: &LambdaBody, to: &Type, place: Place) -> Typed {
        let count = delegate_signature(to).map_or(0, |(parameters, _)| parameters.len());
        let parameter = |at| LambdaParameter {
            ty: TypeSyntax { kind: TypeSyntaxKind::Inferred, place },
            name: Arc::from(format!("argument {at}")),
            default: None,
            mode: ParameterMode::Value,
        };
        let parameters: Vec<LambdaParameter> = (0..count).map(parameter).collect();
        self.lambda_as(&parameters, body, to, place)
    }

    /// `ReferenceEquals(a, b)`: the class around an expression inherits it from `object`.
    pub(super) fn call_of_object(
        &mut self,
        name: &Name,
        name_place: Place,
        arguments: &[Argument],
        place: Place,
    ) -> Typed {
        let ty = TypeSyntaxKind::Name(Arc::from("object"), Vec::new());
        let ty = TypeSyntax { kind: ty, place: name_place };
        let owner = Expression { kind: ExpressionKind::TypeName(ty), place: name_place };
        let kind = ExpressionKind::Member {
            target: Box::new(owner),
            name: Arc::clone(name),
            name_place,
            arguments: Vec::new(),
        };
        self.call(&Expression { kind, place: name_place }, arguments, place)
    }

    /// A value whose members are asked for: the literal `null` has none.
    pub(super) fn receiver(&mut self, target: &Expression) -> Typed {
        let target = self.value(target);
        if target.ty == Type::Null {
            return self.wrong("no-operator", target.place, "`null` alone has no members: it has no type");
        }
        target
    }

    /// The variable of a pattern, an `out` argument and the like; `_` keeps nothing.
    pub(super) fn declare_designation(&mut self, name: &Name, ty: Type, place: Place) -> u32 {
        if &**name == "_" { self.new_slot() } else { self.declare(name, ty, place) }
    }
}

/// True for properties that no table declares: of anonymous objects, tuples and arrays.
pub(super) fn has_own_property(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Anonymous(shape) => shape.iter().any(|(known, _)| **known == *name),
        Type::Array(_) => name == "Length",
        _ => super::tuples::element_of(ty, name).is_some(),
    }
}

/// The same name without type arguments: `nameof(List<int>.Count)` asks for no list in particular.
fn without_type_arguments(expression: &Expression) -> Expression {
    let kind = match &expression.kind {
        ExpressionKind::Name(name, _) => ExpressionKind::Name(Arc::clone(name), Vec::new()),
        ExpressionKind::Member { target, name, name_place, .. } => ExpressionKind::Member {
            target: Box::new(without_type_arguments(target)),
            name: Arc::clone(name),
            name_place: *name_place,
            arguments: Vec::new(),
        },
        other => other.clone(),
    };
    Expression { kind, place: expression.place }
}
