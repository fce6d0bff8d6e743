//! The revocation list: what it refuses, what it forgets, and what it does at its bound.

use std::time::Duration;

use magic_admin::{
    Audience, Issuer, Magic, Policy, RevocationList, SecretKey, StoreError, StoreErrorKind,
    UnixSeconds, VerifiedToken, Verifier, VerifyErrorKind,
    revocation::{Revocation, RevocationStore, StoreFuture},
    single_use::Challenges,
};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

const NOW: i64 = 1_700_000_000;
const APP: &str = "client-id";

/// A verifier with a list, a mint, and the clock of all three.
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

    /// A token of a user, made so many seconds from now, valid for a week.
    fn token(&self, user: u64, made: i64) -> String {
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        self.mint
            .builder(&TestUser::from_seed(user))
            .issued_at(magic_admin::Clock::now(&self.clock).get() + made)
            .lifespan(week)
            .not_before(0)
            .build()
    }

    /// What the verifier says, as the code of the refusal.
    fn code(&self, token: &str) -> &'static str {
        self.verifier.verify(token).map_or_else(|error| error.code(), |_| "ok")
    }

    /// Signs a user in: the second of the new session.
    fn session(&self, user: u64) -> UnixSeconds {
        let token = self.verifier.verify(&self.token(user, 0)).unwrap();
        self.list.start_session(&token).unwrap()
    }

    /// A proof for a token, from a verifier without a list.
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
async fn an_issuers_tokens_up_to_the_time_are_refused_and_no_others() {
    let bench = Bench::new();
    let tokens = [-1, 0, 1].map(|made| bench.token(1, made));
    let others = bench.token(2, -1);
    assert!(tokens.iter().all(|token| bench.code(token) == "ok"));
    let proofs = tokens.clone().map(|token| bench.proof(&token));

    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    // The last one claims a later second, but was accepted before.
    assert_eq!(proofs.map(|proof| bench.list.revokes(&proof)), [true; 3]);
    assert_eq!(tokens.map(|token| bench.code(&token)), ["ERROR_DIDT_REVOKED"; 3]);

    let codes = [-1, 0, 1].map(|made| bench.code(&bench.token(1, made)));
    assert_eq!(codes, ["ERROR_DIDT_REVOKED", "ERROR_DIDT_REVOKED", "ok"]);
    assert_eq!(bench.code(&others), "ok");
}

#[tokio::test]
async fn an_earlier_time_does_not_take_back_a_later_one() {
    let bench = Bench::new();
    bench.list.revoke(issuer(1), at(0)).await.unwrap();
    bench.list.revoke(issuer(1), at(-100)).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.list.len(), 1);
}

