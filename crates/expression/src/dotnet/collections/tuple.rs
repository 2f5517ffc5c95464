//! `Tuple<…>` and `ValueTuple<…>`. The compiler reads their items itself: which ones there are depends on the type.

use std::sync::Arc;

use crate::call::Call;
use crate::dotnet::linq::compare;
use crate::exception::Exception;
use crate::members::{Member, TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{Tuple, Value};

const NAMES: &[&str] = &["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8"];

static TUPLE_MEMBERS: &[Member] = &[
    pure("new(T1 item1)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7)", |call| {
        made(call, false)
    }),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5, T6 item6, T7 item7, T8 rest)", nested),
    pure("static Tuple<A> Create<A>(A item1)", |call| made(call, false)),
    pure("static Tuple<A, B> Create<A, B>(A item1, B item2)", |call| made(call, false)),
    pure("static Tuple<A, B, C> Create<A, B, C>(A item1, B item2, C item3)", |call| made(call, false)),
    pure("static Tuple<A, B, C, D> Create<A, B, C, D>(A item1, B item2, C item3, D item4)", |call| {
        made(call, false)
    }),
    pure(
        "static Tuple<A, B, C, D, E> Create<A, B, C, D, E>(A item1, B item2, C item3, D item4, E item5)",
        |call| made(call, false),
    ),
    pure(
        "static Tuple<A, B, C, D, E, F> Create<A, B, C, D, E, F>(A item1, B item2, C item3, D item4, E item5, F item6)",
        |call| made(call, false),
    ),
    pure(
        "static Tuple<A, B, C, D, E, F, G> Create<A, B, C, D, E, F, G>(A item1, B item2, C item3, D item4, E item5, F item6, G item7)",
        |call| made(call, false),
    ),
    pure(
        "static Tuple<A, B, C, D, E, F, G, Tuple<H>> Create<A, B, C, D, E, F, G, H>(A item1, B item2, C item3, D item4, E item5, F item6, G item7, H item8)",
        |call| {
            let last = call.type_argument(7);
            let rest = Value::Tuple(Arc::new(Tuple {
                types: vec![last.clone()],
                items: vec![call.take(7)],
                is_value_tuple: false,
            }));
            let mut items = call.arguments().to_vec();
            items.truncate(7);
            items.push(rest);
            let mut types: Vec<Type> = (0..7).map(|at| call.type_argument(at)).collect();
            types.push(Type::generic("System.Tuple", [last]));
            Ok(Value::Tuple(Arc::new(Tuple { types, items, is_value_tuple: false })))
        },
    ),
    pure("int CompareTo(object obj)", compare_to),
];

static VALUE_TUPLE_MEMBERS: &[Member] = &[
    pure("new(T1 item1, T2 item2)", |call| made(call, true)),
    pure("new(T1 item1, T2 item2, T3 item3)", |call| made(call, true)),
    pure("static ValueTuple<A, B> Create<A, B>(A item1, B item2)", |call| made(call, true)),
    pure("static ValueTuple<A, B, C> Create<A, B, C>(A item1, B item2, C item3)", |call| made(call, true)),
    pure("int CompareTo(object obj)", compare_to),
];

pub(super) static TUPLE: TypeDeclaration = TypeDeclaration::class("System.Tuple")
    .generic(NAMES)
    .interfaces(&["System.IComparable"])
    .members(TUPLE_MEMBERS);
pub(super) static VALUE_TUPLE: TypeDeclaration = TypeDeclaration::structure("System.ValueTuple")
    .generic(NAMES)
    .interfaces(&["System.IComparable"])
    .members(VALUE_TUPLE_MEMBERS);

fn made(call: &mut Call<'_>, is_value_tuple: bool) -> Result<Value, Exception> {
    let items = call.arguments().to_vec();
    let types = (0..items.len()).map(|at| call.type_argument(at)).collect();
    Ok(Value::Tuple(Arc::new(Tuple { types, items, is_value_tuple })))
}

/// The eighth part holds the further items and must be a tuple itself.
fn nested(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.argument(7) {
        Value::Tuple(_) => made(call, false),
        _ => Err(Exception::argument("The last element of an eight element tuple must be a Tuple.", "")),
    }
}

fn compare_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (this, other) = (call.receiver().clone(), call.argument(0).clone());
    match (&this, &other) {
        (_, Value::Null) => Ok(Value::Int32(1)),
        (Value::Tuple(own), Value::Tuple(other_tuple)) if own.types == other_tuple.types => {
            Ok(Value::Int32(compare(&this, &other, call.machine())? as i32))
        }
        _ => {
            let name = this.type_of().reflection_name();
            Err(Exception::argument(format!("Argument must be of type {name}."), "other"))
        }
    }
}
