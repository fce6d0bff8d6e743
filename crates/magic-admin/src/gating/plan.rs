use super::{
    Chain, GatingError, GatingErrorKind,
    abi::{self, Selector},
    chain::{Call, Returned},
    check::Check,
};
use crate::types::Address;

/// The calls to one chain, and the positions of each check's results in the batch.
pub(super) struct Plan<'a> {
    chain: &'a Chain,
    owner: Address,
    calls: Vec<Call>,
    /// The positions of the three calls that detect an interface of a contract.
    detections: Vec<(Address, Selector, usize)>,
    /// Each check, with its index in the requirement and the position of its result.
    checks: Vec<(usize, &'a Check, usize)>,
}

impl<'a> Plan<'a> {
    /// Creates one plan per chain.
    pub(super) fn for_each_chain(checks: &[&'a Check], owner: Address) -> Vec<Self> {
        let mut plans: Vec<Self> = Vec::new();
        for (number, check) in checks.iter().enumerate() {
            match plans.iter_mut().find(|plan| plan.chain.is(&check.chain)) {
                Some(plan) => plan.add(number, check),
                None => {
                    let mut plan = Self {
                        chain: &check.chain,
                        owner,
                        calls: Vec::new(),
                        detections: Vec::new(),
                        checks: Vec::new(),
                    };
                    plan.add(number, check);
                    plans.push(plan);
                }
            }
        }
        plans
    }

    pub(super) const fn chain(&self) -> &'a Chain {
        self.chain
    }

    pub(super) fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// Returns the verdict on each check, with its index in the requirement.
    pub(super) fn judge(
        &self,
        returned: &Result<Vec<Returned>, GatingError>,
    ) -> Vec<(usize, Result<bool, GatingError>)> {
        let judge = |check: &Check, at: usize| {
            let returned = returned.as_ref().map_err(Clone::clone)?;
            self.verdict(check, at, returned).map_err(|kind| {
                GatingError::new(kind).on_chain(self.chain.id()).at_contract(check.contract)
            })
        };
        self.checks.iter().map(|(number, check, at)| (*number, judge(check, *at))).collect()
    }

    fn add(&mut self, number: usize, check: &'a Check) {
        let contract = check.contract;
        if let Some(interface) = check.question.interface()
            && self.detection(contract, interface).is_none()
        {
            self.detections.push((contract, interface, self.calls.len()));
            for asked in [ERC_165, NO_INTERFACE, interface] {
                self.calls.push(Call { contract, data: abi::supports_interface(asked) });
            }
        }
        self.checks.push((number, check, self.calls.len()));
        self.calls.push(Call { contract, data: check.question.data(self.owner) });
    }

    fn detection(&self, contract: Address, interface: Selector) -> Option<usize> {
        self.detections
            .iter()
            .find(|(known, asked, _)| (*known, *asked) == (contract, interface))
            .map(|(_, _, at)| *at)
    }

    fn verdict(
        &self,
        check: &Check,
        at: usize,
        returned: &[Returned],
    ) -> Result<bool, GatingErrorKind> {
        if let Some(interface) = check.question.interface() {
            let at = self.detection(check.contract, interface);
            let answers = at.and_then(|at| returned.get(at..)?.first_chunk::<3>());
            detect(answers.ok_or(GatingErrorKind::Malformed)?)?;
        }
        check.question.judge(self.owner, returned.get(at).ok_or(GatingErrorKind::Malformed)?)
    }
}

/// Detects support for an interface as described in [ERC-165]: the contract must return `true` for
/// ERC-165 itself and `false` for `ffffffff`, so a fallback that returns `true` for everything is
/// not mistaken for ERC-165.
///
/// [ERC-165]: https://eips.ethereum.org/EIPS/eip-165#how-to-detect-if-a-contract-implements-erc-165
fn detect(answers: &[Returned; 3]) -> Result<(), GatingErrorKind> {
    for (answer, expected) in answers.iter().zip([true, false, true]) {
        let supports = match answer {
            Ok(answer) if answer.is_empty() => return Err(GatingErrorKind::NoContract),
            Ok(answer) => abi::boolean(answer).ok_or(GatingErrorKind::Malformed)?,
            // The contract does not implement ERC-165.
            Err(GatingErrorKind::Reverted) => return Err(GatingErrorKind::WrongStandard),
            Err(kind) => return Err(*kind),
        };
        if supports != expected {
            return Err(GatingErrorKind::WrongStandard);
        }
    }
    Ok(())
}

const ERC_165: Selector = [0x01, 0xff, 0xc9, 0xa7];
const NO_INTERFACE: Selector = [0xff; 4];
