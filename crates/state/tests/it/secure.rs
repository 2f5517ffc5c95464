//! ACL users and TLS.

use secrecy::SecretString;
use sekisho_policy::ports::{Cache, Event};
use sekisho_state::redis::OnStateFailure;
use sekisho_state::redis::RedisSettings;
use sekisho_testkit::redis::Redis;

use crate::bench::{Adapters, settings};

const LOCAL: OnStateFailure = OnStateFailure::Local;

/// All that the adapters need of a server, as `docs/state.md` has it.
const RULES: &str = "+ping +time +eval +evalsha +get +set +del +pexpire \
                     +lindex +llen +lpop +lrange +lset +rpop +rpush";

#[tokio::test]
async fn a_user_with_few_rights_is_enough() {
    let user = ["--user", "gateway", "on", ">let-me-in", "~team-a:*"];
    let rules: Vec<&str> = RULES.split_whitespace().collect();
    // The default user is off: nobody comes in without a name.
    let arguments = [&user[..], &rules, &["--user", "default", "on", ">other", "+@all", "~*"]].concat();
    let redis = Redis::start_with_login(&arguments, &["--pass", "other"]).await.unwrap();
    let login = |password: &str| RedisSettings {
        username: Some("gateway".to_owned()),
        password: Some(SecretString::from(password)),
        key_prefix: "team-a:".to_owned(),
        ..settings([redis.port], false)
    };
    let gateway = Adapters::start(login("let-me-in"), LOCAL).await;
    assert!(gateway.passes("team", 1).await && !gateway.passes("team", 1).await);
    gateway.cache.set("key", "value".into(), std::time::Duration::from_secs(60)).await;
    assert_eq!(gateway.cache.get("key").await, Some("value".into()));
    assert!(gateway.cache.lock("key", 1, std::time::Duration::from_secs(60)).await);
    gateway.cache.unlock("key", 1).await;
    gateway.cache.remove("key").await;
    assert_eq!((gateway.bypasses(), gateway.outages()), (0, (0, 0)));

    for wrong in [login("wrong"), RedisSettings { key_prefix: "team-b:".to_owned(), ..login("let-me-in") }] {
        let gateway = Adapters::start(wrong, LOCAL).await;
        assert_eq!(gateway.outages(), (1, 0));
        let events = gateway.recorder.events.lock();
        let Some(Event::StateLost { reason, .. }) = events.first() else { panic!("{events:?}") };
        println!("{reason}");
        assert!(!reason.contains("let-me-in") && !reason.contains("wrong"), "{reason}");
    }
}

#[tokio::test]
async fn tls_is_spoken_and_certificates_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let redis = Redis::start_with_tls(&certificate, &key).await.unwrap();
    let trusting = RedisSettings {
        uses_tls: true,
        certificates: Some(made.cert.pem().into_bytes()),
        ..settings([redis.port], false)
    };
    let gateway = Adapters::start(trusting.clone(), LOCAL).await;
    assert!(gateway.passes("team", 1).await && !gateway.passes("team", 1).await);
    assert_eq!((gateway.bypasses(), gateway.outages()), (0, (0, 0)));

    let plain = RedisSettings { uses_tls: false, ..trusting.clone() };
    for wrong in [plain, RedisSettings { certificates: None, ..trusting }] {
        let gateway = Adapters::start(wrong, LOCAL).await;
        assert_eq!(gateway.outages(), (1, 0));
        println!("{:?}", gateway.recorder.events.lock().first());
    }
}
