use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::observation::HeaderChoice;
use sekisho_policy::observation::headers::KeptHeaders;
use sekisho_policy::observation::secrets::SecretNames;
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::backends::AttemptMessages;
use sekisho_policy::ports::{self, CallRecord};

use super::body::BodyRules;
use super::call::append;
use super::frame::{self, Frame, Kind, Open, PREFIX};
use super::read::ReadCall;
use super::*;
use crate::mask::Masking;

pub(crate) fn payload(pieces: &[&[u8]]) -> SharedPayload {
    let mut payload = Payload::new(16 * 1024 * 1024, Excess::Cut);
    pieces.iter().for_each(|piece| payload.push(&Bytes::copy_from_slice(piece)));
    SharedPayload::new(payload)
}

fn message(kind: &'static str, pieces: &[&[u8]]) -> ports::Message {
    ports::Message {
        content_type: Some(HeaderValue::from_static(kind)),
        body: Some(payload(pieces)),
        ..ports::Message::default()
    }
}

/// Headers as they are kept.
pub(crate) fn kept(headers: &HeaderMap) -> Option<KeptHeaders> {
    KeptHeaders::of(headers, &HeaderChoice::All, &SecretNames::default())
}

fn rules(masking: &Masking) -> BodyRules<'_> {
    BodyRules { masking, maximum: 1024 }
}

fn written(record: &CallRecord, masking: &Masking) -> Vec<u8> {
    let mut buffer = Vec::new();
    assert!(append(&mut buffer, record, rules(masking)).is_written);
    buffer
}

fn read(frame: &[u8]) -> ReadCall<'_> {
    let content = &frame[PREFIX..];
    let (length, checksum) = frame::prefix(frame[..PREFIX].try_into().unwrap());
    assert_eq!(length, content.len());
    assert!(frame::is_whole(content, checksum));
    ReadCall::parse(Frame::parse(content).unwrap()).unwrap()
}

#[test]
fn bodies_are_kept_byte_for_byte_and_equal_ones_once() {
    let record = CallRecord {
        request: message("application/json", &[b"{\"a\":", b"1}"]),
        response: message("text/event-stream", &[b"data: x\n", b"\n"]),
        attempts: vec![
            ports::Attempt {
                messages: Some(Box::new(AttemptMessages {
                    request: message("application/json", &[b"{\"a\":1}"]),
                    response: message("text/plain", &[b"busy"]),
                })),
                ..ports::Attempt::default()
            },
            ports::Attempt {
                messages: Some(Box::new(AttemptMessages {
                    request: message("application/json", &[b"{\"a\"", b":1}"]),
                    response: message("text/event-stream", &[b"data: x\n\n"]),
                })),
                ..ports::Attempt::default()
            },
        ],
        ..CallRecord::default()
    };
    let frame = written(&record, &Masking::default());
    let call = read(&frame);
    let bodies: Vec<_> = (0..6).map(|number| call.body(number)).collect();
    let (request, response) = (Some("{\"a\":1}"), Some("data: x\n\n"));
    assert_eq!(bodies, [request, response, request, Some("busy"), request, response]);
    assert_eq!(call.call.attempts[0].request.body.unwrap().kept, Kept::Same(0));
    assert_eq!(call.call.attempts[1].response.body.unwrap().kept, Kept::Same(1));
    assert_eq!(frame.windows(7).filter(|window| window == b"{\"a\":1}").count(), 1);
}

#[test]
fn what_is_no_text_is_kept_by_its_hash() {
    let record = CallRecord {
        request: message("application/json", &[b"\xff\xfe\x00"]),
        response: message("image/png", &[b"abc"]),
        ..CallRecord::default()
    };
    let frame = written(&record, &Masking::default());
    let call = read(&frame);
    let Some(Body { passed: 3, kept: Kept::Hashed(hash) }) = call.call.response.body else { panic!() };
    assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
    assert!(matches!(call.call.request.body, Some(Body { passed: 3, kept: Kept::Hashed(_) })));
    assert_eq!((call.body(0), call.body(1)), (None, None));
}

#[test]
fn compressed_bodies_are_decoded_within_a_bound() {
    let zip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let coded = |bytes: &[u8]| ports::Message {
        content_encoding: Some(HeaderValue::from_static("gzip")),
        ..message("application/json", &[bytes])
    };
    let (small, bomb) = (zip(b"{\"a\":1}"), zip(&vec![b'a'; 1_000_000]));
    let record = CallRecord { request: coded(&small), response: coded(&bomb), ..CallRecord::default() };
    let frame = written(&record, &Masking::default());
    let call = read(&frame);
    assert_eq!(call.body(0), Some("{\"a\":1}"));
    assert_eq!(call.call.response.body.unwrap().kept, Kept::Cut(1024));
    let broken = CallRecord { request: coded(b"no gzip"), ..CallRecord::default() };
    let frame = written(&broken, &Masking::default());
    assert!(matches!(read(&frame).call.request.body.unwrap().kept, Kept::Hashed(_)));
}

