//! Counters and timers over UDP, in the format of statsd. Never waits: what the system does not take at once is lost,
//! and counted.

use std::fmt::Write;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::{CallRecord, Clock, Event, Metric};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::export::{ExportCounts, Loss};
use crate::fanout::Observer;
use crate::metrics::Metrics;
use crate::otlp::known;

/// The most of a datagram, in bytes: what Ethernet carries in one piece.
const DATAGRAM_BYTES: usize = 1432;
/// How long lines wait for others.
const INTERVAL: Duration = Duration::from_millis(500);
/// The longest name or value of a tag in bytes.
const MAX_WORD_BYTES: usize = 128;

/// Settings of the exporter.
#[derive(Clone, Debug)]
pub struct StatsdSettings {
    /// Where to.
    pub address: SocketAddr,
    /// What all names begin with, before a dot; nothing when it is empty.
    pub prefix: String,
    /// Tags in the form of Datadog stand behind the values.
    pub has_tags: bool,
}

/// The exporter.
pub struct Statsd {
    settings: StatsdSettings,
    socket: UdpSocket,
    waiting: Mutex<(String, usize)>,
    counts: ExportCounts,
}

/// The task that sends what waits.
pub struct StatsdTask {
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Statsd {
    /// Opens the socket and starts the task, on the runtime that this is called on.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn start(
        settings: StatsdSettings,
        metrics: &Metrics,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<(Arc<Self>, StatsdTask)> {
        let any = if settings.address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any)?;
        socket.set_nonblocking(true)?;
        socket.connect(settings.address)?;
        let counts = ExportCounts::new(metrics, "statsd", "metrics");
        let statsd = Arc::new(Self { settings, socket, waiting: Mutex::default(), counts });
        let (ending, mut is_ending) = watch::channel(false);
        let sending = Arc::clone(&statsd);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = clock.sleep(INTERVAL) => sending.flush(),
                    // The other side is gone only together with the process.
                    _ = is_ending.changed() => return sending.flush(),
                }
            }
        });
        Ok((statsd, StatsdTask { ending, task }))
    }

    /// Adds a line; what does not fit into the datagram goes ahead of it.
    fn line(&self, name: &str, value: impl std::fmt::Display, kind: &str, tags: &[(&str, Option<&str>)]) {
        let mut line = String::new();
        if !self.settings.prefix.is_empty() {
            line.push_str(&self.settings.prefix);
            line.push('.');
        }
        line.push_str(name);
        // Writing into a string cannot fail.
        let _ = write!(line, ":{value}|{kind}");
        if self.settings.has_tags {
            let present = tags.iter().filter_map(|(name, value)| Some((name, (*value)?)));
            for (place, (name, value)) in present.filter(|(_, value)| !value.is_empty()).enumerate() {
                line.push_str(if place == 0 { "|#" } else { "," });
                push_word(&mut line, name);
                line.push(':');
                push_word(&mut line, value);
            }
        }
        if line.len() > DATAGRAM_BYTES {
            return self.counts.dropped(1, Loss::Refused);
        }
        let mut waiting = self.waiting.lock();
        if waiting.0.len() + 1 + line.len() > DATAGRAM_BYTES {
            self.send(&mut waiting);
        }
        if !waiting.0.is_empty() {
            waiting.0.push('\n');
        }
        waiting.0.push_str(&line);
        waiting.1 += 1;
    }

    fn flush(&self) {
        self.send(&mut self.waiting.lock());
    }

    /// Sends what waits; a system that does not take it at once, or a receiver that is not there, loses it.
    fn send(&self, waiting: &mut (String, usize)) {
        let (text, lines) = (&mut waiting.0, std::mem::take(&mut waiting.1));
        if text.is_empty() {
            return;
        }
        match self.socket.send(text.as_bytes()) {
            Ok(_) => self.counts.sent(lines),
            Err(_) => {
                self.counts.failed();
                self.counts.dropped(lines, Loss::Failed);
            }
        }
        text.clear();
    }

    fn tokens(&self, record: &CallRecord, tags: &[(&str, Option<&str>)]) {
        let Some(usage) = &record.usage else { return };
        let (prompt, completion) = known(usage);
        for (name, count) in [("tokens.prompt", prompt), ("tokens.completion", completion)] {
            if let Some(count) = count {
                self.line(name, count, "c", tags);
            }
        }
    }
}

