use std::{fmt, str::FromStr};

use crate::types::ParseError;

/// The generation of Magic's Admin API.
///
/// It determines the default host and the paths. The format of a response is recognised from the
/// response itself, so a proxy or a migrated host causes no problem.
///
/// # Examples
///
/// ```
/// use magic_admin::admin::Generation;
///
/// let generation: Generation = "legacy".parse()?;
/// assert_eq!(generation.default_base_url(), "https://api.magic.link");
/// assert_eq!(Generation::default(), Generation::Current);
/// # Ok::<(), magic_admin::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// `https://api.toaster.magic.link`, the default.
    #[default]
    Current,
    /// `https://api.magic.link`. It has no calls to look up users by e-mail address, to look up
    /// several users at once, or to remove MFA.
    Legacy,
}

impl Generation {
    /// Returns the default base URL of this generation.
    #[must_use]
    pub const fn default_base_url(self) -> &'static str {
        match self {
            Self::Current => "https://api.toaster.magic.link",
            Self::Legacy => "https://api.magic.link",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Legacy => "legacy",
        })
    }
}

impl FromStr for Generation {
    type Err = ParseError;

    /// Parses `current` or `legacy`, in any case.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        [Self::Current, Self::Legacy]
            .into_iter()
            .find(|generation| text.eq_ignore_ascii_case(&generation.to_string()))
            .ok_or(const { ParseError::new("a generation: `current` or `legacy`") })
    }
}
