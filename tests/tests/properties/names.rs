//! Addresses and issuers are parsed in any case and displayed with their EIP-55 checksum, and
//! nothing else is accepted.

use magic_admin::{Address, Issuer};
use proptest::prelude::*;
use sha3::{Digest as _, Keccak256};

/// EIP-55 according to its text: a letter is upper-case if the corresponding digit of the hash is
/// above 7.
fn eip_55(bytes: [u8; 20]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash: String =
        Keccak256::digest(&digits).iter().map(|byte| format!("{byte:02x}")).collect();
    let cased = digits
        .chars()
        .zip(hash.chars())
        .map(|(digit, hash)| if hash > '7' { digit.to_ascii_uppercase() } else { digit });
    format!("0x{}", cased.collect::<String>())
}

/// Returns the same digits in another case.
fn recased(text: &str, cases: &[bool]) -> String {
    let digits = text[2..].chars().zip(cases);
    let digits =
        digits.map(
            |(digit, upper)| {
                if *upper { digit.to_ascii_uppercase() } else { digit.to_ascii_lowercase() }
            },
        );
    format!("0x{}", digits.collect::<String>())
}

/// EIP-55, "Implementation": a uniform case has no checksum, and mixed case is a checksum.
fn is_uniform_or_checksummed(text: &str) -> bool {
    let digits = &text[2..];
    let bytes: Vec<u8> = (0..20)
        .map(|index| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap())
        .collect();
    digits == digits.to_lowercase()
        || digits == digits.to_uppercase()
        || text == eip_55(bytes.try_into().unwrap())
}

proptest! {
    #[test]
    fn names_round_trip_from_any_case(bytes: [u8; 20], cases: [[bool; 20]; 2]) {
        let address = Address::from_bytes(bytes);
        let shown = eip_55(bytes);
        prop_assert_eq!(address.to_string(), &*shown);
        prop_assert_eq!(Issuer::from(address).to_string(), format!("did:ethr:{shown}"));

        let other_case = recased(&shown, cases.as_flattened());
        let parsed = other_case.parse::<Address>().ok();
        prop_assert_eq!(parsed, is_uniform_or_checksummed(&other_case).then_some(address));
        let issuer: Issuer = format!("did:ethr:{other_case}").parse().unwrap();
        prop_assert_eq!(issuer, Issuer::from(address));
        prop_assert_eq!(issuer.address(), address);

        let json = serde_json::to_string(&issuer).unwrap();
        prop_assert_eq!(serde_json::from_str::<Issuer>(&json).unwrap(), issuer);
    }

    #[test]
    fn nothing_else_is_a_name(text in "(did:ethr:)?(0x)?[0-9a-zA-Z:é]{38,42}") {
        let has_digits = |text: &str| {
            text.strip_prefix("0x").is_some_and(|digits| {
                digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        let is_address = has_digits(&text) && is_uniform_or_checksummed(&text);
        prop_assert_eq!(text.parse::<Address>().is_ok(), is_address);
        let named = text.strip_prefix("did:ethr:");
        prop_assert_eq!(text.parse::<Issuer>().is_ok(), named.is_some_and(has_digits));
    }

    #[test]
    fn one_wrong_character_is_rejected(
        bytes: [u8; 20],
        position: prop::sample::Index,
        character: char,
    ) {
        let good = format!("did:ethr:{}", eip_55(bytes));
        let position = position.index(good.len());
        let mut changed = good.clone();
        changed.replace_range(position..=position, character.encode_utf8(&mut [0; 4]));
        let in_digits = position >= "did:ethr:0x".len();
        let still_good = changed == good || (in_digits && character.is_ascii_hexdigit());
        prop_assert_eq!(changed.parse::<Issuer>().is_ok(), still_good);
    }
}
