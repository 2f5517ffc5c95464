//! The bodies of `JToken`'s members: one for all classes of tokens, as the static type may be the base.

use super::{TOKEN, add, this, token_or_null, tokens, wrap};
use crate::call::Call;
use crate::dotnet::json::node::{JToken, JTokenType, JValue};
use crate::dotnet::json::to_object::{self, value_as};
use crate::dotnet::json::writer::{Formatting, to_json};
use crate::dotnet::json::{NODE_BYTES, build, compare, edit, location, reader, select};
use crate::dotnet::linq::{computed, lazy, walk};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

pub(super) fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    reader::parse(&text, call.budget()).map(Value::Json)
}

pub(super) fn from_object(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = call.argument(0).clone();
    if value.is_null() {
        return Err(call.null_argument(0));
    }
    build::from_value(&value, call.machine()).map(Value::Json)
}

pub(super) fn deep_equals(call: &mut Call<'_>) -> Result<Value, Exception> {
    let equal = match (call.take(0), call.take(1)) {
        (Value::Null, Value::Null) => true,
        (Value::Json(left), Value::Json(right)) => compare::deep_equals(&left, &right, call.budget())?,
        _ => false,
    };
    Ok(Value::Boolean(equal))
}

/// `token[key]`: by name in objects, by number in arrays.
pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Exception> {
    // The usual case, without copies of token and key.
    if let (Value::Json(token), Value::String(name)) = (call.receiver(), call.argument(0))
        && let Some((found, count)) = token.look_up(name)
    {
        call.budget().steps(count as u64 / 16)?;
        return Ok(wrap(found));
    }
    let token = this(call)?;
    let key = call.argument(0).clone();
    child(&token, &key, call).map(wrap)
}

/// What the keys of a container are, in messages.
fn key_of(kind: JTokenType) -> Option<&'static str> {
    match kind {
        JTokenType::Object => Some("Object property name"),
        JTokenType::Array => Some("Int32 array index"),
        JTokenType::Constructor => Some("Argument position index"),
        _ => None,
    }
}

/// The child for a key: none when an object lacks it.
pub(super) fn child(token: &JToken, key: &Value, call: &mut Call<'_>) -> Result<Option<JToken>, Exception> {
    let kind = token.kind();
    let Some(expected) = key_of(kind) else {
        let message = format!("Cannot access child value on {}.", token.type_name());
        return Err(Exception::invalid_operation(message));
    };
    match key {
        Value::Null => Err(Exception::argument_null("key")),
        Value::String(name) if kind == JTokenType::Object => {
            build::charge_search(token, call.machine())?;
            Ok(token.get(name))
        }
        Value::Int32(index) if kind != JTokenType::Object => {
            let found = usize::try_from(*index).ok().and_then(|at| token.child(at));
            found.map(Some).ok_or_else(edit::index_out_of_range)
        }
        _ => Err(wrong_key("Accessed", token, key, expected, call)?),
    }
}

fn wrong_key(
    what: &str,
    token: &JToken,
    key: &Value,
    expected: &str,
    call: &mut Call<'_>,
) -> Result<Exception, Exception> {
    let class = token.type_name().rsplit('.').next().unwrap_or("");
    let text = call.text_of(key)?;
    let shown = if let Value::String(_) = key { format!("\"{text}\"") } else { text.to_string() };
    let message = format!("{what} {class} values with invalid key value: {shown}. {expected} expected.");
    Ok(Exception::argument(message, ""))
}

/// `token[key] = value`.
pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Exception> {
    let container = this(call)?;
    let key = call.take(0);
    let value = token_or_null(call, 1)?;
    call.budget().allocate(2 * NODE_BYTES)?;
    let kind = container.kind();
    let Some(expected) = key_of(kind) else {
        let message = format!("Cannot set child value on {}.", container.type_name());
        return Err(Exception::invalid_operation(message));
    };
    match &key {
        Value::Null => return Err(Exception::argument_null("key")),
        Value::String(name) if kind == JTokenType::Object => {
            build::charge_search(&container, call.machine())?;
            edit::set_named(&container, name, value, call.machine())?;
        }
        Value::Int32(index) if kind != JTokenType::Object => {
            let at = usize::try_from(*index).map_err(|_| edit::index_out_of_range())?;
            edit::set_at(&container, at, value, call.machine())?;
        }
        _ => return Err(wrong_key("Set", &container, &key, expected, call)?),
    }
    Ok(Value::Null)
}

pub(super) fn kind(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::enumeration(&super::TOKEN_TYPE, this(call)?.kind() as i64))
}

pub(super) fn has_values(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(this(call)?.count() > 0))
}

pub(super) fn parent(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(wrap(this(call)?.parent()))
}

pub(super) fn root(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Json(this(call)?.root()))
}

pub(super) fn path(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::from(location::path_of(&this(call)?)))
}

fn container(call: &Call<'_>) -> Result<JToken, Exception> {
    let token = this(call)?;
    if token.is_container() {
        return Ok(token);
    }
    let message = format!("Cannot access child value on {}.", token.type_name());
    Err(Exception::invalid_operation(message))
}

pub(super) fn first(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(wrap(container(call)?.first()))
}

pub(super) fn last(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(wrap(container(call)?.last()))
}

/// A neighbour among the parent's children.
fn neighbour(call: &mut Call<'_>, offset: isize) -> Result<Value, Exception> {
    let token = this(call)?;
    let siblings = token.parent().map_or(0, |parent| parent.count());
    call.budget().steps(siblings as u64 / 256)?;
    Ok(wrap(token.neighbour(offset)))
}

