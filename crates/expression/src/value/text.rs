//! `System.String`: shared text that is addressed in UTF-16 units.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

/// An immutable string. Positions of C# count UTF-16 units; text of ASCII alone answers them without a walk.
///
/// Unpaired surrogates cannot be held and become U+FFFD.
#[derive(Clone)]
pub struct Text {
    text: Arc<str>,
    /// UTF-16 units.
    length: u32,
    ascii: bool,
}

static EMPTY: LazyLock<Text> = LazyLock::new(|| Text { text: Arc::from(""), length: 0, ascii: true });

impl Text {
    /// The empty string, shared.
    pub fn empty() -> Self {
        EMPTY.clone()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The shared text itself.
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// True when every character is ASCII: bytes, characters and UTF-16 units coincide.
    pub fn is_ascii_only(&self) -> bool {
        self.ascii
    }

    /// `Length`: UTF-16 units.
    pub fn length(&self) -> usize {
        self.length as usize
    }

    /// The unit at a position.
    pub fn unit_at(&self, index: usize) -> Option<u16> {
        if self.ascii {
            self.text.as_bytes().get(index).map(|byte| u16::from(*byte))
        } else {
            self.text.encode_utf16().nth(index)
        }
    }

    /// All units.
    pub fn units(&self) -> Vec<u16> {
        self.text.encode_utf16().collect()
    }

    /// Text from UTF-16 units.
    pub fn from_units(units: &[u16]) -> Self {
        Self::from(String::from_utf16_lossy(units))
    }

    /// `Substring(start, length)` in units; none when out of range.
    pub fn substring(&self, start: usize, length: usize) -> Option<Text> {
        let end = start.checked_add(length)?;
        if self.ascii {
            return self.text.get(start..end).map(Text::from);
        }
        let units = self.units();
        units.get(start..end).map(Text::from_units)
    }

    /// The position in units of a byte offset.
    pub fn unit_index(&self, byte: usize) -> usize {
        if self.ascii {
            return byte;
        }
        self.text.get(..byte).map_or(0, |head| head.encode_utf16().count())
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::empty() } else { Self::from(Arc::<str>::from(text)) }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        let ascii = text.is_ascii();
        let length = if ascii { text.len() } else { text.encode_utf16().count() };
        // Limits of memory keep texts far below 4 GiB.
        Self { text, length: u32::try_from(length).unwrap_or(u32::MAX), ascii }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        *self.text == *other.text
    }
}
impl Eq for Text {}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
