use proptest::prelude::*;

use super::*;

/// A frame as a server writes it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(short as u8),
        middle @ 126..65_536 => {
            out.push(126);
            out.extend((middle as u16).to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    out
}

/// The messages in pieces: whole ones as they are, and the begin of those that are too long.
fn read(pieces: &[&[u8]]) -> (Vec<Result<String, usize>>, bool) {
    let mut reader = FrameReader::default();
    let mut seen = Vec::new();
    for piece in pieces {
        reader.push(piece, |message| {
            seen.push(match message {
                Message::Text(text) => Ok(String::from_utf8(text.to_vec()).unwrap()),
                Message::TooLong(begin) => Err(begin.len()),
            });
        });
    }
    (seen, reader.is_reading())
}

fn texts(bytes: &[u8]) -> (Vec<Result<String, usize>>, bool) {
    read(&[bytes])
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const CLOSE: u8 = 0x88;

#[test]
fn lengths_of_all_three_kinds() {
    for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        let text = "x".repeat(length);
        assert_eq!(texts(&frame(TEXT, text.as_bytes())), (vec![Ok(text)], true), "{length}");
    }
}

#[test]
fn fragments_are_joined_and_control_frames_stand_between() {
    let bytes = [
        frame(0x01, b"res"),
        frame(PING, b"still there?"),
        frame(0x00, b""),
        frame(0x80, b"ponse"),
        frame(BINARY, b"skipped"),
        frame(TEXT, b"next"),
        frame(CLOSE, &[3, 232]),
    ];
    assert_eq!(texts(&bytes.concat()), (vec![Ok("response".to_owned()), Ok("next".to_owned())], true));
}

#[test]
fn long_messages_are_skipped_and_the_next_is_read() {
    let half = vec![b'x'; MAX_MESSAGE / 2];
    let bytes = [frame(0x01, &half), frame(0x00, &half), frame(0x80, b"y"), frame(TEXT, b"next")].concat();
    assert_eq!(texts(&bytes), (vec![Err(MAX_MESSAGE), Ok("next".to_owned())], true));
    let exact = vec![b'x'; MAX_MESSAGE];
    assert!(matches!(&texts(&frame(TEXT, &exact)).0[..], [Ok(text)] if text.len() == MAX_MESSAGE));
}

#[test]
fn what_cannot_be_read_ends_reading() {
    let masked = [TEXT, 0x81, 1, 2, 3, 4, b'x'];
    let compressed = frame(0xc1, b"x");
    let unknown = frame(0x83, b"x");
    let continuation_of_nothing = frame(0x80, b"x");
    let text_within_a_text = [frame(0x01, b"a"), frame(TEXT, b"b")].concat();
    let fragmented_ping = frame(0x09, b"x");
    let long_ping = frame(PING, &[0; 126]);
    for wrong in [
        &masked[..],
        &compressed,
        &unknown,
        &continuation_of_nothing,
        &text_within_a_text,
        &fragmented_ping,
        &long_ping,
        b"HTTP/1.1 200 OK\r\n\r\n",
    ] {
        let bytes = [frame(TEXT, b"before"), wrong.to_vec(), frame(TEXT, b"after")].concat();
        assert_eq!(texts(&bytes), (vec![Ok("before".to_owned())], false), "{wrong:?}");
    }
}

/// Messages in fragments, with pings between.
fn conversation() -> impl Strategy<Value = Vec<(bool, Vec<String>)>> {
    let message = (any::<bool>(), prop::collection::vec("[a-z]{0,300}", 1..5));
    prop::collection::vec(message, 0..8)
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_messages(
        messages in conversation(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (is_text, fragments) in &messages {
            for (place, fragment) in fragments.iter().enumerate() {
                let first = if place > 0 { 0 } else if *is_text { 1 } else { 2 };
                let last = if place + 1 == fragments.len() { FINAL } else { 0 };
                bytes.extend(frame(first | last, fragment.as_bytes()));
                bytes.extend(frame(PING, b"p"));
            }
            if *is_text {
                expected.push(Ok(fragments.concat()));
            }
        }
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.extend([0, bytes.len()]);
        ends.sort_unstable();
        let pieces: Vec<&[u8]> = ends.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(read(&pieces), (expected.clone(), true));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single), (expected, true));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1_usize..50) {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        let mut reader = FrameReader::default();
        for piece in pieces {
            reader.push(piece, |message| drop(format!("{message:?}")));
        }
        prop_assert!(reader.text.len() <= MAX_MESSAGE && reader.head.len() < 10);
    }
}
