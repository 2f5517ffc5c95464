//! Conversions: which exist, and the nodes that perform them.

use super::variance::{Variance, variance};
use super::{Binder, Typed};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, MemberKind};
use crate::members::TypeKind;
use crate::program::Node;
use crate::types::Type;
use crate::value::Value;

/// How one type becomes another.
#[derive(Clone, Debug)]
pub(super) enum Conversion {
    /// Nothing to do: the same, a base class, boxing, `T` to `T?`.
    Identity,
    /// Between numbers.
    Number(Type),
    /// Checked at run time.
    Cast,
    /// A tuple, element by element.
    Elements,
    /// A declared operator, with conversions before and after.
    User(&'static Declared, Option<Type>),
}

impl Binder {
    /// True for types that are never null.
    pub(super) fn is_value_type(&self, ty: &Type) -> bool {
        match ty {
            Type::Boolean | Type::Char | Type::Single | Type::Double | Type::Decimal => true,
            Type::Named(_) | Type::Generic(..) => registry()
                .of(ty)
                .is_some_and(|declared| matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
            Type::Nullable(_) => false,
            Type::Tuple(..) => true,
            _ => ty.is_integer(),
        }
    }

    pub(super) fn is_enum(&self, ty: &Type) -> bool {
        matches!(ty, Type::Named(_)) && registry().of(ty).is_some_and(|declared| declared.is_enum())
    }

    /// True for what C# knows as a constant: a number, a Boolean, a text, an enum's value, `null`.
    pub(super) fn is_constant(&self, value: &Typed) -> bool {
        let Node::Constant(constant) = &value.node else { return false };
        let ty = &value.ty;
        let simple = ty.is_numeric() || matches!(ty, Type::Boolean | Type::String) || self.is_enum(ty);
        simple || (constant.is_null() && !self.is_value_type(ty) && !matches!(ty, Type::Nullable(_)))
    }

    /// The implicit conversion, or none.
    pub(super) fn implicit(&self, from: &Type, to: &Type) -> Option<Conversion> {
        if from == to || matches!(from, Type::Error) || matches!(to, Type::Error) || is_subtype(from, to) {
            return Some(Conversion::Identity);
        }
        if *from == Type::Void || *to == Type::Void {
            return None;
        }
        if *from == Type::Null {
            return (!self.is_value_type(to)).then_some(Conversion::Identity);
        }
        if let (Type::Tuple(from, _), Type::Tuple(to, _)) = (from, to) {
            return self.tuple_converts(from, to, false).then_some(Conversion::Elements);
        }
        if let (Type::Nullable(from), Type::Nullable(to)) = (from, to) {
            return self
                .implicit(from, to)
                .filter(|found| matches!(found, Conversion::Identity | Conversion::Number(_)));
        }
        if let Type::Nullable(inner) = to
            && let Some(found) = self.implicit(from, inner)
        {
            return Some(found);
        }
        if from.widens_to(to) {
            return Some(Conversion::Number(to.clone()));
        }
        self.user_conversion(from, to, false)
    }

    /// The implicit conversion of a value: constants fit into narrower types, 0 into enums.
    pub(super) fn implicit_value(&self, value: &Typed, to: &Type) -> Option<Conversion> {
        if let (Node::Constant(constant), Type::Int32) = (&value.node, &value.ty) {
            let number = constant.as_integer().unwrap_or(0);
            if fits(number, to.without_nullable()) {
                return Some(Conversion::Number(to.without_nullable().clone()));
            }
            if number == 0 && self.is_enum(to.without_nullable()) {
                return Some(Conversion::Number(to.without_nullable().clone()));
            }
        }
        if let (Node::Constant(constant), Type::Int64) = (&value.node, &value.ty)
            && *to == Type::UInt64
            && constant.as_integer().is_some_and(|number| number >= 0)
        {
            return Some(Conversion::Number(Type::UInt64));
        }
        self.implicit(&value.ty, to)
    }

    /// The conversion of a cast, or none.
    pub(super) fn explicit(&self, value: &Typed, to: &Type) -> Option<Conversion> {
        let from = &value.ty;
        if let Some(found) = self.implicit_value(value, to) {
            return Some(found);
        }
        if *from == Type::Object || is_subtype(to, from) {
            return Some(Conversion::Cast);
        }
        let (bare_from, bare_to) = (from.without_nullable(), to.without_nullable());
        let numeric = |ty: &Type| ty.is_numeric() || self.is_enum(ty);
        if numeric(bare_from) && numeric(bare_to) {
            return Some(Conversion::Number(bare_to.clone()));
        }
        if let Type::Nullable(inner) = from
            && **inner == *to
        {
            return Some(Conversion::Cast);
        }
        if let Some(found) = self.user_conversion(from, to, true) {
            return Some(found);
        }
        let interface = |ty: &Type| {
            registry().of(ty).is_some_and(|declared| declared.source.kind == TypeKind::Interface)
                || matches!(ty, Type::Named("System.Enum" | "System.Array"))
        };
        let sealed = |ty: &Type| matches!(ty, Type::String | Type::Array(_)) || self.is_value_type(ty);
        let never = |to: &Type| *to == Type::String || self.is_value_type(to);
        let possible = (interface(from) && !never(to)) || (interface(to) && !sealed(from));
        let varies = |ty: &Type| {
            let kind = registry().of(ty).map(|declared| declared.source.kind);
            matches!(kind, Some(TypeKind::Interface | TypeKind::Delegate))
        };
        let same_generic =
            matches!((from, to), (Type::Generic(a, _), Type::Generic(b, _)) if a == b) && varies(from);
        (possible || same_generic || (interface(from) && is_subtype(to, from))).then_some(Conversion::Cast)
    }

    /// A conversion operator declared by either type or one of their bases.
    fn user_conversion(&self, from: &Type, to: &Type, explicit: bool) -> Option<Conversion> {
        let mut best: Option<(u32, &'static Declared)> = None;
        for owner in lineage(from).into_iter().chain(lineage(to)) {
            let Some(declared) = registry().of(&owner) else { continue };
            for member in &declared.members {
                let allowed =
                    member.kind == MemberKind::Implicit || (explicit && member.kind == MemberKind::Explicit);
                let Some(parameter) = member.parameters.first().filter(|_| allowed) else { continue };
                let takes = if parameter.ty == *from {
                    0
                } else if is_subtype(from, &parameter.ty) && *from != Type::Null {
                    1
                } else if from.widens_to(&parameter.ty) && !explicit {
                    3
                } else {
                    continue;
                };
                let gives = if member.return_type == *to {
                    0
                } else if is_subtype(&member.return_type, to) && *to != Type::Object {
                    1
                } else if explicit && member.return_type.widens_to(to.without_nullable()) {
                    4
                } else {
                    continue;
                };
                if best.is_none_or(|(cost, _)| takes + gives < cost) {
                    best = Some((takes + gives, member));
                }
            }
        }
        let (_, member) = best?;
        let after = (!is_subtype(&member.return_type, to)).then(|| to.without_nullable().clone());
        Some(Conversion::User(member, after))
    }

    /// Performs a conversion.
    pub(super) fn apply(&mut self, value: Typed, conversion: Conversion, to: &Type) -> Typed {
        let place = value.place;
        let node = match conversion {
            Conversion::Elements => return self.converted_tuple(value, to),
            Conversion::Identity => value.node,
            Conversion::Number(number) => {
                let node = Node::Convert { to: number, checked: self.checked, value: Box::new(value.node) };
                crate::run::fold(node)
            }
            Conversion::Cast => Node::Cast { to: to.clone(), value: Box::new(value.node) },
            Conversion::User(member, after) => {
                let parameter =
                    member.parameters.first().map_or(Type::Object, |parameter| parameter.ty.clone());
                let argument = if value.ty.widens_to(&parameter) {
                    Node::Convert { to: parameter, checked: false, value: Box::new(value.node) }
                } else {
                    value.node
                };
                let call = self.call_node(member, None, vec![argument], Vec::new());
                match after {
                    Some(number) => Node::Convert { to: number, checked: false, value: Box::new(call) },
                    None => call,
                }
            }
        };
        Typed { node, ty: to.clone(), place }
    }

    /// The type all values convert to; `object` when there is none among them.
    pub(super) fn common_type(&self, types: &[Type]) -> Type {
        let fits = |candidate: &&Type| types.iter().all(|ty| self.implicit(ty, candidate).is_some());
        types.iter().filter(|ty| **ty != Type::Null).find(fits).cloned().unwrap_or(Type::Object)
    }

    /// The type among several that all of them convert to; none when there is no such type.
    pub(super) fn best_common_type(&self, types: &[Type]) -> Option<Type> {
        let fits = |candidate: &&Type| types.iter().all(|ty| self.implicit(ty, candidate).is_some());
        let all_null = types.iter().all(|ty| *ty == Type::Null);
        if all_null {
            return Some(Type::Null);
        }
        types.iter().filter(|ty| **ty != Type::Null).find(fits).cloned()
    }
}

/// A type in C#'s words.
pub(crate) fn shown(ty: &Type) -> String {
    if let Some((element, rank)) = ty.matrix() {
        return format!("{}{rank}", shown(element));
    }
    if let Some((keyword, _)) = crate::types::KEYWORDS.iter().find(|(_, keyword)| keyword == ty) {
        return (*keyword).to_owned();
    }
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    match ty {
        Type::Array(inner) => format!("{}[]", shown(inner)),
        Type::Nullable(inner) => format!("{}?", shown(inner)),
        Type::Named(name) => short(name),
        Type::Tuple(items, names) => {
            let element = |(at, item): (usize, &Type)| match names.get(at) {
                Some(name) => format!("{} {name}", shown(item)),
                None => shown(item),
            };
            let items: Vec<String> = items.iter().enumerate().map(element).collect();
            format!("({})", items.join(", "))
        }
        Type::Generic(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(shown).collect();
            format!("{}<{}>", short(name), arguments.join(", "))
        }
        _ => ty.to_string(),
    }
}

/// True when a constant of Int32 fits into a narrower type.
fn fits(number: i128, to: &Type) -> bool {
    match to {
        Type::SByte => i8::try_from(number).is_ok(),
        Type::Byte => u8::try_from(number).is_ok(),
        Type::Int16 => i16::try_from(number).is_ok(),
        Type::UInt16 => u16::try_from(number).is_ok(),
        Type::UInt32 => u32::try_from(number).is_ok(),
        Type::UInt64 => u64::try_from(number).is_ok(),
        _ => false,
    }
}

/// The type and its base classes.
pub(super) fn lineage(ty: &Type) -> Vec<Type> {
    let mut out = vec![ty.without_nullable().clone()];
    while let Some(base) =
        out.last().and_then(|last| registry().of(last)).and_then(|found| found.base.clone())
    {
        if out.len() > 8 {
            break;
        }
        out.push(base);
    }
    out
}

/// True when every value of `from` is one of `to`: the same, a base, an interface, `object`.
pub(crate) fn is_subtype(from: &Type, to: &Type) -> bool {
    subtype(from, to, 0)
}

fn subtype(from: &Type, to: &Type, depth: u32) -> bool {
    if from == to {
        return true;
    }
    if depth > 8 || matches!(from, Type::Void | Type::Null) {
        return false;
    }
    match (from, to) {
        (_, Type::Object) => true,
        (from, Type::Nullable(inner)) if from == &**inner => true,
        (Type::Generic(a, from_arguments), Type::Generic(b, to_arguments)) if a == b => {
            let pairs = from_arguments.iter().zip(to_arguments.iter()).enumerate();
            from_arguments.len() == to_arguments.len()
                && pairs.into_iter().all(|(at, (from, to))| {
                    let varies = is_reference(from) && is_reference(to);
                    match variance(a, at, to_arguments.len()) {
                        _ if from == to => true,
                        Variance::Out => varies && subtype(from, to, depth + 1),
                        Variance::In => varies && subtype(to, from, depth + 1),
                        Variance::None => false,
                    }
                })
        }
        (Type::Array(element), Type::Array(other)) => {
            is_reference(element) && subtype(element, other, depth + 1)
        }
        (Type::Array(element), Type::Generic(name, arguments)) => {
            let sequence = matches!(
                *name,
                "System.Collections.Generic.IEnumerable"
                    | "System.Collections.Generic.ICollection"
                    | "System.Collections.Generic.IList"
                    | "System.Collections.Generic.IReadOnlyCollection"
                    | "System.Collections.Generic.IReadOnlyList"
            );
            let inner = arguments.first();
            sequence
                && inner.is_some_and(|inner| {
                    **element == *inner || (is_reference(element) && subtype(element, inner, depth + 1))
                })
        }
        (Type::Array(_), Type::Named(name)) => {
            matches!(*name, "System.Array" | "System.Collections.IEnumerable")
        }
        _ => {
            let enumerates = matches!(to, Type::Named("System.Collections.IEnumerable"));
            if enumerates && matches!(from, Type::Generic("System.Collections.Generic.IEnumerable", _)) {
                return true;
            }
            let own_enum = matches!(to, Type::Named("System.Enum"));
            if own_enum && registry().of(from).is_some_and(|declared| declared.is_enum()) {
                return true;
            }
            registry().parents(from).iter().any(|parent| subtype(parent, to, depth + 1))
        }
    }
}

/// True for types that may be null.
pub(super) fn is_reference(ty: &Type) -> bool {
    match ty {
        Type::Named(_) | Type::Generic(..) => registry()
            .of(ty)
            .is_none_or(|declared| !matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
        _ => matches!(ty, Type::Object | Type::String | Type::Array(_) | Type::Anonymous(_)),
    }
}

/// The element type of a sequence.
pub(crate) fn element_type(ty: &Type) -> Option<Type> {
    element(ty, 0)
}

fn element(ty: &Type, depth: u32) -> Option<Type> {
    if let Some((element, _)) = ty.matrix() {
        return Some(element.clone());
    }
    match ty {
        Type::Array(inner) => Some((**inner).clone()),
        Type::Generic("System.Collections.Generic.IEnumerable", arguments) => arguments.first().cloned(),
        _ if depth > 8 => None,
        _ => registry().parents(ty).iter().find_map(|parent| element(parent, depth + 1)),
    }
}

/// True when a value of the run-time type may be seen as `to`.
pub(crate) fn is_instance(value: &Value, to: &Type) -> bool {
    let from = value.type_of();
    if from == *to || *to == Type::Object {
        return from != Type::Null;
    }
    match (value, to) {
        (Value::Null, _) => false,
        (_, Type::Nullable(inner)) => is_instance(value, inner),
        // An enumerator's lazy result carries the element type it was made with.
        (Value::Enumerable(_), Type::Generic("System.Collections.Generic.IEnumerable", _)) => true,
        _ => is_subtype(&from, to),
    }
}
