use std::collections::VecDeque;

use super::{Endpoint, fault::Fault};

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Faults that are used in order, each a certain number of times.
    next: VecDeque<Fault>,
    /// Faults that last until they are cleared, most recent first.
    lasting: Vec<Fault>,
}

impl Plan {
    pub(super) fn push_next(&mut self, fault: Fault) {
        self.next.push_back(fault);
    }

    pub(super) fn push_lasting(&mut self, fault: Fault) {
        self.lasting.insert(0, fault);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns the fault for a call to this endpoint, if one is due.
    pub(super) fn take(&mut self, endpoint: Option<Endpoint>) -> Option<Fault> {
        let meant = |fault: &Fault| fault.endpoint.is_none() || fault.endpoint == endpoint;
        let left = |fault: &Fault| fault.times != Some(0);
        self.next.retain(left);
        self.lasting.retain(left);
        let fault = self.next.iter_mut().chain(&mut self.lasting).find(|fault| meant(fault))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fault::Act;

    fn statuses(plan: &mut Plan, endpoints: &[Option<Endpoint>]) -> Vec<u16> {
        let status = |fault: Fault| match fault.act {
            Act::Status(status) => status,
            _ => 0,
        };
        endpoints.iter().map(|&endpoint| plan.take(endpoint).map_or(200, status)).collect()
    }

    #[test]
    fn queued_faults_precede_lasting_ones() {
        let mut plan = Plan::default();
        plan.push_lasting(Fault::status(500));
        plan.push_next(Fault::status(429).times(2));
        plan.push_next(Fault::status(503).times(1));
        assert_eq!(statuses(&mut plan, &[None; 5]), [429, 429, 503, 500, 500]);
        plan.clear();
        assert_eq!(statuses(&mut plan, &[None]), [200]);
    }

    #[test]
    fn a_fault_waits_for_its_endpoint() {
        let (logout, user) = (Some(Endpoint::Logout), Some(Endpoint::User));
        let mut plan = Plan::default();
        plan.push_next(Fault::status(429).at(Endpoint::Logout).times(1));
        assert_eq!(statuses(&mut plan, &[user, None, logout, logout]), [200, 200, 429, 200]);
    }

    #[test]
    fn the_latest_lasting_fault_wins() {
        let mut plan = Plan::default();
        plan.push_lasting(Fault::status(500));
        plan.push_lasting(Fault::status(502).times(1));
        plan.push_lasting(Fault::status(400).times(0));
        assert_eq!(statuses(&mut plan, &[None; 2]), [502, 500]);
    }
}
