//! Documents at hand, and which keys are tried. Tokens of other makers check the rest: `tests/clients/jwt`.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, signature};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_policy::ports::Event;
use sekisho_policy::ports::jwts::{JwtKey, JwtKeyMaterial, JwtKeys};

use super::*;
use crate::provider::tokio_spawner;
use crate::testing::{Answer, FakeClock, FakeHttp, KeptEvents, settle};

const ADDRESS: &str = "https://issuer.example/openid?policy=1";
const SECRET: &[u8] = b"a secret of thirty-two characters";
const HOUR: Duration = Duration::from_secs(3600);

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of P-256 that signs.
struct Signer {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Signer {
    fn new(kid: &'static str) -> Signer {
        Signer { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), kid }
    }

    fn public(&self) -> String {
        let (x, y) = self.pair.public_key().as_ref().split_at(1).1.split_at(32);
        let (kid, x, y) = (self.kid, encoded(x), encoded(y));
        format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{y}"}}"#)
    }

    fn token(&self) -> String {
        let kid = self.kid;
        signed(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), |message| {
            self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
        })
    }
}

fn signed(header: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encoded(header.as_bytes()), encoded(br#"{"sub":"user"}"#));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encoded(&signature))
}

fn configuration() -> Answer {
    let body = r#"{"issuer":"https://issuer.example/","jwks_uri":"https://issuer.example/keys"}"#;
    Answer::Status(200, body.to_owned())
}

fn key_set(keys: &[&Signer]) -> Answer {
    let keys: Vec<String> = keys.iter().map(|key| key.public()).collect();
    Answer::Status(200, format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
}

struct Bench {
    clock: Arc<FakeClock>,
    http: Arc<FakeHttp>,
    events: Arc<KeptEvents>,
    verifier: Arc<JwtVerifier>,
}

impl Bench {
    fn new(http: Arc<FakeHttp>) -> Bench {
        let (clock, events) = (Arc::new(FakeClock::default()), Arc::new(KeptEvents::default()));
        let ports = IdentityPorts {
            http: http.clone(),
            clock: clock.clone(),
            recorder: events.clone(),
            spawner: tokio_spawner(),
        };
        let verifier = Arc::new(JwtVerifier::new(&|_| None, ports).unwrap());
        Bench { clock, http, events, verifier }
    }

    fn answering(answers: impl IntoIterator<Item = Answer>) -> Bench {
        Bench::new(FakeHttp::answering(answers))
    }

    /// The reason of a refusal; none when the token is accepted.
    async fn check(&self, token: &str) -> Option<&'static str> {
        check(&self.verifier, token).await
    }

    /// The same, when nothing has to be waited for.
    fn check_now(&self, token: &str) -> Option<Option<&'static str>> {
        let (keys, sources) = (JwtKeys::default(), [OpenIdSource::Url(ADDRESS.into())]);
        let result = self.verifier.verify_now(ask(token, &keys, &sources));
        result.map(|result| result.err().map(|error| error.reason))
    }
}

async fn check(verifier: &JwtVerifier, token: &str) -> Option<&'static str> {
    let (keys, sources) = (JwtKeys::default(), [OpenIdSource::Url(ADDRESS.into())]);
    verifier.verify(ask(token, &keys, &sources)).await.err().map(|error| error.reason)
}

fn ask<'a>(token: &'a str, keys: &'a JwtKeys, sources: &'a [OpenIdSource]) -> JwtAsk<'a> {
    JwtAsk { token, keys, sources, require_signature: true }
}

#[tokio::test]
async fn a_warm_key_set_costs_no_network() {
    let key = Signer::new("first");
    let bench = Bench::answering([configuration(), key_set(&[&key])]);
    assert_eq!(bench.check_now(&key.token()), None);
    assert_eq!(bench.check(&key.token()).await, None);
    bench.clock.advance(Duration::from_secs(3299)).await;
    assert_eq!(bench.check_now(&key.token()), Some(None));
    assert_eq!(bench.http.count(), 2);
}

#[tokio::test]
async fn callers_share_one_fetch() {
    let key = Signer::new("first");
    let bench = Bench::new(FakeHttp::gated([configuration(), key_set(&[&key])]));
    let token = key.token();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (bench.verifier.clone(), token.clone());
            tokio::spawn(async move { check(&verifier, &token).await })
        })
        .collect();
    settle().await;
    assert_eq!(bench.http.count(), 1);
    bench.http.gate.add_permits(2);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), None);
    }
    assert_eq!(bench.http.count(), 2);
}

#[tokio::test]
async fn keys_are_refreshed_in_the_background() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let bench = Bench::answering([configuration(), key_set(&[&old]), configuration(), key_set(&[&new])]);
    assert_eq!(bench.check(&old.token()).await, None);
    bench.clock.advance(Duration::from_secs(55 * 60)).await;
    assert_eq!(bench.check_now(&old.token()), Some(None), "the refresh is not waited for");
    settle().await;
    assert_eq!(bench.http.count(), 4);
    assert_eq!(bench.check_now(&new.token()), Some(None));
}

