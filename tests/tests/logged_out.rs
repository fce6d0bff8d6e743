//! The effects of a logout on devices with wrong clocks, in sessions, on open connections, and on
//! other servers.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use magic_admin::{
    Audience, Clock as _, RevocationList, StoreError, StoreErrorKind, VerifiedToken, Verifier,
    revocation::{EndReason, Revocation, RevocationStore, StoreFuture},
    single_use::Challenges,
};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

const NOW: i64 = 1_700_000_000;
const APP: &str = "client-id";

/// Servers that each have their own list and read what the others write.
struct Cluster {
    clock: SettableClock,
    log: Log,
    servers: [Server; 3],
    mint: Mint,
}

struct Server {
    list: RevocationList,
    verifier: Verifier,
    /// The part of the log that has been applied.
    read: Mutex<usize>,
}

/// The store that the servers share.
#[derive(Clone, Debug, Default)]
struct Log {
    entries: Arc<Mutex<Vec<Revocation>>>,
    is_down: Arc<Mutex<bool>>,
}

impl RevocationStore for Log {
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if *self.is_down.lock().unwrap() {
                return Err(StoreError::new(StoreErrorKind::Unreachable, "down"));
            }
            self.entries.lock().unwrap().extend_from_slice(revocations);
            Ok(())
        })
    }
}

impl Cluster {
    fn new() -> Self {
        let (clock, log) = (SettableClock::at(NOW), Log::default());
        let server = || {
            let list = RevocationList::builder().clock(clock.clone()).store(log.clone()).build();
            let verifier = Verifier::builder(Audience::new(APP).unwrap())
                .clock(clock.clone())
                .revocations(list.clone())
                .build();
            Server { list, verifier, read: Mutex::default() }
        };
        let servers = [server(), server(), server()];
        let mint = Mint::new(APP).with_clock(clock.clone());
        Self { clock, log, servers, mint }
    }

    /// Returns a token from a device whose clock is ahead by this many seconds.
    fn token(&self, user: u64, ahead: i64) -> String {
        let issued_at = self.clock.now().get() + ahead;
        self.mint.builder(&TestUser::from_seed(user)).issued_at(issued_at).build()
    }

    /// Lets every server read everything that the others wrote.
    async fn sync(&self) {
        // Entries that the first round causes are read in the second.
        for _ in 0..2 {
            for server in &self.servers {
                let entries = self.log.entries.lock().unwrap().clone();
                let read = std::mem::replace(&mut *server.read.lock().unwrap(), entries.len());
                for entry in &entries[read..] {
                    server.list.apply(entry).unwrap();
                }
                server.list.publish_follow_ups().await.unwrap();
            }
        }
    }

    fn codes(&self, token: &str) -> [&'static str; 3] {
        self.servers.each_ref().map(|server| server.code(token))
    }
}

impl Server {
    fn code(&self, token: &str) -> &'static str {
        self.verifier.verify(token).map_or_else(|error| error.code(), |_| "ok")
    }

    fn sign_in(&self, token: &str) -> VerifiedToken {
        self.verifier.verify(token).unwrap()
    }
}

/// The phone's clock is four minutes fast; the laptop logs out on another server.
#[tokio::test]
async fn a_fast_clock_does_not_escape_a_logout() {
    let cluster = Cluster::new();
    let [first, second, _] = &cluster.servers;
    let phone = cluster.token(1, 240);
    first.sign_in(&phone);
    cluster.clock.advance(10);

    let laptop = second.sign_in(&cluster.token(1, 0));
    second.list.revoke_session(&laptop).await.unwrap();
    cluster.sync().await;
    assert_eq!(cluster.codes(&phone), ["ERROR_DIDT_REVOKED"; 3]);
    // The token stays revoked when its claimed time of issue arrives.
    cluster.clock.advance(240);
    assert_eq!(cluster.codes(&phone), ["ERROR_DIDT_REVOKED"; 3]);
}

