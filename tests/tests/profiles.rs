//! The profiles that a `Magic` caches, against a fake of Magic on a real port.

use std::time::Duration;

use axum::{Router, routing::get};
use magic_admin::{
    ApiErrorKind, Issuer, Magic, MagicBuilder, ProfileSettings, RevocationList, SecretKey,
    UnixSeconds, VerifiedToken,
    admin::{UserMetadata, WalletType},
    revocation::Revocation,
};
use magic_admin_axum::Profile;
use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, Mint, SettableClock, TestUser};
use tests::{Answer, NOW, StoppedTime, http_client};
use tokio::net::TcpListener;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// The shortest time before or after a deadline.
const AN_INSTANT: Duration = Duration::from_millis(1);

/// The time that a request waits for Magic if there is a stale profile. Timers have millisecond
/// precision.
const PATIENCE: Duration = Duration::from_millis(2_001);

/// An application with a stopped clock, and the fake that it uses.
struct World {
    fake: FakeMagic,
    magic: Magic,
    clock: SettableClock,
    time: StoppedTime,
    mint: Mint,
}

impl World {
    async fn new(settings: impl FnOnce(ProfileSettings) -> ProfileSettings) -> Self {
        Self::with(|magic| magic.profiles(settings)).await
    }

    async fn with(settings: impl FnOnce(MagicBuilder) -> MagicBuilder) -> Self {
        let fake = FakeMagic::start().await.unwrap();
        let clock = SettableClock::at(NOW);
        let builder = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
            .base_url(fake.base_url())
            .client_id(fake.client_id())
            .verifier(|verifier| verifier.clock(clock.clone()))
            .api(|client| client.retries(0));
        let magic = settings(builder).build().unwrap();
        let mint = fake.mint().with_clock(clock.clone());
        Self { fake, magic, clock, time: StoppedTime::stop(), mint }
    }

    /// Creates a world with a list, which also verifies the tokens of all users.
    async fn with_list(settings: impl FnOnce(ProfileSettings) -> ProfileSettings) -> Self {
        let clock = SettableClock::at(NOW);
        let list = RevocationList::builder().clock(clock.clone()).build();
        let world = Self::with(|magic| {
            magic.verifier(|verifier| verifier.revocations(list)).profiles(settings)
        });
        Self { clock, ..world.await }
    }

    async fn user(&self, seed: u64) -> VerifiedToken {
        self.magic.verify(&self.mint.token(&TestUser::from_seed(seed))).await.unwrap()
    }

    async fn alice(&self) -> VerifiedToken {
        self.user(1).await
    }

    fn list(&self) -> &RevocationList {
        self.magic.revocations().unwrap()
    }

    /// Returns the number of lookups of users at Magic.
    fn lookups(&self) -> usize {
        self.fake.calls_to(Endpoint::User).len()
    }

    fn is_down(&self) {
        self.fake.fail(Fault::status(503).at(Endpoint::User));
    }
}

/// Returns the e-mail address of a profile, or the kind of the error.
async fn email(magic: &Magic, user: &VerifiedToken) -> Result<String, ApiErrorKind> {
    shown(magic.profile(user).await)
}

fn shown(outcome: Result<UserMetadata, magic_admin::ApiError>) -> Result<String, ApiErrorKind> {
    outcome.map(|profile| profile.email().unwrap().to_owned()).map_err(|error| error.kind())
}

const ALICE: &str = "alice@example.com";
const NEW: &str = "alice@example.net";

fn renamed() -> FakeUser {
    FakeUser::from(&TestUser::from_seed(1)).email(NEW)
}

#[tokio::test]
async fn a_profile_is_fetched_once() {
    for (seconds, set) in [(300, None), (7, Some(7 * SECOND))] {
        let settings = |profiles: ProfileSettings| match set {
            Some(time) => profiles.remember(time),
            None => profiles,
        };
        let world = World::new(settings).await;
        let alice = world.alice().await;
        assert!(world.magic.remembered_profile(&alice).is_none());
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
        world.fake.add_user(renamed());
        world.time.advance(seconds * SECOND - AN_INSTANT).await;
        assert_eq!(email(&world.magic.clone(), &alice).await.as_deref(), Ok(ALICE));
        let remembered = shown(world.magic.remembered_profile(&alice).unwrap());
        assert_eq!((remembered.as_deref(), world.lookups()), (Ok(ALICE), 1));

        world.time.advance(AN_INSTANT).await;
        assert!(world.magic.remembered_profile(&alice).is_none());
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(NEW));
        assert_eq!(world.lookups(), 2);
    }
}

