use super::{GatingError, Ownership, ask::ask, check::Check};
use crate::{types::Address, verified::VerifiedToken};

/// A condition on what a user owns.
///
/// Created by a [`Chain`](super::Chain), and combined by [`all_of`](super::all_of),
/// [`any_of`](super::any_of) and [`not`](super::not). [`check`](Self::check) asks the chains each
/// time; a [`Gate`](super::Gate) remembers results.
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

/// No node but a leaf has fewer than two children, save for a `Not`, which never holds a `Not`: so
/// the bound on leaves bounds the depth.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Check(Check),
    AllOf(Vec<Node>),
    AnyOf(Vec<Node>),
    Not(Box<Node>),
}

impl Requirement {
    /// Checks that the user of a token owns what is required, by one request to each chain.
    ///
    /// A failure matters only if the result depends on it: with [`any_of`](super::any_of), for
    /// example, one chain that says *owns* is enough while another one is down.
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
    /// Returns a [`GatingError`] if the result is not known: see
    /// [`GatingErrorKind`](super::GatingErrorKind). It is never
    /// [`NotOwned`](super::GatingErrorKind::NotOwned).
    pub async fn check(&self, user: &VerifiedToken) -> Result<Ownership, GatingError> {
        self.dangerous_check_address(user.address()).await
    }

    /// Checks that an address owns what is required.
    ///
    /// # Security
    ///
    /// Nothing proves that whoever names an address holds its key. For tools that look addresses up,
    /// never to decide what a user may do.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub async fn dangerous_check_address(&self, owner: Address) -> Result<Ownership, GatingError> {
        let mut checks = Vec::new();
        self.0.collect(&mut checks);
        let verdicts = ask(&checks, owner).await;
        self.0.judge(&mut verdicts.into_iter()).map(Ownership::from)
    }
}

impl Node {
    /// Returns how much of the bound on a requirement this takes.
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

    /// Combines the verdicts on the leaves, in their order, by three-valued logic: an error counts
    /// only where no other verdict decides.
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

/// Returns `deciding` if one of the nodes has that verdict; else the first error, if there is one.
fn decide(
    nodes: &[Node],
    deciding: bool,
    verdicts: &mut impl Iterator<Item = Result<bool, GatingError>>,
) -> Result<bool, GatingError> {
    // Every node takes its verdicts, even if an earlier one has decided.
    let judged: Vec<_> = nodes.iter().map(|node| node.judge(verdicts)).collect();
    if judged.iter().any(|verdict| verdict.as_ref().is_ok_and(|owns| *owns == deciding)) {
        return Ok(deciding);
    }
    judged.into_iter().find(Result::is_err).unwrap_or(Ok(!deciding))
}
