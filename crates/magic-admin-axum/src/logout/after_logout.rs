use std::{any::type_name, fmt, marker::PhantomData};

use axum::{extract::FromRequestParts, response::IntoResponse};

/// Cleans up after Magic has logged a user out: drops the session, expires cookies.
///
/// `S` is the router's state. For a closure see [`after_logout_fn`]; `()` does nothing.
///
/// # Examples
///
/// ```
/// use axum::http::{HeaderName, header::SET_COOKIE};
/// use magic_admin_axum::AfterLogout;
///
/// struct ExpireCookie;
///
/// impl<S: Send + Sync> AfterLogout<S> for ExpireCookie {
///     type Extract = ();
///     type Response = [(HeaderName, &'static str); 1];
///
///     async fn after_logout(&self, (): ()) -> Self::Response {
///         [(SET_COOKIE, "session=; Max-Age=0; Path=/; HttpOnly; Secure")]
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what to do after a logout in a router with state `{S}`",
    label = "does not implement `AfterLogout<{S}>`",
    note = "wrap a closure: `after_logout_fn(|session: Session| async move {{ session.flush().await }})`; each argument, four at most, must implement `FromRequestParts<{S}>`, and the future must be `Send` and give something that implements `IntoResponse`"
)]
pub trait AfterLogout<S>: Send + Sync + 'static {
    /// The extractor of what is needed from the request. If it fails, its rejection is the response;
    /// the user is logged out of Magic all the same.
    type Extract: FromRequestParts<S> + Send;

    /// The response. `()` is 200 with an empty body; a `Result` answers a failure its own way.
    type Response: IntoResponse;

    /// Cleans up.
    fn after_logout(&self, extract: Self::Extract) -> impl Future<Output = Self::Response> + Send;
}

/// Makes an [`AfterLogout`] of a closure whose arguments are extractors, up to four of them.
///
/// # Examples
///
/// ```
/// use axum::http::{HeaderName, header::SET_COOKIE};
/// use magic_admin::{Issuer, Magic};
/// use magic_admin_axum::{LoadUser, after_logout_fn, logout_router};
///
/// fn logout(magic: Magic, users: impl LoadUser<()>) -> axum::Router {
///     logout_router(magic, users)
///         .after_logout(after_logout_fn(|| async {
///             [(SET_COOKIE, "session=; Max-Age=0; Path=/; HttpOnly; Secure")]
///         }))
///         .into()
/// }
/// ```
pub const fn after_logout_fn<E, F>(after: F) -> AfterLogoutFn<E, F> {
    AfterLogoutFn { after, extract: PhantomData }
}

/// A closure as [`AfterLogout`], see [`after_logout_fn`].
pub struct AfterLogoutFn<E, F> {
    after: F,
    extract: PhantomData<fn(E)>,
}

macro_rules! impl_after_logout {
    ($($argument:ident),*) => {
        impl<S, F, Fut, R, $($argument),*> AfterLogout<S> for AfterLogoutFn<($($argument,)*), F>
        where
            $($argument: FromRequestParts<S>,)*
            ($($argument,)*): FromRequestParts<S> + Send + 'static,
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + Send,
            R: IntoResponse,
        {
            type Extract = ($($argument,)*);
            type Response = R;

            #[allow(non_snake_case, reason = "the types name the arguments as well")]
            fn after_logout(
                &self,
                ($($argument,)*): Self::Extract,
            ) -> impl Future<Output = R> + Send {
                (self.after)($($argument),*)
            }
        }
    };
}

impl_after_logout!();
impl_after_logout!(A);
impl_after_logout!(A, B);
impl_after_logout!(A, B, C);
impl_after_logout!(A, B, C, D);

impl<S: Send + Sync> AfterLogout<S> for () {
    type Extract = ();
    type Response = ();

    async fn after_logout(&self, (): ()) {}
}

impl<E, F: Clone> Clone for AfterLogoutFn<E, F> {
    fn clone(&self) -> Self {
        Self { after: self.after.clone(), extract: PhantomData }
    }
}

impl<E, F> fmt::Debug for AfterLogoutFn<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AfterLogoutFn<{}>", type_name::<E>())
    }
}
