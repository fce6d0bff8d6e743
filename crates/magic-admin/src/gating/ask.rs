use tokio::task::JoinSet;
use tracing::{Instrument as _, Span};

use super::{GatingError, GatingErrorKind, check::Check, plan::Plan};
use crate::{metrics, types::Address};

/// Runs all checks, with one request per chain, to all chains concurrently.
pub(super) async fn ask(checks: &[&Check], owner: Address) -> Vec<Result<bool, GatingError>> {
    let verdicts = verdicts(checks, owner).await;
    for (check, verdict) in checks.iter().zip(&verdicts) {
        let result = match verdict {
            Ok(true) => "owns",
            Ok(false) => "does_not_own",
            Err(error) => error.kind().name(),
        };
        metrics::ownership_checked(check.question.standard(), result);
    }
    verdicts
}

async fn verdicts(checks: &[&Check], owner: Address) -> Vec<Result<bool, GatingError>> {
    let mut plans = Plan::for_each_chain(checks, owner);
    let mut verdicts: Vec<Result<bool, GatingError>> =
        checks.iter().map(|_| Err(GatingErrorKind::Unreachable.into())).collect();
    let mut note = |judged: Vec<(usize, Result<bool, GatingError>)>| {
        for (number, verdict) in judged {
            if let Some(slot) = verdicts.get_mut(number) {
                *slot = verdict;
            }
        }
    };

    if let [plan] = plans.as_mut_slice() {
        let calls = plan.take_calls();
        note(plan.judge(&plan.chain().call(&calls).await));
        return verdicts;
    }
    // Dropping the set aborts the requests that are still under way.
    let mut requests = JoinSet::new();
    for (index, plan) in plans.iter_mut().enumerate() {
        let (chain, calls) = (plan.chain().clone(), plan.take_calls());
        let request = async move { (index, chain.call(&calls).await) };
        requests.spawn(request.instrument(Span::current()));
    }
    while let Some(answered) = requests.join_next().await {
        // A request that did not complete leaves its checks unanswered.
        if let Ok((index, returned)) = answered
            && let Some(plan) = plans.get(index)
        {
            note(plan.judge(&returned));
        }
    }
    verdicts
}
