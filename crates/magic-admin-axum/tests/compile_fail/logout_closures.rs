//! The hooks of the logout router: closures with an argument that is no extractor, with too many
//! arguments, and closures that are not wrapped.

use axum::Router;
use magic_admin::{Issuer, Magic};
use magic_admin_axum::{Authenticated, after_logout_fn, load_user_fn, logout_router};

struct User;

fn no_extractor(magic: Magic) -> Router {
    let users = load_user_fn(|(), _: User| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).into_router()
}

fn no_extractor_afterwards(magic: Magic) -> Router {
    let users = load_user_fn(|| async { Ok::<Option<Issuer>, ()>(None) });
    let after = after_logout_fn(|_: User, ()| async {});
    logout_router(magic, users).after_logout(after).into_router()
}

fn no_state(magic: Magic) -> Router {
    let users = load_user_fn(|_: Authenticated| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).into_router()
}

fn too_many(magic: Magic) -> Router {
    let users = load_user_fn(|(), (), (), (), ()| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).into_router()
}

fn not_wrapped(magic: Magic) -> Router {
    logout_router(magic, |()| async { Ok::<Option<Issuer>, ()>(None) }).into_router()
}

fn not_wrapped_afterwards(magic: Magic) -> Router {
    let users = load_user_fn(|()| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).after_logout(|()| async {}).into_router()
}

fn main() {}
