use http::{HeaderMap, header::AUTHORIZATION};
use magic_admin::{AuthorizationError, parse_authorization_header_value};

/// Takes the DID token out of the one `Authorization` header, in place.
///
/// Two headers are malformed: which of them counts is a question that two servers on the way
/// may answer differently.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthorizationError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthorizationError::missing())?;
    if values.next().is_some() {
        return Err(AuthorizationError::malformed());
    }
    parse_authorization_header_value(value)
}

/// Keeps the credentials out of whatever prints the request's headers from here on.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if *name == AUTHORIZATION {
            value.set_sensitive(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use magic_admin::AuthorizationErrorKind::{Malformed, Missing, OtherScheme};

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn takes_the_token_of_a_single_bearer_header() {
        assert_eq!(bearer_token(&headers(&["bearer  abc"])), Ok("abc"));
    }

    #[test]
    fn tells_the_three_cases_apart() {
        let table: [(&[&str], _); 7] = [
            (&[], Missing),
            (&["Bearer"], Missing),
            (&["Bearer null"], Missing),
            (&["Basic abc"], OtherScheme),
            (&["Bearer a b"], Malformed),
            (&["Bearer abc", "Bearer abc"], Malformed),
            (&["Basic abc", "Bearer abc"], Malformed),
        ];
        for (values, kind) in table {
            let error = bearer_token(&headers(values)).unwrap_err();
            assert_eq!(error.kind(), kind, "{values:?}");
        }
    }

    #[test]
    fn every_authorization_header_is_marked_and_no_other() {
        let mut headers = headers(&["Bearer one", "Bearer two"]);
        headers.insert("x-request-id", HeaderValue::from_static("three"));
        mark_sensitive(&mut headers);
        let shown = format!("{headers:?}");
        assert!(!shown.contains("one") && !shown.contains("two"), "{shown}");
        assert!(shown.contains("three"), "{shown}");
    }
}
