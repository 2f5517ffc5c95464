//! `statsd`: where counters and timers are sent as datagrams.

use crate::fields::{Fields, Unknown};
use crate::reading::Reading;

/// `statsd`. Nothing is sent without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statsd {
    /// `address`: host and port, such as `localhost:8125`.
    pub address: String,
    /// `prefix`: what all names begin with, before a dot; `sekisho` when not set.
    pub prefix: String,
    /// `tags`; `none` when not set.
    pub tags: StatsdTags,
}

/// `statsd.tags`: how what is counted is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatsdTags {
    /// `none`: by the name alone.
    #[default]
    None,
    /// `datadog`: by tags behind the value.
    Datadog,
}

/// Reads `statsd`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Statsd> {
    let mut fields = top.object("statsd", reading)?;
    let address = fields.required_text("address", reading);
    let prefix = fields.text("prefix", reading).map_or_else(|| "sekisho".to_owned(), |text| text.value);
    let words = [("none", StatsdTags::None), ("datadog", StatsdTags::Datadog)];
    let tags = fields.choice("tags", &words, reading).unwrap_or_default();
    fields.finish(Unknown::Refused, reading);
    let address = address?;
    let has_port = address
        .value
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
    if !has_port {
        let message = "`address` is not a host with a port";
        reading.error("invalid-address", address.span, message, "write it like `localhost:8125`");
        return None;
    }
    Some(Statsd { address: address.value, prefix, tags })
}