impl Observer for Statsd {
    fn observe_call(&self, record: &CallRecord) {
        let api = ("api", record.api_id.as_deref());
        let class = match record.status / 100 {
            class @ 1..=5 => ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(class) - 1).copied(),
            _ => None,
        };
        let product = ("product", record.product_id.as_deref());
        let subscription = ("subscription", record.subscription_id.as_deref());
        let operation = ("operation", record.operation_id.as_deref());
        self.line("requests", 1, "c", &[api, operation, product, subscription, ("status_class", class)]);
        self.line(&format!("requests.{}", class.unwrap_or("other")), 1, "c", &[api]);
        self.line("request.duration", milliseconds(record.duration), "ms", &[api]);
        if let Some(first_byte) = record.time_to_first_byte {
            self.line("time_to_first_byte", milliseconds(first_byte), "ms", &[api]);
        }
        for attempt in &record.attempts {
            let backend = attempt.backend_id.as_deref().unwrap_or(&attempt.authority);
            self.line(
                "backend.duration",
                milliseconds(attempt.duration),
                "ms",
                &[("backend", Some(backend))],
            );
        }
        let model = [api, subscription, ("model", record.model.as_deref())];
        self.tokens(record, &model);
        if let Some(cost) = &record.cost {
            let [api, subscription, model] = model;
            self.line(
                "cost",
                cost.amount,
                "c",
                &[api, subscription, model, ("currency", Some(&cost.currency))],
            );
        }
    }

    fn observe_event(&self, _event: &Event) {}

    fn observe_metric(&self, metric: &Metric) {
        let mut prefix = "custom.".to_owned();
        if let Some(namespace) = &metric.namespace {
            push_word(&mut prefix, namespace);
            prefix.push('.');
        }
        let tags: Vec<_> = metric.dimensions.iter().map(|(name, value)| (&**name, Some(&**value))).collect();
        for (word, value) in metric.values.iter().filter(|(_, value)| value.is_finite()) {
            let mut name = prefix.clone();
            push_word(&mut name, word);
            self.line(&name, *value, "c", &tags);
        }
    }
}

impl StatsdTask {
    /// Sends what waits.
    pub async fn finish(self) {
        self.ending.send_replace(true);
        // Sending never waits, so neither does this.
        let _ = self.task.await;
    }
}

/// A part of a name or a tag: what the format has a meaning for becomes `_`.
fn push_word(line: &mut String, word: &str) {
    let end = line.len() + MAX_WORD_BYTES;
    for character in word.chars() {
        if line.len() + character.len_utf8() > end {
            return;
        }
        let is_kept = !character.is_whitespace() && !character.is_control() && !":|#,@".contains(character);
        line.push(if is_kept { character } else { '_' });
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use sekisho_llm::usage::{Provenance, Usage};

    use super::*;
    use crate::export::testing::SteppedClock;
    use crate::metrics::BuildInfo;

    async fn datagrams(has_tags: bool, count: impl FnOnce(&Statsd)) -> Vec<String> {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        receiver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let address = receiver.local_addr().unwrap();
        let settings = StatsdSettings { address, prefix: "gw".to_owned(), has_tags };
        let metrics = Metrics::new(BuildInfo { version: "1" });
        let clock = Arc::new(SteppedClock::default());
        let (statsd, task) = Statsd::start(settings, &metrics, clock).unwrap();
        count(&statsd);
        task.finish().await;
        let sent = metrics.export_sent("statsd", "metrics").get();
        let (mut datagrams, mut lines) = (Vec::new(), 0);
        while lines < sent {
            let mut buffer = [0; 2048];
            let length = receiver.recv(&mut buffer).unwrap();
            let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
            lines += text.lines().count() as u64;
            datagrams.push(text);
        }
        datagrams
    }

    fn record() -> CallRecord {
        CallRecord {
            api_id: Some("openai".into()),
            subscription_id: Some("team:a".into()),
            model: Some("gpt-4o".into()),
            status: 429,
            duration: Duration::from_micros(1500),
            usage: Some(Usage::new(Provenance::Reported, Some(11), None)),
            ..CallRecord::default()
        }
    }

    #[tokio::test]
    async fn a_call_is_lines() {
        let sent = datagrams(false, |statsd| statsd.observe_call(&record())).await;
        let expected =
            "gw.requests:1|c\ngw.requests.4xx:1|c\ngw.request.duration:1.5|ms\ngw.tokens.prompt:11|c";
        assert_eq!(sent, [expected]);
        let sent = datagrams(true, |statsd| statsd.observe_call(&record())).await;
        let tags = "api:openai,subscription:team_a";
        assert!(sent[0].contains(&format!("gw.requests:1|c|#{tags},status_class:4xx\n")), "{sent:?}");
        assert!(sent[0].ends_with(&format!("gw.tokens.prompt:11|c|#{tags},model:gpt-4o")), "{sent:?}");
    }

    #[tokio::test]
    async fn datagrams_are_full_and_not_too_large() {
        let metric = Metric {
            namespace: Some("My Company".into()),
            values: vec![("Total Tokens".into(), 2.5)],
            dimensions: vec![("User ID".into(), "a|b".into())],
            insights_logger: None,
        };
        let sent = datagrams(true, |statsd| (0..100).for_each(|_| statsd.observe_metric(&metric))).await;
        let line = "gw.custom.My_Company.Total_Tokens:2.5|c|#User_ID:a_b";
        let (most, lines) = (DATAGRAM_BYTES / (line.len() + 1), sent.iter().map(|text| text.lines().count()));
        assert_eq!(lines.clone().sum::<usize>(), 100);
        assert!(lines.rev().skip(1).all(|lines| lines == most), "{sent:?}");
        assert!(sent.iter().all(|text| text.len() <= DATAGRAM_BYTES && text.lines().all(|one| one == line)));
    }
}
