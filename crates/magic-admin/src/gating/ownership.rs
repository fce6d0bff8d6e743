/// The result of an ownership check.
///
/// If the check fails, it returns a [`GatingError`](super::GatingError) instead.
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
    /// The user meets the requirement.
    Owns,
    /// The user does not meet the requirement.
    DoesNotOwn,
}

impl Ownership {
    /// Returns `true` if the user meets the requirement.
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
