//! The revocation list: the tokens that it rejects, the entries that it forgets, and its behaviour
//! at its bound.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use magic_admin::{
    Audience, Issuer, Magic, Policy, RevocationList, SecretKey, StoreError, StoreErrorKind,
    UnixSeconds, VerifiedToken, Verifier, VerifyErrorKind,
    revocation::{Revocation, RevocationStore, StoreFuture},
    single_use::Challenges,
};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

const NOW: i64 = 1_700_000_000;
const APP: &str = "client-id";

/// A verifier with a list, a mint, and the clock that they share.
struct Bench {
    clock: SettableClock,
    list: RevocationList,
    verifier: Verifier,
    mint: Mint,
}

impl Bench {
    fn new() -> Self {
        Self::with(|list| list)
    }

    fn with(
        settings: impl FnOnce(
            magic_admin::revocation::RevocationListBuilder,
        ) -> magic_admin::revocation::RevocationListBuilder,
    ) -> Self {
        let clock = SettableClock::at(NOW);
        let list = settings(RevocationList::builder().clock(clock.clone())).build();
        let verifier = Verifier::builder(Audience::new(APP).unwrap())
            .clock(clock.clone())
            .revocations(list.clone())
            .build();
        let mint = Mint::new(APP).with_clock(clock.clone());
        Self { clock, list, verifier, mint }
    }

    /// Returns a token of a user, issued this many seconds from now and valid for a week.
    fn token(&self, user: u64, made: i64) -> String {
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        self.mint
            .builder(&TestUser::from_seed(user))
            .issued_at(magic_admin::Clock::now(&self.clock).get() + made)
            .lifespan(week)
            .not_before(0)
            .build()
    }

    /// Returns the verifier's verdict: `ok`, or the code of the rejection.
    fn code(&self, token: &str) -> &'static str {
        self.verifier.verify(token).map_or_else(|error| error.code(), |_| "ok")
    }

    /// Signs a user in, and returns the time of the new session.
    fn session(&self, user: u64) -> UnixSeconds {
        let token = self.verifier.verify(&self.token(user, 0)).unwrap();
        self.list.start_session(&token).unwrap()
    }

    /// Verifies a token with a verifier that has no list.
    fn proof(&self, token: &str) -> VerifiedToken {
        let verifier =
            Verifier::builder(Audience::new(APP).unwrap()).clock(self.clock.clone()).build();
        verifier.verify(token).unwrap()
    }
}

fn issuer(user: u64) -> Issuer {
    TestUser::from_seed(user).issuer()
}

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(NOW + seconds)
}

#[tokio::test]
async fn an_issuers_older_tokens_are_rejected() {
    let bench = Bench::new();
    let tokens = [-1, 0, 1].map(|made| bench.token(1, made));
    let others = bench.token(2, -1);
    assert!(tokens.iter().all(|token| bench.code(token) == "ok"));
    let proofs = tokens.clone().map(|token| bench.proof(&token));

    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    // The last token claims a later time of issue, but was accepted before.
    assert_eq!(proofs.map(|proof| bench.list.revokes(&proof)), [true; 3]);
    assert_eq!(tokens.map(|token| bench.code(&token)), ["ERROR_DIDT_REVOKED"; 3]);

    let codes = [-1, 0, 1].map(|made| bench.code(&bench.token(1, made)));
    assert_eq!(codes, ["ERROR_DIDT_REVOKED", "ERROR_DIDT_REVOKED", "ok"]);
    assert_eq!(bench.code(&others), "ok");
}

#[tokio::test]
async fn an_earlier_time_changes_nothing() {
    let bench = Bench::new();
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    bench.list.revoke(issuer(1), at(-100)).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.list.len(), 1);
}