#[tokio::test]
async fn all_devices_can_sign_in_again() {
    let cluster = Cluster::new();
    let [first, ..] = &cluster.servers;
    let (phone, other_phone) = (cluster.token(1, 240), cluster.token(1, 200));
    let proof = first.sign_in(&phone);
    first.sign_in(&other_phone);
    first.list.revoke_session(&proof).await.unwrap();
    cluster.sync().await;
    cluster.clock.advance(1);
    for old in [&phone, &other_phone] {
        assert_eq!(cluster.codes(old), ["ERROR_DIDT_REVOKED"; 3]);
    }
    for ahead in [0, 200, 240] {
        assert_eq!(cluster.codes(&cluster.token(1, ahead)), ["ok"; 3], "{ahead}");
    }
}

#[tokio::test]
async fn revocations_are_written_later() {
    let cluster = Cluster::new();
    let [first, second, third] = &cluster.servers;
    let phone = cluster.token(1, 240);
    first.sign_in(&phone);
    let laptop = second.sign_in(&cluster.token(1, 0));
    second.list.revoke_session(&laptop).await.unwrap();
    let entry = cluster.log.entries.lock().unwrap()[0];
    *cluster.log.is_down.lock().unwrap() = true;
    first.list.apply(&entry).unwrap();
    first.list.publish_follow_ups().await.unwrap_err();
    assert_eq!(first.code(&phone), "ERROR_DIDT_REVOKED");
    *cluster.log.is_down.lock().unwrap() = false;
    cluster.sync().await;
    assert_eq!(third.code(&phone), "ERROR_DIDT_REVOKED");
    let written = cluster.log.entries.lock().unwrap().len();
    cluster.sync().await;
    assert_eq!(cluster.log.entries.lock().unwrap().len(), written, "written again");
}

/// Otherwise, tokens from a device whose clock is 300 s fast would pass after a logout "until
/// further notice".
#[tokio::test]
async fn a_future_revocation_holds_until_then() {
    let cluster = Cluster::new();
    let [first, ..] = &cluster.servers;
    let issuer = TestUser::from_seed(1).issuer();
    let until = cluster.clock.now().saturating_add(Duration::from_secs(600));
    first.list.revoke(issuer, until).await.unwrap();
    for second in [0, 400, 599, 600] {
        cluster.clock.set(NOW + second);
        let banned = [0, 300].map(|ahead| first.code(&cluster.token(1, ahead)));
        let expected = if second < 600 { "ERROR_DIDT_REVOKED" } else { "ok" };
        assert_eq!(banned, ["ERROR_DIDT_REVOKED", expected], "{second}");
    }
    cluster.clock.set(NOW + 601);
    assert_eq!(first.code(&cluster.token(1, 0)), "ok");
}

#[tokio::test]
async fn two_logouts_in_one_second_end_sessions() {
    let cluster = Cluster::new();
    let [first, second, _] = &cluster.servers;
    let challenges = Challenges::in_memory().with_clock(cluster.clock.clone());
    let issuer = TestUser::from_seed(1).issuer();
    first.list.revoke_now(issuer).await.unwrap();
    cluster.sync().await;

    // A device whose clock is slightly fast signs in at once.
    let token = first.sign_in(&cluster.token(1, 1));
    let session = first.list.start_session(&token).unwrap();
    first.list.check_session(issuer, session).unwrap();
    second.list.revoke_now(issuer).await.unwrap();
    cluster.sync().await;
    for server in &cluster.servers {
        let error = server.list.check_session(issuer, session).unwrap_err();
        assert_eq!(error.code(), "ERROR_DIDT_REVOKED");
    }
    cluster.clock.advance(2);
    let nonce = challenges.issue().await.unwrap();
    let token = cluster
        .mint
        .builder(&TestUser::from_seed(1))
        .issued_at(NOW - 120)
        .attachment(&*nonce)
        .build();
    let challenge = challenges.redeem(&nonce).await.unwrap().unwrap();
    let signed_in = first.verifier.verify_with_challenge(&token, &challenge).unwrap();
    // From now on, the list judges the token by the time of its challenge.
    assert!(!first.list.revokes(&signed_in));
    first.list.start_session(&signed_in).unwrap();
}

