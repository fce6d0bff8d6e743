use super::{GatingError, Ownership, ask::ask, check::Check};
use crate::{types::Address, verified::VerifiedToken};

/// A condition on the tokens that a user owns.
///
/// A [`Chain`](super::Chain) creates requirements; [`all_of`](super::all_of),
/// [`any_of`](super::any_of) and [`not`](super::not) combine them. [`check`](Self::check) queries
/// the chains each time; a [`Gate`](super::Gate) caches results.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::{Chain, Requirement, all_of, not};
///
/// let chain = Chain::new(1, "https://rpc.example/v2/key")?;
/// let pass = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
/// let banned = chain.erc1155("0xd07dc4262BCDbf85190C01c996b4C06a461d2430".parse()?).token(0_u64);
/// let welcome: Requirement = all_of([pass.into(), not(banned)])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Requirement(pub(super) Node);

/// A tree of checks. `All` and `Any` have at least two children, and a `Not` never contains another
/// `Not`, so the limit on leaves also limits the depth.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Check(Check),
    AllOf(Vec<Node>),
    AnyOf(Vec<Node>),
    Not(Box<Node>),
}

impl Requirement {
    /// Checks the requirement for the user of a token, with one request to each chain.
    ///
    /// A failure matters only if the result depends on it: with [`any_of`](super::any_of), for
    /// example, one chain that reports *owns* is enough, even if another one is down.
    ///
    /// An unverified token does not compile:
    ///
    /// ```compile_fail,E0308
    /// use magic_admin::{DidToken, gating::Requirement};
    ///
    /// async fn check(requirement: &Requirement, token: &DidToken) {
    ///     requirement.check(token).await;
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`GatingError`] if ownership could not be checked: see
    /// [`GatingErrorKind`](super::GatingErrorKind). Its kind is never
    /// [`NotOwned`](super::GatingErrorKind::NotOwned).
    pub async fn check(&self, user: &VerifiedToken) -> Result<Ownership, GatingError> {
        self.dangerous_check_address(user.address()).await
    }

    /// Checks the requirement for an address.
    ///
    /// # Security
    ///
    /// Anyone can name an address without having its key. Use this in tools that look addresses up,
    /// and never to decide what a user may do.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`check`](Self::check).
    pub async fn dangerous_check_address(&self, owner: Address) -> Result<Ownership, GatingError> {
        let mut checks = Vec::new();
        self.0.collect(&mut checks);
        let verdicts = ask(&checks, owner).await;
        self.0.judge(&mut verdicts.into_iter()).map(Ownership::from)
    }
}

impl Node {
    /// Returns the size of the requirement, which is limited.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Check(check) => check.question.size(),
            Self::AllOf(nodes) | Self::AnyOf(nodes) => nodes.iter().map(Self::size).sum(),
            Self::Not(node) => node.size(),
        }
    }

    /// Collects the leaves from left to right.
    fn collect<'a>(&'a self, checks: &mut Vec<&'a Check>) {
        match self {
            Self::Check(check) => checks.push(check),
            Self::AllOf(nodes) | Self::AnyOf(nodes) => {
                nodes.iter().for_each(|node| node.collect(checks));
            }
            Self::Not(node) => node.collect(checks),
        }
    }

    /// Combines the verdicts on the leaves, in order, with three-valued logic: an error matters
    /// only if no other verdict decides the result.
    fn judge(
        &self,
        verdicts: &mut impl Iterator<Item = Result<bool, GatingError>>,
    ) -> Result<bool, GatingError> {
        match self {
            Self::Check(_) => {
                verdicts.next().unwrap_or_else(|| Err(super::GatingErrorKind::Malformed.into()))
            }
            Self::AllOf(nodes) => decide(nodes, false, verdicts),
            Self::AnyOf(nodes) => decide(nodes, true, verdicts),
            Self::Not(node) => node.judge(verdicts).map(|owns| !owns),
        }
    }
}

/// Returns `deciding` if one of the nodes has that verdict. Otherwise, returns the first error, if
/// any.
fn decide(
    nodes: &[Node],
    deciding: bool,
    verdicts: &mut impl Iterator<Item = Result<bool, GatingError>>,
) -> Result<bool, GatingError> {
    // Every node must consume its verdicts, even if an earlier one decides the result.
    let judged: Vec<_> = nodes.iter().map(|node| node.judge(verdicts)).collect();
    if judged.iter().any(|verdict| verdict.as_ref().is_ok_and(|owns| *owns == deciding)) {
        return Ok(deciding);
    }
    judged.into_iter().find(Result::is_err).unwrap_or(Ok(!deciding))
}
