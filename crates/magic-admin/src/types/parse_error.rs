/// Error returned when a string cannot be parsed as an address, an issuer, a number or a
/// generation.
///
/// Contains no part of the input, so it is safe to log and to show.
///
/// # Examples
///
/// ```
/// use magic_admin::Address;
///
/// let error = "vitalik.eth".parse::<Address>().unwrap_err();
/// assert!(error.to_string().contains("ENS names are not resolved"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct ParseError {
    expected: &'static str,
}

impl ParseError {
    pub(crate) const fn new(expected: &'static str) -> Self {
        Self { expected }
    }
}