/// A server that has not received the logout yet exchanges an older token for a session.
#[tokio::test]
async fn a_revoked_token_ends_its_session() {
    let cluster = Cluster::new();
    let [first, second, _] = &cluster.servers;
    let issuer = TestUser::from_seed(1).issuer();
    let old = [0, 240].map(|ahead| cluster.token(1, ahead));
    cluster.clock.advance(5);
    second.list.revoke_now(issuer).await.unwrap();
    cluster.clock.advance(5);

    let start = |token: &str| first.list.start_session(&first.sign_in(token)).unwrap();
    let sessions = old.each_ref().map(|token| start(token));
    let new = start(&cluster.token(1, 0));
    for session in sessions.iter().chain([&new]) {
        first.list.check_session(issuer, *session).unwrap();
    }
    cluster.sync().await;
    for server in &cluster.servers {
        for (session, token) in sessions.iter().zip(&old) {
            assert_eq!(server.code(token), "ERROR_DIDT_REVOKED");
            let error = server.list.check_session(issuer, *session).unwrap_err();
            assert_eq!(error.code(), "ERROR_DIDT_REVOKED");
        }
        server.list.check_session(issuer, new).unwrap();
    }
}

#[tokio::test]
async fn a_revoked_token_starts_no_session() {
    let cluster = Cluster::new();
    let [first, ..] = &cluster.servers;
    let token = first.sign_in(&cluster.token(1, 0));
    first.list.revoke_now(token.issuer()).await.unwrap();
    assert_eq!(first.list.start_session(&token).unwrap_err().code(), "ERROR_DIDT_REVOKED");
    let other = first.sign_in(&cluster.token(2, 0));
    first.list.suspend();
    assert_eq!(first.list.start_session(&other).unwrap_err().code(), "ERROR_UNAVAILABLE");
}

#[tokio::test]
async fn a_users_single_logouts_are_bounded() {
    let cluster = Cluster::new();
    let [first, ..] = &cluster.servers;
    let tokens: Vec<_> = (0..200).map(|made| cluster.token(1, made - 200)).collect();
    for token in &tokens {
        let proof = cluster.proof(token);
        first.list.revoke_token(&proof).await.unwrap();
        assert!(first.list.len() <= 65, "{}", first.list.len());
    }
    assert!(tokens.iter().all(|token| first.code(token) == "ERROR_DIDT_REVOKED"));
    assert_eq!(first.code(&cluster.token(1, 0)), "ok");
}

#[tokio::test]
async fn an_incomplete_list_rejects_old_tokens() {
    let cluster = Cluster::new();
    let [first, ..] = &cluster.servers;
    let token = first.sign_in(&cluster.token(1, -100));
    first.list.incomplete_before(cluster.clock.now());
    first.list.incomplete_before(cluster.clock.now().saturating_sub(Duration::from_secs(500)));
    assert_eq!(first.code(&cluster.token(1, -1)), "ERROR_DIDT_TOO_OLD");
    assert_eq!(first.code(&cluster.token(1, 0)), "ok");
    let early = cluster.clock.now().saturating_sub(Duration::from_secs(1));
    let error = first.list.check_session(token.issuer(), early).unwrap_err();
    assert_eq!(error.code(), "ERROR_DIDT_TOO_OLD");
}

#[tokio::test]
async fn a_logout_ends_the_users_connections() {
    let cluster = Cluster::new();
    let [first, second, _] = &cluster.servers;
    let token = first.sign_in(&cluster.token(1, 240));
    let session = first.list.start_session(&token).unwrap();
    let other = first.sign_in(&cluster.token(2, 0));
    let mut connections = [
        pin!(first.verifier.ended(&token)) as Pin<&mut dyn Future<Output = EndReason>>,
        pin!(first.list.session_ended(token.issuer(), session)),
        pin!(first.list.ended(&other)),
    ];
    assert_eq!(connections.each_mut().map(|ended| ready(ended.as_mut())), [None; 3]);
    second.list.revoke_now(token.issuer()).await.unwrap();
    assert_eq!(connections.each_mut().map(|ended| ready(ended.as_mut())), [None; 3], "not here");

    // The connections do not check again unless they are woken.
    let [by_token, by_session, others] = connections;
    let both = async { (by_token.await, by_session.await) };
    let both = tokio::time::timeout(Duration::from_secs(60), both);
    let (both, ()) = tokio::join!(both, cluster.sync());
    assert_eq!(both, Ok((EndReason::Revoked, EndReason::Revoked)));

    // A connection that is opened after the logout ends at once.
    assert_eq!(first.list.session_ended(token.issuer(), session).await, EndReason::Revoked);
    // Revoking a single token ends no other connection.
    let others = tokio::time::timeout(Duration::from_secs(60), others);
    let (ended, written) = tokio::join!(others, first.list.revoke_token(&other));
    written.unwrap();
    assert_eq!(ended, Ok(EndReason::Revoked));
}

