//! The declarations of the family.

mod array;
mod container;
mod convert;
mod extensions;
mod object;
mod property;
mod scalar;
mod settings;
mod token;
mod token_members;

use super::node::JToken;
use super::{build, edit};
use crate::call::Call;
use crate::dotnet::linq::computed;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;
use crate::value::Value;

static FORMATTING: TypeDeclaration =
    TypeDeclaration::enumeration("Newtonsoft.Json.Formatting", &[("None", 0), ("Indented", 1)]);

pub(super) static TOKEN_TYPE: TypeDeclaration = TypeDeclaration::enumeration(
    "Newtonsoft.Json.Linq.JTokenType",
    &[
        ("None", 0),
        ("Object", 1),
        ("Array", 2),
        ("Constructor", 3),
        ("Property", 4),
        ("Comment", 5),
        ("Integer", 6),
        ("Float", 7),
        ("String", 8),
        ("Boolean", 9),
        ("Null", 10),
        ("Undefined", 11),
        ("Date", 12),
        ("Raw", 13),
        ("Bytes", 14),
        ("Guid", 15),
        ("Uri", 16),
        ("TimeSpan", 17),
    ],
);

/// The types of this family.
pub(crate) static TYPES: &[&TypeDeclaration] = &[
    &FORMATTING,
    &TOKEN_TYPE,
    &token::TOKEN,
    &container::CONTAINER,
    &container::CONSTRUCTOR,
    &object::OBJECT,
    &array::ARRAY,
    &property::PROPERTY,
    &scalar::VALUE,
    &scalar::RAW,
    &convert::CONVERT,
    &extensions::EXTENSIONS,
    &extensions::INTERFACE,
    &extensions::JSON_ENUMERABLE,
    &settings::ARRAY_HANDLING,
    &settings::NULL_HANDLING,
    &settings::SETTINGS,
];

const TOKEN: Type = Type::Named("Newtonsoft.Json.Linq.JToken");
const PROPERTY: Type = Type::Named("Newtonsoft.Json.Linq.JProperty");

/// The receiver as a token.
fn this(call: &Call<'_>) -> Result<JToken, Exception> {
    match call.receiver() {
        Value::Json(token) => Ok(token.clone()),
        other => Err(call.mismatch(other)),
    }
}

/// A token that must not be null.
fn token(call: &Call<'_>, at: usize) -> Result<JToken, Exception> {
    match call.argument(at) {
        Value::Json(token) => Ok(token.clone()),
        Value::Null => Err(call.null_argument(at)),
        other => Err(call.mismatch(other)),
    }
}

/// A token; null becomes a Null token, and anything else a scalar.
fn token_or_null(call: &mut Call<'_>, at: usize) -> Result<JToken, Exception> {
    build::content(call.take(at))
}

/// The place of argument 0 in the receiver by identity.
fn index_of_argument(call: &mut Call<'_>) -> Result<Option<usize>, Exception> {
    let container = this(call)?;
    call.budget().steps(container.count() as u64 / 256)?;
    Ok(match call.argument(0) {
        Value::Json(item) => edit::index_of(&container, item),
        _ => None,
    })
}

fn wrap(token: Option<JToken>) -> Value {
    token.map_or(Value::Null, Value::Json)
}

/// A lazy `IEnumerable<T>` of tokens.
fn tokens(element: Type, list: impl Fn() -> Vec<JToken> + Send + Sync + 'static) -> Value {
    computed(element, move |machine| {
        let list = list();
        machine.budget().allocate(list.len() * size_of::<Value>())?;
        Ok(list.into_iter().map(Value::Json).collect())
    })
}

/// Adds content at an index and gives nothing.
fn add(call: &mut Call<'_>, container: &JToken, index: usize, at: usize) -> Result<Value, Exception> {
    let content = call.take(at);
    build::add(container, index, content, call.machine())?;
    Ok(Value::Null)
}

/// A new container from the content of a constructor.
fn filled(call: &mut Call<'_>, container: JToken) -> Result<Value, Exception> {
    let content = call.take(0);
    build::add(&container, 0, content, call.machine())?;
    Ok(Value::Json(container))
}

/// A copy of argument 0.
fn copied(call: &mut Call<'_>) -> Result<Value, Exception> {
    let copy = edit::deep_clone(&token(call, 0)?, call.machine())?;
    Ok(Value::Json(copy))
}
