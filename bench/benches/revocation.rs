//! Measures the cost of a million revocations: the time of a lookup, and the memory. Also measures
//! how long it takes to notify 10,000 open connections of a logout. If `redis-server` is installed,
//! measures how long a logout takes to reach another server and its connections.
//!
//! `cargo bench -p bench --bench revocation`

use std::{
    hint::black_box,
    net::TcpListener,
    process::{Child, Command, Stdio},
    task::{Context, Waker},
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use magic_admin::{
    Address, Audience, Clock as _, Issuer, RevocationList, SystemClock, UnixSeconds, VerifiedToken,
    Verifier, revocation::Revocation,
};
use magic_admin_redis::{RedisConfig, RedisRevocations};
use magic_admin_testkit::{Mint, TestUser};

criterion_group!(
    benches,
    look_up,
    end_connections,
    end_connections_elsewhere,
    reach_another_server
);
criterion_main!(benches);

const ENTRIES: u64 = 1_000_000;

const CONNECTIONS: u64 = 10_000;

fn look_up(criterion: &mut Criterion) {
    let list = RevocationList::builder().capacity(2 * ENTRIES as usize).build();
    let fill = || {
        for number in 0..ENTRIES {
            list.apply(&Revocation::Issuer { issuer: stranger(number), at: in_an_hour() }).unwrap();
        }
    };
    let memory = allocation_counter::measure(fill);
    println!("{} entries, {} bytes each", list.len(), memory.bytes_current / ENTRIES as i64);
    println!("{} bytes each while it grows", memory.bytes_max / ENTRIES);

    let (stranger, revoked) = (verified(1), verified(2));
    list.apply(&Revocation::Issuer { issuer: revoked.issuer(), at: in_an_hour() }).unwrap();
    assert!(!list.revokes(&stranger) && list.revokes(&revoked));
    let mut group = criterion.benchmark_group("revocation/look up among a million");
    group.bench_function("not revoked", |bench| bench.iter(|| list.revokes(black_box(&stranger))));
    group.bench_function("revoked", |bench| bench.iter(|| list.revokes(black_box(&revoked))));
    let tokens: Vec<_> = (1_000..3_000).map(verified).collect();
    group.bench_function("of 2000 users in turn", |bench| {
        let mut next = tokens.iter().cycle();
        bench.iter(|| list.revokes(black_box(next.next().unwrap())));
    });
}

/// Measures 10,000 waiting connections, each of a different user or all of a single user.
fn end_connections(_: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _timers = runtime.enter();
    for (name, users) in [("10,000 users", CONNECTIONS), ("one user", 1)] {
        let list = RevocationList::in_memory();
        let since = SystemClock::default().now();
        let wait = |number: u64| {
            let list = list.clone();
            Box::pin(async move { list.session_ended(stranger(number % users), since).await })
        };
        let mut waiting = Vec::with_capacity(CONNECTIONS as usize);
        let memory = allocation_counter::measure(|| {
            for number in 0..CONNECTIONS {
                let mut connection = wait(number);
                let mut context = Context::from_waker(Waker::noop());
                assert!(connection.as_mut().poll(&mut context).is_pending());
                waiting.push(connection);
            }
        });
        let each = memory.bytes_current / CONNECTIONS as i64;
        println!("connections of {name}: {each} bytes each, future and timer included");

        let connections: Vec<_> =
            waiting.into_iter().map(|connection| runtime.spawn(connection)).collect();
        runtime.block_on(async {
            let begun = Instant::now();
            for number in 0..users {
                list.revoke(stranger(number), since).await.unwrap();
            }
            let revoked = begun.elapsed();
            for connection in connections {
                connection.await.unwrap();
            }
            let told = begun.elapsed();
            println!("connections of {name}: revoked in {revoked:?}, the last told after {told:?}");
        });
    }
}

/// Measures the same for logouts on another server.
fn end_connections_elsewhere(_: &mut Criterion) {
    let Some(redis) = Redis::start() else {
        println!("connections on another server: skipped, redis-server is not installed");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (here, there) = (redis.node().await, redis.node().await);
        for (name, users) in [("10,000 users", CONNECTIONS), ("one user", 1)] {
            let since = SystemClock::default().now();
            let first = users * 1_000_000;
            let connections: Vec<_> = (0..CONNECTIONS)
                .map(|number| {
                    let (list, user) = (there.list().clone(), stranger(first + number % users));
                    tokio::spawn(async move { list.session_ended(user, since).await })
                })
                .collect();
            let begun = Instant::now();
            let logouts = (0..users).map(|number| {
                let list = here.list().clone();
                async move { list.revoke(stranger(first + number), since).await.unwrap() }
            });
            at_most_at_once(200, logouts).await;
            let written = begun.elapsed();
            for connection in connections {
                connection.await.unwrap();
            }
            let told = begun.elapsed();
            println!(
                "connections of {name} on another server: written in {written:?}, the last told after {told:?}"
            );
        }

        let mut delays = Vec::new();
        for number in 0..2_000 {
            let since = SystemClock::default().now();
            let (list, user) = (there.list().clone(), stranger(number));
            let connection = tokio::spawn(async move {
                list.session_ended(user, since).await;
                Instant::now()
            });
            let begun = Instant::now();
            here.list().revoke(user, since).await.unwrap();
            delays.push(connection.await.unwrap() - begun);
        }
        print_percentiles("one connection on another server is told", &mut delays);
        here.shutdown().await.unwrap();
        there.shutdown().await.unwrap();
    });
}

