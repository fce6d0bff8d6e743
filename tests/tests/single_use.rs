//! Single use: a token is accepted only once, and so is a challenge.

use std::{sync::Arc, time::Duration};

use magic_admin::{
    Audience, ReplayGuard, StoreError, StoreErrorKind, UnixSeconds, VerifiedToken, Verifier,
    VerifyErrorKind,
    revocation::{Fingerprint, StoreFuture},
    single_use::{Challenges, MemorySingleUseStore, SingleUseStore},
};
use magic_admin_testkit::{Encoding, Mint, SettableClock, TestUser, TokenBuilder};
use tokio::sync::Barrier;

const NOW: i64 = 1_700_000_000;
const APP: &str = "client-id";

fn builder(user: u64) -> TokenBuilder {
    Mint::new(APP).with_clock(SettableClock::at(NOW)).builder(&TestUser::from_seed(user))
}

fn verified(token: &str) -> VerifiedToken {
    verified_at(token, NOW)
}

fn verified_at(token: &str, now: i64) -> VerifiedToken {
    let audience = Audience::any_of([APP, "other"]).unwrap();
    let verifier = Verifier::builder(audience).clock(SettableClock::at(now)).build();
    verifier.verify(token).unwrap()
}

async fn code(guard: &ReplayGuard, token: &str) -> &'static str {
    guard.consume(&verified(token)).await.map_or_else(|error| error.code(), |()| "ok")
}

#[tokio::test]
async fn every_encoding_is_the_same_token() {
    let guard = ReplayGuard::in_memory();
    let token = builder(1).token_id("one");
    assert_eq!(code(&guard, &token.clone().build()).await, "ok");
    assert_eq!(code(&guard, &token.clone().build()).await, "ERROR_DIDT_REPLAYED");
    let rewritten = token.clone().high_s().encoding(Encoding::UrlSafe).build();
    assert_eq!(code(&guard, &rewritten).await, "ERROR_DIDT_REPLAYED");
    // A token with the same ID but other times counts as the same token.
    assert_eq!(code(&guard, &token.issued_at(NOW - 1).build()).await, "ERROR_DIDT_REPLAYED");
}

#[tokio::test]
async fn other_tokens_are_accepted() {
    let guard = ReplayGuard::in_memory();
    for token in [
        builder(1).token_id("one"),
        builder(1).token_id("two"),
        builder(2).token_id("one"),
        builder(1).token_id("one").audience("other"),
    ] {
        assert_eq!(code(&guard, &token.build()).await, "ok");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_inserts_have_one_winner() {
    const USES: usize = 1_000;
    for round in 0..5 {
        let guard = ReplayGuard::in_memory();
        let token = verified(&builder(round).build());
        let barrier = Arc::new(Barrier::new(USES));
        let uses: Vec<_> = (0..USES)
            .map(|_| {
                let (guard, token, barrier) = (guard.clone(), token.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    guard.consume(&token).await
                })
            })
            .collect();
        let (mut won, mut replayed) = (0, 0);
        for one in uses {
            match one.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) if error.kind() == VerifyErrorKind::Replayed => replayed += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((won, replayed), (1, USES - 1));
    }
}

#[tokio::test]
async fn tokens_that_outlive_the_memory_fail() {
    let guard = ReplayGuard::in_memory().with_retention(Duration::from_secs(940));
    let longest = builder(1).expires_at(NOW + 940).build();
    let too_long = builder(1).expires_at(NOW + 941).build();
    assert_eq!(code(&guard, &too_long).await, "ERROR_DIDT_LIFESPAN");
    assert_eq!(code(&guard, &longest).await, "ok");
    // Later, the token no longer outlives the memory.
    guard.consume(&verified_at(&too_long, NOW + 1)).await.unwrap();
}

#[tokio::test]
async fn uses_are_kept_5_min_after_expiry() {
    /// A store that records until when it has to remember.
    #[derive(Debug, Default, Clone)]
    struct Remembers(Arc<std::sync::Mutex<Vec<(UnixSeconds, UnixSeconds)>>>);
    impl SingleUseStore for Remembers {
        fn insert(
            &self,
            _: Fingerprint,
            until: UnixSeconds,
            now: UnixSeconds,
        ) -> StoreFuture<'_, bool> {
            self.0.lock().unwrap().push((until, now));
            Box::pin(async { Ok(true) })
        }
        fn take(&self, _: Fingerprint, _: UnixSeconds) -> StoreFuture<'_, bool> {
            Box::pin(async { Ok(false) })
        }
    }
    let store = Remembers::default();
    let guard = ReplayGuard::new(store.clone());
    guard.consume(&verified(&builder(1).expires_at(NOW + 900).build())).await.unwrap();
    let asked = store.0.lock().unwrap().clone();
    assert_eq!(asked, [(UnixSeconds::new(NOW + 1_200), UnixSeconds::new(NOW))]);
}