#[tokio::test]
async fn users_are_kept_apart() {
    let world = World::new(|profiles| profiles).await;
    let (alice, bob) = (world.alice().await, world.user(2).await);
    for _ in 0..2 {
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
        assert_eq!(email(&world.magic, &bob).await.as_deref(), Ok("bob@example.com"));
    }
    assert_eq!(world.lookups(), 2);
}

#[tokio::test]
async fn only_configured_wallets_are_fetched() {
    for (settings, wallets) in
        [(None, None), (Some(WalletType::SOLANA), Some(1)), (Some(WalletType::ANY), Some(2))]
    {
        let asked = settings.clone().unwrap_or(WalletType::NONE);
        let world = World::new(|profiles| match settings {
            Some(wallet_type) => profiles.wallets(wallet_type),
            None => profiles,
        });
        let world = world.await;
        let user = FakeUser::from(&TestUser::from_seed(1));
        world.fake.add_user(user.wallet("mainnet", "0xa", "ETH").wallet("mainnet", "9x", "SOLANA"));
        let profile = world.magic.profile(&world.alice().await).await.unwrap();
        assert_eq!(profile.wallets().map(<[_]>::len), wallets);
        let call = world.fake.calls_to(Endpoint::User).remove(0);
        assert_eq!(call.query("wallet_type").as_deref(), Some(asked.as_str()));
    }
}

#[tokio::test]
async fn concurrent_requests_share_one_call() {
    let world = World::new(|profiles| profiles).await;
    for outcome in [Ok(ALICE.to_owned()), Err(ApiErrorKind::Api)] {
        world.fake.clear_calls();
        let user = if outcome.is_ok() { world.alice().await } else { world.user(99).await };
        world.fake.fail_next(Fault::hold().at(Endpoint::User));
        let crowd: Vec<_> = (0..20)
            .map(|_| {
                let (magic, user) = (world.magic.clone(), user.clone());
                tokio::spawn(async move { email(&magic, &user).await })
            })
            .collect();
        world.fake.wait_for_calls(1).await;
        world.fake.release();
        for waiting in crowd {
            assert_eq!(waiting.await.unwrap(), outcome);
        }
        assert_eq!(world.lookups(), 1);
    }
}

#[tokio::test]
async fn unknown_users_and_failures_are_cached() {
    let world = World::new(|profiles| profiles.remember_unknown(20 * SECOND)).await;
    let stranger = world.user(99).await;
    for (fault, kind, time) in [
        (None, ApiErrorKind::Api, 20 * SECOND),
        (Some(Fault::status(500)), ApiErrorKind::Api, SECOND),
        (Some(Fault::status(401)), ApiErrorKind::Authentication, SECOND),
        (Some(Fault::close()), ApiErrorKind::ApiConnection, SECOND),
        (Some(Fault::status(429).retry_after(30)), ApiErrorKind::RateLimiting, SECOND),
    ] {
        let is_unknown = fault.is_none();
        if let Some(fault) = fault {
            world.fake.fail_next(fault.at(Endpoint::User));
        }
        let before = world.lookups();
        for wait in [Duration::ZERO, time - AN_INSTANT] {
            world.time.advance(wait).await;
            let error = world.magic.profile(&stranger).await.unwrap_err();
            assert_eq!((error.kind(), error.is_unknown_user()), (kind, is_unknown), "{error}");
            let remembered = world.magic.remembered_profile(&stranger).unwrap().unwrap_err();
            assert_eq!(remembered.to_string(), error.to_string());
        }
        assert_eq!(world.lookups(), before + 1);
        world.time.advance(AN_INSTANT).await;
        assert!(world.magic.remembered_profile(&stranger).is_none());
    }
}

#[tokio::test]
async fn the_number_of_profiles_is_bounded() {
    let world = World::new(|profiles| profiles.capacity(10)).await;
    let mut users = Vec::new();
    for seed in 1_000..1_100 {
        let user = TestUser::from_seed(seed);
        world.fake.add_user(FakeUser::from(&user).email(ALICE));
        users.push(world.user(seed).await);
        email(&world.magic, users.last().unwrap()).await.unwrap();
    }
    let remembered = users.iter().filter(|user| world.magic.remembered_profile(user).is_some());
    assert!((1..=10).contains(&remembered.count()));
}

