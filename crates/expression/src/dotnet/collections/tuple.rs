//! `Tuple<…>` and `ValueTuple<…>`.

use std::sync::Arc;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{Member, TypeDeclaration, pure};
use crate::value::{Tuple, Value};

const NAMES: &[&str] = &["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8"];

macro_rules! items {
    ($($constructor:expr,)*) => {
        &[
            $($constructor,)*
            pure("T1 Item1", |call| item(call, 0)),
            pure("T2 Item2", |call| item(call, 1)),
            pure("T3 Item3", |call| item(call, 2)),
            pure("T4 Item4", |call| item(call, 3)),
            pure("T5 Item5", |call| item(call, 4)),
            pure("T6 Item6", |call| item(call, 5)),
            pure("T7 Item7", |call| item(call, 6)),
        ]
    };
}

static TUPLE_MEMBERS: &[Member] = items![
    pure("new(T1 item1)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4)", |call| made(call, false)),
    pure("new(T1 item1, T2 item2, T3 item3, T4 item4, T5 item5)", |call| made(call, false)),
    pure("static Tuple<A> Create<A>(A item1)", |call| made(call, false)),
    pure("static Tuple<A, B> Create<A, B>(A item1, B item2)", |call| made(call, false)),
    pure("static Tuple<A, B, C> Create<A, B, C>(A item1, B item2, C item3)", |call| made(call, false)),
    pure("static Tuple<A, B, C, D> Create<A, B, C, D>(A item1, B item2, C item3, D item4)", |call| {
        made(call, false)
    }),
    pure(
        "static Tuple<A, B, C, D, E> Create<A, B, C, D, E>(A item1, B item2, C item3, D item4, E item5)",
        |call| { made(call, false) }
    ),
];

static VALUE_TUPLE_MEMBERS: &[Member] = items![
    pure("new(T1 item1, T2 item2)", |call| made(call, true)),
    pure("new(T1 item1, T2 item2, T3 item3)", |call| made(call, true)),
    pure("static ValueTuple<A, B> Create<A, B>(A item1, B item2)", |call| made(call, true)),
    pure("static ValueTuple<A, B, C> Create<A, B, C>(A item1, B item2, C item3)", |call| made(call, true)),
];

pub(super) static TUPLE: TypeDeclaration =
    TypeDeclaration::class("System.Tuple").generic(NAMES).members(TUPLE_MEMBERS);
pub(super) static VALUE_TUPLE: TypeDeclaration =
    TypeDeclaration::structure("System.ValueTuple").generic(NAMES).members(VALUE_TUPLE_MEMBERS);

fn made(call: &mut Call<'_>, is_value_tuple: bool) -> Result<Value, Exception> {
    let items = call.arguments().to_vec();
    let types = (0..items.len()).map(|at| call.type_argument(at)).collect();
    Ok(Value::Tuple(Arc::new(Tuple { types, items, is_value_tuple })))
}

fn item(call: &Call<'_>, at: usize) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Tuple(tuple) => tuple.items.get(at).cloned().ok_or_else(|| call.mismatch(call.receiver())),
        other => Err(call.mismatch(other)),
    }
}