#[tokio::test]
async fn a_single_token_can_be_revoked() {
    let bench = Bench::new();
    let builder = bench.mint.builder(&TestUser::from_seed(1)).token_id("one");
    let token = builder.clone().build();
    let same_claim = builder.high_s().encoding(magic_admin_testkit::Encoding::UrlSafe).build();
    assert_ne!(token, same_claim);
    let neighbour = bench.token(1, 0);

    bench.list.revoke_token(&bench.proof(&token)).await.unwrap();

    assert_eq!(bench.code(&token), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&same_claim), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&neighbour), "ok");
}

#[tokio::test]
async fn several_single_tokens_stay_revoked() {
    let bench = Bench::new();
    let tokens = [10, 20, 30].map(|made| bench.token(1, made));
    // Revoking a token again changes nothing.
    for token in tokens.iter().chain(&tokens) {
        bench.list.revoke_token(&bench.proof(token)).await.unwrap();
    }
    assert_eq!(bench.list.len(), 3);
    let mut times: Vec<_> = bench.list.revocations().iter().map(token_of_alice).collect();
    times.sort();
    assert_eq!(times, [at(10), at(20), at(30)].map(Some));
    // This covers the second token, and the third one keeps its own entry.
    bench.list.revoke(issuer(1), at(20)).await.unwrap();
    assert_eq!(bench.list.len(), 2);
    assert!(tokens.iter().all(|token| bench.code(token) == "ERROR_DIDT_REVOKED"));
    bench.clock.set(NOW + 20);
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

#[tokio::test]
async fn token_ids_are_per_user() {
    let bench = Bench::new();
    let [alices, bobs] =
        [1, 2].map(|user| bench.mint.builder(&TestUser::from_seed(user)).token_id("one").build());
    bench.list.revoke_token(&bench.proof(&alices)).await.unwrap();
    assert_eq!(bench.code(&alices), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bobs), "ok");
}

#[tokio::test]
async fn a_logout_revokes_tokens_issued_so_far() {
    let bench = Bench::new();
    for (user, made) in [(1, -50), (2, 50)] {
        let token = bench.token(user, made);
        bench.list.revoke_session(&bench.proof(&token)).await.unwrap();
        assert_eq!(bench.code(&token), "ERROR_DIDT_REVOKED");
        assert_eq!(bench.code(&bench.token(user, 0)), "ERROR_DIDT_REVOKED", "{made}");
        // A device with a correct clock does not have to wait for the device with the fast clock.
        assert_eq!(bench.code(&bench.token(user, 1)), "ok", "{made}");
    }
}

#[tokio::test]
async fn a_users_logouts_take_one_entry() {
    let bench = Bench::new();
    for second in 0..20 {
        bench.clock.set(NOW + second);
        let token = bench.token(1, 0);
        bench.list.revoke_token(&bench.proof(&token)).await.unwrap();
        bench.list.revoke_session(&bench.proof(&token)).await.unwrap();
        assert_eq!(bench.list.len(), 1);
    }
}

#[test]
fn tokens_from_the_far_future_are_rejected() {
    let bench = Bench::new();
    assert_eq!(bench.code(&bench.token(1, 300)), "ok");
    assert_eq!(bench.code(&bench.token(1, 301)), "ERROR_DIDT_CANNOT_BE_USED_YET");
    let bench = Bench::with(|list| list.issued_at_grace(Duration::ZERO));
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    assert_eq!(bench.code(&bench.token(1, 1)), "ERROR_DIDT_CANNOT_BE_USED_YET");
}

/// A logout can be repeated, and a policy decides who may sign in, not who may log out.
#[tokio::test]
async fn a_logout_ignores_list_and_policy() {
    let bench = Bench::new();
    let magic = Magic::builder(SecretKey::new("sk_live_0123456789ABCDEF").unwrap())
        .base_url("http://127.0.0.1:1")
        .client_id(APP)
        .verifier(|verifier| {
            verifier
                .clock(bench.clock.clone())
                .policy(Policy::new().require_attachment().max_age(Duration::from_secs(60)))
                .revocations(bench.list.clone())
        })
        .build()
        .unwrap();
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    bench.list.suspend();
    let log_out = async |made| {
        let verified = magic.dangerous_verify_protocol_only(&bench.token(1, made)).await;
        // Only the logout route uses this token; layers and extractors reject it.
        assert!(verified.as_ref().is_ok_and(|verified| !magic.has_verified(verified)));
        verified.map_or_else(|error| error.code(), |_| "ok")
    };
    for made in [0, -61, -24 * 60 * 60 - 1, 301] {
        assert_eq!(log_out(made).await, "ok", "{made}");
    }
}