#[tokio::test]
async fn a_failing_store_accepts_no_token() {
    let guard = ReplayGuard::new(MemorySingleUseStore::with_capacity(0));
    let error = guard.consume(&verified(&builder(1).build())).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the single-use store is full");
}

#[tokio::test]
async fn a_full_store_rejects_until_a_key_expires() {
    let store = MemorySingleUseStore::with_capacity(3);
    let (at, key) = (UnixSeconds::new, |byte| Fingerprint::from_bytes([byte; 32]));
    for (byte, until) in [(1, 10), (2, 20), (3, 20)] {
        assert!(store.insert(key(byte), at(until), at(0)).await.unwrap());
    }
    for now in [0, 5, 10] {
        store.insert(key(4), at(30), at(now)).await.unwrap_err();
    }
    assert!(store.insert(key(4), at(30), at(11)).await.unwrap());
    store.insert(key(5), at(30), at(11)).await.unwrap_err();
    // Keys that are still needed were not removed.
    assert!(store.take(key(2), at(11)).await.unwrap());
    assert!(store.take(key(3), at(11)).await.unwrap());
    assert!(!store.take(key(1), at(11)).await.unwrap());
}

#[tokio::test]
async fn an_expired_key_can_be_used_again() {
    let store = MemorySingleUseStore::default();
    let (at, key) = (UnixSeconds::new, Fingerprint::from_bytes([1; 32]));
    let uses = [(10, 0, true), (20, 10, false), (20, 11, true), (30, 20, false), (30, 21, true)];
    for (until, now, fresh) in uses {
        assert_eq!(store.insert(key, at(until), at(now)).await.unwrap(), fresh, "{now}");
    }
}

#[tokio::test]
async fn a_store_keeps_looking_for_expired_keys() {
    let store = MemorySingleUseStore::with_capacity(2_000);
    let at = UnixSeconds::new;
    let key = |number: u16| {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Fingerprint::from_bytes(bytes)
    };
    // Half of the keys expire late, the other half soon.
    for number in 0..2_000 {
        let until = if number <= 1_024 { 1_000 } else { 10 };
        assert!(store.insert(key(number), at(until), at(0)).await.unwrap());
    }
    store.insert(key(2_000), at(20), at(10)).await.unwrap_err();
    assert!(store.insert(key(2_000), at(20), at(11)).await.unwrap());
    assert_eq!(format!("{store:?}"), "MemorySingleUseStore { len: 1026, .. }");
}

#[tokio::test]
async fn a_challenge_is_redeemed_once() {
    let challenges = Challenges::in_memory();
    let nonce = challenges.issue().await.unwrap();
    assert!(challenges.redeem(&nonce).await.unwrap().is_some());
    assert!(challenges.redeem(&nonce).await.unwrap().is_none());
    assert!(challenges.redeem("").await.unwrap().is_none());
    assert!(challenges.redeem("never handed out").await.unwrap().is_none());
}

#[tokio::test]
async fn challenges_are_unique() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let challenges = Challenges::in_memory();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..1_000 {
        let nonce = challenges.issue().await.unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&nonce).unwrap().len(), 40);
        assert!(seen.insert(nonce));
    }
}

#[tokio::test]
async fn a_challenge_expires() {
    let clock = SettableClock::at(NOW);
    let challenges =
        Challenges::in_memory().with_clock(clock.clone()).with_lifetime(Duration::from_secs(60));
    let [early, late] = [challenges.issue().await.unwrap(), challenges.issue().await.unwrap()];
    clock.advance(60);
    assert!(challenges.redeem(&early).await.unwrap().is_some());
    clock.advance(1);
    assert!(challenges.redeem(&late).await.unwrap().is_none());
}

