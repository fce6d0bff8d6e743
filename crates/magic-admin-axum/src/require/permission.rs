use crate::rejection::AuthRejection;

/// The result of an application's check: `true` or `Ok(())` lets the request through.
///
/// Returned by the closures of [`RequireTokenLayer::authorize`](crate::RequireTokenLayer::authorize)
/// and [`authorize_async`](crate::RequireTokenLayer::authorize_async). `false` rejects the request with
/// 403 `ERROR_FORBIDDEN`, and an error with what it converts into: every error of the core does.
///
/// # Examples
///
/// ```
/// use magic_admin_axum::{AuthRejection, Permission};
///
/// assert!(true.into_result().is_ok());
/// assert_eq!(false.into_result().unwrap_err().code(), "ERROR_FORBIDDEN");
/// assert!(Err(AuthRejection::forbidden()).into_result().is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a request is allowed",
    label = "neither `bool` nor `Result<(), E>` with an `E` that converts into `AuthRejection`",
    note = "return a `bool`, or a `Result<(), E>` where `E` is `AuthRejection` or an error of `magic-admin`; map other errors: `.map_err(|_| AuthRejection::forbidden())`; for a future, use `authorize_async`"
)]
pub trait Permission {
    /// Returns the rejection if the request is not allowed.
    ///
    /// # Errors
    ///
    /// Returns the [`AuthRejection`] to answer with.
    fn into_result(self) -> Result<(), AuthRejection>;
}

impl Permission for bool {
    fn into_result(self) -> Result<(), AuthRejection> {
        if self { Ok(()) } else { Err(AuthRejection::forbidden()) }
    }
}

#[diagnostic::do_not_recommend]
impl<E> Permission for Result<(), E>
where
    E: Into<AuthRejection>,
{
    fn into_result(self) -> Result<(), AuthRejection> {
        self.map_err(Into::into)
    }
}
