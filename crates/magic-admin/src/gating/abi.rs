//! The parts of the contract ABI that ERC-165, ERC-721, ERC-1155 and ERC-20 need.

use super::Uint256;
use crate::types::Address;

/// A 32-byte word of the ABI.
pub(super) type Word = [u8; 32];

/// The function selector: the first four bytes of a call's data.
pub(super) type Selector = [u8; 4];

/// Encodes `balanceOf(address)` of ERC-721 and ERC-20.
pub(super) fn balance_of(owner: Address) -> Vec<u8> {
    call([0x70, 0xa0, 0x82, 0x31], &[address(owner)])
}

/// Encodes `ownerOf(uint256)` of ERC-721.
pub(super) fn owner_of(id: Uint256) -> Vec<u8> {
    call([0x63, 0x52, 0x21, 0x1e], &[*id.as_be_bytes()])
}

/// Encodes `balanceOf(address,uint256)` of ERC-1155.
pub(super) fn balance_of_id(owner: Address, id: Uint256) -> Vec<u8> {
    call([0x00, 0xfd, 0xd5, 0x8e], &[address(owner), *id.as_be_bytes()])
}

/// Encodes `balanceOfBatch(address[],uint256[])` of ERC-1155: two arrays of the same length, each
/// preceded by its offset.
pub(super) fn balance_of_batch(owner: Address, ids: &[Uint256]) -> Vec<u8> {
    let count = ids.len();
    let mut words = vec![size(64), size(96 + 32 * count), size(count)];
    words.extend(std::iter::repeat_n(address(owner), count));
    words.push(size(count));
    words.extend(ids.iter().map(|id| *id.as_be_bytes()));
    call([0x4e, 0x12, 0x73, 0xf4], &words)
}

/// Encodes `supportsInterface(bytes4)` of ERC-165.
pub(super) fn supports_interface(interface: Selector) -> Vec<u8> {
    let mut word = [0; 32];
    for (byte, given) in word.iter_mut().zip(interface) {
        *byte = given;
    }
    call([0x01, 0xff, 0xc9, 0xa7], &[word])
}

/// Reads a return value of exactly one word.
pub(super) fn word(answer: &[u8]) -> Option<Word> {
    answer.try_into().ok()
}

/// Reads a `bool`: a word that is 0 or 1.
pub(super) fn boolean(answer: &[u8]) -> Option<bool> {
    let value = Uint256::from_be_bytes(word(answer)?);
    if value.is_zero() { Some(false) } else { (value == Uint256::ONE).then_some(true) }
}

/// Reads a `uint256`.
pub(super) fn number(answer: &[u8]) -> Option<Uint256> {
    word(answer).map(Uint256::from_be_bytes)
}

/// Reads an `address`: a word whose upper twelve bytes are zero.
pub(super) fn owner(answer: &[u8]) -> Option<Address> {
    let (upper, lower) = answer.split_first_chunk::<12>()?;
    if *upper != [0; 12] {
        return None;
    }
    lower.try_into().ok().map(Address::from_bytes)
}

/// Reads a `uint256[]` of `count` numbers: offset, length and the numbers, and nothing else.
pub(super) fn numbers(answer: &[u8], count: usize) -> Option<Vec<Uint256>> {
    let (words, rest) = answer.as_chunks::<32>();
    let (head, numbers) = words.split_first_chunk::<2>()?;
    let exact = rest.is_empty() && *head == [size(32), size(count)] && numbers.len() == count;
    exact.then(|| numbers.iter().copied().map(Uint256::from_be_bytes).collect())
}

fn call(selector: Selector, words: &[Word]) -> Vec<u8> {
    [&selector[..], words.as_flattened()].concat()
}

fn address(address: Address) -> Word {
    let mut word = [0; 32];
    for (byte, given) in word.iter_mut().rev().zip(address.as_bytes().iter().rev()) {
        *byte = *given;
    }
    word
}

fn size(size: usize) -> Word {
    *Uint256::from(size as u128).as_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        const_hex::encode(bytes)
    }

    fn owner_address() -> Address {
        "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf".parse().unwrap()
    }

    /// The expected values come from Foundry's `cast calldata` and from `eth_abi`.
    #[test]
    fn encodes_according_to_the_abi() {
        let owner = "0000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf";
        let word = |last: &str| format!("{last:0>64}");
        assert_eq!(hex(&balance_of(owner_address())), format!("70a08231{owner}"));
        assert_eq!(hex(&owner_of(Uint256::from(255_u64))), format!("6352211e{}", word("ff")));
        assert_eq!(
            hex(&balance_of_id(owner_address(), Uint256::from(1_u64))),
            format!("00fdd58e{owner}{}", word("1"))
        );
        assert_eq!(
            hex(&balance_of_batch(owner_address(), &[Uint256::from(7_u64), Uint256::from(9_u64)])),
            format!(
                "4e1273f4{}{}{}{owner}{owner}{}{}{}",
                word("40"),
                word("a0"),
                word("2"),
                word("2"),
                word("7"),
                word("9")
            )
        );
        assert_eq!(
            hex(&supports_interface([0x80, 0xac, 0x58, 0xcd])),
            format!("01ffc9a780ac58cd{}", "0".repeat(56))
        );
    }

    #[test]
    fn reads_exact_lengths_only() {
        let mut one = [0; 64];
        one[31] = 1;
        assert_eq!(boolean(&one[..32]), Some(true));
        assert_eq!(boolean(&[0; 32]), Some(false));
        assert_eq!(boolean(&[1; 32]), None);
        assert_eq!(number(&one[..32]), Some(Uint256::ONE));
        for length in [0, 31, 33, 64] {
            assert_eq!((boolean(&one[..length]), number(&one[..length])), (None, None));
            assert_eq!(owner(&one[..length]), None);
        }
    }

    #[test]
    fn rejects_addresses_with_upper_bytes() {
        let mut word = [0; 32];
        word[12..].copy_from_slice(owner_address().as_bytes());
        assert_eq!(owner(&word), Some(owner_address()));
        for dirty in 0..12 {
            let mut word = word;
            word[dirty] = 1;
            assert_eq!(owner(&word), None);
        }
    }

    #[test]
    fn encodes_lists_with_offset_and_length() {
        let list = |offset, length, numbers: &[u64]| {
            let mut words = vec![size(offset), size(length)];
            words.extend(numbers.iter().map(|number| *Uint256::from(*number).as_be_bytes()));
            words.as_flattened().to_vec()
        };
        let read = numbers(&list(32, 2, &[5, 0]), 2).unwrap();
        assert_eq!(read, [Uint256::from(5_u64), Uint256::default()]);
        for wrong in [
            Vec::new(),
            list(64, 2, &[5, 0]),
            list(32, 1, &[5, 0]),
            list(32, 3, &[5, 0]),
            list(32, 2, &[5]),
            list(32, 2, &[5, 0, 1]),
            list(32, 2, &[5, 0])[..127].to_vec(),
            [&list(32, 2, &[5, 0])[..], &[0]].concat(),
        ] {
            assert_eq!(numbers(&wrong, 2), None, "{wrong:?}");
        }
    }
}