#[tokio::test]
async fn a_refresh_bypasses_the_cache() {
    let world = World::new(|profiles| profiles.serve_stale(HOUR)).await;
    let alice = world.alice().await;
    assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
    world.fake.add_user(renamed());
    assert_eq!(shown(world.magic.refresh_profile(&alice).await).as_deref(), Ok(NEW));
    assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(NEW));
    assert_eq!(world.lookups(), 2);

    // A sign-in never gets a stale profile, but a request that only shows the profile does.
    world.is_down();
    assert_eq!(shown(world.magic.refresh_profile(&alice).await), Err(ApiErrorKind::Api));
    assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(NEW));
    assert_eq!(world.lookups(), 3);
}

/// Logs Alice out at Magic in every way that this process can.
async fn log_out(magic: &Magic, alice: &VerifiedToken, how: usize) {
    let outcome = match how {
        0 => magic.users().logout_by_token(alice).await,
        1 => magic.users().logout_by_issuer(alice.issuer()).await,
        2 => magic.users().logout_by_public_address(alice.address()).await,
        _ => magic.client().clone().users().logout_by_issuer(alice.issuer()).await,
    };
    // A failed logout counts as well.
    let _failed = outcome;
}

#[tokio::test]
async fn a_logout_removes_the_profile() {
    for how in 0..4 {
        for fails in [false, true] {
            let world = World::new(|profiles| profiles.serve_stale(HOUR)).await;
            let (alice, bob) = (world.alice().await, world.user(2).await);
            assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
            email(&world.magic, &bob).await.unwrap();
            if fails {
                world.fake.fail_next(Fault::close().at(Endpoint::Logout));
            }
            log_out(&world.magic, &alice, how).await;
            assert!(world.magic.remembered_profile(&alice).is_none());
            assert!(world.magic.remembered_profile(&bob).is_some());

            // Not even a stale profile is left.
            world.is_down();
            assert_eq!(email(&world.magic, &alice).await, Err(ApiErrorKind::Api));
            assert_eq!(email(&world.magic, &bob).await.as_deref(), Ok("bob@example.com"));
        }
    }
}

#[tokio::test]
async fn lookups_during_a_logout_are_not_cached() {
    let world = World::new(|profiles| profiles).await;
    let alice = world.alice().await;
    let magic = world.magic.clone();

    // The lookup starts before the logout and completes after it.
    world.fake.fail_next(Fault::hold().at(Endpoint::User));
    let early = tokio::spawn({
        let (magic, alice) = (magic.clone(), alice.clone());
        async move { email(&magic, &alice).await }
    });
    world.fake.wait_for_calls(1).await;
    magic.users().logout_by_token(&alice).await.unwrap();
    world.fake.add_user(renamed());
    assert_eq!(email(&magic, &alice).await.as_deref(), Ok(NEW), "it waits for the early one");
    world.fake.release();
    early.await.unwrap().unwrap();
    let remembered = shown(magic.remembered_profile(&alice).unwrap());
    assert_eq!(remembered.as_deref(), Ok(NEW));

    // The lookup starts and completes during the logout, even if the logout is aborted.
    for gives_up in [false, true] {
        world.fake.clear_calls();
        world.fake.fail_next(Fault::hold().at(Endpoint::Logout));
        let logout = tokio::spawn({
            let (magic, alice) = (magic.clone(), alice.clone());
            async move { magic.users().logout_by_token(&alice).await }
        });
        world.fake.wait_for_calls(1).await;
        assert_eq!(email(&magic, &alice).await.as_deref(), Ok(NEW));
        if gives_up {
            logout.abort();
            logout.await.unwrap_err();
        } else {
            world.fake.release();
            logout.await.unwrap().unwrap();
        }
        assert!(magic.remembered_profile(&alice).is_none());
    }
}

/// Returns the entries that a list receives about a logout elsewhere.
fn elsewhere(issuer: Issuer, at: UnixSeconds) -> [Revocation; 2] {
    [Revocation::Issuer { issuer, at }, Revocation::Everybody { at }]
}

