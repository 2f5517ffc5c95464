use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file
}

fn image(width: u32, height: u32, detail: Option<&'static str>) -> Image<'static> {
    let url = format!("data:image/png;base64,{}", STANDARD.encode(png(width, height)));
    Image { source: ImageSource::Url(Cow::Owned(url)), detail: detail.map(Cow::Borrowed) }
}

fn size(file: &[u8]) -> Option<(u32, u32)> {
    Size::of_base64(&STANDARD.encode(file)).map(|size| (size.width, size.height))
}

#[test]
fn documented_examples_of_tiles() {
    assert_eq!(tokens("gpt-4o", &image(1024, 1024, Some("high"))), 765);
    assert_eq!(tokens("gpt-4o", &image(2048, 4096, Some("high"))), 1105);
    assert_eq!(tokens("gpt-4o", &image(4096, 8192, Some("low"))), 85);
    assert_eq!(tokens("gpt-4.1", &image(1, 1, None)), 255);
    assert_eq!(tokens("gpt-4o-mini", &image(1024, 1024, None)), 2833 + 4 * 5667);
    assert_eq!(tokens("o1", &image(512, 512, None)), 225);
    assert_eq!(tokens("gpt-5", &image(512, 512, None)), 210);
}

#[test]
fn documented_examples_of_patches() {
    let one_token_each = |width, height| patches(Size { width, height });
    assert_eq!(one_token_each(1024, 1024), 1024);
    assert_eq!(one_token_each(1800, 2400), 1452);
    assert_eq!(tokens("gpt-4.1-mini", &image(1024, 1024, Some("low"))), 1659);
    assert_eq!(tokens("o4-mini", &image(32, 33, None)), 4);
}

#[test]
fn image_of_unknown_size_is_a_square_of_1024_pixels() {
    for source in [ImageSource::Stored, ImageSource::Url(Cow::Borrowed("https://example.com/a.png"))] {
        assert_eq!(tokens("gpt-4o", &Image { source, detail: None }), 765);
    }
    let text = ImageSource::Url(Cow::Borrowed("data:image/svg+xml,<svg/>"));
    assert_eq!(tokens("gpt-4o", &Image { source: text, detail: None }), 765);
}

#[test]
fn sizes_are_read_from_every_format() {
    assert_eq!(size(&png(640, 480)), Some((640, 480)));
    assert_eq!(size(b"GIF89a\x80\x02\xe0\x01"), Some((640, 480)));

    let mut jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    jpeg.extend(b"\xff\xe1\x40\x00");
    jpeg.extend([7; 0x3ffe]);
    jpeg.extend(b"\xff\xff\xc2\x00\x11\x08\x01\xe0\x02\x80\x03");
    assert_eq!(size(&jpeg), Some((640, 480)));

    let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01";
    assert_eq!(size(lossy), Some((640, 480)));
    let bits = (640_u32 - 1) | ((480 - 1) << 14);
    let lossless = [&b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f"[..], &bits.to_le_bytes()].concat();
    assert_eq!(size(&lossless), Some((640, 480)));
    let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
    assert_eq!(size(extended), Some((640, 480)));
}

#[test]
fn broken_headers_have_no_size() {
    for file in
        [&b""[..], b"\x89PNG", b"BM", b"GIF89a\0\0\0\0", b"\xff\xd8\xff\xe0\0\0", b"RIFF\0\0\0\0WEBPVP9 "]
    {
        assert_eq!(size(file), None);
    }
    assert_eq!(Size::of_base64("not base64!"), None);
    let endless = [&b"\xff\xd8"[..], &b"\xff\xe0\0\x02".repeat(1000)].concat();
    assert_eq!(size(&endless), None);
}

proptest! {
    #[test]
    fn any_header_and_size_is_harmless(start in 0usize..4, rest in prop::collection::vec(any::<u8>(), 0..60),
        width in 1u32.., height in 1u32..) {
        let starts: [&[u8]; 4] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF\0\0\0\0WEBPVP8"];
        size(&[starts[start], &rest].concat());
        let size = Size { width, height };
        prop_assert!((1..=16).contains(&tiles(size)));
        prop_assert!((1..=1536).contains(&patches(size)));
    }
}