/// Otherwise, one logout could lock its user out for years.
#[tokio::test]
async fn a_future_token_revokes_no_later_ones() {
    let bench = Bench::new();
    let ahead = bench.proof(&bench.token(1, 1_000_000));
    bench.list.revoke_session(&ahead).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

/// Otherwise, the token would be accepted as soon as its time of issue is near.
#[tokio::test]
async fn a_token_from_ahead_stays_logged_out() {
    let bench = Bench::new();
    let [own, other] = [bench.token(1, 1_000), bench.token(1, 1_000)];
    bench.list.revoke_session(&bench.proof(&own)).await.unwrap();
    for second in [0, 699, 700, 1_000, 50_000] {
        bench.clock.set(NOW + second);
        assert_ne!(bench.code(&own), "ok", "{second}");
    }
    bench.clock.set(NOW + 700);
    assert_eq!((bench.code(&own), bench.code(&other)), ("ERROR_DIDT_REVOKED", "ok"));
}

/// Servers read an entry again when they resync.
#[tokio::test]
async fn a_logout_that_arrives_again_ends_no_new_sign_in() {
    let bench = Bench::new();
    let logout = Revocation::Issuer { issuer: issuer(1), at: at(0) };
    let before = bench.token(1, 100);
    assert_eq!(bench.code(&before), "ok");
    bench.list.apply(&logout).unwrap();
    assert_eq!(bench.code(&before), "ERROR_DIDT_REVOKED");
    bench.clock.set(NOW + 1);
    let after = bench.token(1, 100);
    assert_eq!(bench.code(&after), "ok");
    bench.list.apply(&logout).unwrap();
    assert_eq!((bench.code(&after), bench.code(&before)), ("ok", "ERROR_DIDT_REVOKED"));
    bench.list.apply(&Revocation::Issuer { issuer: issuer(1), at: at(1) }).unwrap();
    assert_eq!(bench.code(&after), "ERROR_DIDT_REVOKED");
}

/// Otherwise, anyone with an account could fill the list with them, and nobody could log out any
/// more.
#[tokio::test]
async fn logouts_from_the_future_take_one_entry() {
    let bench = Bench::new();
    let audience = Audience::new(APP).unwrap();
    let verifier = Verifier::builder(audience).clock(bench.clock.clone()).build();
    for ahead in 1_000_000..1_000_050 {
        let token = verifier.verify(&bench.token(1, ahead)).unwrap();
        bench.list.revoke_session(&token).await.unwrap();
    }
    assert_eq!(bench.list.len(), 1);
}

#[tokio::test]
async fn a_forgotten_entry_revives_no_token() {
    let bench = Bench::with(|list| list.retention(Duration::from_secs(600)));
    let token = bench.token(1, 0);
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    let mut forgotten = 0;
    for second in 0..=1_200 {
        bench.clock.set(NOW + second);
        let expected = if second <= 600 { "ERROR_DIDT_REVOKED" } else { "ERROR_DIDT_TOO_OLD" };
        assert_eq!(bench.code(&token), expected, "{second}");
        // Logouts of other users make the list look for entries to forget.
        for user in 0..2 {
            bench.list.revoke(stranger(2 * second as u64 + user), at(second)).await.unwrap();
        }
        forgotten += usize::from(!names(&bench.list, issuer(1)));
    }
    assert!(forgotten > 0, "the entry was never forgotten");
}

#[tokio::test]
async fn obsolete_entries_take_no_space() {
    let bench = Bench::with(|list| list.retention(Duration::from_secs(600)));
    bench.list.revoke(issuer(1), at(-601)).await.unwrap();
    assert!(bench.list.is_empty());
    bench.list.revoke(issuer(1), at(-600)).await.unwrap();
    assert_eq!((bench.list.len(), bench.list.is_empty()), (1, false));
    assert_eq!(bench.list.retention(), Duration::from_secs(600));
    let shown = format!("{:?}", bench.list);
    assert_eq!(shown, "RevocationList { len: 1, retention: 600s, store: None, .. }");
}

#[tokio::test]
async fn a_full_list_fails_closed() {
    const CAPACITY: usize = 100;
    let bench = Bench::with(|list| list.capacity(CAPACITY));
    let mut tokens = Vec::new();
    for second in 0..500 {
        bench.clock.set(NOW + second);
        let user = 1_000 + second as u64;
        tokens.push(bench.token(user, 0));
        bench.list.revoke(issuer(user), at(second)).await.unwrap();
        assert!(bench.list.len() <= CAPACITY);
        // The older half gives way at once, so that the next entries cost nothing; a token of the
        // seconds of the younger half is still fine.
        if second == CAPACITY as i64 {
            assert_eq!(bench.list.len(), CAPACITY / 2);
            assert_eq!(bench.code(&bench.token(1, 50 - second)), "ERROR_DIDT_REVOKED");
            assert_eq!(bench.code(&bench.token(1, 51 - second)), "ok");
        }
    }
    for token in &tokens {
        assert_eq!(bench.code(token), "ERROR_DIDT_REVOKED");
    }
    // Users who sign in now are not affected.
    bench.clock.advance(1);
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    // The entries sent to other servers have the same effect.
    let other = Bench::with(|list| list.capacity(10 * CAPACITY));
    other.clock.set(NOW + 500);
    for revocation in bench.list.revocations() {
        other.list.apply(&revocation).unwrap();
    }
    for token in &tokens {
        assert_eq!(other.code(token), "ERROR_DIDT_REVOKED");
    }
}

#[tokio::test]
async fn a_list_full_of_future_entries_is_full() {
    let bench = Bench::with(|list| list.capacity(10));
    for user in 0..10 {
        bench.list.revoke(stranger(user), at(1_000)).await.unwrap();
    }
    // Making room would lock out everyone who signs in from now on.
    let error = bench.list.revoke(stranger(10), at(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "the revocation list is full");
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    // After their time, users who sign in are not affected.
    bench.clock.set(NOW + 1_000);
    bench.list.revoke(stranger(10), at(1_000)).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

/// Anyone can sign tokens from the future, and an application without sessions logs out whoever
/// signed one.
#[tokio::test]
async fn tokens_from_ahead_do_not_fill_the_list() {
    let bench = Bench::with(|list| list.capacity(40));
    for user in 10..210 {
        let ahead = bench.proof(&bench.token(user, 86_000));
        bench.list.revoke_session(&ahead).await.unwrap();
    }
    let token = bench.token(1, 0);
    bench.clock.set(NOW + 1);
    let later = bench.token(1, 1);
    bench.list.revoke_now(issuer(1)).await.unwrap();
    assert_eq!((bench.code(&token), bench.code(&later)), ("ERROR_DIDT_REVOKED", "ok"));
}

#[tokio::test]
async fn a_list_mostly_from_the_future_makes_room() {
    let bench = Bench::with(|list| list.capacity(10));
    for user in 0..9 {
        bench.list.revoke(stranger(user), at(1_000)).await.unwrap();
    }
    bench.list.revoke(stranger(9), at(-5)).await.unwrap();
    bench.list.revoke(stranger(10), at(0)).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, -5)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, -4)), "ok");
    // Now it is full. What it knows is no news, and everybody takes no room.
    let known = Revocation::Issuer { issuer: stranger(3), at: at(1_000) };
    bench.list.apply(&known).unwrap();
    bench.list.apply(&Revocation::Everybody { at: at(-1) }).unwrap();
    assert_eq!(bench.code(&bench.token(1, -1)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
}

/// Otherwise only the server that accepted the token would reject it.
#[tokio::test]
async fn follow_ups_survive_a_store_that_fails_once() {
    #[derive(Clone, Debug, Default)]
    struct FailsOnce {
        has_failed: Arc<AtomicBool>,
        written: Arc<Mutex<Vec<Revocation>>>,
    }
    impl RevocationStore for FailsOnce {
        fn append<'a>(&'a self, entries: &'a [Revocation]) -> StoreFuture<'a, ()> {
            Box::pin(async move {
                if !self.has_failed.swap(true, Ordering::Relaxed) {
                    return Err(StoreError::new(StoreErrorKind::Unreachable, "out of order"));
                }
                self.written.lock().unwrap().extend(entries);
                Ok(())
            })
        }
    }
    let store = FailsOnce::default();
    let bench = Bench::with(|list| list.store(store.clone()));
    let other = Bench::new();
    let early = bench.token(1, 100);
    assert_eq!((bench.code(&early), other.code(&early)), ("ok", "ok"));
    bench.list.revoke(issuer(1), at(0)).await.unwrap_err();
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    for entry in store.written.lock().unwrap().iter() {
        other.list.apply(entry).unwrap();
    }
    assert_eq!(other.code(&early), "ERROR_DIDT_REVOKED");
}

/// An entry of a logout can take as long to arrive as the list may be out of sync.
#[tokio::test]
async fn a_late_logout_finds_tokens_accepted_early() {
    let bench = Bench::new();
    bench.list.trust_until(at(600));
    let early: Vec<_> = (0..2_100).map(|user| bench.token(user, 200)).collect();
    assert!(early.iter().all(|token| bench.code(token) == "ok"));
    bench.clock.set(NOW + 261);
    assert_eq!(bench.code(&bench.token(5_000, 10)), "ok");
    bench.list.apply(&Revocation::Issuer { issuer: issuer(1), at: at(10) }).unwrap();
    assert_eq!(bench.code(&early[1]), "ERROR_DIDT_REVOKED");
}

#[tokio::test]
async fn a_suspended_list_rejects_everything() {
    let bench = Bench::new();
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    let (revoked, good) = (bench.token(1, 0), bench.token(2, 0));
    bench.list.suspend();
    assert_eq!(bench.code(&revoked), "ERROR_DIDT_REVOKED");
    let error = bench.verifier.verify(&good).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Unavailable);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    bench.list.resume();
    assert_eq!(bench.code(&good), "ok");
}