#[tokio::test]
async fn challenges_and_token_ids_do_not_clash() {
    let store = Arc::new(MemorySingleUseStore::default());
    let clock = SettableClock::at(NOW);
    let challenges = Challenges::new(store.clone()).with_clock(clock);
    let nonce = challenges.issue().await.unwrap();
    let guard = ReplayGuard::new(store);
    assert_eq!(code(&guard, &builder(1).token_id(&nonce).build()).await, "ok");
    assert!(challenges.redeem(&nonce).await.unwrap().is_some());
}

#[tokio::test]
async fn a_failing_store_issues_no_challenge() {
    #[derive(Debug)]
    struct Broken;
    impl SingleUseStore for Broken {
        fn insert(&self, _: Fingerprint, _: UnixSeconds, _: UnixSeconds) -> StoreFuture<'_, bool> {
            Box::pin(async { Err(StoreError::new(StoreErrorKind::Unreachable, "out of order")) })
        }
        fn take(&self, _: Fingerprint, _: UnixSeconds) -> StoreFuture<'_, bool> {
            Box::pin(async { Err(StoreError::new(StoreErrorKind::Unreachable, "out of order")) })
        }
    }
    let challenges = Challenges::new(Broken);
    assert_eq!(challenges.issue().await.unwrap_err().to_string(), "out of order");
    assert_eq!(challenges.redeem("any").await.unwrap_err().to_string(), "out of order");
}

#[tokio::test]
async fn a_known_challenge_is_not_issued() {
    #[derive(Debug)]
    struct KnowsEverything;
    impl SingleUseStore for KnowsEverything {
        fn insert(&self, _: Fingerprint, _: UnixSeconds, _: UnixSeconds) -> StoreFuture<'_, bool> {
            Box::pin(async { Ok(false) })
        }
        fn take(&self, _: Fingerprint, _: UnixSeconds) -> StoreFuture<'_, bool> {
            Box::pin(async { Ok(true) })
        }
    }
    let error = Challenges::new(KnowsEverything).issue().await.unwrap_err();
    assert_eq!(error.to_string(), "the store already holds a challenge that was just created");
}

/// Anyone who knows a nonce can use it up, and anyone who knows a token's ID can look for it.
#[tokio::test]
async fn debug_shows_only_a_count() {
    let store = Arc::new(MemorySingleUseStore::default());
    let challenges = Challenges::new(store.clone()).with_lifetime(Duration::from_secs(61));
    challenges.issue().await.unwrap();
    let guard = ReplayGuard::new(store.clone()).with_retention(Duration::from_secs(3_601));
    for (shown, expected) in [
        (format!("{store:?}"), "MemorySingleUseStore { len: 1, .. }"),
        (
            format!("{challenges:?}"),
            "Challenges { store: MemorySingleUseStore { len: 1, .. }, lifetime: 61s, .. }",
        ),
        (
            format!("{guard:?}"),
            "ReplayGuard { store: MemorySingleUseStore { len: 1, .. }, retention: 3601s }",
        ),
        (format!("{:?}", Fingerprint::from_bytes([7; 32])), "Fingerprint([redacted])"),
    ] {
        assert_eq!(shown, expected);
    }
}

/// A complete login: the server issues a nonce, and accepts a token with the nonce as its
/// attachment once.
#[tokio::test]
async fn a_login_with_a_challenge_works_once() {
    let challenges = Challenges::in_memory();
    let nonce = challenges.issue().await.unwrap();
    let token = builder(1).attachment(&nonce).build();
    let clock = SettableClock::at(NOW);
    let verifier = Verifier::builder(Audience::new(APP).unwrap()).clock(clock).build();
    verifier.verify_with_attachment(&token, &nonce).unwrap();
    let error = verifier.verify_with_attachment(&token, "another nonce").unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::IncorrectSigner);
    assert!(challenges.redeem(&nonce).await.unwrap().is_some());
    assert!(challenges.redeem(&nonce).await.unwrap().is_none());
}
