//! What a template computes with.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;
use sekisho_expression::framework;
use sekisho_expression::value::{DateTime, Text};

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
    /// Places in `entries`, by name without case.
    sorted: Vec<u32>,
    /// What the whole is as a text: an XML element with attributes still shows its text.
    text: Option<Text>,
}

impl Hash {
    /// Names and values; of equal names the last is found.
    pub(crate) fn new(entries: Vec<(Text, Value)>) -> Self {
        let mut sorted: Vec<u32> = (0..entries.len()).filter_map(|at| u32::try_from(at).ok()).collect();
        let name = |at: &u32| entries.get(*at as usize).map_or("", |(name, _)| name.as_str());
        sorted.sort_by(|left, right| without_case(name(left), name(right)));
        Self { entries, sorted, text: None }
    }

    /// The same with a text for the whole.
    pub(crate) fn with_text(self, text: Option<Text>) -> Self {
        Self { text, ..self }
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let entry = |at: &u32| self.entries.get(*at as usize);
        let start = self
            .sorted
            .partition_point(|at| entry(at).is_some_and(|(known, _)| without_case(known, name).is_lt()));
        let mut twins = self
            .sorted
            .get(start..)?
            .iter()
            .filter_map(entry)
            .take_while(|(known, _)| known.eq_ignore_ascii_case(name));
        let first = twins.next()?;
        let exact = std::iter::once(first).chain(twins).filter(|(known, _)| known.as_str() == name).last();
        Some(&exact.unwrap_or(first).1)
    }

    /// Names and values in their order.
    pub(crate) fn entries(&self) -> &[(Text, Value)] {
        &self.entries
    }
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

    /// `ToString()`: what filters see, and what an array shows of its elements.
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
            Value::Hash(hash) => match &hash.text {
                Some(text) => text.clone(),
                None => self.joined(),
            },
            Value::Array(_) | Value::Range(..) => self.joined(),
        }
    }

    /// What `{{ … }}` shows.
    pub(crate) fn shown(&self) -> Text {
        match self {
            Value::Boolean(flag) => Text::from(if *flag { "true" } else { "false" }),
            other => other.to_text(),
        }
    }

    fn joined(&self) -> Text {
        let mut out = String::new();
        for item in (0..self.count().unwrap_or(0)).map_while(|at| self.item(at)) {
            out.push_str(&item.to_text());
        }
        Text::from(out)
    }
}
