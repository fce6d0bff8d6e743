//! Times in every form that JSON allows for a number, near every edge, compared with exact
//! integers.

use magic_admin::{Audience, Verifier, dangerous::UnverifiedToken};
use magic_admin_testkit::{Encoding, Mint, TestUser};
use proptest::prelude::*;
use tests::StoppedClock;

/// Values at which numbers and calendars break: the limits of `i32`, `u32`, exact doubles and
/// `i64`, the leap second of 2016, the leap day of 2000, the missing leap day of 2100, and the last
/// second of 9999.
const EDGES: [i64; 13] = [
    i64::MIN,
    i64::MIN + 300,
    -(1 << 53),
    -1,
    0,
    951_782_399,
    1_483_228_800,
    (1 << 31) - 1,
    1 << 32,
    4_107_542_400,
    253_402_300_799,
    1 << 53,
    i64::MAX,
];

fn near_an_edge() -> impl Strategy<Value = i64> {
    (prop::sample::select(&EDGES), -302..=302_i64)
        .prop_map(|(edge, distance)| edge.saturating_add(distance))
}

/// A number as written in JSON, and its exact value rounded down and up to an `i64`.
#[derive(Debug, Clone)]
struct Number {
    text: String,
    floor: i64,
    ceiling: i64,
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![integer(), fraction(), exponent()]
}

/// A number that is read exactly, however large.
fn integer() -> impl Strategy<Value = Number> {
    let any = prop_oneof![near_an_edge().prop_map(i128::from), any::<i128>()];
    any.prop_map(|integer| {
        let saturated = saturated(integer);
        Number { text: integer.to_string(), floor: saturated, ceiling: saturated }
    })
}

/// A whole number of 512ths, which is exact both as a decimal with nine digits and as a double.
fn fraction() -> impl Strategy<Value = Number> {
    (-(1_i64 << 43)..1 << 43, 0..512_i64).prop_map(|(whole, part)| {
        let nanos = i128::from(whole) * 1_000_000_000 + i128::from(part) * 1_953_125;
        let sign = if nanos < 0 { "-" } else { "" };
        let (units, nanos) = (nanos.abs() / 1_000_000_000, nanos.abs() % 1_000_000_000);
        Number {
            text: format!("{sign}{units}.{nanos:09}"),
            floor: whole,
            ceiling: whole + i64::from(part > 0),
        }
    })
}

/// A whole number with an exponent, which is exact as a double below 2^53 and exceeds `i64` from
/// 10^19.
fn exponent() -> impl Strategy<Value = Number> {
    let small = (-9_000_i64..=9_000, 0..=11_u32).prop_map(|(digits, exponent)| {
        (digits, exponent, i128::from(digits) * 10_i128.pow(exponent))
    });
    let large = (-9_000_i64..=9_000, 19..=300_u32)
        .prop_map(|(digits, exponent)| (digits, exponent, i128::from(digits.signum()) * i128::MAX));
    let letter = prop::sample::select(vec!["e", "E", "e+", "E+"]);
    (prop_oneof![small, large], letter).prop_map(|((digits, exponent, value), letter)| {
        let saturated = saturated(value);
        let text = format!("{digits}{letter}{exponent}");
        Number { text, floor: saturated, ceiling: saturated }
    })
}

fn saturated(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()).try_into().unwrap()
}

proptest! {
    #[test]
    fn a_number_is_read_exactly_or_saturates(iat in number(), ext in number(), nbf in number()) {
        let claim = Mint::new("id")
            .builder(&TestUser::from_seed(1))
            .set_raw("iat", &*iat.text)
            .set_raw("ext", &*ext.text)
            .set_raw("nbf", &*nbf.text)
            .claim();
        let json = serde_json::to_string(&["0x", &claim]).unwrap();
        let token = UnverifiedToken::decode(&Encoding::Standard.encode(json)).unwrap();
        prop_assert_eq!(token.claims().issued_at().get(), iat.floor);
        prop_assert_eq!(token.claims().expires_at().get(), ext.floor);
        prop_assert_eq!(token.claims().not_before().get(), nbf.ceiling);
    }

    #[test]
    fn a_token_is_valid_between_its_times(
        now in near_an_edge(),
        ext in prop_oneof![near_an_edge(), any::<i64>()],
        nbf in prop_oneof![near_an_edge(), any::<i64>()],
        near_now: bool,
        distance in -301..=301_i64,
    ) {
        // Half of the times are within the grace period around now, where it matters.
        let (ext, nbf) = if near_now {
            (now.saturating_add(distance % 3), now.saturating_add(distance))
        } else {
            (ext, nbf)
        };
        let token = Mint::new("id")
            .builder(&TestUser::from_seed(1))
            .set("ext", ext)
            .set("nbf", nbf)
            .build();
        let verifier = Verifier::builder(Audience::new("id").unwrap()).clock(StoppedClock(now));
        let code = verifier.build().verify(&token).map_or_else(|error| error.code(), |_| "ok");

        // If `nbf` is within 300 s of the smallest time, the grace period saturates, so it always holds.
        let expected = if i128::from(now) > i128::from(ext) {
            "ERROR_DIDT_EXPIRED"
        } else if i128::from(now) < i128::from(nbf) - 300 {
            "ERROR_DIDT_CANNOT_BE_USED_YET"
        } else {
            "ok"
        };
        prop_assert_eq!(code, expected);
    }
}
