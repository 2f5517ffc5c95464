//! The size of an image, out of the header of its file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Segments of a JPEG looked at to find its size.
const MAX_SEGMENTS: usize = 64;

/// Pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// The size of a PNG, JPEG, GIF or WebP file in base64. Only the bytes that tell it are decoded. `None` for other
    /// files, and when a side is 0.
    pub(crate) fn of_base64(data: &str) -> Option<Self> {
        let file = File { data: data.as_bytes() };
        let size = match file.bytes::<4>(0)? {
            [0x89, b'P', b'N', b'G'] => png(&file),
            [0xff, 0xd8, 0xff, _] => jpeg(&file),
            [b'G', b'I', b'F', b'8'] => gif(&file),
            [b'R', b'I', b'F', b'F'] => webp(&file),
            _ => None,
        };
        size.filter(|size| size.width > 0 && size.height > 0)
    }
}

/// A file in base64, of which single bytes are read.
struct File<'a> {
    data: &'a [u8],
}

impl File<'_> {
    /// The bytes from this place on.
    fn bytes<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for (offset, byte) in bytes.iter_mut().enumerate() {
            *byte = self.byte(at.checked_add(offset)?)?;
        }
        Some(bytes)
    }

    /// Four characters hold three bytes.
    fn byte(&self, at: usize) -> Option<u8> {
        let start = (at / 3).checked_mul(4)?;
        let group = self.data.get(start..)?;
        let group = group.get(..4).unwrap_or(group);
        let padded = group.iter().position(|&character| character == b'=').unwrap_or(group.len());
        let mut decoded = [0; 3];
        let length = STANDARD_NO_PAD.decode_slice(group.get(..padded)?, &mut decoded).ok()?;
        decoded.get(..length)?.get(at % 3).copied()
    }
}

fn png(file: &File<'_>) -> Option<Size> {
    let width = u32::from_be_bytes(file.bytes(16)?);
    let height = u32::from_be_bytes(file.bytes(20)?);
    Some(Size { width, height })
}

fn gif(file: &File<'_>) -> Option<Size> {
    let width = u16::from_le_bytes(file.bytes(6)?);
    let height = u16::from_le_bytes(file.bytes(8)?);
    Some(Size { width: width.into(), height: height.into() })
}

/// The frame header stands behind segments of any length: `FF`, a marker, two bytes of length.
fn jpeg(file: &File<'_>) -> Option<Size> {
    let mut at = 2_usize;
    for _ in 0..MAX_SEGMENTS {
        let [0xff, marker, high, low] = file.bytes::<4>(at)? else { return None };
        match marker {
            0xff => at = at.checked_add(1)?,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let height = u16::from_be_bytes(file.bytes(at.checked_add(5)?)?);
                let width = u16::from_be_bytes(file.bytes(at.checked_add(7)?)?);
                return Some(Size { width: width.into(), height: height.into() });
            }
            _ => at = at.checked_add(2)?.checked_add(u16::from_be_bytes([high, low]).into())?,
        }
    }
    None
}

/// The first chunk is lossy, lossless or the extended header.
fn webp(file: &File<'_>) -> Option<Size> {
    match &file.bytes::<8>(8)? {
        b"WEBPVP8 " => {
            let width = u16::from_le_bytes(file.bytes(26)?) & 0x3fff;
            let height = u16::from_le_bytes(file.bytes(28)?) & 0x3fff;
            Some(Size { width: width.into(), height: height.into() })
        }
        b"WEBPVP8L" => {
            let bits = u32::from_le_bytes(file.bytes(21)?);
            Some(Size { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 })
        }
        b"WEBPVP8X" => {
            let [w0, w1, w2, h0, h1, h2] = file.bytes::<6>(24)?;
            let width = u32::from_le_bytes([w0, w1, w2, 0]) + 1;
            let height = u32::from_le_bytes([h0, h1, h2, 0]) + 1;
            Some(Size { width, height })
        }
        _ => None,
    }
}
