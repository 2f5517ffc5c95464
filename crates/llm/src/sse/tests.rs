use proptest::prelude::*;

use super::*;

type Owned = (Vec<u8>, Vec<u8>);

fn scan<'a>(max: usize, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, u64) {
    let mut scanner = Scanner::new(max);
    let mut events = Vec::new();
    let mut collect = |event: Event<'_>| events.push((event.name.to_vec(), event.data.to_vec()));
    for chunk in chunks {
        scanner.push(chunk, &mut collect);
    }
    scanner.finish(&mut collect);
    (events, scanner.skipped())
}

fn data_of(stream: &str) -> Vec<String> {
    let (events, _) = scan(1000, [stream.as_bytes()]);
    events.into_iter().map(|(_, data)| String::from_utf8(data).unwrap()).collect()
}

#[test]
fn every_line_ending_ends_lines() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = "event: greet\ndata: a\ndata:b\ndata:  c\n\n: ping\n\ndata\n\nid: 7\nevent: none\n\ndata: [DONE]\n\n";
        let (events, skipped) = scan(1000, [stream.replace('\n', end).as_bytes()]);
        let expected: Vec<Owned> =
            vec![(b"greet".to_vec(), b"a\nb\n c".to_vec()), (vec![], vec![]), (vec![], b"[DONE]".to_vec())];
        assert_eq!((events, skipped), (expected, 0));
    }
}

#[test]
fn event_without_its_blank_line_is_given_out_at_the_end() {
    assert_eq!(data_of("data: a\n\ndata: b\n"), ["a", "b"]);
    assert_eq!(data_of("data: a\n\ndata: b"), ["a", "b"]);
    assert_eq!(data_of(""), Vec::<String>::new());
}

#[test]
fn byte_order_mark_is_skipped_once() {
    assert_eq!(data_of("\u{feff}data: a\n\n"), ["a"]);
    assert_eq!(data_of("\n\u{feff}data: a\n\n"), Vec::<String>::new());
}

#[test]
fn events_come_out_with_the_byte_that_completes_them() {
    let mut scanner = Scanner::default();
    let mut count = 0;
    let mut on_event = |_: Event<'_>| count += 1;
    scanner.push(b"data: a\r\n", &mut on_event);
    scanner.push(b"\r", &mut on_event);
    assert_eq!(count, 1);
}

#[test]
fn event_over_the_bound_is_skipped_and_the_next_one_read() {
    let stream = format!("data: {}\ndata: more\n\ndata: small\n\n", "x".repeat(200));
    let small: Vec<Owned> = vec![(vec![], b"small".to_vec())];
    assert_eq!(scan(100, [stream.as_bytes()]), (small.clone(), 1));
    assert_eq!(scan(100, stream.as_bytes().chunks(7)), (small, 1));
}

#[test]
fn comments_do_not_add_up_to_an_event() {
    let stream = format!("{}data: a\n\n", ": keep-alive\n".repeat(50));
    assert_eq!(scan(20, [stream.as_bytes()]), (vec![(vec![], b"a".to_vec())], 0));
}

#[test]
fn skipped_event_holds_no_memory() {
    let mut scanner = Scanner::new(1000);
    for _ in 0..100 {
        scanner.push(&[b'x'; 999], &mut |_| {});
    }
    assert_eq!(scanner.line.capacity() + scanner.data.capacity(), 0);
}

/// Bytes that make lines, fields and odd cuts likely.
fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"data:"[..]),
        Just(&b"data: "[..]),
        Just(&b"event: x"[..]),
        Just(&b": comment"[..]),
        Just(&b"\xef\xbb\xbf"[..]),
        Just("関所".as_bytes()),
        Just(&b"{\"usage\":{}}"[..]),
        Just(&b"\xff"[..]),
        Just(&b" "[..]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        stream in stream_bytes(),
        sizes in prop::collection::vec(0usize..9, 1..20),
        max in 4usize..40,
    ) {
        let whole = scan(max, [&stream[..]]);
        let mut chunks = Vec::new();
        let mut rest = &stream[..];
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() && chunks.len() < 1000 {
            let size = (*sizes.next().unwrap()).min(rest.len());
            let (chunk, tail) = rest.split_at(size);
            chunks.push(chunk);
            rest = tail;
        }
        chunks.push(rest);
        prop_assert_eq!(scan(max, chunks), whole.clone());
        prop_assert_eq!(scan(max, stream.chunks(1)), whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20)) {
        scan(30, chunks.iter().map(Vec::as_slice));
    }
}