fn reach_another_server(_: &mut Criterion) {
    let Some(redis) = Redis::start() else {
        println!("revocation/reach another server: skipped, redis-server is not installed");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (here, there) = (redis.node().await, redis.node().await);
        let mut delays = Vec::new();
        let mut confirmed = Vec::new();
        for number in 0..2_000 {
            let token = verified(10_000 + number);
            let start = Instant::now();
            here.list().revoke(token.issuer(), in_an_hour()).await.unwrap();
            confirmed.push(start.elapsed());
            while !there.list().revokes(&token) {
                tokio::task::yield_now().await;
            }
            delays.push(start.elapsed());
        }
        print_percentiles("revocation/confirmed by Redis", &mut confirmed);
        print_percentiles("revocation/refused by another server", &mut delays);
        here.shutdown().await.unwrap();
        there.shutdown().await.unwrap();

        // Measure the entries that a server reads when it starts.
        let list = RevocationList::builder().build();
        for number in 0..100_000 {
            list.apply(&Revocation::Issuer { issuer: stranger(number), at: in_an_hour() }).unwrap();
        }
        let filling = redis.node().await;
        let start = Instant::now();
        let logouts = list.revocations().into_iter().map(|revocation| {
            let list = filling.list().clone();
            async move {
                if let Revocation::Issuer { issuer, at } = revocation {
                    list.revoke(issuer, at).await.unwrap();
                }
            }
        });
        at_most_at_once(200, logouts).await;
        let a_second = 100_000.0 / start.elapsed().as_secs_f64();
        println!("revocation/written by one server, 200 at a time: {a_second:.0}/s");
        let start = Instant::now();
        let late = redis.node().await;
        let a_second = late.list().len() as f64 / start.elapsed().as_secs_f64();
        println!("revocation/read at the start: {a_second:.0}/s");
    });
}

/// Runs futures in tasks, with a limit on how many run at a time.
async fn at_most_at_once<F>(most: usize, futures: impl Iterator<Item = F>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    for future in futures {
        running.spawn(future);
        if running.len() >= most {
            running.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

fn print_percentiles(name: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name}: p50 {:?}, p99 {:?}, most {:?}", at(0.5), at(0.99), at(1.0));
}

fn verified(user: u64) -> VerifiedToken {
    let verifier = Verifier::new(Audience::new("bench").unwrap());
    verifier.verify(&Mint::new("bench").token(&TestUser::from_seed(user))).unwrap()
}

fn in_an_hour() -> UnixSeconds {
    UnixSeconds::new(SystemClock::default().now().get() + 3_600)
}

fn stranger(number: u64) -> Issuer {
    // Spread the bytes as evenly as those of addresses.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&spread);
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    Issuer::from(Address::from_bytes(bytes))
}

struct Redis {
    port: u16,
    child: Child,
}

impl Redis {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self { port, child })
    }

    /// Starts a server of an application, and waits until it is in sync.
    async fn node(&self) -> RedisRevocations {
        let server = RedisConfig::new(&format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let node = RedisRevocations::builder(server).start().unwrap();
        node.ready().await.unwrap();
        node
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
