//! What follows `is`, `as` and `case`.

use super::conversions::{Conversion, is_subtype, shown};
use super::{Binder, Typed};
use crate::ast::{Pattern, Place, TypeSyntaxKind};
use crate::program::{Node, Test};
use crate::types::Type;

impl Binder {
    /// `value as T`: only what the value may be anyway, never a conversion.
    pub(super) fn as_type_test(&mut self, value: Typed, to: &Type, at: Place, place: Place) -> Typed {
        if self.is_value_type(to) {
            let message = format!("`as` needs a type that may be null, and `{}` never is", shown(to));
            let help = format!("write `as {}?`", shown(to));
            self.report("no-conversion", at, message, Some(help));
            return self.error(place);
        }
        let from = Typed { node: Node::Load(0), ty: value.ty.clone(), place };
        let possible = matches!(self.explicit(&from, to), Some(Conversion::Identity | Conversion::Cast))
            || (self.is_value_type(&value.ty) && value.ty == *to.without_nullable());
        if !possible && value.ty != Type::Error && *to != Type::Error {
            let message = format!("a value of type `{}` is never a `{}`", shown(&value.ty), shown(to));
            let help = self.explicit(&from, to).map(|_| format!("write a cast: `({})…`", shown(to)));
            self.report("no-conversion", at, message, help);
            return self.error(place);
        }
        Typed { node: Node::As { to: to.clone(), value: Box::new(value.node) }, ty: to.clone(), place }
    }

    /// What follows `is` or `case`; `ty` is the type of the tested value.
    pub(super) fn pattern(&mut self, pattern: &Pattern, ty: &Type, place: Place) -> Test {
        match pattern {
            Pattern::Var(name) => Test::Any(self.declare_designation(name, ty.clone(), place)),
            Pattern::Type(syntax, name) => {
                // A plain name may also be a constant or an enum's value.
                if let (TypeSyntaxKind::Name(text, arguments), None) = (&syntax.kind, name)
                    && arguments.is_empty()
                    && self.is_value_path(text)
                {
                    let value = self.path_value(text, syntax.place);
                    return self.constant_test(value, ty);
                }
                let to = self.resolve_type(syntax);
                let test_type = to.without_nullable().clone();
                let impossible = !is_subtype(&test_type, ty)
                    && !is_subtype(ty, &test_type)
                    && (self.is_value_type(ty) || *ty == Type::String);
                // Without a variable the answer is just `false`.
                if name.is_some()
                    && impossible
                    && !matches!(to, Type::Error)
                    && *ty != Type::Error
                    && *ty.without_nullable() != test_type
                {
                    let message =
                        format!("a value of type `{}` is never of type `{}`", shown(ty), shown(&to));
                    self.mistake("no-conversion", syntax.place, message);
                }
                let slot = name.as_ref().map(|name| self.declare_designation(name, test_type.clone(), place));
                Test::Type(test_type, slot)
            }
            Pattern::Constant(value) => self.constant_pattern(value, ty),
        }
    }
}
