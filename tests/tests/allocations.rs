//! The number of allocations of a verification, a header and a request. A changed number is not a
//! bug but a decision: explain it in the commit.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use axum::body::Body;
use http::{Request, Response, header::AUTHORIZATION};
use magic_admin::{
    Magic, RevocationList, SecretKey, VerifiedToken, Verifier, parse_authorization_header_value,
};
use magic_admin_axum::RequireTokenLayer;
use magic_admin_testkit::FakeMagic;
use tests::{CLIENT_ID, Fixture};
use tower::{Layer, Service, service_fn};

/// Counts the allocations of `run`. Its result is dropped outside.
fn allocations<T>(run: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut result = None;
    let info = measure(|| result = Some(run()));
    (result.unwrap(), info)
}

#[test]
fn verifying_has_a_pinned_count() {
    let app = Fixture::new();
    let verifier = app.verifier().cache_bytes(0).build();
    let token = app.token(1);
    let (verified, info) = allocations(|| verifier.verify(&token).unwrap());
    // These are for the decoded base64, the JSON parser's buffer, which grows as it unescapes the
    // claim, the claims' text, which is copied once complete, and the shared `VerifiedToken`.
    assert_eq!(info.count_total, 11, "{info:?}");
    assert_eq!(info.count_current, 2, "{info:?}");
    drop(verified);
}

#[test]
fn caching_a_token_has_a_pinned_count() {
    let app = Fixture::new();
    let (cold, remembering) = (app.verifier().cache_bytes(0).build(), app.verifier().build());
    let tokens = app.tokens(20);
    let fewest = |verifier: &Verifier| {
        // The table grows from time to time.
        let counts = tokens.iter().map(|token| allocations(|| verifier.verify(token).unwrap()).1);
        counts.map(|info| info.count_total).min().unwrap()
    };
    let (without, with) = (fewest(&cold), fewest(&remembering));
    // The additional allocation is the text of the token.
    assert_eq!(with, without + 1);
}

#[test]
fn a_cached_token_allocates_nothing() {
    let app = Fixture::new();
    let verifier = app.verifier().build();
    let token = app.token(1);
    verifier.verify(&token).unwrap();
    let (_, info) = allocations(|| verifier.verify(&token).unwrap());
    assert_eq!(info.count_total, 0, "{info:?}");

    let magic = app.magic().build().unwrap();
    magic.verifier().unwrap().verify(&token).unwrap();
    let (_, info) = allocations(|| magic.verifier().unwrap().verify(&token).unwrap());
    assert_eq!(info.count_total, 0, "{info:?}");
}

/// The profile is shared.
#[test]
fn a_cached_profile_allocates_nothing() {
    let app = Fixture::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fake = runtime.block_on(FakeMagic::start()).unwrap();
    for list in [None, Some(RevocationList::builder().clock(app.clock.clone()).build())] {
        let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
            .base_url(fake.base_url())
            .client_id(CLIENT_ID)
            .verifier(|verifier| match list {
                Some(list) => verifier.clock(app.clock.clone()).revocations(list),
                None => verifier.clock(app.clock.clone()),
            })
            .build()
            .unwrap();
        let user = magic.verifier().unwrap().verify(&app.token(1)).unwrap();
        let first = runtime.block_on(magic.profile(&user)).unwrap();
        let (again, info) = allocations(|| at_once(async { Ok(magic.profile(&user).await) }));
        assert!(std::ptr::eq(first.raw(), again.unwrap().raw()));
        assert_eq!(info.count_total, 0, "{info:?}");
    }
}

#[test]
fn a_header_is_parsed_in_place() {
    let header = format!("Bearer {}", Fixture::new().token(1));
    let (token, info) = allocations(|| parse_authorization_header_value(&header).unwrap());
    assert_eq!(info.count_total, 0, "{info:?}");
    assert_eq!(token.len(), header.len() - "Bearer ".len());
}

/// The service behind the layer does nothing, so all counted allocations are those of the layer.
#[test]
fn the_layer_only_allocates_its_extension() {
    let app = Fixture::new();
    let magic = app.magic().build().unwrap();
    let token = app.token(1);
    let header = format!("Bearer {token}");
    let request =
        || Request::builder().header(AUTHORIZATION, &*header).body(Body::empty()).unwrap();
    let mut guarded = RequireTokenLayer::new(magic).layer(service_fn(noop));
    at_once(guarded.call(request()));

    let (inserted, mut warm) = (request(), request());
    let verified = warm_token(&mut guarded, request());
    let (_, insertion) = allocations(|| {
        let mut inserted = inserted;
        inserted.extensions_mut().insert(verified);
        inserted
    });
    warm.headers_mut().reserve(1);
    let (answer, info) = allocations(|| at_once(guarded.call(warm)));
    assert!(answer.extensions().get::<VerifiedToken>().is_some());
    assert_eq!(info.count_total, insertion.count_total, "{info:?}, {insertion:?}");
}

/// A service that does nothing but return the request's extensions in the response.
async fn noop(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(body);
    *response.extensions_mut() = parts.extensions;
    Ok(response)
}

/// Returns the output of a future that never waits.
fn at_once<T>(future: impl Future<Output = Result<T, Infallible>>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(outcome)) => outcome,
        Poll::Pending => panic!("the future waits"),
    }
}

fn warm_token<S, B>(guarded: &mut S, request: Request<Body>) -> VerifiedToken
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    at_once(guarded.call(request)).extensions().get::<VerifiedToken>().unwrap().clone()
}

#[test]
fn the_cache_reports_its_real_size() {
    let app = Fixture::new();
    let tokens = app.tokens(2_000);
    let (verifier, info) = allocations(|| {
        let verifier = app.verifier().build();
        for token in &tokens {
            verifier.verify(token).unwrap();
        }
        verifier
    });
    assert_eq!(verifier.cache_stats().tokens(), tokens.len());
    let reported = verifier.cache_stats().bytes() as f64;
    let taken = info.bytes_current as f64;
    // The rest of the reported size is the allocator's overhead and the growth of tables by doubling.
    assert!((0.93..=0.96).contains(&(taken / reported)), "{taken} taken, {reported} reported");
}
