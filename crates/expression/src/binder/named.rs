//! Types as written.

use super::Binder;
use super::conversions::shown;
use super::mismatches::counted;
use crate::ast::{Place, TypeSyntax, TypeSyntaxKind};
use crate::dotnet::registry;
use crate::types::{KEYWORDS, Type};

impl Binder {
    /// The type that is written.
    pub(super) fn resolve_type(&mut self, syntax: &TypeSyntax) -> Type {
        match &syntax.kind {
            TypeSyntaxKind::Inferred => Type::Error,
            TypeSyntaxKind::Array(element) => Type::array(self.resolve_type(element)),
            TypeSyntaxKind::Matrix(element, rank) => self.matrix_type(element, *rank),
            TypeSyntaxKind::Tuple(elements) => self.tuple_type(elements),
            TypeSyntaxKind::Nullable(inner) => self.nullable_type(inner, syntax.place),
            TypeSyntaxKind::Name(name, arguments) => {
                let arguments: Vec<Type> =
                    arguments.iter().map(|argument| self.resolve_type(argument)).collect();
                self.named_type(name, arguments, syntax.place)
            }
        }
    }

    /// `T?` of a value type; C# 7 has no other.
    fn nullable_type(&mut self, inner: &TypeSyntax, place: Place) -> Type {
        let inner = self.resolve_type(inner);
        if self.is_value_type(&inner) {
            return Type::nullable(inner);
        }
        if inner != Type::Error {
            let name = shown(&inner);
            let message = format!(
                "`{name}?` is C# 8 and not available in policy expressions, which are C# 7: `{name}` may be null anyway"
            );
            self.report("expression-newer-language", place, message, Some(format!("write `{name}`")));
        }
        inner
    }

    pub(super) fn named_type(&mut self, name: &str, arguments: Vec<Type>, place: Place) -> Type {
        if let Some((_, keyword)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name) {
            return keyword.clone();
        }
        let parameter = self.type_names.iter().rev().find(|(known, _)| **known == *name);
        if let (Some((_, ty)), true) = (parameter, arguments.is_empty()) {
            return ty.clone();
        }
        if name == "dynamic" {
            let message =
                "`dynamic` is not supported in policy expressions: types are settled before they run";
            self.report("unsupported", place, message, Some("write the type, or `var`".to_owned()));
            return Type::Error;
        }
        let Some(declared) = registry().by_name(name) else {
            return self.unknown_type(name, place);
        };
        let full = declared.source.full_name;
        let twin = |other: &&crate::dotnet::registry::DeclaredType| {
            other.source.short_name() == name && other.source.type_parameters.is_empty()
        };
        if arguments.is_empty()
            && !declared.source.type_parameters.is_empty()
            && let Some(twin) = registry().types().iter().find(twin)
        {
            return Type::from_full_name(twin.source.full_name);
        }
        if full == "System.Nullable" {
            return arguments.into_iter().next().map_or(Type::Error, Type::nullable);
        }
        if arguments.len() != declared.source.type_parameters.len() && !has_any_arity(full) {
            let count = declared.source.type_parameters.len();
            let name = declared.source.short_name();
            let (message, help) = if count == 0 {
                (format!("`{name}` is not generic: it takes no type arguments"), format!("write `{name}`"))
            } else {
                let message = format!("the generic type `{name}` needs {}", counted(count, "type argument"));
                let example = vec!["string"; count].join(", ");
                (message, format!("write them, as in `{name}<{example}>`"))
            };
            self.report("wrong-arguments", place, message, Some(help));
            return Type::Error;
        }
        if arguments.is_empty() { Type::from_full_name(full) } else { Type::generic(full, arguments) }
    }
}

/// True for the types that exist with several numbers of type arguments.
fn has_any_arity(full_name: &str) -> bool {
    matches!(
        full_name,
        "System.Func" | "System.Action" | "System.Tuple" | "System.ValueTuple" | "System.Array"
    )
}