#[tokio::test]
async fn a_logout_elsewhere_removes_the_profile() {
    for which in 0..2 {
        // The other server's clock may be fast or slow, and the cached profile may be from the same
        // second as the logout.
        for at in [NOW - 200, NOW, NOW + 200] {
            let world = World::with_list(|profiles| profiles.serve_stale(HOUR)).await;
            let alice = world.alice().await;
            assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
            let entry = elsewhere(alice.issuer(), UnixSeconds::new(at))[which];
            world.list().apply(&entry).unwrap();
            assert!(world.magic.remembered_profile(&alice).is_none(), "{entry}");
            world.is_down();
            assert_eq!(email(&world.magic, &alice).await, Err(ApiErrorKind::Api), "{entry}");

            // A profile fetched after the logout is cached, although it is from the same second.
            world.fake.heal();
            world.time.advance(SECOND).await;
            email(&world.magic, &alice).await.unwrap();
            world.list().apply(&entry).unwrap();
            assert!(world.magic.remembered_profile(&alice).is_some(), "{entry}");
        }
    }
}

#[tokio::test]
async fn an_incomplete_list_forces_a_lookup() {
    let day = 86_400;
    let world = World::with_list(|profiles| profiles.remember(Duration::MAX)).await;
    let alice = world.alice().await;
    email(&world.magic, &alice).await.unwrap();
    let list = world.list();
    list.suspend();
    assert!(world.magic.remembered_profile(&alice).is_none());
    list.resume();
    assert!(world.magic.remembered_profile(&alice).is_some());
    // Earlier entries may be missing or have been forgotten.
    list.incomplete_before(UnixSeconds::new(NOW + 1));
    assert!(world.magic.remembered_profile(&alice).is_none());
    world.clock.set(NOW + 1);
    email(&world.magic, &alice).await.unwrap();
    world.clock.set(NOW + 1 + day);
    assert!(world.magic.remembered_profile(&alice).is_some());
    world.clock.set(NOW + 2 + day);
    assert!(world.magic.remembered_profile(&alice).is_none());
}

#[tokio::test]
async fn stale_profiles_are_opt_in() {
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::close(),
        Fault::html(502),
        Fault::status(429),
    ] {
        let world = World::new(|profiles| profiles).await;
        let alice = world.alice().await;
        email(&world.magic, &alice).await.unwrap();
        world.fake.fail(fault.clone().at(Endpoint::User));
        world.time.advance(5 * MINUTE).await;
        email(&world.magic, &alice).await.unwrap_err();
        drop(world);

        let world = World::new(|profiles| profiles.serve_stale(HOUR)).await;
        let alice = world.alice().await;
        email(&world.magic, &alice).await.unwrap();
        world.fake.fail(fault.at(Endpoint::User));
        world.time.advance(5 * MINUTE).await;
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
        // Magic is not called again for a second.
        world.time.advance(SECOND - AN_INSTANT).await;
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
        assert_eq!(world.lookups(), 2);
        // The limit counts from the last successful lookup.
        world.time.advance(HOUR - SECOND).await;
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
        assert_eq!(world.lookups(), 3);
        world.time.advance(SECOND).await;
        email(&world.magic, &alice).await.unwrap_err();

        world.fake.heal();
        world.time.advance(SECOND).await;
        assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
    }
}

#[tokio::test]
async fn a_response_is_never_replaced_by_stale_data() {
    let world = World::new(|profiles| profiles.serve_stale(HOUR)).await;
    let alice = world.alice().await;
    for status in [400, 401, 403] {
        email(&world.magic, &alice).await.unwrap();
        world.time.advance(5 * MINUTE).await;
        world.fake.fail_next(Fault::status(status).at(Endpoint::User));
        email(&world.magic, &alice).await.unwrap_err();
        world.time.advance(SECOND).await;
    }
    email(&world.magic, &alice).await.unwrap();
    world.time.advance(5 * MINUTE).await;
    world.fake.remove_user(TestUser::from_seed(1).issuer());
    assert!(world.magic.profile(&alice).await.unwrap_err().is_unknown_user());
    // A later outage does not bring the stale profile back.
    world.is_down();
    world.time.advance(MINUTE).await;
    assert_eq!(email(&world.magic, &alice).await, Err(ApiErrorKind::Api));
}