#[test]
fn what_is_cut_ends_between_characters() {
    let mut payload = Payload::new(4, Excess::Cut);
    payload.push(&Bytes::from_static("abcé".as_bytes()));
    let request = ports::Message { body: Some(SharedPayload::new(payload)), ..ports::Message::default() };
    let record = CallRecord { request, ..CallRecord::default() };
    let frame = written(&record, &Masking::default());
    let call = read(&frame);
    assert_eq!(call.call.request.body, Some(Body { passed: 5, kept: Kept::Cut(3) }));
    assert_eq!(call.body(0), Some("abc"));
}

#[test]
fn secrets_and_private_calls_are_not_written() {
    let masking = Masking::new(["x-secret"], ["team"], ["$.messages[*].content"]).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-secret", HeaderValue::from_static("hidden-header"));
    let body = br#"{"messages":[{"role":"user","content":"hidden-body"}]}"#;
    let mut record = CallRecord {
        query: Some("team=hidden-query&a=1".to_owned()),
        request: ports::Message { headers: kept(&headers), ..message("application/json", &[body]) },
        ip_address: Some([127, 0, 0, 1].into()),
        ..CallRecord::default()
    };
    let frame = written(&record, &masking);
    assert_eq!(frame.windows(6).filter(|window| window == b"hidden").count(), 0);
    let call = read(&frame);
    assert_eq!(call.call.request.headers, Some(vec![("x-secret", "***")]));
    assert_eq!(call.body(0), Some(r#"{"messages":[{"role":"user","content":"***"}]}"#));
    assert_eq!(call.call.query, Some("team=***&a=1"));

    record.is_private = true;
    let frame = written(&record, &Masking::default());
    assert_eq!(frame.windows(6).filter(|window| window == b"hidden").count(), 0);
    let call = read(&frame).call;
    assert_eq!((call.request, call.query, call.ip_address), (Message::default(), None, None));
}

#[test]
fn heads_of_earlier_versions_are_read() {
    let facts = ports::ReplyFacts { usage: Usage::unknown(), model: Some("gpt-4o-2024".into()) };
    let attempt = ports::Attempt { reply: Some(Arc::new(facts.into())), ..ports::Attempt::default() };
    let record = CallRecord { status: 207, attempts: vec![attempt], ..CallRecord::default() };
    let frame = written(&record, &Masking::default());
    let now = read(&frame);
    assert_eq!((now.call.status, now.added.response_model), (207, Some("gpt-4o-2024")));

    let head = Frame::parse(&frame[PREFIX..]).unwrap().head;
    assert_eq!(postcard::from_bytes::<Call<'_>>(head).unwrap(), now.call, "as earlier versions read it");

    let mut earlier = Vec::new();
    assert!(Open::begin(&mut earlier, Kind::Call, 0).finish(&mut earlier, &now.call));
    let earlier = read(&earlier);
    assert_eq!((earlier.call, earlier.added), (now.call, Added::default()));
}

proptest! {
    #[test]
    fn calls_are_read_as_they_were_written(
        request in proptest::option::of(".{0,300}"),
        response in proptest::option::of(".{0,300}"),
        url in ".{0,60}",
        model in proptest::option::of("[a-z0-9-]{1,20}"),
        status: u16,
        ticks: i64,
        tokens in proptest::option::of(0_u64..1_000_000),
        attempts in 0_usize..4,
    ) {
        let body = |text: &Option<String>| ports::Message {
            body: text.as_ref().map(|text| payload(&[text.as_bytes()])),
            ..ports::Message::default()
        };
        let record = CallRecord {
            timestamp_ticks: ticks,
            url: url.clone(),
            model: model.clone().map(Arc::from),
            status,
            usage: tokens.map(|tokens| Usage::new(Provenance::Reported, Some(tokens), None)),
            request: body(&request),
            response: body(&response),
            attempts: (0..attempts).map(|number| ports::Attempt {
                path: number.to_string().into(),
                ..ports::Attempt::default()
            }).collect(),
            ..CallRecord::default()
        };
        let frame = written(&record, &Masking::default());
        let call = read(&frame);
        prop_assert_eq!(call.ticks, ticks);
        prop_assert_eq!((call.call.url, call.call.model, call.call.status), (url.as_str(), model.as_deref(), status));
        prop_assert_eq!(call.call.usage, record.usage);
        prop_assert_eq!(call.call.attempts.len(), attempts);
        let kept = |text: Option<String>| text.filter(|text| !text.is_empty());
        prop_assert_eq!([call.body(0).map(str::to_owned), call.body(1).map(str::to_owned)], [kept(request), kept(response)]);
    }

    #[test]
    fn bytes_that_are_no_frame_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(frame) = Frame::parse(&bytes) {
            let _ = ReadCall::parse(frame);
        }
    }
}

#[test]
fn a_body_that_both_sides_share_counts_once() {
    let shared = payload(&[b"question"]);
    let with =
        |body: &SharedPayload| ports::Message { body: Some(body.clone()), ..ports::Message::default() };
    let attempt = |request: &SharedPayload| ports::Attempt {
        messages: Some(Box::new(AttemptMessages { request: with(request), ..AttemptMessages::default() })),
        ..ports::Attempt::default()
    };
    let record = CallRecord {
        request: with(&shared),
        response: with(&payload(&[b"answer"])),
        attempts: vec![attempt(&shared), attempt(&shared), attempt(&payload(&[b"question"]))],
        ..CallRecord::default()
    };
    assert_eq!(super::call::held(&record), 8 + 6 + 8);
}