#[tokio::test]
async fn a_single_token_is_refused_in_every_encoding_and_its_neighbours_are_not() {
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
async fn single_tokens_of_one_user_stay_revoked_side_by_side() {
    let bench = Bench::new();
    let tokens = [10, 20, 30].map(|made| bench.token(1, made));
    // The second time changes nothing.
    for token in tokens.iter().chain(&tokens) {
        bench.list.revoke_token(&bench.proof(token)).await.unwrap();
    }
    assert_eq!(bench.list.len(), 3);
    let mut times: Vec<_> = bench.list.revocations().iter().map(token_of_alice).collect();
    times.sort();
    assert_eq!(times, [at(10), at(20), at(30)].map(Some));
    // All tokens up to the second one's: it is named by that, the third still by itself.
    bench.list.revoke(issuer(1), at(20)).await.unwrap();
    assert_eq!(bench.list.len(), 2);
    assert!(tokens.iter().all(|token| bench.code(token) == "ERROR_DIDT_REVOKED"));
    bench.clock.set(NOW + 20);
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

#[tokio::test]
async fn the_same_token_id_of_another_user_is_another_token() {
    let bench = Bench::new();
    let [alices, bobs] =
        [1, 2].map(|user| bench.mint.builder(&TestUser::from_seed(user)).token_id("one").build());
    bench.list.revoke_token(&bench.proof(&alices)).await.unwrap();
    assert_eq!(bench.code(&alices), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bobs), "ok");
}

#[tokio::test]
async fn a_logout_revokes_what_was_issued_until_now_and_its_own_token() {
    let bench = Bench::new();
    for (user, made) in [(1, -50), (2, 50)] {
        let token = bench.token(user, made);
        bench.list.revoke_session(&bench.proof(&token)).await.unwrap();
        assert_eq!(bench.code(&token), "ERROR_DIDT_REVOKED");
        assert_eq!(bench.code(&bench.token(user, 0)), "ERROR_DIDT_REVOKED", "{made}");
        // A device whose clock is right need not wait for the one whose clock is fast.
        assert_eq!(bench.code(&bench.token(user, 1)), "ok", "{made}");
    }
}

#[tokio::test]
async fn a_users_logouts_take_the_room_of_one_entry() {
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
fn tokens_from_the_future_are_refused_beyond_the_grace() {
    let bench = Bench::new();
    assert_eq!(bench.code(&bench.token(1, 300)), "ok");
    assert_eq!(bench.code(&bench.token(1, 301)), "ERROR_DIDT_CANNOT_BE_USED_YET");
    let bench = Bench::with(|list| list.issued_at_grace(Duration::ZERO));
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    assert_eq!(bench.code(&bench.token(1, 1)), "ERROR_DIDT_CANNOT_BE_USED_YET");
}

/// A logout can be repeated, and a policy says who may come in, not who may leave.
#[tokio::test]
async fn a_logout_consults_neither_the_list_nor_the_policy() {
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
        // The route is the only one to use it: to every layer and extractor it is unknown.
        assert!(verified.as_ref().is_ok_and(|verified| !magic.has_verified(verified)));
        verified.map_or_else(|error| error.code(), |_| "ok")
    };
    for made in [0, -61, -24 * 60 * 60 - 1, 301] {
        assert_eq!(log_out(made).await, "ok", "{made}");
    }
}

/// Otherwise one logout could keep its user out for years to come.
#[tokio::test]
async fn a_token_from_far_ahead_revokes_nothing_to_come() {
    let bench = Bench::new();
    let ahead = bench.proof(&bench.token(1, 1_000_000));
    bench.list.revoke_session(&ahead).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

/// Otherwise it would be accepted as soon as its second is near.
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

/// Anyone with an account could fill the list with them, and nobody could log out any more.
#[tokio::test]
async fn logouts_with_tokens_from_the_future_take_one_entry() {
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
        // Others' logouts make the list look for entries to forget.
        for user in 0..2 {
            bench.list.revoke(stranger(2 * second as u64 + user), at(second)).await.unwrap();
        }
        forgotten += usize::from(!names(&bench.list, issuer(1)));
    }
    assert!(forgotten > 0, "the entry was never forgotten");
}

#[tokio::test]
async fn entries_about_tokens_that_are_too_old_take_no_room() {
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
async fn a_full_list_revokes_more_rather_than_less() {
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
    // Whoever signs in now is not concerned.
    bench.clock.advance(1);
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    // What others are told says the same.
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
async fn a_list_full_of_entries_from_the_future_refuses_to_take_more() {
    let bench = Bench::with(|list| list.capacity(10));
    for user in 0..10 {
        bench.list.revoke(stranger(user), at(1_000)).await.unwrap();
    }
    // To make room would lock out everybody who signs in from now on.
    let error = bench.list.revoke(stranger(10), at(0)).await.unwrap_err();
    assert_eq!(error.to_string(), "the revocation list is full");
    assert_eq!(bench.code(&bench.token(1, 0)), "ok");
    // Once their second is there, whoever signs in afterwards is not concerned.
    bench.clock.set(NOW + 1_000);
    bench.list.revoke(stranger(10), at(1_000)).await.unwrap();
    assert_eq!(bench.code(&bench.token(1, 0)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(1, 1)), "ok");
}

#[tokio::test]
async fn a_suspended_list_accepts_nothing_and_still_says_what_is_revoked() {
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
fn a_list_is_trusted_until_the_second_that_was_set() {
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
fn the_audience_comes_before_the_list_and_the_policy_after_it() {
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
async fn a_revocation_that_was_not_written_down_holds_here_and_is_an_error() {
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
fn everybody_means_everybody() {
    let bench = Bench::new();
    bench.list.apply(&Revocation::Everybody { at: at(-10) }).unwrap();
    assert_eq!(bench.code(&bench.token(1, -10)), "ERROR_DIDT_REVOKED");
    assert_eq!(bench.code(&bench.token(2, -9)), "ok");
    assert_eq!(bench.list.revocations(), [Revocation::Everybody { at: at(-10) }]);
}

/// Many threads revoke and forget at once; the count and the contents agree in the end.
#[test]
fn concurrent_revocations_are_counted_once_each() {
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

/// An issuer whose key nobody needs.
fn stranger(number: u64) -> Issuer {
    let mut bytes = [0xee; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(magic_admin::Address::from_bytes(bytes))
}

/// When the single token was made that an entry names, when it is one of the first user's.
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

/// A session holds issuer and second, because no session store can hold a token.
#[tokio::test]
async fn a_logout_ends_the_sessions_of_all_devices() {
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

    // Signing in again works in the next second, and the next logout ends that session, too.
    bench.clock.advance(1);
    let again = bench.session(1);
    bench.list.check_session(issuer(1), again).unwrap();
    bench.clock.advance(1);
    bench.list.check_session(issuer(1), again).unwrap();
    bench.list.revoke_now(issuer(1)).await.unwrap();
    assert!(bench.list.check_session(issuer(1), again).is_err());
}

#[tokio::test]
async fn this_device_only_leaves_the_other_sessions_alone() {
    let bench = Bench::new();
    let session = bench.session(1);
    let token = bench.verifier.verify(&bench.token(1, 0)).unwrap();
    bench.list.revoke_token(&token).await.unwrap();
    bench.list.check_session(issuer(1), session).unwrap();
}

#[test]
fn a_session_whose_logout_may_be_forgotten_or_unknown_is_not_accepted() {
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

/// The client writes `iat`; the server knows when it issued the challenge.
#[tokio::test]
async fn a_user_whose_clock_is_slow_signs_in_with_a_challenge_right_after_a_logout() {
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
    bench.verifier.verify_with_challenge(&late, &challenge).unwrap();

    // One that was issued before the logout does not help, and neither does that of another token.
    let error = bench.verifier.verify_with_challenge(&early, &challenge).unwrap_err();
    assert_eq!(error.code(), "ERROR_INCORRECT_SIGNER_ADDR");
    let challenge = challenges.redeem(&before).await.unwrap().unwrap();
    let error = bench.verifier.verify_with_challenge(&early, &challenge).unwrap_err();
    assert_eq!(error.code(), "ERROR_DIDT_REVOKED");
}

/// It would be accepted again after a logout, as a bearer token, once its time has come.
#[tokio::test]
async fn a_challenge_does_not_admit_a_token_from_far_ahead() {
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
