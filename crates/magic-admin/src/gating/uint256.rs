use std::{fmt, str::FromStr};

use crate::types::ParseError;

/// A 256-bit unsigned integer: a token ID, or an amount in a token's smallest unit.
///
/// It parses from decimal digits, or from `0x` and hex digits, up to 2²⁵⁶ − 1. `Display` prints it
/// in decimal.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::Uint256;
///
/// let id: Uint256 = "0x2a".parse()?;
/// assert_eq!(id, Uint256::from(42_u64));
/// assert_eq!(id.to_string(), "42");
/// assert!("-1".parse::<Uint256>().is_err());
/// # Ok::<(), magic_admin::ParseError>(())
/// ```
// Big-endian, so that the derived order is the numeric one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uint256([u8; Self::LEN]);

impl Uint256 {
    const LEN: usize = 32;

    pub(super) const ONE: Self = {
        let mut bytes = [0; Self::LEN];
        bytes[Self::LEN - 1] = 1;
        Self(bytes)
    };

    /// Creates a number from 32 big-endian bytes.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the number as 32 big-endian bytes.
    #[must_use]
    pub const fn as_be_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns `true` for 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Appends a digit. Returns `None` if the result needs more than 256 bits.
    fn append_digit(mut self, radix: u16, digit: u32) -> Option<Self> {
        let mut carry = u16::try_from(digit).ok()?;
        for byte in self.0.iter_mut().rev() {
            // At most 255 × 16 + 254, so nothing is lost.
            carry += u16::from(*byte) * radix;
            *byte = carry as u8;
            carry >>= 8;
        }
        (carry == 0).then_some(self)
    }

    /// Divides by ten, and returns the remainder.
    fn take_decimal_digit(&mut self) -> u8 {
        let mut rest = 0_u16;
        for byte in &mut self.0 {
            rest = rest << 8 | u16::from(*byte);
            *byte = (rest / 10) as u8;
            rest %= 10;
        }
        rest as u8
    }
}

impl From<u64> for Uint256 {
    fn from(value: u64) -> Self {
        u128::from(value).into()
    }
}

impl From<u128> for Uint256 {
    fn from(value: u128) -> Self {
        let mut bytes = [0; Self::LEN];
        for (byte, low) in bytes.iter_mut().rev().zip(value.to_le_bytes()) {
            *byte = low;
        }
        Self(bytes)
    }
}

impl FromStr for Uint256 {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (digits, radix) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None => (text, 10),
        };
        let number = (!digits.is_empty()).then_some(Self::default());
        digits
            .chars()
            .try_fold(number, |number, digit| {
                Some(number?.append_digit(radix, digit.to_digit(radix.into())?))
            })
            .flatten()
            .ok_or(const { ParseError::new("a number up to 2^256 - 1, in decimal or in hex with `0x`") })
    }
}

impl fmt::Display for Uint256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut digits = Vec::new();
        while !rest.is_zero() {
            digits.push(char::from(b'0' + rest.take_decimal_digit()));
        }
        f.pad_integral(
            true,
            "",
            &if digits.is_empty() {
                "0".to_owned()
            } else {
                digits.iter().rev().collect::<String>()
            },
        )
    }
}

impl fmt::Debug for Uint256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2²⁵⁶ − 1 in decimal, as printed by Python.
    const MAX: &str =
        "115792089237316195423570985008687907853269984665640564039457584007913129639935";

    #[test]
    fn reads_decimal_and_hex_up_to_the_maximum() {
        for (text, decimal) in [
            ("0", "0"),
            ("0x0", "0"),
            ("007", "7"),
            ("255", "255"),
            ("256", "256"),
            ("0xfF", "255"),
            ("0x100", "256"),
            ("18446744073709551616", "18446744073709551616"),
            ("0xde0b6b3a7640000", "1000000000000000000"),
            (MAX, MAX),
            (&format!("0x{}", "f".repeat(64)), MAX),
            (&format!("0x0{}", "f".repeat(64)), MAX),
        ] {
            assert_eq!(text.parse::<Uint256>().unwrap().to_string(), decimal, "{text}");
        }
    }

    #[test]
    fn rejects_everything_else() {
        let above = format!("{}6", &MAX[..MAX.len() - 1]);
        let longer = format!("0x1{}", "0".repeat(64));
        for text in [
            "", "0x", "0X1", "-1", "+1", " 1", "1 ", "1.0", "1e3", "1_000", "abc", "0xg", "٣",
            &above, &longer,
        ] {
            assert!(text.parse::<Uint256>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn compares_as_numbers() {
        let parse = |text: &str| text.parse::<Uint256>().unwrap();
        assert!(parse("9") < parse("10") && parse("255") < parse("256"));
        assert!(parse(MAX) > Uint256::from(u128::MAX));
        assert_eq!(Uint256::from(u128::MAX), parse("0xffffffffffffffffffffffffffffffff"));
        assert_eq!(Uint256::ONE, Uint256::from(1_u64));
    }
}
