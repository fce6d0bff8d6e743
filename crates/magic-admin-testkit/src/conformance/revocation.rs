//! Tests for revocation stores: confirmed entries are still present when the store is opened again.
#![expect(clippy::panic, clippy::expect_used, reason = "these are tests")]

use std::ops::AsyncFn;

use magic_admin::{
    Audience, Clock as _, Issuer, RevocationList, SystemClock, UnixSeconds, VerifiedToken,
    Verifier, revocation::Revocation,
};
use uuid::Uuid;

use super::new_issuer;
use crate::{Mint, TestUser};

/// Checks that a revocation takes effect immediately, and only for the given issuer.
pub async fn revocations_take_effect_immediately<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let (list, _guard) = open().await;
    let (revoked, other, at) = (new_issuer(), new_issuer(), now());
    revoke(&list, revoked, at).await;
    assert_eq!(revoked_at(&list, revoked), Some(at));
    assert_eq!(revoked_at(&list, other), None);
}

/// Checks that a list opened later revokes the same issuers and no others.
pub async fn revocations_survive_reopening<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let issuers: Vec<_> = (0..10).map(|_| new_issuer()).collect();
    let at = now();
    {
        let (list, _guard) = open().await;
        for issuer in &issuers {
            revoke(&list, *issuer, at).await;
        }
    }
    let (list, _guard) = open().await;
    for issuer in issuers {
        assert_eq!(revoked_at(&list, issuer), Some(at));
    }
    assert_eq!(revoked_at(&list, new_issuer()), None);
}

/// Checks that a revoked token stays revoked, and that other tokens of the same user are accepted.
pub async fn token_revocations_survive_reopening<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let (number, _) = Uuid::new_v4().as_u64_pair();
    let (user, mint) = (TestUser::from_seed(number), Mint::new(APP));
    let (revoked, kept) = (mint.token(&user), mint.token(&user));
    {
        let (list, _guard) = open().await;
        list.revoke_token(&verified(&revoked)).await.expect("the store accepts a token");
    }
    let (list, _guard) = open().await;
    let verifier = Verifier::builder(audience()).revocations(list).build();
    let code = |token: &str| verifier.verify(token).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code(&revoked), "ERROR_DIDT_REVOKED");
    assert_eq!(code(&kept), "ok");
}

/// Checks that the latest time wins, whatever the order of the entries.
pub async fn the_latest_time_wins<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let (issuer, at) = (new_issuer(), now());
    let before = UnixSeconds::new(at.get() - 60);
    {
        let (list, _guard) = open().await;
        for time in [before, at, before] {
            revoke(&list, issuer, time).await;
        }
    }
    {
        let (list, _guard) = open().await;
        assert_eq!(revoked_at(&list, issuer), Some(at));
        revoke(&list, issuer, before).await;
    }
    let (list, _guard) = open().await;
    assert_eq!(revoked_at(&list, issuer), Some(at));
}

/// Checks that no confirmed entry is lost under concurrency.
pub async fn concurrent_revocations_survive<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let issuers: Vec<_> = (0..500).map(|_| new_issuer()).collect();
    let at = now();
    {
        let (list, _guard) = open().await;
        let mut tasks = tokio::task::JoinSet::new();
        for issuer in issuers.clone() {
            let list = list.clone();
            tasks.spawn(async move { revoke(&list, issuer, at).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("every revocation is confirmed");
        }
    }
    let (list, _guard) = open().await;
    let missing = issuers.iter().filter(|issuer| revoked_at(&list, **issuer) != Some(at));
    assert_eq!(missing.count(), 0);
}

/// Checks that opening a store does not change its entries.
pub async fn reopening_changes_nothing<G>(open: impl AsyncFn() -> (RevocationList, G)) {
    let (issuer, at) = (new_issuer(), now());
    {
        let (list, _guard) = open().await;
        revoke(&list, issuer, at).await;
    }
    for _ in 0..3 {
        let (list, _guard) = open().await;
        let all = list.revocations();
        let about_it = all.iter().filter(
            |entry| matches!(entry, Revocation::Issuer { issuer: named, .. } if *named == issuer),
        );
        assert_eq!(about_it.collect::<Vec<_>>(), [&Revocation::Issuer { issuer, at }]);
    }
}

async fn revoke(list: &RevocationList, issuer: Issuer, at: UnixSeconds) {
    if let Err(error) = list.revoke(issuer, at).await {
        panic!("the store rejected a revocation: {error:?}");
    }
}

fn revoked_at(list: &RevocationList, issuer: Issuer) -> Option<UnixSeconds> {
    list.revocations().iter().find_map(|entry| match entry {
        Revocation::Issuer { issuer: named, at } if *named == issuer => Some(*at),
        _ => None,
    })
}

fn verified(token: &str) -> VerifiedToken {
    Verifier::new(audience()).verify(token).expect("the mint issues valid tokens")
}

fn audience() -> Audience {
    Audience::new(APP).expect("the name is not empty")
}

fn now() -> UnixSeconds {
    SystemClock::default().now()
}

const APP: &str = "conformance";
