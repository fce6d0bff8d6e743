use std::hint::black_box;

use http::HeaderValue;
use magic_admin::parse_authorization_header_value;
use magic_admin_axum::RequireTokenLayer;
use tower::{Layer, Service, service_fn};

use crate::{
    magic,
    measure::{Case, Group},
    request::{at_once, noop, with_header},
};

pub fn headers(header: &HeaderValue) -> Group<'_> {
    let text = || header.to_str().expect("it is ASCII");
    Group {
        name: "header",
        cases: vec![
            Case::new("is it ASCII?", move || {
                black_box(black_box(text()));
            }),
            Case::new("parse", move || {
                black_box(parse_authorization_header_value(black_box(header))).ok();
            }),
        ],
    }
}

/// Creates requests, has them answered, and drops them.
pub fn layer(header: &HeaderValue) -> Group<'_> {
    let magic = |bytes| {
        magic()
            .verifier(|verifier| verifier.cache_bytes(bytes))
            .build()
            .expect("the settings are good")
    };
    let mut bare = service_fn(noop);
    let mut warm = RequireTokenLayer::new(magic(1 << 20)).layer(service_fn(noop));
    let mut cold = RequireTokenLayer::new(magic(0)).layer(service_fn(noop));
    Group {
        name: "layer",
        cases: vec![
            Case::new("a service that does nothing", move || {
                black_box(at_once(bare.call(with_header(header))));
            }),
            Case::new("the same behind the layer, warm", move || {
                black_box(at_once(warm.call(with_header(header))));
            }),
            Case::new("the same behind the layer, no cache", move || {
                black_box(at_once(cold.call(with_header(header))));
            }),
        ],
    }
}
