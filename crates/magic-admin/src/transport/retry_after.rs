use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header::DATE};

/// Returns the delay requested by a `Retry-After` header ([RFC 9110 10.2.3]), which is either a
/// number of seconds or a date.
///
/// A date is compared with the `Date` of the response, so the two clocks need not agree, or with
/// `now` if there is no `Date`. A date in the past means no delay. Any other value is ignored.
///
/// [RFC 9110 10.2.3]: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
pub(super) fn parse(
    value: &HeaderValue,
    headers: &HeaderMap,
    now: fn() -> SystemTime,
) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is treated as a very long delay.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let from = headers
        .get(DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or_else(now);
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        for (value, date, seconds) in [
            ("2", None, Some(2)),
            (" 120 ", None, Some(120)),
            ("0", None, Some(0)),
            ("99999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("Sun, 06 Nov 1994 08:49:07 GMT"), Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some("Sun Nov  6 08:49:36 1994"), Some(1)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("Sun, 06 Nov 1994 08:50:00 GMT"), Some(0)),
            // The date is 784111777 s after the epoch; `now` is 10 s earlier.
            ("Sun, 06 Nov 1994 08:49:37 GMT", None, Some(10)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("yesterday"), Some(10)),
            ("", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("2, 3", None, None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            let parsed = parse(&HeaderValue::from_static(value), &headers, now);
            assert_eq!(parsed, seconds.map(Duration::from_secs), "{value} {date:?}");
        }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767)
    }
}
