use std::num::IntErrorKind;

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

use crate::types::UnixSeconds;

/// A JSON number, rounded down to a whole second.
pub(super) struct Floor(pub(super) UnixSeconds);

/// A JSON number, rounded up to a whole second.
pub(super) struct Ceiling(pub(super) UnixSeconds);

impl<'de> Deserialize<'de> for Floor {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        read(parser, f64::floor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Ceiling {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        read(parser, f64::ceil).map(Self)
    }
}

/// Parses a number from its JSON text. Integers of any length are parsed exactly, because a double
/// cannot represent every integer beyond 2^53. Every other number must be finite as a double. Both
/// saturate at the bounds of `i64`.
fn read<'de, D: Deserializer<'de>>(
    parser: D,
    round: fn(f64) -> f64,
) -> Result<UnixSeconds, D::Error> {
    let text = <&RawValue>::deserialize(parser)?.get();
    let seconds = match text.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => i64::MAX,
        Err(error) if *error.kind() == IntErrorKind::NegOverflow => i64::MIN,
        Err(_) => {
            // Numbers are the only JSON values that parse as `f64`; words such as `NaN` and `inf`,
            // which Rust's parser accepts, are not JSON.
            let number: f64 = text.parse().map_err(D::Error::custom)?;
            if !number.is_finite() {
                return Err(D::Error::custom("not finite"));
            }
            saturate(round(number))
        }
    };
    Ok(UnixSeconds::new(seconds))
}

#[expect(clippy::cast_possible_truncation, reason = "saturation is intended")]
const fn saturate(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_exactly_and_saturates() {
        let digits = "9".repeat(400);
        for (text, floor, ceiling) in [
            ("0", 0, 0),
            ("-0", 0, 0),
            ("1.5", 1, 2),
            ("-1.5", -2, -1),
            ("1.0", 1, 1),
            ("17e8", 1_700_000_000, 1_700_000_000),
            ("1.7000000005e9", 1_700_000_000, 1_700_000_001),
            ("9007199254740993", 9_007_199_254_740_993, 9_007_199_254_740_993),
            ("9223372036854775807", i64::MAX, i64::MAX),
            ("9223372036854775808", i64::MAX, i64::MAX),
            ("-9223372036854775808", i64::MIN, i64::MIN),
            ("-9223372036854775809", i64::MIN, i64::MIN),
            (&digits, i64::MAX, i64::MAX),
            (&format!("-{digits}"), i64::MIN, i64::MIN),
            ("1.0000000000016881e+21", i64::MAX, i64::MAX),
            ("-1e300", i64::MIN, i64::MIN),
            ("1e-400", 0, 0),
            ("5e-324", 0, 1),
        ] {
            assert_eq!(serde_json::from_str::<Floor>(text).unwrap().0.get(), floor, "{text}");
            assert_eq!(serde_json::from_str::<Ceiling>(text).unwrap().0.get(), ceiling, "{text}");
        }
    }

    #[test]
    fn rejects_anything_but_a_finite_number() {
        for text in ["1e400", "-1e400", "\"1\"", "null", "true", "[1]", "{}", "NaN", "inf"] {
            assert!(serde_json::from_str::<Floor>(text).is_err(), "{text}");
        }
    }
}
