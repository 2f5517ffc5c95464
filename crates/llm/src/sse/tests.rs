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

#[test]
fn character_cut_between_chunks_comes_out_whole() {
    let stream = "data: 関所🙂\n\n".as_bytes();
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(scan(1000, [head, tail]).0, [(vec![], "関所🙂".as_bytes().to_vec())], "cut at {cut}");
    }
}

#[test]
fn carriage_return_at_the_end_of_a_chunk_waits_for_its_line_feed() {
    let both: Vec<Owned> = vec![(vec![], b"a\nb".to_vec()), (vec![], b"c".to_vec())];
    let chunks = [&b"data: a\r"[..], b"\ndata: b\r", b"", b"\n\r", b"\ndata: c\r\n\r\n"];
    assert_eq!(scan(1000, chunks).0, both);
    let lone = [&b"data: a\r"[..], b"data: b\r", b"\r", b"data: c\r\r"];
    assert_eq!(scan(1000, lone).0, both);
}

#[test]
fn byte_order_mark_may_be_cut() {
    let stream = "\u{feff}data: a\n\n".as_bytes();
    assert_eq!(scan(1000, stream.chunks(1)).0, [(vec![], b"a".to_vec())]);
    assert_eq!(scan(7, stream.chunks(1)), (vec![(vec![], b"a".to_vec())], 0));
}

#[test]
fn data_comes_out_byte_for_byte() {
    let data = b"\0\x01 \t\xff\xfe:\xef\xbb\xbf \xe9\x96 trailing  ";
    let stream = [b"data: ", &data[..], b"\n\n"].concat();
    for size in 1..stream.len() {
        assert_eq!(scan(1000, stream.chunks(size)).0, [(vec![], data.to_vec())]);
    }
}

#[test]
fn empty_data_lines_are_lines() {
    assert_eq!(data_of("data:\ndata\ndata: \n\n"), ["\n\n"]);
    assert_eq!(data_of("data:  a\n\n"), [" a"]);
    assert_eq!(data_of("datas: a\nDATA: b\n data: c\n\n"), Vec::<String>::new());
}

#[test]
fn name_belongs_to_its_event_alone() {
    let (events, _) = scan(1000, [&b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\n"[..]]);
    assert_eq!(events, [(b"b".to_vec(), b"1".to_vec()), (vec![], b"2".to_vec())]);
}

/// What the specification of event streams says, on a whole stream; lines are looked at as bytes.
fn by_the_book(stream: &[u8]) -> Vec<Owned> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines = vec![Vec::new()];
    let mut bytes = stream.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                lines.push(Vec::new());
            }
            b'\n' => lines.push(Vec::new()),
            byte => lines.last_mut().unwrap().push(byte),
        }
    }
    // The scanner gives out an event that lacks its blank line.
    lines.push(Vec::new());
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), Vec::<Vec<u8>>::new());
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':');
        let field = &line[..colon.unwrap_or(line.len())];
        let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value).to_vec();
        match field {
            _ if line.is_empty() => {
                let name = std::mem::take(&mut name);
                let data = std::mem::take(&mut data);
                if !data.is_empty() {
                    events.push((name, data.join(&b'\n')));
                }
            }
            b"data" => data.push(value),
            b"event" => name = value,
            _ => {}
        }
    }
    events
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
    fn events_are_those_of_the_specification(stream in stream_bytes(), size in 1usize..9) {
        prop_assert_eq!(scan(10_000, stream.chunks(size)), (by_the_book(&stream), 0));
    }

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
