use super::{Requirement, requirement::Node};
use crate::types::{ConfigError, ConfigErrorKind};

/// Combines requirements into one that is met if all of them are met.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, all_of};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let coin = chain.erc20("0x6B175474E89094C44Da98b954EedeAC495271d0F".parse()?);
/// let pass = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
/// let both = all_of([coin.at_least(1_000_000_u64)?, pass.token(7_u64)])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns [`ConfigErrorKind::Setting`] for an empty list, which everyone would satisfy, and for
/// more than 100 checks and IDs in total.
pub fn all_of(
    requirements: impl IntoIterator<Item = Requirement>,
) -> Result<Requirement, ConfigError> {
    combined(requirements, Node::AllOf)
}

/// Combines requirements into one that is met if at least one of them is met.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, any_of};
///
/// let ethereum = Chain::new(1, "https://ethereum.example/v2/key")?;
/// let polygon = Chain::new(137, "https://polygon.example/v2/key")?;
/// let pass = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?;
/// let either = any_of([ethereum.erc721(pass).into(), polygon.erc721(pass).into()])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns [`ConfigErrorKind::Setting`] for an empty list, which nobody could satisfy, and for more
/// than 100 checks and IDs in total.
pub fn any_of(
    requirements: impl IntoIterator<Item = Requirement>,
) -> Result<Requirement, ConfigError> {
    combined(requirements, Node::AnyOf)
}

/// Negates a requirement: the user must *not* own the token.
///
/// Users can meet such a requirement by moving the token to another address, so it does not keep
/// out anyone who is determined.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, not};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let newcomer = not(chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn not(requirement: impl Into<Requirement>) -> Requirement {
    Requirement(match requirement.into().0 {
        Node::Not(node) => *node,
        node => Node::Not(Box::new(node)),
    })
}

fn combined(
    requirements: impl IntoIterator<Item = Requirement>,
    combine: impl FnOnce(Vec<Node>) -> Node,
) -> Result<Requirement, ConfigError> {
    // One item more than allowed is enough to detect the excess, however long the iterator is.
    let limit = MAX_SIZE + 1;
    let mut nodes: Vec<_> = requirements.into_iter().map(|one| one.0).take(limit).collect();
    if nodes.iter().map(Node::size).sum::<usize>() > MAX_SIZE {
        return Err(too_large());
    }
    let node = match nodes.len() {
        0 => return Err(ConfigError::new(ConfigErrorKind::Setting, EMPTY)),
        1 => nodes.remove(0),
        _ => combine(nodes),
    };
    Ok(Requirement(node))
}

pub(super) fn too_large() -> ConfigError {
    let message = format!("a requirement has at most {MAX_SIZE} checks and token ids");
    ConfigError::new(ConfigErrorKind::Setting, message)
}

/// The maximum number of checks and token IDs in one requirement.
pub(super) const MAX_SIZE: usize = 100;

const EMPTY: &str = "the list of requirements is empty";
