/// The result of a check that succeeded.
///
/// A check that failed is a [`GatingError`](super::GatingError), never one of these.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::Ownership;
///
/// assert!(Ownership::Owns.is_owned());
/// assert!(!Ownership::DoesNotOwn.is_owned());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third result would have to be an error")]
pub enum Ownership {
    /// The user owns what is required.
    Owns,
    /// The user does not own what is required.
    DoesNotOwn,
}

impl Ownership {
    /// Returns `true` if the user owns what is required.
    #[must_use]
    pub const fn is_owned(self) -> bool {
        matches!(self, Self::Owns)
    }
}

impl From<bool> for Ownership {
    fn from(is_owned: bool) -> Self {
        if is_owned { Self::Owns } else { Self::DoesNotOwn }
    }
}