#[test]
fn a_list_is_suspended_at_the_set_time() {
    let bench = Bench::new();
    let token = bench.token(1, 0);
    bench.list.trust_until(at(30));
    bench.clock.set(NOW + 29);
    assert_eq!(bench.code(&token), "ok");
    bench.clock.set(NOW + 30);
    assert_eq!(bench.code(&token), "ERROR_UNAVAILABLE");
    bench.list.trust_until(at(31));
    assert_eq!(bench.code(&token), "ok");
}

#[test]
fn the_list_is_checked_after_the_audience() {
    let clock = SettableClock::at(NOW);
    let list = RevocationList::builder().clock(clock.clone()).build();
    list.apply(&Revocation::Issuer { issuer: issuer(1), at: at(0) }).unwrap();
    let verifier = Verifier::builder(Audience::new(APP).unwrap())
        .clock(clock.clone())
        .policy(Policy::new().accept_only(|_| false))
        .revocations(list)
        .build();
    let code = |token: String| verifier.verify(&token).unwrap_err().code();
    let mint = Mint::new(APP).with_clock(clock);
    let alice = TestUser::from_seed(1);
    assert_eq!(code(mint.builder(&alice).audience("other").build()), "ERROR_AUDIENCE_MISMATCH");
    assert_eq!(code(mint.token(&alice)), "ERROR_DIDT_REVOKED");
    assert_eq!(code(mint.token(&TestUser::from_seed(2))), "ERROR_DIDT_REFUSED_BY_POLICY");
}

