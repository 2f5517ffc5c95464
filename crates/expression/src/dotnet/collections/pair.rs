//! `KeyValuePair<K, V>`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

pub(super) static PAIR: TypeDeclaration =
    TypeDeclaration::structure("System.Collections.Generic.KeyValuePair").generic(&["K", "V"]).members(&[
        pure("new()", |call| {
            let (key, value) = (call.type_argument(0), call.type_argument(1));
            Ok(Value::pair(key.clone(), value.clone(), key.default_value(), value.default_value()))
        }),
        pure("new(K key, V value)", |call| {
            let (key_type, value_type) = (call.type_argument(0), call.type_argument(1));
            let (key, value) = (call.take(0), call.take(1));
            Ok(Value::pair(key_type, value_type, key, value))
        }),
        pure("K Key", |call| part(call, true)),
        pure("V Value", |call| part(call, false)),
    ]);

/// A property stands for a pair where a JObject is walked over as a dictionary.
fn part(call: &Call<'_>, of_key: bool) -> Result<Value, Exception> {
    match call.receiver() {
        Value::KeyValuePair(pair) if of_key => Ok(pair.key.clone()),
        Value::KeyValuePair(pair) => Ok(pair.value.clone()),
        Value::Json(token) => match token.as_property() {
            Some((name, _)) if of_key => Ok(Value::String(name)),
            Some((_, value)) => Ok(Value::Json(value)),
            None => Err(call.mismatch(call.receiver())),
        },
        other => Err(call.mismatch(other)),
    }
}