/// A full list revokes everyone's older tokens instead of forgetting an entry.
#[tokio::test]
async fn a_full_list_can_end_connections() {
    let clock = SettableClock::at(NOW);
    let list = RevocationList::builder().clock(clock.clone()).capacity(10).build();
    let audience = Audience::new(APP).unwrap();
    let verifier = Verifier::builder(audience).clock(clock.clone()).revocations(list.clone());
    let token = Mint::new(APP).with_clock(clock.clone()).token(&TestUser::from_seed(1));
    let token = verifier.build().verify(&token).unwrap();
    let session = list.start_session(&token).unwrap();
    let mut connections = [
        pin!(list.ended(&token)) as Pin<&mut dyn Future<Output = EndReason>>,
        pin!(list.session_ended(token.issuer(), session)),
    ];
    assert_eq!(connections.each_mut().map(|ended| ready(ended.as_mut())), [None; 2]);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    for ended in &mut connections {
        assert!(ended.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    for other in 0..20 {
        clock.advance(1);
        list.revoke_now(TestUser::from_seed(100 + other).issuer()).await.unwrap();
    }
    assert!(list.revokes(&token), "the list was never full");
    assert_eq!(woken.0.load(Ordering::SeqCst), 2, "nobody looks again unless woken");
    let ended = connections.each_mut().map(|ended| ready(ended.as_mut()));
    assert_eq!(ended, [Some(EndReason::Revoked); 2]);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Uses the clock of Tokio, which skips to the next timer, so that polling or a missed end would be
/// noticed.
#[tokio::test(start_paused = true)]
async fn connections_end_at_expiry() {
    let clock = TokioClock(tokio::time::Instant::now());
    let list = RevocationList::builder()
        .clock(clock.clone())
        .retention(Duration::from_secs(3_600))
        .build();
    let settings = || Verifier::builder(Audience::new(APP).unwrap()).clock(clock.clone());
    let verifiers = [settings().build(), settings().revocations(list.clone()).build()];
    let mint = Mint::new(APP);
    for verifier in verifiers {
        let now = clock.now();
        let token = mint.builder(&TestUser::from_seed(1)).issued_at(now.get()).build();
        let token = verifier.verify(&token).unwrap();
        assert_eq!(verifier.ended(&token).await, EndReason::Expired);
        assert_eq!(clock.now().get(), token.expires_at().get() + 1);
    }
    let issuer = TestUser::from_seed(1).issuer();
    let started = clock.now();
    assert_eq!(list.session_ended(issuer, started).await, EndReason::Expired);
    assert_eq!(clock.now().get(), started.get() + 3_601);
}

#[derive(Debug, Clone)]
struct TokioClock(tokio::time::Instant);

impl magic_admin::Clock for TokioClock {
    fn now(&self) -> magic_admin::UnixSeconds {
        let passed = tokio::time::Instant::now().duration_since(self.0);
        magic_admin::UnixSeconds::new(NOW + i64::try_from(passed.as_secs()).unwrap())
    }
}

impl Cluster {
    /// Verifies a token with a verifier that has no list.
    fn proof(&self, token: &str) -> VerifiedToken {
        let audience = Audience::new(APP).unwrap();
        Verifier::builder(audience).clock(self.clock.clone()).build().verify(token).unwrap()
    }
}

fn ready<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