#[tokio::test]
async fn a_failed_write_still_revokes_locally() {
    #[derive(Debug)]
    struct Broken;
    impl RevocationStore for Broken {
        fn append<'a>(&'a self, _: &'a [Revocation]) -> StoreFuture<'a, ()> {
            Box::pin(async {
                Err(StoreError::new(StoreErrorKind::Unreachable, "out of order")
                    .with_source("no disk"))
            })
        }
    }
    let bench = Bench::with(|list| list.store(Broken));
    let token = bench.token(1, 0);
    let error = bench.list.revoke(issuer(1), at(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "out of order");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no disk");
    let shown =
        r#"StoreError { kind: Unreachable, message: "out of order", source: Some("no disk") }"#;
    assert_eq!(format!("{error:?}"), shown);
    assert_eq!(bench.code(&token), "ERROR_DIDT_REVOKED");
}

#[test]
fn all_users_can_be_revoked() {
    let bench = Bench::new();
    bench.list.apply(&Revocation::Everybody { at: at(-10) }).unwrap();
    assert_eq!(bench.code(&bench.token(1, -10)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(2, -9)), "ok");
    assert_eq!(bench.list.revocations(), [Revocation::Everybody { at: at(-10) }]);
}

/// Many threads revoke and forget at the same time; in the end, the count matches the contents.
#[test]
fn concurrent_revocations_count_once() {
    let bench = Bench::with(|list| list.capacity(5_000).retention(Duration::from_secs(50)));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let bench = &bench;
            scope.spawn(move || {
                for number in 0..4_000_u64 {
                    let issuer = stranger(number * 8 + thread);
                    let time = at(number as i64 / 100 - 45);
                    bench.list.apply(&Revocation::Issuer { issuer, at: time }).unwrap();
                }
            });
        }
    });
    let everybody = |revocation: &&Revocation| !matches!(revocation, Revocation::Everybody { .. });
    assert_eq!(bench.list.len(), bench.list.revocations().iter().filter(everybody).count());
    assert!(bench.list.len() <= 5_000 + 8);
}

