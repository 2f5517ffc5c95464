//! Every value comes back as it was, and foreign bytes are a miss.

use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use sekisho_expression::dotnet::json::{Formatting, JToken, JTokenType, to_json};
use sekisho_expression::types::Type;
use sekisho_expression::value::{
    DateTime, DateTimeKind, DateTimeOffset, HostReference, StoredMessage, Value,
};

use super::entry::Entry;
use super::response::{Head, Stored};
use super::value::to_bytes;
use super::{MAX_DEPTH, Unkept};
use crate::body::Body;
use crate::exchange::Response;

const LIMIT: usize = 1 << 20;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<u16>().prop_map(Value::Char),
        any::<i8>().prop_map(Value::SByte),
        any::<u8>().prop_map(Value::Byte),
        any::<i16>().prop_map(Value::Int16),
        any::<u16>().prop_map(Value::UInt16),
        any::<i32>().prop_map(Value::Int32),
        any::<u32>().prop_map(Value::UInt32),
        any::<i64>().prop_map(Value::Int64),
        any::<u64>().prop_map(Value::UInt64),
        any::<f32>().prop_map(Value::Single),
        any::<f64>().prop_map(Value::Double),
        (any::<i64>(), 0..=28_u32).prop_map(|(number, scale)| Value::Decimal(Decimal::new(number, scale))),
        ".{0,20}".prop_map(Value::from),
        (0..=3_155_378_975_999_999_999_i64)
            .prop_map(|ticks| Value::DateTime(DateTime { ticks, kind: DateTimeKind::Local })),
        (1_000_000_000_000_i64..=3_000_000_000_000_000_000, -840..=840_i16).prop_map(
            |(ticks, offset_minutes)| Value::DateTimeOffset(DateTimeOffset { ticks, offset_minutes })
        ),
        any::<i64>().prop_map(Value::TimeSpan),
        any::<[u8; 16]>().prop_map(Value::Guid),
        vec(any::<u8>(), 0..20).prop_map(Value::bytes),
    ]
}

fn json() -> impl Strategy<Value = JToken> {
    let leaf = prop_oneof![
        Just(JToken::null()),
        any::<i64>().prop_map(|number| JToken::scalar(JTokenType::Integer, Value::Int64(number))),
        any::<f64>().prop_map(|number| JToken::scalar(JTokenType::Float, Value::Double(number))),
        any::<bool>().prop_map(|flag| JToken::scalar(JTokenType::Boolean, Value::Boolean(flag))),
        Just(JToken::string("2026-01-15T10:30:00Z".into())),
        ".{0,20}".prop_map(|text| JToken::string(text.into())),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(JToken::array_of),
            proptest::collection::btree_map(".{0,8}", inner, 0..6).prop_map(|properties| {
                JToken::object_of(properties.into_iter().map(|(name, value)| (name.into(), value)))
            }),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![scalar(), json().prop_map(Value::Json)];
    leaf.prop_recursive(3, 30, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|items| Value::array(Type::Object, items)),
            vec(inner.clone(), 0..5).prop_map(|items| Value::list(Type::Object, items)),
            vec((".{0,8}".prop_map(Value::from), inner), 0..5).prop_map(|entries| Value::dictionary(
                Type::String,
                Type::Object,
                entries
            )),
        ]
    })
}

fn back(value: &Value) -> Value {
    let bytes = Entry::to_bytes(value, 7, LIMIT).unwrap();
    let entry = Entry::from_bytes(&bytes).unwrap();
    assert_eq!(entry.stored_ticks, 7);
    entry.value
}

