/// What a stable code means, in one sentence that is fixed for each code.
///
/// In the characters of RFC 6750's `error_description`, which leave out `"` and `\`.
pub(crate) fn detail(code: &str) -> &'static str {
    match code {
        "ERROR_MISSING_AUTH_HEADER" => "No DID token was sent: send Authorization: Bearer <token>.",
        "EXPECTED_BEARER_STRING" => "The Authorization header must be: Bearer <token>.",
        "ERROR_MALFORMED_TOKEN" => "The DID token cannot be decoded.",
        "ERROR_FAILED_RECOVERING_PROOF" => "The signer of the DID token cannot be recovered.",
        "ERROR_INCORRECT_SIGNER_ADDR" => "The DID token is not signed by its issuer.",
        "ERROR_DIDT_EXPIRED" => "The DID token has expired.",
        "ERROR_DIDT_CANNOT_BE_USED_YET" => "The DID token cannot be used yet.",
        "ERROR_AUDIENCE_MISMATCH" => "The DID token is for another application.",
        "ERROR_DIDT_REVOKED" => "The DID token was revoked: the user logged out.",
        "ERROR_DIDT_REPLAYED" => "The DID token was used before and is good for one use.",
        "ERROR_DIDT_TOO_OLD" => "The DID token was issued too long ago.",
        "ERROR_DIDT_LIFESPAN" => "The DID token lives longer than is allowed here.",
        "ERROR_DIDT_ATTACHMENT_REQUIRED" => "The DID token does not carry the required attachment.",
        "ERROR_ISSUER_MISMATCH" => "The DID token is not of the user that the request acts for.",
        "ERROR_UNAVAILABLE" => "The DID token cannot be checked at the moment: try again later.",
        "SERVICE_ERROR" => "Magic did not do what it was asked to.",
        _ => "The DID token is not accepted.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const CODES: [&str; 17] = [
        "ERROR_MALFORMED_TOKEN",
        "ERROR_FAILED_RECOVERING_PROOF",
        "ERROR_INCORRECT_SIGNER_ADDR",
        "ERROR_DIDT_EXPIRED",
        "ERROR_DIDT_CANNOT_BE_USED_YET",
        "ERROR_AUDIENCE_MISMATCH",
        "ERROR_MISSING_AUTH_HEADER",
        "EXPECTED_BEARER_STRING",
        "ERROR_ISSUER_MISMATCH",
        "SERVICE_ERROR",
        "ERROR_UNAVAILABLE",
        "ERROR_DIDT_REVOKED",
        "ERROR_DIDT_REPLAYED",
        "ERROR_DIDT_TOO_OLD",
        "ERROR_DIDT_LIFESPAN",
        "ERROR_DIDT_ATTACHMENT_REQUIRED",
        "ERROR_DIDT_REFUSED_BY_POLICY",
    ];

    #[test]
    fn every_code_has_a_sentence_of_its_own_in_the_characters_of_rfc_6750() {
        let mut seen = HashSet::new();
        for code in CODES {
            let text = detail(code);
            assert!(seen.insert(text), "{code} shares its text");
            let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(!text.is_empty() && text.bytes().all(allowed), "{code}: {text}");
        }
    }
}
