//! How texts compare: ordinal by UTF-16 units, or by the invariant culture (the root collation of Unicode).

use std::cmp::Ordering;
use std::sync::LazyLock;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};

use crate::call::Call;
use crate::exception::Exception;

/// A `StringComparison`. The current culture is the invariant one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// By the collation of the culture instead of by units.
    pub(crate) culture: bool,
    /// Upper and lower case are equal.
    pub(crate) ignore_case: bool,
}

impl Comparison {
    /// `Ordinal`.
    pub(crate) const ORDINAL: Self = Self { culture: false, ignore_case: false };
    /// `OrdinalIgnoreCase`.
    pub(crate) const ORDINAL_IGNORE_CASE: Self = Self { culture: false, ignore_case: true };
    /// `InvariantCulture`, `CurrentCulture`.
    pub(crate) const CULTURE: Self = Self { culture: true, ignore_case: false };
    /// `InvariantCultureIgnoreCase`, `CurrentCultureIgnoreCase`.
    pub(crate) const CULTURE_IGNORE_CASE: Self = Self { culture: true, ignore_case: true };

    /// An argument of type StringComparison.
    pub(crate) fn argument(call: &Call<'_>, at: usize) -> Result<Self, Exception> {
        match call.enumeration(at) {
            number @ 0..=5 => Ok(Self { culture: number < 4, ignore_case: number % 2 == 1 }),
            _ => {
                let message = "The string comparison type passed in is currently not supported.";
                Err(Exception::argument(message, "comparisonType"))
            }
        }
    }

    /// A sort order.
    pub(crate) fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self { culture: true, ignore_case: false } => compare_by(&TERTIARY, left, right),
            Self { culture: true, ignore_case: true } => compare_by(&SECONDARY, left, right),
            Self { culture: false, ignore_case: false } => left.encode_utf16().cmp(right.encode_utf16()),
            Self { culture: false, ignore_case: true } => {
                let units = |text: &str| fold(text).encode_utf16().collect::<Vec<u16>>();
                units(left).cmp(&units(right))
            }
        }
    }

    /// The number of `Compare`: its sign is the order. Of an ordinal comparison it is the distance of the first units
    /// that differ, or of the lengths.
    pub(crate) fn number(self, left: &str, right: &str) -> i32 {
        match self {
            Self { culture: true, .. } => self.compare(left, right) as i32,
            Self { ignore_case: true, .. } => distance(&fold(left), &fold(right)),
            _ => {
                // .NET looks at two units of each text first, be the second one the end.
                let head = |text: &str| text.encode_utf16().chain([0, 0]).take(2).collect::<Vec<_>>();
                let heads = head(left).into_iter().zip(head(right));
                let differing = heads.into_iter().find(|(one, other)| one != other);
                differing
                    .map_or_else(|| distance(left, right), |(one, other)| i32::from(one) - i32::from(other))
            }
        }
    }

    /// The number of `Compare` for parts of texts.
    pub(crate) fn number_of_parts(self, left: &str, right: &str) -> i32 {
        if self == Self::ORDINAL { distance(left, right) } else { self.number(left, right) }
    }

    /// True when both are the same under this comparison.
    pub(crate) fn equal(self, left: &str, right: &str) -> bool {
        match self {
            Self::ORDINAL => left == right,
            Self::ORDINAL_IGNORE_CASE => left.chars().map(upper).eq(right.chars().map(upper)),
            _ => self.compare(left, right) == Ordering::Equal,
        }
    }

    /// Text in which searches under this comparison are plain searches. It has as many UTF-16 units as before.
    ///
    /// Searches of a culture are plain ones too: composed and decomposed letters are told apart.
    pub(crate) fn searchable(self, text: &str) -> String {
        if self.ignore_case { fold(text) } else { text.to_owned() }
    }
}

/// The distance of the first units that differ; without any, of the lengths.
fn distance(left: &str, right: &str) -> i32 {
    let mut pairs = left.encode_utf16().zip(right.encode_utf16());
    let length = |text: &str| i32::try_from(text.encode_utf16().count()).unwrap_or(i32::MAX);
    pairs
        .find(|(one, other)| one != other)
        .map_or_else(|| length(left) - length(right), |(one, other)| i32::from(one) - i32::from(other))
}

type Shared = LazyLock<Option<CollatorBorrowed<'static>>>;

static TERTIARY: Shared = LazyLock::new(|| collator(Strength::Tertiary));
static SECONDARY: Shared = LazyLock::new(|| collator(Strength::Secondary));

fn collator(strength: Strength) -> Option<CollatorBorrowed<'static>> {
    let mut options = CollatorOptions::default();
    options.strength = Some(strength);
    Collator::try_new(CollatorPreferences::default(), options).ok()
}

fn compare_by(collator: &Shared, left: &str, right: &str) -> Ordering {
    match &**collator {
        Some(collator) => collator.compare(left, right),
        // The root collation is part of the program; there is always one.
        None => left.cmp(right),
    }
}

/// The upper case of one character by the simple mapping: never more characters than before.
pub(crate) fn upper(character: char) -> char {
    // The invariant culture leaves these two alone.
    if matches!(character, 'ı' | 'ſ') {
        return character;
    }
    simple(character, character.to_uppercase())
}

/// The lower case of one character by the simple mapping.
pub(crate) fn lower(character: char) -> char {
    simple(character, character.to_lowercase())
}

fn simple(character: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) if one.len_utf16() == character.len_utf16() => one,
        _ => character,
    }
}

/// Upper case, character by character.
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(upper).collect()
}
