use std::io::Read;

use flate2::read::GzDecoder;
use http::request::Builder;
use sekisho_policy::ports::PortFuture;

use crate::export::testing::{Bench, Reply, run, settle};
use crate::export::{
    Answer, BatchLimits, Destination, ExportCounts, ExportTask, Exporter, QueueLimits, SendSettings, Verdict,
};
use crate::metrics::{BuildInfo, Metrics};
use std::sync::Arc;
use std::time::Duration;

/// Words with spaces between them; a body `again N` asks for those places again and refuses one.
struct Words;

impl Destination for Words {
    type Item = &'static str;

    fn encode(&self, batch: &[&'static str]) -> Vec<u8> {
        assert!(!batch.contains(&"panic"));
        batch.join(" ").into_bytes()
    }

    fn request(&self) -> PortFuture<'_, Result<Builder, String>> {
        Box::pin(async { Ok(http::Request::post("http://127.0.0.1:1/words")) })
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        match str::from_utf8(&answer.body).unwrap().strip_prefix("again ") {
            Some(place) => Verdict::Partly { again: vec![place.parse().unwrap()], refused: 1 },
            None => Verdict::by_status(answer),
        }
    }
}

struct Running {
    bench: Bench,
    metrics: Metrics,
    exporter: Exporter<&'static str>,
    task: ExportTask,
}

fn start(replies: impl IntoIterator<Item = Reply>) -> Running {
    let bench = Bench::answering(replies);
    let metrics = Metrics::new(BuildInfo { version: "1" });
    let batch = BatchLimits { items: 3, bytes: 1 << 20, interval: Duration::from_secs(1) };
    let limits = QueueLimits { items: 4, bytes: 1 << 20, batch };
    let settings = SendSettings { retry_for: Duration::from_secs(60), ..SendSettings::default() };
    let counts = ExportCounts::new(&metrics, "words", "texts");
    let (exporter, task) = Exporter::start(Arc::new(Words), limits, settings, bench.means(), counts);
    Running { bench, metrics, exporter, task }
}

impl Running {
    async fn push(&self, words: &[&'static str]) {
        words.iter().for_each(|word| self.exporter.push(word, word.len()));
        settle().await;
    }

    async fn advance(&self, seconds: u64) {
        self.bench.clock.advance(Duration::from_secs(seconds)).await;
    }

    fn bodies(&self) -> Vec<String> {
        self.bench.http.sent.lock().iter().map(|(_, body)| String::from_utf8(body.clone()).unwrap()).collect()
    }

    fn count(&self, series: &str) -> f64 {
        let text = self.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("sekisho_export_{series} ")));
        line.map_or(f64::NAN, |value| value.parse().unwrap())
    }

    fn dropped(&self, reason: &str) -> f64 {
        self.count(&format!("dropped_total{{exporter=\"words\",reason=\"{reason}\"}}"))
    }

    fn sent(&self) -> f64 {
        self.count("sent_total{exporter=\"words\",signal=\"texts\"}")
    }
}

#[test]
fn a_batch_is_sent_again_with_growing_pauses_until_it_is_taken() {
    run(async {
        let replies = [Reply::Unreachable, Reply::Status(503, ""), Reply::Silence, Reply::Status(200, "")];
        let running = start(replies);
        running.push(&["a", "b", "c"]).await;
        assert_eq!(running.bench.http.count(), 1);
        running.advance(1).await;
        assert_eq!(running.bench.http.count(), 2, "the first pause is one second");
        running.advance(1).await;
        assert_eq!(running.bench.http.count(), 2);
        running.advance(1).await;
        assert_eq!(running.bench.http.count(), 3, "the second one two");
        running.advance(10).await;
        running.advance(4).await;
        assert_eq!(running.bodies(), ["a b c"; 4]);
        assert_eq!((running.sent(), running.count("failures_total{exporter=\"words\"}")), (3.0, 3.0));
        let log = running.bench.log.0.lock().clone();
        assert_eq!(log, ["words texts fails: nobody listens", "words texts recovered after 17 s"]);
    });
}

