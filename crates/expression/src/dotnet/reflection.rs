//! `System.Type`: what `typeof` and `GetType()` give. It tells names, and nothing else of reflection.

use std::any::Any;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

const TYPE: Type = Type::Named("System.Type");

/// What full names of types say of the library they come from.
const LIBRARY: &str = "mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089";

static SYSTEM_TYPE: TypeDeclaration = TypeDeclaration::class("System.Type").members(&[
    pure("string Name", |call| Ok(Value::from(name(this(call)?)))),
    pure("string FullName", |call| Ok(Value::from(full_name(this(call)?)))),
    pure("string Namespace", |call| Ok(Value::from(namespace(this(call)?)))),
    pure("bool IsArray", |call| {
        let ty = this(call)?;
        Ok(Value::Boolean(matches!(ty, Type::Array(_)) || ty.matrix().is_some()))
    }),
    pure("bool IsValueType", |call| {
        let ty = this(call)?;
        Ok(Value::Boolean(ty.is_value_type() || matches!(ty, Type::Nullable(_))))
    }),
    pure("string ToString()", |call| Ok(Value::from(this(call)?.reflection_name()))),
    pure("bool Equals(object o)", |call| {
        let other = call.argument(0).downcast::<TypeObject>();
        Ok(Value::Boolean(other.is_some_and(|other| this(call).is_ok_and(|own| *own == other.0))))
    }),
    pure("static bool operator ==(Type left, Type right)", |call| Ok(Value::Boolean(same(call)))),
    pure("static bool operator !=(Type left, Type right)", |call| Ok(Value::Boolean(!same(call)))),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&SYSTEM_TYPE];

struct TypeObject(Type);

impl DotnetObject for TypeObject {
    fn type_of(&self) -> Type {
        TYPE
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn to_text(&self) -> String {
        self.0.reflection_name()
    }

    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<TypeObject>().is_some_and(|other| other.0 == self.0)
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Text(self.0.reflection_name()))
    }
}

/// The value of `typeof(ty)`.
pub(crate) fn type_object(ty: Type) -> Value {
    Value::object(TypeObject(ty))
}

/// `GetType()` of a value.
pub(super) fn type_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(type_object(call.receiver().type_of()))
}

/// The type that an argument stands for.
///
/// # Errors
/// `ArgumentNullException` for null.
pub(super) fn type_argument<'c>(call: &'c Call<'_>, at: usize) -> Result<&'c Type, Exception> {
    call.object_argument::<TypeObject>(at).map(|object| &object.0)
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Type, Exception> {
    call.object::<TypeObject>().map(|object| &object.0)
}

fn same(call: &Call<'_>) -> bool {
    let side = |at| call.argument(at).downcast::<TypeObject>().map(|object| &object.0);
    side(0) == side(1)
}

/// Without namespace: ``List`1``, `Int32[]`.
fn name(ty: &Type) -> String {
    if let Some((element, rank)) = ty.matrix() {
        return format!("{}{rank}", name(element));
    }
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    match ty {
        Type::Array(element) => format!("{}[]", name(element)),
        Type::Nullable(_) => "Nullable`1".to_owned(),
        Type::Generic(..) | Type::Tuple(..) => {
            let full = ty.declaration_name().unwrap_or("");
            format!("{}`{}", short(full), ty.arguments().len())
        }
        other => short(&other.to_string()),
    }
}

/// With namespace; arguments of generic types with the library they come from.
fn full_name(ty: &Type) -> String {
    if let Some((element, rank)) = ty.matrix() {
        return format!("{}{rank}", full_name(element));
    }
    let qualified = |ty: &Type| format!("[{}, {LIBRARY}]", full_name(ty));
    match ty {
        Type::Array(element) => format!("{}[]", full_name(element)),
        Type::Nullable(inner) => format!("System.Nullable`1[{}]", qualified(inner)),
        Type::Generic(..) | Type::Tuple(..) => {
            let arguments: Vec<String> = ty.arguments().iter().map(qualified).collect();
            let full = ty.declaration_name().unwrap_or("");
            format!("{full}`{}[{}]", arguments.len(), arguments.join(","))
        }
        other => other.to_string(),
    }
}

fn namespace(ty: &Type) -> String {
    if let Some((element, _)) = ty.matrix() {
        return namespace(element);
    }
    match ty {
        Type::Array(element) => namespace(element),
        _ => {
            let full = ty.declaration_name().unwrap_or("");
            full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned()
        }
    }
}