#[tokio::test]
async fn keys_that_lay_unused_for_their_hour_are_fetched_before_they_are_used() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let bench = Bench::answering([configuration(), key_set(&[&old]), configuration(), key_set(&[&new])]);
    assert_eq!(bench.check(&old.token()).await, None);
    bench.clock.advance(HOUR).await;
    assert_eq!(bench.check_now(&old.token()), None);
    assert_eq!(bench.check(&new.token()).await, None);
}

#[tokio::test]
async fn old_keys_are_used_for_a_day_while_there_are_no_new_ones() {
    let key = Signer::new("first");
    let bench = Bench::answering([configuration(), key_set(&[&key])]);
    assert_eq!(bench.check(&key.token()).await, None);
    for _ in 0..23 {
        bench.clock.advance(HOUR).await;
        bench.http.push(Answer::Unreachable);
        assert_eq!(bench.check(&key.token()).await, None);
        settle().await;
    }
    // Known to fail: nobody waits.
    assert_eq!(bench.check_now(&key.token()), Some(None));
    assert!(matches!(&bench.events.0.lock()[..],
        [Event::OpenIdFailed { address }, ..] if &**address == "https://issuer.example/openid"));
    bench.clock.advance(HOUR).await;
    bench.http.push(Answer::Unreachable);
    assert_eq!(bench.check(&key.token()).await, Some("JwtInvalid"));
}

#[tokio::test]
async fn unknown_keys_cause_a_fetch_in_five_minutes() {
    let (key, unknown) = (Signer::new("first"), Signer::new("unknown"));
    let bench = Bench::answering([configuration(), key_set(&[&key]), configuration(), key_set(&[&key])]);
    assert_eq!(bench.check(&key.token()).await, None);
    for _ in 0..10 {
        assert_eq!(bench.check(&unknown.token()).await, Some("TokenSignatureKeyNotFound"));
    }
    assert_eq!(bench.check_now(&unknown.token()), Some(Some("TokenSignatureKeyNotFound")));
    bench.clock.advance(Duration::from_secs(299)).await;
    assert_eq!(bench.check(&unknown.token()).await, Some("TokenSignatureKeyNotFound"));
    assert_eq!(bench.http.count(), 4);
    bench.clock.advance(Duration::from_secs(1)).await;
    bench.http.push(configuration());
    bench.http.push(key_set(&[&key, &unknown]));
    assert_eq!(bench.check(&unknown.token()).await, None);
    assert_eq!(bench.http.count(), 6);
}

#[tokio::test]
async fn a_fetch_that_failed_is_not_repeated_by_every_call() {
    let key = Signer::new("first");
    let bench = Bench::answering([Answer::Unreachable]);
    for _ in 0..3 {
        assert_eq!(bench.check(&key.token()).await, Some("JwtInvalid"));
    }
    assert_eq!(bench.http.count(), 1);
    bench.clock.advance(Duration::from_secs(1)).await;
    bench.http.push(configuration());
    bench.http.push(Answer::Status(500, String::new()));
    assert_eq!(bench.check(&key.token()).await, Some("JwtInvalid"));
    bench.clock.advance(Duration::from_secs(1)).await;
    assert_eq!(bench.check(&key.token()).await, Some("JwtInvalid"));
    assert_eq!(bench.http.count(), 3, "the second pause is longer");
    bench.clock.advance(Duration::from_secs(1)).await;
    bench.http.push(configuration());
    bench.http.push(key_set(&[&key]));
    assert_eq!(bench.check(&key.token()).await, None);
}

#[tokio::test]
async fn a_silent_key_server_is_waited_for_ten_seconds() {
    let key = Signer::new("first");
    let bench = Bench::answering([Answer::Silence]);
    let (verifier, token) = (bench.verifier.clone(), key.token());
    let caller = tokio::spawn(async move { check(&verifier, &token).await });
    settle().await;
    bench.clock.advance(Duration::from_secs(9)).await;
    assert!(!caller.is_finished());
    bench.clock.advance(Duration::from_secs(1)).await;
    assert_eq!(caller.await.unwrap(), Some("JwtInvalid"));
}

#[tokio::test]
async fn several_configurations_are_fetched_at_the_same_time() {
    let key = Signer::new("first");
    let bench = Bench::answering([Answer::Silence, Answer::Silence]);
    let verifier = bench.verifier.clone();
    let caller = tokio::spawn(async move {
        let keys = JwtKeys::default();
        let sources = ["https://a.example/", "https://b.example/"];
        let sources = sources.map(|address| OpenIdSource::Url(address.into()));
        verifier.verify(ask(&key.token(), &keys, &sources)).await.is_err()
    });
    settle().await;
    assert_eq!(bench.http.count(), 2);
    bench.clock.advance(Duration::from_secs(10)).await;
    assert!(caller.is_finished());
}

