use std::io::Write;

use sha3::{Digest, Keccak256};

use super::curve;
use crate::types::Address;

/// A signature made with Ethereum's `personal_sign`: `0x` followed by the 130 hex digits of `r ‖ s
/// ‖ v`.
///
/// High-`s` signatures are accepted, as in every official SDK. One message therefore has several
/// valid signatures, so nothing may be keyed on a signature.
#[derive(Clone, Copy)]
pub(crate) struct Proof {
    r_and_s: [u8; 64],
    /// `true` if the `y` coordinate of the curve point is odd, which `v - 27` encodes.
    y_is_odd: bool,
}

/// The hash that `personal_sign` signs for a message, as defined in [EIP-191].
///
/// [EIP-191]: https://eips.ethereum.org/EIPS/eip-191
#[derive(Clone, Copy)]
pub(crate) struct PersonalMessage([u8; 32]);

impl Proof {
    /// Parses a proof; `v` must be 27 or 28.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        let mut bytes = [0; 65];
        // `const_hex` accepts an optional `0x`; the length check rules it out.
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        const_hex::decode_to_slice(digits, &mut bytes).ok()?;
        let [r_and_s @ .., v] = bytes;
        let y_is_odd = match v {
            27 => false,
            28 => true,
            _ => return None,
        };
        Some(Self { r_and_s, y_is_odd })
    }

    /// Returns the address whose key signed `message`, or `None` if none can be recovered.
    pub(crate) fn signer(&self, message: &PersonalMessage) -> Option<Address> {
        let public_key = curve::recover(&message.0, &self.r_and_s, self.y_is_odd)?;
        let hash: [u8; 32] = Keccak256::digest(public_key).into();
        hash.last_chunk().copied().map(Address::from_bytes)
    }
}

impl PersonalMessage {
    pub(crate) fn new(text: &str) -> Self {
        let mut length = [0; 20];
        let mut unwritten = &mut length[..];
        // Cannot fail, because a `usize` has at most 20 digits.
        let _ = write!(unwritten, "{}", text.len());
        let unwritten = unwritten.len();
        let digits = length.get(..length.len() - unwritten).unwrap_or_default();

        let hash = Keccak256::new()
            .chain_update(b"\x19Ethereum Signed Message:\n")
            .chain_update(digits)
            .chain_update(text)
            .finalize();
        Self(hash.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `web3.eth.accounts.hashMessage("Hello World")` from the documentation of web3.js.
    #[test]
    fn hashes_according_to_eip_191() {
        let PersonalMessage(hash) = PersonalMessage::new("Hello World");
        assert_eq!(
            const_hex::encode(hash),
            "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2"
        );
    }

    /// `web3.eth.accounts.recover` from the documentation of web3.js.
    #[test]
    fn recovers_the_signer() {
        let proof = "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c";
        let signer = Proof::parse(proof).unwrap().signer(&PersonalMessage::new("Some data"));
        assert_eq!(signer.unwrap().to_string(), "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23");
    }

    #[test]
    fn rejects_every_other_form() {
        let digits = format!("{}1b", "11".repeat(64));
        assert!(Proof::parse(&format!("0x{digits}")).is_some());
        for text in [
            String::new(),
            "0x".to_owned(),
            digits.clone(),
            format!("0X{digits}"),
            format!("0x{digits}00"),
            format!("0x{}", &digits[2..]),
            format!("0x{}", &digits[1..]),
            format!("0x0x{}", &digits[2..]),
            format!("0x{} ", &digits[1..]),
            format!("0x{}1d", &digits[..128]),
            format!("0x{}00", &digits[..128]),
            format!("0x{}01", &digits[..128]),
        ] {
            assert!(Proof::parse(&text).is_none(), "{text}");
        }
    }
}
