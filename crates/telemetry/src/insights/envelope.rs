//! The form of all items, and the lengths that the service takes: longer texts are cut, as it refuses them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::text;

/// The longest name of a property, in UTF-16 units.
const MAX_PROPERTY_NAME: usize = 150;
/// The longest value of a property.
pub const MAX_PROPERTY: usize = 8192;
/// The longest name of an operation, a target, a type, a result.
pub const MAX_NAME: usize = 1024;
/// The longest id of an item.
pub const MAX_ID: usize = 512;
/// The longest URL of a request.
pub const MAX_URL: usize = 2048;
/// The longest message of a trace or an exception.
pub const MAX_MESSAGE: usize = 32_768;
/// The longest value of a tag: that of `ai.operation.id`, which is the shortest.
const MAX_TAG: usize = 128;
/// The longest duration that the service takes is below this many days.
const MAX_DAYS: u64 = 1000;

/// One item.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a, D> {
    ver: u8,
    name: &'static str,
    time: String,
    sample_rate: f64,
    #[serde(rename = "iKey")]
    instrumentation_key: &'a str,
    tags: BTreeMap<&'static str, Cow<'a, str>>,
    data: Data<D>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<D> {
    base_type: &'static str,
    base_data: D,
}

/// A kind of item.
pub trait Kind: Serialize {
    /// The name of the envelope.
    const NAME: &'static str;
    /// The type of its data.
    const BASE_TYPE: &'static str;
}

impl<'a, D: Kind> Envelope<'a, D> {
    /// An item of this time, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub fn new(instrumentation_key: &'a str, ticks: i64, sample_rate: f64, data: D) -> Self {
        Self {
            ver: 1,
            name: D::NAME,
            time: text::utc(ticks).unwrap_or_default(),
            sample_rate,
            instrumentation_key,
            tags: BTreeMap::new(),
            data: Data { base_type: D::BASE_TYPE, base_data: data },
        }
    }

    /// With a tag, unless it says nothing.
    #[must_use]
    pub fn tag(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            let most = if name == "ai.operation.name" { MAX_NAME } else { MAX_TAG };
            self.tags.insert(name, limited(value, most));
        }
        self
    }

    /// The item as a line of JSON, without its end.
    pub fn line(&self) -> Vec<u8> {
        // Texts and numbers that are finite can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// `properties`. The first value of a name stays.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Properties<'a>(BTreeMap<Cow<'a, str>, Cow<'a, str>>);

impl<'a> Properties<'a> {
    /// Adds a property, unless it says nothing.
    pub fn add(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        let value = value.into();
        if !value.is_empty() {
            let name = limited(name.into(), MAX_PROPERTY_NAME);
            self.0.entry(name).or_insert_with(|| limited(value, MAX_PROPERTY));
        }
    }

    /// Adds those whose names are not there yet.
    pub fn add_all(&mut self, others: Properties<'a>) {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    /// Adds a property, if there is a value.
    pub fn add_some(&mut self, name: &'static str, value: Option<&'a str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

/// The text, or its beginning of at most so many UTF-16 units, which is how the service counts.
pub fn limited(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    // A text has no more units than bytes.
    if text.len() <= most {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > most
    });
    match end {
        None => text,
        Some((end, _)) => match text {
            Cow::Borrowed(text) => text.get(..end).unwrap_or_default().into(),
            Cow::Owned(mut text) => {
                text.truncate(end);
                text.into()
            }
        },
    }
}

/// `d.hh:mm:ss.ffffff`, as the service has it.
pub fn duration(duration: Duration) -> String {
    let longest = Duration::from_secs(MAX_DAYS * 24 * 3600) - Duration::from_micros(1);
    let duration = duration.min(longest);
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days}.{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, duration.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_the_service_reads_them() {
        assert_eq!(duration(Duration::from_micros(2_260_406)), "0.00:00:02.260406");
        assert_eq!(duration(Duration::from_secs(90_061)), "1.01:01:01.000000");
        assert_eq!(duration(Duration::MAX), "999.23:59:59.999999");
    }

    #[test]
    fn texts_are_cut_by_units() {
        assert_eq!(limited("abc".into(), 3), "abc");
        assert_eq!(limited("äöü".into(), 3), "äöü");
        assert_eq!(limited("äöü".into(), 2), "äö");
        assert_eq!(limited("a🦀b".into(), 2), "a");
        assert_eq!(limited(String::from("a🦀b").into(), 3), "a🦀");
    }

    #[test]
    fn the_first_value_of_a_property_stays() {
        let mut properties = Properties::default();
        properties.add("a", "1");
        properties.add("a", "2");
        properties.add("b", "");
        properties.add("x".repeat(200), "y".repeat(9000));
        let written = serde_json::to_value(&properties).unwrap();
        assert_eq!(written["a"], "1");
        assert_eq!(written.as_object().unwrap().len(), 2);
        assert_eq!(written[&*"x".repeat(150)].as_str().unwrap().len(), 8192);
    }
}
