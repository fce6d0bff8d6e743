//! Tests for single-use stores: of several simultaneous uses, exactly one succeeds.
#![expect(clippy::panic, clippy::expect_used, reason = "these are tests")]

use std::{ops::AsyncFn, sync::Arc};

use magic_admin::{
    Clock as _, SystemClock, UnixSeconds, revocation::Fingerprint, single_use::SingleUseStore,
};
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

/// Checks that a key is rejected the second and the third time.
pub async fn keys_are_accepted_once<S: SingleUseStore>(open: impl AsyncFn() -> S) {
    let (store, key) = (open().await, new_key());
    assert!(insert(&store, key).await);
    assert!(!insert(&store, key).await);
    assert!(!insert(&store, key).await);
}

/// Checks that different keys do not affect each other.
pub async fn keys_are_independent<S: SingleUseStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let keys = [new_key(), new_key(), new_key()];
    for key in keys {
        assert!(insert(&store, key).await);
    }
    let [first, second, third] = keys;
    assert!(take(&store, second).await);
    assert!(!insert(&store, first).await);
    assert!(!insert(&store, third).await);
}

/// Checks that inserting is atomic under concurrency.
pub async fn concurrent_inserts_have_one_winner<S: SingleUseStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let store = Arc::new(open().await);
    for _ in 0..3 {
        let key = new_key();
        assert_eq!(
            winners(&store, move |store| async move { insert(&*store, key).await }).await,
            1
        );
    }
}

/// Checks that a key can be taken once, and only if it was inserted.
pub async fn keys_are_taken_once<S: SingleUseStore>(open: impl AsyncFn() -> S) {
    let (store, key) = (open().await, new_key());
    assert!(!take(&store, key).await);
    assert!(insert(&store, key).await);
    assert!(take(&store, key).await);
    assert!(!take(&store, key).await);
    // A key that was taken can be inserted again.
    assert!(insert(&store, key).await);
}

/// Checks that taking is atomic under concurrency.
pub async fn concurrent_takes_have_one_winner<S: SingleUseStore + 'static>(
    open: impl AsyncFn() -> S,
) {
    let store = Arc::new(open().await);
    for _ in 0..3 {
        let key = new_key();
        assert!(insert(&store, key).await);
        assert_eq!(winners(&store, move |store| async move { take(&*store, key).await }).await, 1);
    }
}

/// Checks that a key can be taken in its last second, but not later.
pub async fn expired_keys_cannot_be_taken<S: SingleUseStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let until = UnixSeconds::new(now().get() + 60);
    for (later, taken) in [(0, true), (1, false)] {
        let key = new_key();
        assert!(store.insert(key, until, now()).await.expect("the store answers"));
        let at = UnixSeconds::new(until.get() + later);
        assert_eq!(store.take(key, at).await.expect("the store answers"), taken, "{later}");
    }
}

/// Checks that a key is still rejected in its last second.
pub async fn keys_are_kept_until_they_expire<S: SingleUseStore>(open: impl AsyncFn() -> S) {
    let (store, key) = (open().await, new_key());
    let until = UnixSeconds::new(now().get() + 60);
    assert!(store.insert(key, until, now()).await.expect("the store answers"));
    for at in [now(), until] {
        assert!(!store.insert(key, until, at).await.expect("the store answers"));
    }
}

/// Makes a thousand simultaneous attempts and counts those that return `true`.
async fn winners<S, F, A>(store: &Arc<S>, act: F) -> usize
where
    S: SingleUseStore + 'static,
    F: Fn(Arc<S>) -> A,
    A: Future<Output = bool> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(ATTEMPTS));
    let mut attempts = JoinSet::new();
    for _ in 0..ATTEMPTS {
        let (barrier, attempt) = (Arc::clone(&barrier), act(Arc::clone(store)));
        attempts.spawn(async move {
            barrier.wait().await;
            attempt.await
        });
    }
    let mut winners = 0;
    while let Some(won) = attempts.join_next().await {
        winners += usize::from(won.expect("the store answers"));
    }
    winners
}

async fn insert(store: &impl SingleUseStore, key: Fingerprint) -> bool {
    let now = now();
    match store.insert(key, UnixSeconds::new(now.get() + 300), now).await {
        Ok(inserted) => inserted,
        Err(error) => panic!("the store rejected a key: {error:?}"),
    }
}

async fn take(store: &impl SingleUseStore, key: Fingerprint) -> bool {
    match store.take(key, now()).await {
        Ok(taken) => taken,
        Err(error) => panic!("the store failed to take a key: {error:?}"),
    }
}

/// Returns a key that no other test uses.
fn new_key() -> Fingerprint {
    let mut bytes = [0; 32];
    let random = Uuid::new_v4().into_bytes().into_iter().chain(Uuid::new_v4().into_bytes());
    for (byte, random) in bytes.iter_mut().zip(random) {
        *byte = random;
    }
    Fingerprint::from_bytes(bytes)
}

fn now() -> UnixSeconds {
    SystemClock::default().now()
}

const ATTEMPTS: usize = 1_000;