/// Returns an issuer that no test signs tokens for.
fn stranger(number: u64) -> Issuer {
    let mut bytes = [0xee; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(magic_admin::Address::from_bytes(bytes))
}

/// Returns the time of issue of the single token in an entry, if it is the first user's.
fn token_of_alice(entry: &Revocation) -> Option<UnixSeconds> {
    match entry {
        Revocation::Token { issuer: of, issued_at, .. } if *of == issuer(1) => Some(*issued_at),
        _ => None,
    }
}

fn names(list: &RevocationList, issuer: Issuer) -> bool {
    list.revocations()
        .iter()
        .any(|entry| matches!(entry, Revocation::Issuer { issuer: named, .. } if *named == issuer))
}

/// A session stores the issuer and the time, because a session store cannot store a
/// `VerifiedToken`.
#[tokio::test]
async fn a_logout_ends_sessions_on_all_devices() {
    let bench = Bench::new();
    let (laptop, phone) = (bench.session(1), bench.session(1));
    bench.clock.advance(10);
    for started in [laptop, phone] {
        bench.list.check_session(issuer(1), started).unwrap();
    }
    bench.list.revoke_now(issuer(1)).await.unwrap();
    for started in [laptop, phone] {
        let error = bench.list.check_session(issuer(1), started).unwrap_err();
        assert_eq!(error.code(), "ERROR_DIDT_REVOKED");
    }
    bench.list.check_session(issuer(2), laptop).unwrap();

    // The user can sign in again in the next second, and the next logout ends that session, too.
    bench.clock.advance(1);
    let again = bench.session(1);
    bench.list.check_session(issuer(1), again).unwrap();
    bench.clock.advance(1);
    bench.list.check_session(issuer(1), again).unwrap();
    bench.list.revoke_now(issuer(1)).await.unwrap();
    assert!(bench.list.check_session(issuer(1), again).is_err());
}

#[tokio::test]
async fn other_sessions_can_be_kept() {
    let bench = Bench::new();
    let session = bench.session(1);
    let token = bench.verifier.verify(&bench.token(1, 0)).unwrap();
    bench.list.revoke_token(&token).await.unwrap();
    bench.list.check_session(issuer(1), session).unwrap();
}

#[test]
fn an_uncertain_session_is_rejected() {
    let bench = Bench::with(|list| list.retention(Duration::from_secs(600)));
    let session = bench.session(1);
    bench.list.suspend();
    let error = bench.list.check_session(issuer(1), session).unwrap_err();
    assert_eq!(error.code(), "ERROR_UNAVAILABLE");
    bench.list.resume();
    bench.clock.advance(600);
    bench.list.check_session(issuer(1), session).unwrap();
    bench.clock.advance(1);
    let error = bench.list.check_session(issuer(1), session).unwrap_err();
    assert_eq!(error.code(), "ERROR_DIDT_TOO_OLD");
}

/// The client writes `iat`, but the server knows when it issued the challenge.
#[tokio::test]
async fn a_slow_clock_can_use_a_challenge() {
    let bench = Bench::new();
    let challenges = Challenges::in_memory().with_clock(bench.clock.clone());
    let slow = |nonce: &str| {
        let user = TestUser::from_seed(1);
        let iat = magic_admin::Clock::now(&bench.clock).get() - 120;
        bench.mint.builder(&user).issued_at(iat).attachment(nonce).build()
    };
    let before = challenges.issue().await.unwrap();
    bench.list.revoke_now(issuer(1)).await.unwrap();
    bench.clock.advance(1);
    let after = challenges.issue().await.unwrap();

    let (early, late) = (slow(&before), slow(&after));
    assert_eq!(bench.code(&late), "ERROR_DIDT_REVOKED", "by iat");
    let challenge = challenges.redeem(&after).await.unwrap().unwrap();
    assert_eq!(challenge.issued_at(), magic_admin::Clock::now(&bench.clock));
    let verified = bench.verifier.verify_with_challenge(&late, &challenge).unwrap();

    // A challenge issued before the logout does not help, nor does the challenge of another token.
    let error = bench.verifier.verify_with_challenge(&early, &challenge).unwrap_err();
    assert_eq!(error.code(), "ERROR_INCORRECT_SIGNER_ADDR");
    let challenge = challenges.redeem(&before).await.unwrap().unwrap();
    let error = bench.verifier.verify_with_challenge(&early, &challenge).unwrap_err();
    assert_eq!(error.code(), "ERROR_DIDT_REVOKED");

    bench.list.revoke_token(&verified).await.unwrap();
    assert!(bench.list.revokes(&verified), "although the logout covers its iat");
}

/// Otherwise, the token would be accepted as a bearer token after a logout, once its time of issue
/// has come.
#[tokio::test]
async fn a_challenge_admits_no_future_token() {
    let bench = Bench::new();
    let challenges = Challenges::in_memory().with_clock(bench.clock.clone());
    for (ahead, expected) in [(300, "ok"), (301, "ERROR_DIDT_CANNOT_BE_USED_YET")] {
        let nonce = challenges.issue().await.unwrap();
        let token = bench.mint.builder(&TestUser::from_seed(1)).issued_at(NOW + ahead);
        let token = token.not_before(0).attachment(&nonce).build();
        let challenge = challenges.redeem(&nonce).await.unwrap().unwrap();
        let verified = bench.verifier.verify_with_challenge(&token, &challenge);
        assert_eq!(verified.map_or_else(|error| error.code(), |_| "ok"), expected, "{ahead}");
    }
}
