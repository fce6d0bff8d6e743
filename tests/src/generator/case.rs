use std::collections::BTreeSet;

use fastrand::Rng;

use super::{Draft, Kind, Part, Rule, Step, kinds};

/// A generated token, the settings to verify it with, and what was done to it.
pub struct Case {
    pub token: String,
    pub client_id: Option<String>,
    pub now: i64,
    pub attachment: Option<String>,
    pub kinds: Vec<Kind>,
}

/// Makes the same cases for the same seed: each kind alone first, then any one or two at once.
pub struct Generator {
    rng: Rng,
    kinds: Vec<Kind>,
    made: usize,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), kinds: kinds(), made: 0 }
    }

    fn pick(&mut self) -> Vec<Kind> {
        if let Some(kind) = self.kinds.get(self.made) {
            return vec![*kind];
        }
        let mut picked = vec![self.kinds[self.rng.usize(..self.kinds.len())]];
        let other = self.kinds[self.rng.usize(..self.kinds.len())];
        if self.rng.bool() && goes_with(picked[0].part, other.part) {
            picked.push(other);
        }
        picked
    }
}

impl Iterator for Generator {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        let mut kinds = self.pick();
        self.made += 1;
        let mut draft = Draft::new(self.rng.fork());
        for kind in &kinds {
            (kind.apply)(&mut draft);
        }
        let (client_id, now) = (draft.client_id.clone(), draft.now);
        let attachment = draft.attachment.clone();
        let token = draft.build();
        if token.len() > MAX_LEN && kinds.iter().all(|kind| kind.name != TOO_LONG.name) {
            kinds.push(TOO_LONG);
        }
        Some(Case { token, client_id, now, attachment, kinds })
    }
}

impl Case {
    pub fn name(&self) -> String {
        self.kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(" + ")
    }

    /// The verdicts that the protocol allows: those of the first step that fails.
    pub fn expected(&self) -> BTreeSet<&'static str> {
        let first = self.first_step();
        let failing = self.kinds.iter().filter(|kind| kind.step == first);
        failing.flat_map(|kind| kind.expected.iter().copied()).collect()
    }

    pub fn first_step(&self) -> Step {
        self.kinds.iter().map(|kind| kind.step).min().unwrap_or(Step::Passed)
    }
}

/// Whether changes of both parts can be made without one undoing the other: some envelopes are
/// written anew, from the texts in them.
fn goes_with(one: Part, other: Part) -> bool {
    let rewritten = [Part::Encoding, Part::Proof];
    let undone = |one, other| one == Part::Envelope && rewritten.contains(&other);
    one != other && !undone(one, other) && !undone(other, one)
}

const MAX_LEN: usize = 8 * 1024;

/// What two changes together can amount to.
const TOO_LONG: Kind = Kind::malformed("longer than 8 KiB", Rule::Encoding, Part::Encoding, |_| {})
    .js(&["ok"])
    .python(&["ok"]);
