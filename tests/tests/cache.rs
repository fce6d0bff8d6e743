//! What the verifier's cache stores, and what is checked even for cached tokens.

use magic_admin::{Policy, RevocationList, Verifier, VerifyErrorKind};
use magic_admin_testkit::{Encoding, TestUser};
use tests::{CLIENT_ID, Fixture, NOW};

#[test]
fn clones_share_the_cache() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let token = app.token(1);

    let first = verifier.verify(&token).unwrap();
    let again = verifier.clone().verify(&token).unwrap();
    assert_eq!(again.issuer(), first.issuer());
    assert_eq!(again.claims().token_id(), first.claims().token_id());

    let stats = verifier.cache_stats();
    assert_eq!((stats.hits(), stats.misses(), stats.tokens()), (1, 1, 1));
    assert!(stats.bytes() > 1_000 && stats.bytes() < 3_000, "{stats:?}");

    verifier.verify(&app.token(2)).unwrap();
    let stats = verifier.cache_stats();
    assert_eq!((stats.hits(), stats.misses(), stats.tokens()), (1, 2, 2));
}

#[test]
fn the_cache_can_be_turned_off() {
    let app = Fixture::new();
    let verifier = app.verifier().cache_bytes(0).build();
    let token = app.token(1);
    for _ in 0..2 {
        verifier.verify(&token).unwrap();
    }
    assert_eq!(verifier.cache_stats(), magic_admin::CacheStats::default());
}

#[test]
fn expired_tokens_are_rejected_and_removed() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let token = app.token(1);
    verifier.verify(&token).unwrap();

    app.clock.set(NOW - 301);
    assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::NotYetValid);
    app.clock.set(NOW + 900);
    assert_eq!(verifier.verify(&token).unwrap().time_left().as_secs(), 0);
    assert_eq!(verifier.cache_stats().tokens(), 1);

    app.clock.set(NOW + 901);
    assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::Expired);
    let stats = verifier.cache_stats();
    assert_eq!((stats.tokens(), stats.bytes(), stats.evictions()), (0, 0, 1));
}

#[test]
fn the_attachment_is_checked_every_time() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let user = TestUser::from_seed(1);
    let token = app.mint.builder(&user).attachment("nonce").build();
    verifier.verify_with_attachment(&token, "nonce").unwrap();
    assert_eq!(verifier.cache_stats().tokens(), 1);

    let error = verifier.verify_with_attachment(&token, "another nonce").unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::IncorrectSigner);
    verifier.verify_with_attachment(&token, "nonce").unwrap();
    assert_eq!(verifier.cache_stats().hits(), 2);
}

#[test]
fn policy_and_list_are_checked_every_time() {
    let app = Fixture::new();
    let policy = Policy::new().max_age(std::time::Duration::from_secs(60));
    let verifier = app.verifier().policy(policy).build();
    let token = app.token(1);
    verifier.verify(&token).unwrap();
    app.clock.set(NOW + 61);
    assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::TooOld);
    assert_eq!(verifier.cache_stats().hits(), 1);
}

#[tokio::test]
async fn a_cached_token_can_be_revoked() {
    let app = Fixture::new();
    let list = RevocationList::builder().clock(app.clock.clone()).build();
    let verifier = app.verifier().revocations(list.clone()).build();
    let token = app.token(1);
    let verified = verifier.verify(&token).unwrap();
    list.revoke_token(&verified).await.unwrap();
    assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::Revoked);
    assert_eq!(verifier.cache_stats().hits(), 1);
}

#[test]
fn rejected_tokens_are_not_cached() {
    let app = Fixture::new();
    let (alice, mallory) = (TestUser::from_seed(1), TestUser::from_seed(2));
    let builder = || app.mint.builder(&alice);
    let verifier = app
        .verifier()
        .policy(Policy::new().accept_only(|token| token.claims().subject() != "nobody"));
    let verifier = verifier.build();
    for refused in [
        builder().expired().build(),
        builder().not_yet_valid().build(),
        builder().audience("another application").build(),
        builder().signed_by(&mallory).build(),
        builder().tampered().build(),
        builder().set("sub", "nobody").build(),
        "no token".to_owned(),
        "A".repeat(10_000),
        String::new(),
    ] {
        verifier.verify(&refused).unwrap_err();
        assert_eq!(verifier.cache_stats().tokens(), 0, "{refused:.40}");
    }
}

