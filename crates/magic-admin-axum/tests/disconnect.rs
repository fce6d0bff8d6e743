//! A logout that has started runs to completion even if its client disconnects. Tested over real
//! connections, closed at each step.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
};
use http::StatusCode;
use magic_admin::{
    RevocationList,
    revocation::{Revocation, RevocationStore, StoreFuture},
};
use magic_admin_axum::{after_logout_fn, load_user_fn, logout_router};
use magic_admin_testkit::{Endpoint, Fault};
use support::*;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    time::timeout,
};

/// A step that reports when it is reached, and continues when told to.
#[derive(Clone, Debug, Default)]
struct Gate {
    reached: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Gate {
    async fn pass(&self) {
        self.reached.notify_one();
        self.go_on.notified().await;
    }
}

impl RevocationStore for Gate {
    fn append<'a>(&'a self, _: &'a [Revocation]) -> StoreFuture<'a, ()> {
        Box::pin(async {
            self.pass().await;
            Ok(())
        })
    }
}

/// Reports when the future of a request is dropped.
struct Dropped(mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    LoadingUser,
    Revoking,
    AtMagic,
    CleaningUp,
}

async fn hang_up_at(step: Step) {
    let mut world = World::new().await;
    let (loading, store, clean_up) = (Gate::default(), Gate::default(), Gate::default());
    let list = RevocationList::builder().clock(world.clock.clone()).store(store.clone()).build();
    world.magic = magic_builder(&world.fake, &world.clock)
        .client_id(world.fake.client_id())
        .verifier(|verifier| verifier.revocations(list.clone()))
        // The fake holds its response until the test releases it.
        .api(|client| client.timeout(GIVE_UP).deadline(GIVE_UP))
        .build()
        .unwrap();
    let token = world.token();
    let verified = world.magic.verify(&token).await.unwrap();
    if step == Step::AtMagic {
        world.fake.fail_next(Fault::hold().at(Endpoint::Logout));
    }
    let (done, mut is_done) = mpsc::unbounded_channel();
    let (dropped, mut is_dropped) = mpsc::unbounded_channel();

    let alice = world.alice.issuer();
    let gate = loading.clone();
    let users = load_user_fn(move |()| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Ok::<_, StatusCode>(Some(alice))
        }
    });
    let gate = clean_up.clone();
    let after = after_logout_fn(move |()| {
        let (gate, done) = (gate.clone(), done.clone());
        async move {
            gate.pass().await;
            done.send(()).unwrap();
        }
    });
    let notice = middleware::from_fn(move |request: Request, next: Next| {
        let dropped = Dropped(dropped.clone());
        async move {
            let _dropped = dropped;
            next.run(request).await
        }
    });
    let app = Router::new()
        .merge(logout_router(world.magic.clone(), users).after_logout(after))
        .layer(notice);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /v1/user/logout HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();

    loading.reached.notified().await;
    if step == Step::LoadingUser {
        drop(client);
        timeout(GIVE_UP, is_dropped.recv()).await.unwrap();
        loading.go_on.notify_one();
        // Once nothing holds the clean-up any more, it cannot run.
        server.abort();
        assert_eq!(timeout(GIVE_UP, is_done.recv()).await.unwrap(), None);
        assert!(!list.revokes(&verified));
        assert!(world.fake.calls().is_empty());
        return;
    }
    loading.go_on.notify_one();
    store.reached.notified().await;
    if step != Step::Revoking {
        store.go_on.notify_one();
        world.fake.wait_for_calls(1).await;
    }
    if step == Step::CleaningUp {
        clean_up.reached.notified().await;
    }
    drop(client);
    // The server has noticed the disconnect, and dropped the future of the request.
    timeout(GIVE_UP, is_dropped.recv()).await.unwrap();

    store.go_on.notify_one();
    world.fake.release();
    clean_up.go_on.notify_one();
    timeout(GIVE_UP, is_done.recv()).await.unwrap();
    assert!(list.revokes(&verified), "{step:?}");
    assert_eq!(world.fake.logout_calls().len(), 1, "{step:?}");
    server.abort();
}

/// The logout has not started, so nothing happens.
#[tokio::test]
async fn while_the_user_is_loaded() {
    hang_up_at(Step::LoadingUser).await;
}

#[tokio::test]
async fn while_it_is_revoked() {
    hang_up_at(Step::Revoking).await;
}

#[tokio::test]
async fn while_magic_is_asked() {
    hang_up_at(Step::AtMagic).await;
}

#[tokio::test]
async fn while_the_application_cleans_up() {
    hang_up_at(Step::CleaningUp).await;
}

/// A limit for tests that would hang otherwise. It is long because the machine may be busy.
const GIVE_UP: Duration = Duration::from_secs(300);