#[tokio::test]
async fn the_number_of_configurations_has_a_bound() {
    let key = Signer::new("first");
    let bench = Bench::answering([]);
    let keys = JwtKeys::default();
    for number in 0..200 {
        bench.http.push(Answer::Unreachable);
        let sources = [OpenIdSource::Url(format!("https://{number}.example/").into())];
        assert!(bench.verifier.verify(ask(&key.token(), &keys, &sources)).await.is_err());
    }
    assert_eq!(bench.verifier.documents.len(), 128);
}

#[tokio::test]
async fn a_token_is_tried_with_all_keys_of_a_document() {
    let certificate = rcgen::generate_simple_self_signed(["issuer.example".to_owned()]).unwrap();
    let keys = JwtKeys::new(vec![
        JwtKey { id: None, material: JwtKeyMaterial::Secret(b"too short".to_vec().into()) },
        JwtKey {
            id: None,
            material: JwtKeyMaterial::Secret(b"a secret of another document".to_vec().into()),
        },
        JwtKey { id: Some("mine".into()), material: JwtKeyMaterial::Secret(SECRET.to_vec().into()) },
        JwtKey { id: None, material: JwtKeyMaterial::Certificate(certificate.cert.der().to_vec().into()) },
        JwtKey { id: None, material: JwtKeyMaterial::Certificate([1, 2, 3].into()) },
    ]);
    let bench = Bench::answering([]);
    let check = |token: &str| {
        let result = bench.verifier.verify_now(ask(token, &keys, &[])).unwrap();
        result.err().map(|error| error.reason)
    };
    let pair = certificate.signing_key.serialize_der();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pair).unwrap();
    let by_certificate = |header: &str| {
        signed(header, |message| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    };
    assert_eq!(check(&by_secret(r#"{"alg":"HS256"}"#, SECRET)), None);
    assert_eq!(check(&by_secret(r#"{"alg":"HS256","kid":"other"}"#, SECRET)), None);
    assert_eq!(check(&by_certificate(r#"{"alg":"ES256"}"#)), None);
    assert_eq!(check(&by_certificate(r#"{"alg":"ES256","kid":"mine"}"#)), Some("TokenSignatureInvalid"));
    assert_eq!(check(&by_secret(r#"{"alg":"HS256"}"#, b"too short")), Some("TokenSignatureInvalid"));
    assert_eq!(
        check(&by_secret(r#"{"alg":"HS256","kid":"x"}"#, b"too short")),
        Some("TokenSignatureKeyNotFound")
    );
}

fn by_secret(header: &str, secret: &[u8]) -> String {
    signed(header, |message| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
    })
}

proptest::proptest! {
    #[test]
    fn no_text_is_a_token_by_chance(
        text in r"[ -~]{0,40}(\.[ -~]{0,40}){0,5}",
        header in r#"\{"alg":"(none|HS256|RS256|ES512|x)"(,"kid":("a"|7|null|\[\]))?\}"#,
        payload in proptest::collection::vec(proptest::num::u8::ANY, 0..60),
        signature in proptest::collection::vec(proptest::num::u8::ANY, 0..70),
    ) {
        let keys = JwtKeys::new(vec![
            JwtKey { id: Some("a".into()), material: JwtKeyMaterial::Secret(SECRET.to_vec().into()) },
        ]);
        let bench = Bench::answering([]);
        let token = [encoded(header.as_bytes()), encoded(&payload), encoded(&signature)].join(".");
        for token in [&text, &token] {
            let refused = bench.verifier.verify_now(ask(token, &keys, &[])).map(|result| result.is_err());
            proptest::prop_assert_eq!(refused, Some(true), "{}", token);
        }
    }
}

/// Prints what one check costs: `cargo test -p sekisho-identity --release -- --ignored --nocapture cost`.
#[test]
#[ignore = "prints figures"]
#[allow(clippy::print_stdout)]
fn the_cost_of_a_check() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = signature::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let keys = JwtKeys::new(vec![
        JwtKey { id: None, material: JwtKeyMaterial::Rsa { modulus: public.n, exponent: public.e } },
        JwtKey { id: None, material: JwtKeyMaterial::Secret(SECRET.to_vec().into()) },
    ]);
    let by_rsa = signed(r#"{"alg":"RS256","typ":"JWT"}"#, |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    });
    let bench = Bench::answering([]);
    for (name, token) in [("RS256", by_rsa), ("HS256", by_secret(r#"{"alg":"HS256","typ":"JWT"}"#, SECRET))] {
        let check = || assert!(bench.verifier.verify_now(ask(&token, &keys, &[])).unwrap().is_ok());
        (0..100).for_each(|_| check());
        let started = Instant::now();
        (0..10_000).for_each(|_| check());
        println!("{name}: {:.1} µs", started.elapsed().as_secs_f64() * 100.0);
    }
}
