//! The bodies of `JToken`'s members: one for all classes of tokens, as the static type may be the base.

use super::{TOKEN, add, this, token, token_or_null, tokens, wrap};
use crate::call::Call;
use crate::dotnet::json::node::{JContent, JToken, JTokenType};
use crate::dotnet::json::to_object::value_as;
use crate::dotnet::json::writer::{Formatting, to_json};
use crate::dotnet::json::{build, compare, edit, location, reader, select};
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
    let equal = match (call.argument(0), call.argument(1)) {
        (Value::Null, Value::Null) => true,
        (Value::Json(left), Value::Json(right)) => compare::deep_equals(left, right, 0)?,
        _ => false,
    };
    Ok(Value::Boolean(equal))
}

/// `token[key]`: by name in objects, by number in arrays.
pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    let key = call.argument(0).clone();
    child(&token, &key, call).map(wrap)
}

/// The child for a key: none when an object lacks it.
pub(super) fn child(token: &JToken, key: &Value, call: &mut Call<'_>) -> Result<Option<JToken>, Exception> {
    match (token.content(), key) {
        (JContent::Object(_) | JContent::Array(_), Value::Null) => Err(Exception::argument_null("key")),
        (JContent::Object(_), Value::String(name)) => {
            build::charge_search(token, call.machine())?;
            Ok(token.get(name))
        }
        (JContent::Array(items), Value::Int32(index)) => {
            let found = usize::try_from(*index).ok().and_then(|at| items.lock().get(at).cloned());
            found.map(Some).ok_or_else(edit::index_out_of_range)
        }
        (JContent::Object(_), _) => Err(wrong_key("Accessed", "JObject", key, "Object property name", call)?),
        (JContent::Array(_), _) => Err(wrong_key("Accessed", "JArray", key, "Int32 array index", call)?),
        _ => {
            let message = format!("Cannot access child value on {}.", token.type_name());
            Err(Exception::invalid_operation(message))
        }
    }
}

fn wrong_key(
    what: &str,
    class: &str,
    key: &Value,
    expected: &str,
    call: &mut Call<'_>,
) -> Result<Exception, Exception> {
    let text = call.text_of(key)?;
    let shown = if let Value::String(_) = key { format!("\"{text}\"") } else { text.to_string() };
    let message = format!("{what} {class} values with invalid key value: {shown}. {expected} expected.");
    Ok(Exception::argument(message, ""))
}

/// `token[key] = value`.
pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Exception> {
    let container = this(call)?;
    let key = call.argument(0).clone();
    let value = token_or_null(call, 1)?;
    call.budget().allocate(96)?;
    match (container.content(), &key) {
        (JContent::Object(_) | JContent::Array(_), Value::Null) => {
            return Err(Exception::argument_null("key"));
        }
        (JContent::Object(_), Value::String(name)) => {
            build::charge_search(&container, call.machine())?;
            edit::set_named(&container, name, value, call.machine())?;
        }
        (JContent::Array(_), Value::Int32(index)) => {
            let at = usize::try_from(*index).map_err(|_| edit::index_out_of_range())?;
            edit::set_at(&container, at, value, call.machine())?;
        }
        (JContent::Object(_), _) => {
            return Err(wrong_key("Set", "JObject", &key, "Object property name", call)?);
        }
        (JContent::Array(_), _) => return Err(wrong_key("Set", "JArray", &key, "Int32 array index", call)?),
        _ => {
            let message = format!("Cannot set child value on {}.", container.type_name());
            return Err(Exception::invalid_operation(message));
        }
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
    match token.content() {
        JContent::Value(_) => {
            let message = format!("Cannot access child value on {}.", token.type_name());
            Err(Exception::invalid_operation(message))
        }
        _ => Ok(token),
    }
}

pub(super) fn first(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(wrap(container(call)?.children().first().cloned()))
}

pub(super) fn last(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(wrap(container(call)?.children().last().cloned()))
}

/// A neighbour among the parent's children.
fn neighbour(call: &Call<'_>, offset: isize) -> Result<Value, Exception> {
    let token = this(call)?;
    let Ok((parent, index)) = edit::place(&token) else { return Ok(Value::Null) };
    let at = index.checked_add_signed(offset);
    Ok(wrap(at.and_then(|at| parent.children().get(at).cloned())))
}

pub(super) fn next(call: &mut Call<'_>) -> Result<Value, Exception> {
    neighbour(call, 1)
}

pub(super) fn previous(call: &mut Call<'_>) -> Result<Value, Exception> {
    neighbour(call, -1)
}

/// The JSON, indented; of scalars the value's own text, empty for null.
pub(super) fn to_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    match token.as_scalar() {
        Some(scalar) if scalar.kind != JTokenType::Raw => call.text_of(&scalar.value).map(Value::String),
        _ => written(call, &token, Formatting::Indented),
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
    let token = this(call)?;
    let key = call.argument(0).clone();
    let to = call.type_argument(0);
    match child(&token, &key, call)? {
        Some(found) => value_as(&found, &to, call.machine()),
        None => Ok(to.default_value()),
    }
}

/// The values below: of an object those of its properties are not among them, its properties are.
pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = container(call)?;
    let to = call.type_argument(0);
    Ok(converted(to, move || token.children()))
}

/// A lazy sequence of tokens converted as `Value<T>` does.
pub(super) fn converted(to: Type, list: impl Fn() -> Vec<JToken> + Send + Sync + 'static) -> Value {
    crate::dotnet::linq::computed(to.clone(), move |machine| {
        let mut out = Vec::new();
        for token in list() {
            machine.budget().step()?;
            out.push(value_as(&token, &to, machine)?);
        }
        Ok(out)
    })
}

pub(super) fn children(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(tokens(TOKEN, move || token.children()))
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
pub(super) fn is_of_class(token: &JToken, class: &Type) -> bool {
    match class {
        Type::Object | Type::Named("Newtonsoft.Json.Linq.JToken") => true,
        Type::Named("Newtonsoft.Json.Linq.JContainer") => !matches!(token.content(), JContent::Value(_)),
        Type::Named(name) => token.type_name() == *name,
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

fn selected(call: &mut Call<'_>) -> Result<Vec<JToken>, Exception> {
    let token = this(call)?;
    let steps = select::parse(&call.text(0)?)?;
    let strict = call.boolean(1);
    select::select(&steps, &token, &token, strict, call.machine())
}

pub(super) fn select_token(call: &mut Call<'_>) -> Result<Value, Exception> {
    let mut found = selected(call)?.into_iter();
    let token = found.next();
    if found.next().is_some() {
        return Err(select::json_exception("Path returned multiple tokens."));
    }
    Ok(wrap(token))
}

pub(super) fn select_tokens(call: &mut Call<'_>) -> Result<Value, Exception> {
    let found = selected(call)?;
    Ok(tokens(TOKEN, move || found.clone()))
}

pub(super) fn deep_clone(call: &mut Call<'_>) -> Result<Value, Exception> {
    let token = this(call)?;
    edit::deep_clone(&token, 0, call.machine()).map(Value::Json)
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
    let of_string = call.member.parameters.first().is_some_and(|parameter| parameter.ty == Type::String);
    call.budget().allocate(96)?;
    if value.is_null() && of_string {
        return Ok(Value::Json(JToken::scalar(JTokenType::String, Value::Null)));
    }
    build::implicit(value).map(Value::Json)
}

/// The first argument, which must be a token.
pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (container, item) = (this(call)?, token(call, 0)?);
    Ok(Value::Boolean(edit::index_of(&container, &item).is_some()))
}
