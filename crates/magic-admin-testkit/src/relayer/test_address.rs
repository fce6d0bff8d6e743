use super::answer::RpcError;

/// The outcome requested by one of Magic's documented test addresses.
///
/// <https://docs.magic.link/test-mode> writes the code in braces, as in
/// `test+fail_with_{-10000}@…`. The braces are optional here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TestAddress {
    /// `test+success@…`
    Success,
    /// `test+fail@…` or `test+fail_with_{CODE}@…`
    Fail(RpcError),
}

impl TestAddress {
    pub(super) fn of(email: &str) -> Option<Self> {
        let (name, _domain) = email.rsplit_once('@')?;
        let wish = name.strip_prefix("test+")?;
        if wish == "success" {
            return Some(Self::Success);
        }
        let code = match wish {
            "fail" => MAGIC_LINK_EXPIRED,
            _ => wish.strip_prefix("fail_with_")?.trim_matches(['{', '}']).parse().ok()?,
        };
        Some(Self::Fail(RpcError::new(code, "The test address requested this error.")))
    }
}

const MAGIC_LINK_EXPIRED: i64 = -10001;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(email: &str) -> Option<i64> {
        match TestAddress::of(email) {
            Some(TestAddress::Fail(error)) => Some(error.code),
            _ => None,
        }
    }

    #[test]
    fn parses_only_the_documented_forms() {
        assert_eq!(TestAddress::of("test+success@magic.link"), Some(TestAddress::Success));
        assert_eq!(code("test+fail@magic.link"), Some(-10001));
        assert_eq!(code("test+fail_with_{-10002}@magic.link"), Some(-10002));
        assert_eq!(code("test+fail_with_-32603@example.com"), Some(-32603));
        for other in ["test@magic.link", "test+failure@magic.link", "test+fail_with_x@magic.link"] {
            assert_eq!(TestAddress::of(other), None, "{other}");
        }
    }
}