proptest! {
    #[test]
    fn every_value_comes_back(value in value()) {
        let copy = back(&value);
        prop_assert_eq!(copy.type_of(), value.type_of());
        prop_assert_eq!(to_bytes(&copy, LIMIT).unwrap(), to_bytes(&value, LIMIT).unwrap());
    }

    #[test]
    fn scalars_are_equal(value in scalar()) {
        let copy = back(&value);
        let is_nan = matches!(&value, Value::Single(number) if number.is_nan())
            || matches!(&value, Value::Double(number) if number.is_nan());
        if !matches!(value, Value::Bytes(_)) && !is_nan {
            prop_assert!(value.equals(&copy), "{:?}", value.type_of());
        }
    }

    #[test]
    fn json_is_the_same_text(token in json()) {
        let Value::Json(copy) = back(&Value::Json(token.clone())) else { panic!("no token") };
        prop_assert_eq!(to_json(&copy, Formatting::None).unwrap(), to_json(&token, Formatting::None).unwrap());
    }

    #[test]
    fn foreign_bytes_are_a_miss(bytes in vec(any::<u8>(), 0..200)) {
        let mut marked = vec![1, b'V', 0, 0, 0, 0, 0, 0, 0, 0];
        marked.extend_from_slice(&bytes);
        // Whatever is read can be used: it is written again.
        if let Some(entry) = Entry::from_bytes(&marked) {
            let _ = to_bytes(&entry.value, LIMIT);
        }
        let _ = Entry::from_bytes(&bytes);
        if let Some(byte) = marked.get_mut(1) {
            *byte = b'R';
        }
        let _ = Stored::from_bytes(&Bytes::from(marked));
    }

    #[test]
    fn damaged_bytes_are_a_miss_or_a_value(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Entry::to_bytes(&value, 7, LIMIT).unwrap().to_vec();
        let length = bytes.len();
        bytes[at.index(length)] = byte;
        let _ = Entry::from_bytes(&bytes);
        bytes.truncate(at.index(length));
        prop_assert!(Entry::from_bytes(&bytes).is_none());
    }
}

#[test]
fn a_copy_does_not_follow_the_value() {
    let Value::List(list) = Value::list(Type::String, vec![Value::from("a")]) else { panic!("no list") };
    let bytes = Entry::to_bytes(&Value::List(Arc::clone(&list)), 0, LIMIT).unwrap();
    list.items.lock().push(Value::from("b"));
    let Value::List(copy) = Entry::from_bytes(&bytes).unwrap().value else { panic!("no list") };
    assert_eq!(copy.items.lock().len(), 1);
}

#[test]
fn a_message_keeps_headers_and_body() {
    let message = StoredMessage {
        status: 404,
        reason: "Gone fishing".into(),
        headers: [(http::header::SET_COOKIE, "a=b".parse().unwrap())].into_iter().collect(),
        body: parking_lot::Mutex::new(Some(Bytes::from_static(b"text"))),
        has_body: true,
    };
    let Value::Host(HostReference::Stored(copy)) = back(&Value::Host(HostReference::Stored(message.into())))
    else {
        panic!("no message")
    };
    assert_eq!((copy.status, &*copy.reason), (404, "Gone fishing"));
    assert_eq!(copy.headers.get("set-cookie").unwrap(), "a=b");
    assert_eq!(copy.body.lock().as_deref(), Some(&b"text"[..]));
}

#[test]
fn what_is_no_data_is_refused_by_its_type() {
    let error = to_bytes(&Value::Host(HostReference::User), LIMIT).unwrap_err();
    assert_eq!(error, Unkept::Type("IUser".to_owned()));
    assert_eq!(to_bytes(&Value::from("0123456789"), 8).unwrap_err(), Unkept::TooLarge(8));
}

#[test]
fn what_holds_itself_is_refused() {
    let Value::List(list) = Value::list(Type::Object, Vec::new()) else { panic!("no list") };
    list.items.lock().push(Value::List(Arc::clone(&list)));
    assert_eq!(to_bytes(&Value::List(Arc::clone(&list)), LIMIT).unwrap_err(), Unkept::TooDeep);
    list.items.lock().replace(Vec::new());
}

#[test]
fn deep_bytes_are_a_miss() {
    let mut bytes = vec![1, b'V', 0, 0, 0, 0, 0, 0, 0, 0];
    for _ in 0..MAX_DEPTH + 10 {
        // A list of objects with one element.
        bytes.extend_from_slice(&[22, 0, 1, 0, 0, 0]);
    }
    bytes.push(0);
    assert!(Entry::from_bytes(&bytes).is_none());
}

#[test]
fn a_response_comes_back_without_what_is_not_for_others() {
    let mut response = Response { reason: Some("Fine".into()), ..Response::new(200) };
    response.headers.insert("etag", "\"1\"".parse().unwrap());
    response.headers.insert("set-cookie", "session=1".parse().unwrap());
    response.headers.insert("connection", "close".parse().unwrap());
    let head = Head::of(&response, LIMIT).unwrap();
    let stored = Stored::from_bytes(&head.with_body(Some(b"body"), 42, LIMIT).unwrap()).unwrap();
    assert_eq!((stored.expires_ticks, stored.response.status, stored.response.reason()), (42, 200, "Fine"));
    assert_eq!(stored.response.headers.len(), 1);
    assert!(matches!(stored.response.body, Body::Full(body) if body == "body"));
    let empty = Stored::from_bytes(&head.with_body(None, 42, LIMIT).unwrap()).unwrap();
    assert!(matches!(empty.response.body, Body::Empty));
}
