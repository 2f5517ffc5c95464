//! What a template computes with.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;
use sekisho_expression::framework;
use sekisho_expression::value::{DateTime, Text};

/// Up to so many names are looked through one by one.
const SEARCHED: usize = 8;

/// A value. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    /// `nil`, and everything that is not there.
    #[default]
    Nil,
    /// `true` and `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// `double`.
    Double(f64),
    /// `decimal`, which arithmetic with fractions gives.
    Decimal(Decimal),
    /// A text.
    Text(Text),
    /// A date.
    Date(DateTime),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// Names and values.
    Hash(Arc<Hash>),
    /// A name and its value: what a loop over a [`Value::Hash`] walks over.
    Pair(Arc<(Text, Value)>),
    /// `(1..5)`, both ends included.
    Range(i64, i64),
    /// `empty` and `blank`: equal to what holds nothing.
    Empty,
    /// `forloop` and `tablerowloop`.
    Loop(Loop),
}

/// Where a loop stands.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    /// `item-collection`.
    pub(crate) name: Text,
    /// How many turns there are.
    pub(crate) length: i64,
    /// The turn, from 0.
    pub(crate) index: i64,
    /// Of a table: the column from 0, and how many there are.
    pub(crate) column: Option<(i64, i64)>,
}

/// Names and values in their order. Names are found ignoring case when none is exactly the same.
#[derive(Debug, Default)]
pub(crate) struct Hash {
    entries: Vec<(Text, Value)>,
    /// Places in `entries`, by name without case; empty for few.
    sorted: Vec<u32>,
    /// What the whole is as a text: an XML element with attributes still shows its text.
    text: Option<Text>,
}

impl Hash {
    /// Names and values; of equal names the last is found.
    pub(crate) fn new(entries: Vec<(Text, Value)>) -> Self {
        let mut sorted: Vec<u32> = Vec::new();
        if entries.len() > SEARCHED {
            sorted.extend((0..entries.len()).filter_map(|at| u32::try_from(at).ok()));
            let name = |at: &u32| entries.get(*at as usize).map_or("", |(name, _)| name.as_str());
            sorted.sort_by(|left, right| without_case(name(left), name(right)));
        }
        Self { entries, sorted, text: None }
    }

    /// The same with a text for the whole.
    pub(crate) fn with_text(self, text: Option<Text>) -> Self {
        Self { text, ..self }
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        if self.sorted.is_empty() {
            return found(self.entries.iter(), name);
        }
        let entry = |at: &u32| self.entries.get(*at as usize);
        let start = self
            .sorted
            .partition_point(|at| entry(at).is_some_and(|(known, _)| without_case(known, name).is_lt()));
        let twins = self.sorted.get(start..)?.iter().filter_map(entry);
        found(twins.take_while(|(known, _)| known.eq_ignore_ascii_case(name)), name)
    }

    /// Names and values in their order.
    pub(crate) fn entries(&self) -> &[(Text, Value)] {
        &self.entries
    }
}

/// The last value of the name, else the first of a name that differs in case alone.
fn found<'h>(entries: impl Iterator<Item = &'h (Text, Value)>, name: &str) -> Option<&'h Value> {
    let (mut exact, mut other) = (None, None);
    for (known, value) in entries {
        if known.as_str() == name {
            exact = Some(value);
        } else if other.is_none() && known.eq_ignore_ascii_case(name) {
            other = Some(value);
        }
    }
    exact.or(other)
}

fn without_case(left: &str, right: &str) -> Ordering {
    let folded = |text: &str| {
        text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<smallvec::SmallVec<[u8; 32]>>()
    };
    folded(left).cmp(&folded(right))
}

impl Value {
    /// A text.
    pub(crate) fn text(text: impl Into<Text>) -> Self {
        Value::Text(text.into())
    }

    /// An array.
    pub(crate) fn array(items: Vec<Value>) -> Self {
        Value::Array(Arc::new(items))
    }

    /// False for `nil` and `false` alone.
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    /// How many values there are to walk over; none for what is no collection. A text is a collection of its letters.
    pub(crate) fn count(&self) -> Option<usize> {
        Some(match self {
            Value::Text(text) => text.length(),
            Value::Array(items) => items.len(),
            Value::Hash(hash) => hash.entries.len(),
            Value::Range(from, to) => {
                usize::try_from(to.saturating_sub(*from).saturating_add(1)).unwrap_or(0)
            }
            _ => return None,
        })
    }

    /// The value at a place of a collection; see [`Value::count`].
    pub(crate) fn item(&self, at: usize) -> Option<Value> {
        match self {
            Value::Text(text) => text.unit_at(at).map(|unit| Value::Text(Text::from_units(&[unit]))),
            Value::Array(items) => items.get(at).cloned(),
            Value::Hash(hash) => {
                hash.entries.get(at).map(|(name, value)| Value::Pair(Arc::new((name.clone(), value.clone()))))
            }
            Value::Range(from, to) => {
                let number = from.checked_add(i64::try_from(at).ok()?)?;
                (number <= *to).then_some(Value::Integer(number))
            }
            _ => None,
        }
    }

    /// `ToString()`: what filters see, and what an array shows of its elements. Of collections that is the name of their type.
    pub(crate) fn to_text(&self) -> Text {
        match self {
            Value::Nil | Value::Empty | Value::Loop(_) => Text::empty(),
            Value::Boolean(flag) => Text::from(if *flag { "True" } else { "False" }),
            Value::Integer(number) => Text::from(number.to_string()),
            Value::Double(number) => Text::from(framework::double_text(*number)),
            Value::Decimal(number) => Text::from(framework::decimal_text(*number, "").unwrap_or_default()),
            Value::Text(text) => text.clone(),
            Value::Date(date) => Text::from(framework::date_text(*date, "").unwrap_or_default()),
            Value::Pair(pair) => Text::from(format!("[{}, {}]", pair.0, pair.1.to_text())),
            Value::Hash(hash) => hash.text.clone().unwrap_or_else(|| Text::from("DotLiquid.Hash")),
            Value::Array(_) | Value::Range(..) => Text::from(LIST),
        }
    }

    /// The elements whose texts `{{ … }}` shows one after the other; none for what it shows as a whole.
    pub(crate) fn shown_elements(&self) -> Option<usize> {
        match self {
            Value::Array(_) | Value::Range(..) => self.count(),
            Value::Hash(hash) if hash.text.is_none() => self.count(),
            _ => None,
        }
    }

    /// What `{{ … }}` shows of a value that is no collection.
    pub(crate) fn shown(&self) -> Text {
        match self {
            Value::Boolean(flag) => Text::from(if *flag { "true" } else { "false" }),
            other => other.to_text(),
        }
    }
}

/// The name of an array's type.
pub(super) const LIST: &str = "System.Collections.Generic.List`1[System.Object]";
