//! `JArray`.

use super::token_members::{contains, from_object, get, set};
use super::{add, copied, filled, this, token_or_null};
use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::{NODE_BYTES, build, edit, reader};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static ARRAY: TypeDeclaration = TypeDeclaration::class("Newtonsoft.Json.Linq.JArray")
    .base("JContainer")
    .interfaces(&["System.Collections.Generic.IList<JToken>"])
    .members(&[
        impure("new()", |call| {
            call.budget().allocate(NODE_BYTES)?;
            Ok(Value::Json(JToken::array()))
        }),
        impure("new(JArray other)", copied),
        impure("new(params object[] content)", |call| filled(call, JToken::array())),
        impure("new(object content)", |call| filled(call, JToken::array())),
        impure("static JArray Parse(string json)", |call| {
            let text = call.text(0)?;
            reader::parse_array(&text, call.budget()).map(Value::Json)
        }),
        impure("static JArray FromObject(object o)", |call| {
            let built = from_object(call)?;
            match &built {
                Value::Json(token) if token.kind() != JTokenType::Array => {
                    let message = format!("Object serialized to {:?}. JArray instance expected.", token.kind());
                    Err(Exception::argument(message, ""))
                }
                _ => Ok(built),
            }
        }),
        impure("JToken this[object key]", get),
        impure("set JToken this[object key]", set),
        impure("JToken this[int index]", get),
        impure("set JToken this[int index]", set),
        impure("void Add(JToken item)", |call| {
            let array = this(call)?;
            let item = token_or_null(call, 0)?;
            build::add(&array, array.count(), Value::Json(item), call.machine())?;
            Ok(Value::Null)
        }),
        impure("void Add(object content)", |call| {
            let array = this(call)?;
            add(call, &array, array.count(), 0)
        }),
        impure("void Insert(int index, JToken item)", |call| {
            let array = this(call)?;
            let index = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
            let item = token_or_null(call, 1)?;
            call.budget().steps(array.count() as u64 / 16)?;
            edit::insert(&array, index, item, call.machine())?;
            Ok(Value::Null)
        }),
        impure("void RemoveAt(int index)", |call| {
            let array = this(call)?;
            call.budget().steps(array.count() as u64 / 16)?;
            edit::remove_at(&array, usize::try_from(call.int(0)).unwrap_or(usize::MAX))?;
            Ok(Value::Null)
        }),
        impure("void Remove()", super::token_members::remove),
        impure("bool Remove(JToken item)", |call| match super::index_of_argument(call)? {
            Some(at) => edit::remove_at(&this(call)?, at).map(|()| Value::Boolean(true)),
            None => Ok(Value::Boolean(false)),
        }),
        impure("void Clear()", |call| {
            edit::clear(&this(call)?)?;
            Ok(Value::Null)
        }),
        impure("bool Contains(JToken item)", contains),
        impure("int IndexOf(JToken item)", |call| {
            let found = super::index_of_argument(call)?.and_then(|at| i32::try_from(at).ok());
            Ok(Value::Int32(found.unwrap_or(-1)))
        }),
        impure("bool IsReadOnly", |_| Ok(Value::Boolean(false))),
        impure("void CopyTo(JToken[] array, int arrayIndex)", |call| {
            let items = this(call)?.children();
            let Value::Array(target) = call.argument(0) else { return Err(call.null_argument(0)) };
            let start = usize::try_from(call.int(1))
                .map_err(|_| Exception::argument_out_of_range("arrayIndex", "arrayIndex is less than 0."))?;
            let mut target = target.items.lock();
            let room = target.get_mut(start..).and_then(|rest| rest.get_mut(..items.len()));
            let Some(room) = room else {
                let message = "The number of elements in the source JObject is greater than the available space \
                               from arrayIndex to the end of the destination array.";
                return Err(Exception::argument(message, ""));
            };
            room.iter_mut().zip(items).for_each(|(slot, item)| *slot = Value::Json(item));
            Ok(Value::Null)
        }),
    ]);
