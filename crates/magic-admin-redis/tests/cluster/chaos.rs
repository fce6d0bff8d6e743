//! The runs: the requests of users, and the faults that occur in the meantime.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use magic_admin_testkit::{Mint, TestUser};

use crate::{
    checks::{Seen, Token},
    node::Node,
    server::APP,
    support::{GIVE_UP, Redis},
};

/// Three servers, one Redis, and all tokens issued so far.
struct Cluster {
    redis: Mutex<Redis>,
    nodes: Vec<Node>,
    mint: Mint,
    tokens: Mutex<Vec<Arc<Known>>>,
    seen: Mutex<Seen>,
    /// The number of times that a data loss of Redis began or ended; odd while data is being lost.
    losses: AtomicU32,
    /// The number of requests that received a response.
    answered: AtomicU64,
    over: AtomicBool,
}

/// A token string and its history.
type Known = (String, Mutex<Token>);

/// After a logout on one server, the others reject the token, and its session and connections end.
pub(crate) fn an_ordinary_day() {
    let cluster = Cluster::start();
    let token = cluster.mint.token(&TestUser::from_seed(1));
    let code = |node: usize| cluster.nodes[node].ask("verify", &token).unwrap().code;
    assert_eq!([code(0), code(1), code(2)], ["ok", "ok", "ok"]);
    assert_eq!(cluster.nodes[1].ask("login", &token).unwrap().code, "ok");
    assert_eq!(cluster.nodes[2].ask("login", &token).unwrap().code, "ERROR_DIDT_REPLAYED");
    let session = |action: &str| cluster.nodes[1].ask(action, &token).unwrap().code;
    assert_eq!([session("session"), session("connected")], ["ok", "open"]);
    let logout = cluster.nodes[0].ask("logout", &token).unwrap();
    assert_eq!(logout.code, "ok");
    for node in &cluster.nodes {
        node.wait_for_contact(logout.answered);
    }
    for node in 0..3 {
        assert_eq!(code(node), "ERROR_DIDT_REVOKED");
    }
    assert_eq!([session("session"), session("connected")], ["ERROR_DIDT_REVOKED", "closed"]);
}

pub(crate) fn random_days() {
    let seed = std::env::var("MAGIC_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("random days with MAGIC_TEST_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let cluster = Cluster::start();
    thread::scope(|scope| {
        // Also stops the users if this thread fails.
        let _over = Over(&cluster.over);
        for node in 0..cluster.nodes.len() {
            let (cluster, random) = (&cluster, random.fork());
            scope.spawn(move || {
                let _over = Over(&cluster.over);
                cluster.use_server(node, random);
            });
        }
        let (end, give_up) = (Instant::now() + DAY, Instant::now() + GIVE_UP);
        while Instant::now() < end || !cluster.seen.lock().unwrap().everything() {
            assert!(Instant::now() < give_up, "some outcome never occurred");
            // All faults, in random order.
            let mut faults = [0, 1, 2, 3, 4, 5, 6, 7];
            random.shuffle(&mut faults);
            for fault in faults {
                if cluster.over.load(Ordering::SeqCst) {
                    return;
                }
                cluster.befall(fault, &mut random);
            }
        }
    });
    let seen = cluster.seen.into_inner().unwrap();
    println!("{seen:?}, data lost {} times", cluster.losses.into_inner() / 2);
    assert!(seen.everything());
}

/// The length of a run, unless a fault or an outcome is still missing by then.
const DAY: Duration = Duration::from_secs(25);

impl Cluster {
    fn start() -> Self {
        let redis = Redis::start();
        let nodes: Vec<_> = (0..3).map(|_| Node::start(redis.port)).collect();
        let start = Instant::now();
        for node in &nodes {
            node.wait_for_contact(start);
        }
        Self {
            redis: Mutex::new(redis),
            nodes,
            mint: Mint::new(APP),
            tokens: Mutex::default(),
            seen: Mutex::default(),
            losses: AtomicU32::new(0),
            answered: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// Simulates the users of one server. They sign in, return with a token, a session or a
    /// connection, and log out.
    fn use_server(&self, node: usize, mut random: fastrand::Rng) {
        while !self.over.load(Ordering::SeqCst) {
            let token = self.some_token(&mut random);
            let (text, state) = &*token;
            let losses = || self.losses.load(Ordering::SeqCst);
            let before = losses();
            let action = match random.u32(..20) {
                0..=7 => "verify",
                8..=13 => "login",
                14..=15 => "session",
                16 => "connected",
                _ => "logout",
            };
            if action == "logout" {
                state.lock().unwrap().begin_logout();
            }
            let answer = self.nodes[node].ask(action, text);
            self.answered.fetch_add(1, Ordering::SeqCst);
            let Some(answer) = answer else { continue };
            let mut state = state.lock().unwrap();
            let mut seen = self.seen.lock().unwrap();
            match action {
                "verify" | "session" => state.judge(node, &answer, &mut seen),
                "connected" => state.judge_connection(node, &answer, &mut seen),
                "login" => state.use_it(node, &answer, (before, losses()), &mut seen),
                _ => state.log_out(&answer, &mut seen),
            }
        }
    }

    /// Returns a recent token, which others use as well, an old one, or a new one.
    fn some_token(&self, random: &mut fastrand::Rng) -> Arc<Known> {
        let mut tokens = self.tokens.lock().unwrap();
        if tokens.is_empty() || random.u32(..8) == 0 {
            let user = TestUser::from_seed(tokens.len() as u64);
            tokens.push(Arc::new((self.mint.token(&user), Mutex::default())));
        }
        let first = if random.bool() { tokens.len().saturating_sub(10) } else { 0 };
        Arc::clone(&tokens[random.usize(first..tokens.len())])
    }

    /// Causes a fault, ends it after a while, and waits until every server has recovered.
    fn befall(&self, fault: u32, random: &mut fastrand::Rng) {
        let node = &self.nodes[random.usize(..self.nodes.len())];
        let requests = random.u64(20..1_000);
        let wait = || self.serve(requests);
        let loses = fault >= 6;
        self.losses.fetch_add(u32::from(loses), Ordering::SeqCst);
        match fault {
            0 => node.kill(),
            1 => {
                node.proxy.cut();
                wait();
                node.proxy.mend();
            }
            2 => {
                node.proxy.cut();
                node.wait_until_stale(crate::BOUND);
                wait();
                node.proxy.mend();
            }
            3 => {
                node.signal("-STOP");
                wait();
                node.signal("-CONT");
            }
            4 => {
                let redis = self.redis.lock().unwrap();
                redis.pause();
                wait();
                redis.resume();
            }
            5 => {
                let redis = self.redis.lock().unwrap();
                redis.pause();
                node.kill();
                wait();
                redis.resume();
            }
            6 => {
                assert_eq!(self.redis.lock().unwrap().command("FLUSHALL"), "+OK");
            }
            _ => {
                let mut redis = self.redis.lock().unwrap();
                redis.kill();
                wait();
                redis.restart();
            }
        }
        let healed = Instant::now();
        for node in &self.nodes {
            node.wait_for_contact(healed);
        }
        self.losses.fetch_add(u32::from(loses), Ordering::SeqCst);
    }
}

impl Cluster {
    /// Waits until users have received this many more responses.
    fn serve(&self, requests: u64) {
        let answered = || self.answered.load(Ordering::SeqCst);
        let (enough, give_up) = (answered() + requests, Instant::now() + GIVE_UP);
        while answered() < enough && !self.over.load(Ordering::SeqCst) {
            assert!(Instant::now() < give_up, "no server responds");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Ends the run when dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
