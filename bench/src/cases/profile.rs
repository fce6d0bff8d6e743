use std::{
    collections::HashMap,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use magic_admin::{Magic, RevocationList, SecretKey, VerifiedToken};
use magic_admin_testkit::FakeMagic;
use tokio::runtime::Runtime;

use crate::{
    CLIENT_ID,
    measure::{Case, Group},
};

/// A cached profile, compared with a map of shared values and with a cached token. A fake of Magic
/// is called once.
pub fn profile(token: &str) -> Group<'_> {
    let runtime = Runtime::new().expect("a runtime");
    let fake = runtime.block_on(FakeMagic::start()).expect("a port is free");
    let remembering = |list: Option<RevocationList>| {
        let key = SecretKey::new(fake.secret_key()).expect("it has the form of one");
        let magic = Magic::builder(key)
            .client_id(CLIENT_ID)
            .base_url(fake.base_url())
            .profiles(|profiles| profiles.remember(Duration::MAX))
            .verifier(|verifier| match list {
                Some(list) => verifier.revocations(list),
                None => verifier,
            })
            .build()
            .expect("the settings are good");
        let user = runtime.block_on(magic.verify(token)).expect("a valid token");
        runtime.block_on(magic.profile(&user)).expect("the fake knows the user");
        (magic, user)
    };
    let (plain, user) = remembering(None);
    let (listed, listed_user) = remembering(Some(RevocationList::in_memory()));
    let profile = plain.remembered_profile(&user).expect("it is remembered");
    let map = HashMap::from([(user.issuer(), profile.expect("a profile"))]);
    let verifier = plain.verifier().expect("the client id is known").clone();
    let issuer = user.issuer();
    Group {
        name: "profile",
        cases: vec![
            Case::new("a map of shared values", move || {
                black_box(map.get(black_box(&issuer)).cloned());
            }),
            Case::new("a cached token", move || {
                black_box(verifier.verify(black_box(token))).ok();
            }),
            Case::new("a cached profile", move || recall(&plain, &user)),
            Case::new("the same with a revocation list", move || recall(&listed, &listed_user)),
        ],
    }
}

fn recall(magic: &Magic, user: &VerifiedToken) {
    let profile = pin!(magic.profile(black_box(user)));
    match profile.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(profile) => drop(black_box(profile)),
        Poll::Pending => panic!("it is not remembered"),
    }
}