#[test]
fn the_destination_says_when_it_wants_to_be_asked_again() {
    run(async {
        let running = start([Reply::RetryAfter(429, 20)]);
        running.push(&["a", "b", "c"]).await;
        running.advance(19).await;
        assert_eq!(running.bench.http.count(), 1);
        running.advance(1).await;
        assert_eq!(running.bench.http.count(), 2);
        assert_eq!(running.sent(), 3.0);
    });
}

#[test]
fn what_takes_too_long_is_dropped_and_the_queue_overflows_meanwhile() {
    run(async {
        let running = start(std::iter::repeat_n(Reply::Unreachable, 8).chain([Reply::RetryAfter(503, 600)]));
        running.push(&["a", "b", "c"]).await;
        running.push(&["d", "e", "f", "g", "h"]).await;
        assert_eq!(running.dropped("queue-full"), 1.0);
        for _ in 0..31 {
            running.advance(1).await;
        }
        assert_eq!(running.dropped("expired"), 3.0, "another pause would be too long");
        for _ in 0..3 {
            running.advance(1).await;
        }
        assert_eq!(running.dropped("expired"), 6.0, "the destination wants to be left alone for longer");
        assert_eq!(running.bodies().last().map(String::as_str), Some("d e f"), "each has its turn");
        assert_eq!(running.bench.http.count(), 9);
        assert_eq!(running.bench.log.0.lock().len(), 1, "said once");
        running.advance(60).await;
        assert_eq!(running.bodies().last().map(String::as_str), Some("g"), "never for longer than its time");
        assert_eq!(running.sent(), 1.0);
    });
}

#[test]
fn refused_batches_and_those_that_cannot_be_encoded_are_dropped_at_once() {
    run(async {
        let running = start([Reply::Status(400, "")]);
        running.push(&["a", "b", "c"]).await;
        assert_eq!((running.dropped("refused"), running.bench.http.count()), (3.0, 1));
        running.push(&["a", "panic", "c"]).await;
        assert_eq!((running.dropped("failed"), running.bench.http.count()), (3.0, 1));
        running.push(&["a", "b", "c"]).await;
        assert_eq!(running.sent(), 3.0);
    });
}

#[test]
fn a_part_is_sent_again() {
    run(async {
        let running = start([Reply::Status(206, "again 1")]);
        running.push(&["a", "b", "c"]).await;
        assert_eq!((running.sent(), running.dropped("refused")), (1.0, 1.0));
        running.advance(1).await;
        assert_eq!(running.bodies(), ["a b c", "b"]);
        assert_eq!(running.sent(), 2.0);
    });
}

#[test]
fn large_bodies_are_compressed() {
    run(async {
        let running = start([]);
        running.push(&["lengthy"; 3]).await;
        let long: &'static str = "word ".repeat(500).leak();
        running.push(&[long, long, long]).await;
        let sent = running.bench.http.sent.lock().clone();
        assert!(!sent[0].0.contains_key("content-encoding"));
        assert_eq!(sent[1].0["content-encoding"], "gzip");
        let mut text = String::new();
        GzDecoder::new(&*sent[1].1).read_to_string(&mut text).unwrap();
        assert_eq!(text, [long, long, long].join(" "));
    });
}

#[test]
fn the_end_flushes_at_once_within_its_bound() {
    run(async {
        let running = start([Reply::Unreachable]);
        running.push(&["a", "b", "c"]).await;
        running.push(&["d"]).await;
        assert!(
            running.task.finish(Duration::from_secs(5)).await,
            "neither pause nor interval is waited for"
        );
        assert_eq!(running.bench.http.sent.lock().len(), 3);

        let running = start([Reply::Silence]);
        running.push(&["a", "b", "c", "d"]).await;
        let (clock, metrics) = (Arc::clone(&running.bench.clock), running.metrics);
        let finish = tokio::spawn(running.task.finish(Duration::from_secs(5)));
        settle().await;
        clock.advance(Duration::from_secs(5)).await;
        assert!(!finish.await.unwrap());
        assert!(metrics.render().contains("dropped_total{exporter=\"words\",reason=\"shutdown\"} 4\n"));
    });
}