#[test]
fn the_key_is_the_exact_text() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let user = TestUser::from_seed(1);
    let token = app.mint.builder(&user).token_id("one");
    verifier.verify(&token.build()).unwrap();

    let other_alphabet = token.clone().encoding(Encoding::UrlSafeUnpadded).build();
    verifier.verify(&other_alphabet).unwrap();
    assert_eq!(verifier.cache_stats().hits(), 0);

    let text = token.build();
    for position in [10, 100, text.len() / 2, text.len() - 10] {
        let mut changed = text.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        verifier.verify(&changed).unwrap_err();
    }
    assert_eq!(verifier.cache_stats().hits(), 0);
}

#[test]
fn two_verifiers_share_nothing() {
    let app = Fixture::new();
    let token = app.token(1);
    let (one, other) = (app.verifier().build(), app.verifier().build());
    one.verify(&token).unwrap();
    other.verify(&token).unwrap();
    assert_eq!(other.cache_stats().hits(), 0);
    assert!(!one.has_verified(&other.verify(&token).unwrap()));
}

#[test]
fn the_default_bound_is_32_mib() {
    let stats = Fixture::new().verifier().build().cache_stats();
    assert_eq!((stats.capacity(), stats.bytes(), stats.tokens()), (32 << 20, 0, 0));
}

#[test]
fn a_small_cache_holds_what_fits() {
    let app = Fixture::new();
    let verifier = app.verifier().cache_bytes(4_000).build();
    for token in app.tokens(2) {
        verifier.verify(&token).unwrap();
    }
    assert_eq!(verifier.cache_stats().tokens(), 2);
}

#[test]
fn the_bound_in_bytes_holds_under_a_flood() {
    let app = Fixture::new();
    let bound = 100_000;
    let verifier = app.verifier().cache_bytes(bound).build();
    for token in app.tokens(300) {
        verifier.verify(&token).unwrap();
        let stats = verifier.cache_stats();
        assert!(stats.bytes() <= stats.capacity(), "{stats:?}");
    }
    let stats = verifier.cache_stats();
    assert!(stats.capacity() < bound as u64 + 100, "{stats:?}");
    assert!(stats.tokens() > 40, "{stats:?}");
    assert_eq!(stats.evictions(), 300 - stats.tokens() as u64);
}

#[test]
fn a_flood_does_not_evict_tokens_in_use() {
    let app = Fixture::new();
    let verifier = app.verifier().cache_bytes(400_000).build();
    let in_use = app.tokens(50);
    for _ in 0..3 {
        for token in &in_use {
            verifier.verify(token).unwrap();
        }
    }
    for stranger in 0..1_000 {
        verifier.verify(&app.token(1_000 + stranger)).unwrap();
    }
    let before = verifier.cache_stats().hits();
    for token in &in_use {
        verifier.verify(token).unwrap();
    }
    let kept = verifier.cache_stats().hits() - before;
    assert!(kept >= 45, "only {kept} of {} are still remembered", in_use.len());
}

/// Verification never yields, so each worker of the runtime runs at most one, and caches the token
/// before it starts the next.
#[test]
fn concurrent_requests_verify_few_times() {
    const WORKERS: usize = 4;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).build();
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let token: std::sync::Arc<str> = app.token(1).into();
    runtime.unwrap().block_on(async {
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(1_000));
        let crowd: Vec<_> = (0..1_000)
            .map(|_| {
                let (verifier, token, start) = (verifier.clone(), token.clone(), start.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    verifier.verify(&*token).unwrap();
                })
            })
            .collect();
        for request in crowd {
            request.await.unwrap();
        }
    });
    let stats = verifier.cache_stats();
    assert_eq!(stats.hits() + stats.misses(), 1_000);
    assert!((1..=WORKERS as u64).contains(&stats.misses()), "{stats:?}");
    assert_eq!(stats.tokens(), 1);
}

#[test]
fn debug_shows_no_token() {
    let app = Fixture::new();
    let verifier: Verifier = app.verifier().build();
    let token = app.token(1);
    let verified = verifier.verify(&token).unwrap();
    let shown = format!("{verifier:?} {:?}", verifier.cache_stats());
    for secret in [&token[..40], verified.claims().subject(), verified.claims().token_id()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(format!("{verifier:?}").contains("CacheStats { hits: 0, misses: 1,"));
    assert_eq!(verified.audience(), CLIENT_ID);
}
