//! What completion asks: what stands around the name at the cursor, and which members a type offers there.
//!
//! Completion puts [`PROBE`] where the name is missing and binds the text as it is. No such name exists, so the binder
//! comes by one of its reports of unknown names; there it notes what would have been looked up in what.

use std::collections::VecDeque;

use super::arguments::Given;
use super::conversions::shown;
use super::{Binder, Typed, Visible};
use crate::ast::{Name, Place, Root};
use crate::dotnet::registry;
use crate::dotnet::registry::{Declared, MemberKind};
use crate::members::TypeKind;
use crate::program::Node;
use crate::types::Type;

/// The name at the cursor. Its first letter is one that no keyboard types by accident.
pub(crate) const PROBE: &str = "\u{1c3}here";

/// What stands around the name at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Surroundings {
    /// After the dot behind a value of this type.
    Value(Type),
    /// After the dot behind a type.
    Static(Type),
    /// After the dot behind a namespace.
    Namespace(String),
    /// Where a value or a type may begin, with the names that are visible.
    Name(Vec<VisibleName>),
    /// Where only a type may stand.
    Type,
}

/// A local variable, constant or function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VisibleName {
    pub(crate) name: Name,
    pub(crate) is_function: bool,
    /// As C# would declare it.
    pub(crate) signature: String,
}

/// Binds a tree that holds [`PROBE`]; none when the binder did not come by it.
pub(crate) fn surroundings(root: &Root) -> Option<Surroundings> {
    let mut binder = Binder::new();
    binder.root(root);
    binder.surroundings
}

impl Binder {
    fn note(&mut self, name: &str, found: impl FnOnce(&Self) -> Surroundings) {
        // A lambda's body is bound several times: the first time already with the types of its parameters.
        if name == PROBE && self.surroundings.is_none() {
            self.surroundings = Some(found(self));
        }
    }

    pub(super) fn note_member(&mut self, name: &str, ty: &Type, is_static: bool) {
        let found = if is_static { Surroundings::Static } else { Surroundings::Value };
        self.note(name, |_| found(ty.clone()));
    }

    pub(super) fn note_namespace(&mut self, name: &str, path: &str) {
        self.note(name, |_| Surroundings::Namespace(path.to_owned()));
    }

    pub(super) fn note_type(&mut self, name: &str) {
        match name.rsplit_once('.') {
            Some((path, name)) => self.note_namespace(name, path),
            None => self.note(name, |_| Surroundings::Type),
        }
    }

    pub(super) fn note_name(&mut self, name: &str) {
        self.note(name, |binder| Surroundings::Name(binder.visible_names()));
    }

    /// The names of locals, the innermost of each name.
    fn visible_names(&self) -> Vec<VisibleName> {
        let mut out: Vec<VisibleName> = Vec::new();
        // Names of our own making have a space in them.
        for symbol in self.symbols.iter().rev().filter(|symbol| !symbol.name.contains(' ')) {
            if out.iter().any(|known| known.name == symbol.name) {
                continue;
            }
            let name = symbol.name.clone();
            let (is_function, signature) = match &symbol.what {
                Visible::Variable { ty, .. } => (false, format!("{} {name}", shown(ty))),
                Visible::Constant(_, ty) => (false, format!("const {} {name}", shown(ty))),
                Visible::Function { parameters, result, .. } => {
                    let one = |parameter: &super::FunctionParameter| {
                        format!("{} {}", shown(&parameter.ty), parameter.name)
                    };
                    let parameters: Vec<String> = parameters.iter().map(one).collect();
                    (true, format!("{} {name}({})", shown(result), parameters.join(", ")))
                }
            };
            out.push(VisibleName { name, is_function, signature });
        }
        out
    }
}

/// The types whose members a value of `ty` has, nearest first: its own, its bases, its interfaces, `object`.
pub(super) fn owners(ty: &Type) -> Vec<Type> {
    let mut queue = VecDeque::from([ty.clone()]);
    let mut seen = Vec::new();
    while let Some(owner) = queue.pop_front() {
        if seen.contains(&owner) || seen.len() > 32 {
            continue;
        }
        if let Some(declared) = registry().of(&owner) {
            // What an array or a collection has of its interfaces alone is seen through those interfaces only.
            let is_collection = declared.source.kind == TypeKind::Class
                && declared.source.base.is_none()
                && declared.source.full_name.starts_with("System.Collections.Generic.");
            if !is_collection && !matches!(owner, Type::Array(_)) {
                queue.extend(registry().parents(&owner));
            }
            if declared.is_enum() {
                queue.push_back(Type::Named("System.Enum"));
            }
        }
        seen.push(owner);
    }
    if *ty != Type::Object {
        seen.push(Type::Object);
    }
    seen
}

/// Properties, methods and extensions that a value of `ty` has, or the static ones of the type.
pub(crate) fn available_members(ty: &Type, is_static: bool) -> Vec<&'static Declared> {
    let wanted = |member: &&'static Declared| {
        let callable = matches!(member.kind, MemberKind::Method | MemberKind::Property)
            || (is_static && member.kind == MemberKind::Extension);
        callable && member.is_static == is_static
    };
    let of_type = |owner: &Type| registry().of(owner).into_iter().flat_map(|found| found.members.iter());
    if is_static {
        return of_type(ty).filter(wanted).collect();
    }
    let own = owners(ty);
    let mut out: Vec<&'static Declared> = own.iter().flat_map(of_type).filter(wanted).collect();
    let binder = Binder::new();
    let value = Typed { node: Node::Load(0), ty: ty.clone(), place: Place::default() };
    let receiver = Given::typed(value);
    let extensions = registry().types().iter().flat_map(|found| found.members.iter());
    out.extend(extensions.filter(|member| {
        member.kind == MemberKind::Extension
            && binder.any_receiver(&[(*member, member.declaring.clone())], &receiver)
    }));
    out
}
