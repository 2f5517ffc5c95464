//! All declared types with their members parsed, found by name.

use std::collections::HashMap;

use super::signature;
use crate::members::{Member, TypeDeclaration, TypeKind};
use crate::types::Type;
use crate::value::Value;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MemberKind {
    Constructor,
    Method,
    Property,
    PropertySetter,
    Indexer,
    IndexSetter,
    /// A static method whose first parameter says `this`.
    Extension,
    /// By its symbol, in [`Declared::name`].
    Operator,
    Implicit,
    Explicit,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type; of `params`, the array.
    pub ty: Type,
    /// `params T[]`.
    pub is_params: bool,
    /// `out T`.
    pub is_out: bool,
    /// `ref T`.
    pub is_ref: bool,
    /// The default of an optional parameter.
    pub default: Option<Value>,
}

/// A member with its signature parsed.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The name; `new`, `this[]`, or the operator's symbol.
    pub name: &'static str,
    /// What it is.
    pub kind: MemberKind,
    /// True without a receiver.
    pub is_static: bool,
    /// The declaring type, with its own parameters as arguments.
    pub declaring: Type,
    /// What it gives.
    pub return_type: Type,
    /// Type parameters of the method.
    pub type_parameters: Vec<&'static str>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// Signature and body.
    pub member: &'static Member,
}

/// A type with its members parsed.
#[derive(Debug)]
pub struct DeclaredType {
    /// The table it came from.
    pub source: &'static TypeDeclaration,
    /// The type, with its own parameters as arguments.
    pub ty: Type,
    /// The base class.
    pub base: Option<Type>,
    /// The interfaces, without those inherited.
    pub interfaces: Vec<Type>,
    /// The members in the table's order.
    pub members: Vec<Declared>,
    by_name: HashMap<&'static str, Vec<usize>>,
}

impl DeclaredType {
    /// Members by name.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Declared> + use<'a> {
        let found = self.by_name.get(name).map_or(&[][..], |found| found.as_slice());
        found.iter().filter_map(|at| self.members.get(*at))
    }

    /// True for an enum.
    pub fn is_enum(&self) -> bool {
        self.source.kind == TypeKind::Enum
    }
}

/// All types.
#[derive(Debug)]
pub struct Registry {
    types: Vec<DeclaredType>,
    by_full_name: HashMap<&'static str, usize>,
    by_short_name: HashMap<&'static str, usize>,
    extensions: HashMap<&'static str, Vec<(usize, usize)>>,
    /// Mistakes in the tables; a test asserts that there are none.
    pub mistakes: Vec<String>,
}

impl Registry {
    /// Reads the tables.
    pub(super) fn new(tables: &[&[&'static TypeDeclaration]]) -> Self {
        let sources: Vec<&'static TypeDeclaration> =
            tables.iter().flat_map(|table| table.iter().copied()).collect();
        let mut registry = Self {
            types: Vec::new(),
            by_full_name: HashMap::new(),
            by_short_name: HashMap::new(),
            extensions: HashMap::new(),
            mistakes: Vec::new(),
        };
        for (at, source) in sources.iter().enumerate() {
            if registry.by_full_name.insert(source.full_name, at).is_some() {
                registry.mistakes.push(format!("{} is declared twice", source.full_name));
            }
            registry.by_short_name.entry(source.short_name()).or_insert(at);
        }
        let names = signature::Names::new(&sources);
        for (at, source) in sources.into_iter().enumerate() {
            let read = signature::read_type(source, &names, &mut registry.mistakes);
            let mut by_name: HashMap<&'static str, Vec<usize>> = HashMap::new();
            for (member_at, member) in read.members.iter().enumerate() {
                by_name.entry(member.name).or_default().push(member_at);
                if member.kind == MemberKind::Extension {
                    registry.extensions.entry(member.name).or_default().push((at, member_at));
                }
            }
            registry.types.push(DeclaredType {
                source,
                ty: read.ty,
                base: read.base,
                interfaces: read.interfaces,
                members: read.members,
                by_name,
            });
        }
        registry
    }

    /// All types in the order of the tables.
    pub fn types(&self) -> &[DeclaredType] {
        &self.types
    }

    /// A type by its full name.
    pub fn by_full_name(&self, name: &str) -> Option<&DeclaredType> {
        self.by_full_name.get(name).and_then(|at| self.types.get(*at))
    }

    /// A type by its name in source text: with or without its namespace. Full names have `+` before a nested type.
    pub fn by_name(&self, name: &str) -> Option<&DeclaredType> {
        let find = |name: &str| self.by_full_name.get(name).or_else(|| self.by_short_name.get(name));
        let at = find(name).or_else(|| {
            let (outer, nested) = name.rsplit_once('.')?;
            find(&format!("{outer}+{nested}"))
        })?;
        self.types.get(*at)
    }

    /// The declaration of a type.
    pub fn of(&self, ty: &Type) -> Option<&DeclaredType> {
        self.by_full_name(ty.declaration_name()?)
    }

    /// Extension methods by name, of all families.
    pub fn extensions(&self, name: &str) -> impl Iterator<Item = &Declared> {
        let found = self.extensions.get(name).map_or(&[][..], |found| found.as_slice());
        found.iter().filter_map(|(ty, member)| self.types.get(*ty)?.members.get(*member))
    }

    /// True when a namespace with this name (or beginning so) exists.
    pub fn is_namespace(&self, name: &str) -> bool {
        let begins = |full: &&str| full.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.by_full_name.keys().any(begins)
    }

    /// Base class and interfaces of a type with the type's own arguments put in.
    pub fn parents(&self, ty: &Type) -> Vec<Type> {
        let Some(declared) = self.of(ty) else { return Vec::new() };
        let bind = |parent: &Type| parent.substitute(&|name| argument(declared, ty, name));
        declared.base.iter().chain(&declared.interfaces).map(bind).collect()
    }
}

/// The argument of `ty` for a type parameter of its declaration.
pub fn argument(declared: &DeclaredType, ty: &Type, parameter: &str) -> Option<Type> {
    let at = declared.source.type_parameters.iter().position(|name| *name == parameter)?;
    ty.arguments().get(at).cloned()
}
