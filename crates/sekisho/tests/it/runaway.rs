//! Expressions that run away: they are ended, and the calls of others do not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;

use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::service;

/// Calls with the header `x-run` evaluate something without an end; all others are answered at once.
const POLICIES: &str = r#"<choose>
    <when condition='@(context.Request.Headers.GetValueOrDefault("x-run", "") == "loop")'>
        <set-variable name="v" value='@{ while (true) { } return 1; }' />
    </when>
    <when condition='@(context.Request.Headers.GetValueOrDefault("x-run", "") == "text")'>
        <set-variable name="v" value='@{ var s = "a"; while (true) { s = s.Length > 100000 ? "a" : s.Replace("a", "aa"); } return s; }' />
    </when>
    <when condition='@(context.Request.Headers.GetValueOrDefault("x-run", "") == "regex")'>
        <set-variable name="v" value='@{ while (true) { try { Regex.IsMatch(new string('a', 40) + "!", "(?=(a+))(a|aa)+$"); } catch (Exception) { } } return 1; }' />
    </when>
    <when condition='@(context.Request.Headers.GetValueOrDefault("x-run", "") == "sort")'>
        <set-variable name="v" value='@{ while (true) { Enumerable.Range(0, 100000).OrderBy(x =&gt; x % 7).ToList(); } return 1; }' />
    </when>
</choose>
<return-response><set-status code="204" reason="No Content" /></return-response>"#;

const KEY: (&str, &str) = ("api-key", "test-key");

/// How long ordinary calls took, in order.
async fn ordinary(url: &str, during: Duration) -> Vec<Duration> {
    let callers = (0..8).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let (client, begin, mut took) = (Client::new(), Instant::now(), Vec::new());
            while begin.elapsed() < during {
                let call = Instant::now();
                assert_eq!(client.call(Method::GET, &url, &[KEY], "").await.status, 204);
                took.push(call.elapsed());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            took
        })
    });
    let mut took = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        took.extend(caller.await.unwrap());
    }
    took.sort_unstable();
    took
}

fn at(took: &[Duration], share: usize) -> Duration {
    took[(took.len() - 1) * share / 1000]
}

#[allow(clippy::print_stdout)] // Whoever runs the test wants the figures.
fn show(title: &str, took: &[Duration]) {
    let (half, most, last) = (at(took, 500), at(took, 990), at(took, 1000));
    println!("{title}: {} calls, p50 {half:.2?}, p99 {most:.2?}, max {last:.2?}", took.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_calls_do_not_notice_runaway_expressions() {
    let folder = service::small("http://127.0.0.1:9", &service::inbound(POLICIES));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/echo", gateway.url);
    show("quiet", &ordinary(&url, Duration::from_secs(1)).await);

    let stop = Arc::new(AtomicBool::new(false));
    let runaways: Vec<_> = ["loop", "text", "regex", "sort"]
        .into_iter()
        .cycle()
        .take(16)
        .map(|kind| {
            let (url, stop) = (url.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let (client, mut took) = (Client::new(), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let call = Instant::now();
                    let answer = client.call(Method::GET, &url, &[KEY, ("x-run", kind)], "").await;
                    assert_eq!(answer.status, 500, "{kind}: {answer:?}");
                    took.push(call.elapsed());
                }
                took
            })
        })
        .collect();
    let took = ordinary(&url, Duration::from_secs(4)).await;
    show("beside 16 runaway expressions", &took);
    stop.store(true, Ordering::Relaxed);
    let mut ended = Vec::new();
    for runaway in runaways {
        ended.extend(runaway.await.unwrap());
    }
    ended.sort_unstable();
    show("the runaway expressions", &ended);

    // A worker that was held up would show: each of them computes for a good part of a second.
    assert!(at(&took, 500) < Duration::from_millis(50), "p50 {:?}", at(&took, 500));
    assert!(at(&took, 990) < Duration::from_millis(250), "p99 {:?}", at(&took, 990));
}
