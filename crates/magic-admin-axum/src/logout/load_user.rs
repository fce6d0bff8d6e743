use std::{any::type_name, fmt, marker::PhantomData};

use axum::{extract::FromRequestParts, response::IntoResponse};
use magic_admin::Issuer;

/// A hook that identifies the user that a logout request acts for.
///
/// `S` is the router's state. [`Extract`](Self::Extract) is the data that an implementation needs
/// from the request: a session, a cookie, a path parameter, the state, or a tuple of these. With
/// it, the implementation looks up the issuer that the application has on record for the user. It
/// runs only after the token has been verified. To use a closure, see [`load_user_fn`].
///
/// Do not extract [`Authenticated`](crate::Authenticated): a logout that failed at Magic has
/// already revoked its token, so it could not be repeated. If the application has no sessions,
/// extract [`LogoutIssuer`](super::LogoutIssuer).
///
/// # Examples
///
/// ```
/// use std::{collections::HashMap, sync::Arc};
///
/// use axum::{extract::Path, http::StatusCode};
/// use magic_admin::Issuer;
/// use magic_admin_axum::LoadUser;
///
/// #[derive(Clone)]
/// struct Users(Arc<HashMap<u64, Issuer>>);
///
/// impl<S: Send + Sync> LoadUser<S> for Users {
///     type Extract = Path<u64>;
///     type Rejection = StatusCode;
///
///     async fn load_user(&self, Path(id): Path<u64>) -> Result<Option<Issuer>, StatusCode> {
///         Ok(self.0.get(&id).copied())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how to load the user of a logout request in a router with state `{S}`",
    label = "does not implement `LoadUser<{S}>`",
    note = "wrap a closure: `load_user_fn(|session: Session| async move {{ Ok::<_, StatusCode>(issuer) }})`; each argument, four at most, must implement `FromRequestParts<{S}>`, and the future must be `Send` and return a `Result<Option<Issuer>, _>` whose error implements `IntoResponse`"
)]
pub trait LoadUser<S>: Send + Sync + 'static {
    /// The extractor of the data that the hook needs from the request.
    ///
    /// If it fails, its rejection is the response.
    type Extract: FromRequestParts<S> + Send;

    /// The response if the lookup fails.
    type Rejection: IntoResponse;

    /// Returns the issuer on record for the user, or `None` if there is no such user.
    ///
    /// # Errors
    ///
    /// Returns an error if the lookup fails. The error is sent unchanged as the response, unless it
    /// is an [`AuthRejection`](crate::AuthRejection), which gets your realm and response.
    fn load_user(
        &self,
        extract: Self::Extract,
    ) -> impl Future<Output = Result<Option<Issuer>, Self::Rejection>> + Send;
}

/// Creates a [`LoadUser`] from a closure with up to four extractors as arguments.
///
/// # Examples
///
/// ```
/// use axum::{extract::State, http::{HeaderMap, StatusCode}};
/// use magic_admin::{Issuer, Magic};
/// use magic_admin_axum::{LogoutRouter, load_user_fn, logout_router};
///
/// # #[derive(Clone)] struct Db;
/// # impl Db { async fn issuer_of(&self, _: &HeaderMap) -> Result<Option<Issuer>, ()> { Ok(None) } }
/// fn logout(magic: Magic) -> axum::Router<Db> {
///     let users = load_user_fn(|State(db): State<Db>, headers: HeaderMap| async move {
///         db.issuer_of(&headers).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
///     });
///     logout_router(magic, users).into()
/// }
/// ```
pub const fn load_user_fn<E, F>(load: F) -> LoadUserFn<E, F> {
    LoadUserFn { load, extract: PhantomData }
}

/// A [`LoadUser`] created from a closure by [`load_user_fn`].
pub struct LoadUserFn<E, F> {
    load: F,
    extract: PhantomData<fn(E)>,
}

macro_rules! impl_load_user {
    ($($argument:ident),*) => {
        impl<S, F, Fut, R, $($argument),*> LoadUser<S> for LoadUserFn<($($argument,)*), F>
        where
            // Require each one separately as well, so that the compiler names the wrong one.
            $($argument: FromRequestParts<S>,)*
            ($($argument,)*): FromRequestParts<S> + Send + 'static,
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<Option<Issuer>, R>> + Send,
            R: IntoResponse,
        {
            type Extract = ($($argument,)*);
            type Rejection = R;

            #[allow(non_snake_case, reason = "the types name the arguments as well")]
            fn load_user(
                &self,
                ($($argument,)*): Self::Extract,
            ) -> impl Future<Output = Result<Option<Issuer>, R>> + Send {
                (self.load)($($argument),*)
            }
        }
    };
}

impl_load_user!();
impl_load_user!(A);
impl_load_user!(A, B);
impl_load_user!(A, B, C);
impl_load_user!(A, B, C, D);

impl<E, F: Clone> Clone for LoadUserFn<E, F> {
    fn clone(&self) -> Self {
        Self { load: self.load.clone(), extract: PhantomData }
    }
}

impl<E, F> fmt::Debug for LoadUserFn<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadUserFn<{}>", type_name::<E>())
    }
}