#[tokio::test]
async fn a_stale_profile_shortens_the_wait() {
    let world = World::with_list(|profiles| profiles.serve_stale(HOUR)).await;
    let alice = world.alice().await;
    email(&world.magic, &alice).await.unwrap();
    world.time.advance(5 * MINUTE).await;
    world.fake.fail(Fault::hold().at(Endpoint::User));
    let ask = || {
        world.fake.clear_calls();
        let (magic, alice) = (world.magic.clone(), alice.clone());
        tokio::spawn(async move { email(&magic, &alice).await })
    };
    let waiting = ask();
    world.fake.wait_for_calls(1).await;
    world.time.advance(PATIENCE).await;
    assert_eq!(waiting.await.unwrap().as_deref(), Ok(ALICE));

    // A cancelled request does not remove the stale profile.
    world.time.advance(SECOND).await;
    let gone = ask();
    world.fake.wait_for_calls(1).await;
    gone.abort();
    gone.await.unwrap_err();
    world.fake.heal();
    world.is_down();
    assert_eq!(email(&world.magic, &alice).await.as_deref(), Ok(ALICE));
}

#[tokio::test]
async fn a_logout_removes_the_stale_profile() {
    for by_list in [false, true] {
        let world = World::with_list(|profiles| profiles.serve_stale(HOUR)).await;
        let alice = world.alice().await;
        email(&world.magic, &alice).await.unwrap();
        world.time.advance(5 * MINUTE).await;
        world.fake.clear_calls();
        world.fake.fail_next(Fault::hold().at(Endpoint::User));
        world.is_down();
        let waiting = tokio::spawn({
            let (magic, alice) = (world.magic.clone(), alice.clone());
            async move { email(&magic, &alice).await }
        });
        world.fake.wait_for_calls(1).await;
        if by_list {
            world.list().revoke_now(alice.issuer()).await.unwrap();
        } else {
            world.magic.users().logout_by_token(&alice).await.unwrap();
        }
        world.time.advance(PATIENCE).await;
        assert!(waiting.await.unwrap().is_err(), "by the list: {by_list}");
    }
}

#[tokio::test]
async fn a_profile_is_shared_not_copied() {
    let world = World::new(|profiles| profiles).await;
    let alice = world.alice().await;
    let (first, second) =
        (world.magic.profile(&alice).await.unwrap(), world.magic.profile(&alice).await.unwrap());
    assert!(std::ptr::eq(first.raw(), second.raw()));
    assert_eq!(serde_json::to_value(&first).unwrap()["email"], ALICE);
}

/// The extractor of the axum crate, over sockets on both sides.
#[tokio::test]
async fn the_extractor_returns_the_profile() {
    let fake = FakeMagic::start().await.unwrap();
    let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
        .base_url(fake.base_url())
        .api(|client| client.retries(0))
        .build()
        .unwrap();
    let name = async |profile: Option<Profile>| match profile {
        Some(profile) => profile.email().unwrap().to_owned(),
        None => "guest".to_owned(),
    };
    let app = Router::new()
        .route("/email", get(async |profile: Profile| profile.email().unwrap().to_owned()))
        .route("/name", get(name))
        .with_state(magic);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let http = http_client();
    let ask = async |path: &str, token: Option<&str>| {
        let request = http.get(format!("{url}{path}"));
        Answer::to(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    };

    let alice = fake.mint().token(&TestUser::from_seed(1));
    for path in ["/email", "/name"] {
        for _ in 0..2 {
            let answer = ask(path, Some(&alice)).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, ALICE));
        }
    }
    assert_eq!(fake.calls_to(Endpoint::User).len(), 1);
    let guest = ask("/name", None).await;
    assert_eq!((guest.status, guest.body.as_str()), (200, "guest"));
    assert_eq!(ask("/email", None).await.code(), "ERROR_MISSING_AUTH_HEADER");

    let stranger = fake.mint().token(&TestUser::from_seed(99));
    let bob = fake.mint().token(&TestUser::from_seed(2));
    fake.fail(Fault::status(503).at(Endpoint::User));
    for path in ["/email", "/name"] {
        let answer = ask(path, Some(&bob)).await;
        assert_eq!((answer.status, answer.code().as_str()), (502, "SERVICE_ERROR"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    fake.heal();
    let answer = ask("/email", Some(&stranger)).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "ERROR_UNKNOWN_USER"));
}