pub(super) fn next(call: &mut Call<'_>) -> Result<Value, Exception> {
    neighbour(call, 1)
}

pub(super) fn previous(call: &mut Call<'_>) -> Result<Value, Exception> {
    neighbour(call, -1)
}

/// The JSON, indented; of scalars the value's own text, empty for null.
pub(super) fn to_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::Json(token) = call.receiver() else { return Err(call.mismatch(call.receiver())) };
    match token.as_scalar() {
        Some(JValue { kind: JTokenType::String, value: text @ Value::String(_) }) => Ok(text),
        Some(scalar) if scalar.kind != JTokenType::Raw => call.text_of(&scalar.value).map(Value::String),
        _ => {
            let token = token.clone();
            written(call, &token, Formatting::Indented)
        }
    }
}

pub(super) fn to_formatted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let formatting = Formatting::of(call.enumeration(0));
    let token = this(call)?;
    written(call, &token, formatting)
}

/// The JSON text, counted against the limits.
pub(super) fn written(
    call: &mut Call<'_>,
    token: &JToken,
    formatting: Formatting,
) -> Result<Value, Exception> {
    let text = to_json(token, formatting)?;
    call.budget().allocate(text.len())?;
    call.budget().steps(text.len() as u64 / 64)?;
    Ok(Value::from(text))
}

pub(super) fn value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let found = match (call.receiver(), call.argument(0)) {
        // The usual case, without copies of token and key.
        (Value::Json(token), Value::String(name)) => token.look_up(name),
        _ => None,
    };
    let found = match found {
        Some((found, count)) => {
            call.budget().steps(count as u64 / 16)?;
            found
        }
        None => {
            let (token, key) = (this(call)?, call.argument(0).clone());
            child(&token, &key, call)?
        }
    };
    let to = call.type_argument(0);
    match found {
        Some(found) => value_as(&found, &to, call.machine()),
        None => Ok(to.default_value()),
    }
}

/// The values below: of an object those of its properties are not among them, its properties are.
pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = container(call)?;
    let to = call.type_argument(0);
    Ok(lazy(to.clone(), move || {
        let mut children = token.walk();
        let to = to.clone();
        walk(move |machine| match children.next(machine)? {
            Some(Value::Json(child)) => value_as(&child, &to, machine).map(Some),
            other => Ok(other),
        })
    }))
}

pub(super) fn children(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(lazy(TOKEN, move || token.walk()))
}

/// Those of a class.
pub(super) fn children_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let class = call.type_argument(0);
    Ok(tokens(class.clone(), move || {
        token.children().into_iter().filter(|child| is_of_class(child, &class)).collect()
    }))
}

/// Whether a token is of a class of the family.
fn is_of_class(token: &JToken, class: &Type) -> bool {
    match class {
        Type::Object => true,
        Type::Named(name) => to_object::is_of_class(token, name),
        _ => false,
    }
}

pub(super) fn ancestors(call: &mut Call<'_>, with_self: bool) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(tokens(TOKEN, move || {
        let first = if with_self { Some(token.clone()) } else { token.parent() };
        std::iter::successors(first, JToken::parent).collect()
    }))
}

pub(super) fn siblings(call: &mut Call<'_>, after: bool) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(tokens(TOKEN, move || {
        let Ok((parent, index)) = edit::place(&token) else { return Vec::new() };
        let children = parent.children();
        let part = if after { children.get(index + 1..) } else { children.get(..index) };
        part.unwrap_or(&[]).to_vec()
    }))
}

pub(super) fn to_object(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let to = call.type_argument(0);
    crate::dotnet::json::to_object(&token, &to, call.machine())
}

pub(super) fn select_token(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let path = call.text(0)?;
    call.budget().steps(path.len() as u64)?;
    let steps = select::parse(&path)?;
    let strict = call.boolean(1);
    let mut found = select::select(&steps, &token, &token, strict, call.machine())?.into_iter();
    let token = found.next();
    if found.next().is_some() {
        return Err(select::json_exception("Path returned multiple tokens."));
    }
    Ok(wrap(token))
}

/// The path is read at once and followed when the result is walked over.
pub(super) fn select_tokens(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let path = call.text(0)?;
    call.budget().steps(path.len() as u64)?;
    let steps = select::parse(&path)?;
    let strict = call.boolean(1);
    Ok(computed(TOKEN, move |machine| {
        let found = select::select(&steps, &token, &token, strict, machine)?;
        Ok(found.into_iter().map(Value::Json).collect())
    }))
}

pub(super) fn deep_clone(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    edit::deep_clone(&token, call.machine()).map(Value::Json)
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    edit::remove(&this(call)?)?;
    Ok(Value::Null)
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let value = token_or_null(call, 0)?;
    edit::replace_token(&token, value, call.machine())?;
    Ok(Value::Null)
}

pub(super) fn add_beside(call: &mut Call<'_>, offset: usize) -> Result<Value, Exception> {
    let (parent, index) = edit::place(&this(call)?)?;
    add(call, &parent, index + offset, 0)
}

/// A null string keeps the type String, as in Newtonsoft.Json.
pub(super) fn implicit(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = call.take(0);
    let from = call.member.parameters.first().map(|parameter| &parameter.ty);
    let was_nullable = matches!(from, Some(Type::Nullable(_)));
    let was_string = from == Some(&Type::String);
    call.budget().allocate(NODE_BYTES)?;
    if value.is_null() && was_string {
        return Ok(Value::Json(JToken::scalar(JTokenType::String, Value::Null)));
    }
    build::implicit(value, was_nullable).map(Value::Json)
}

/// `Contains`: by identity.
pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(super::index_of_argument(call)?.is_some()))
}
