use std::collections::BTreeSet;

use fastrand::Rng;

use super::{Draft, Kind, Part, Rule, Step, kinds};

/// A generated token, the settings to verify it with, and the changes made to it.
pub struct Case {
    pub token: String,
    pub client_id: Option<String>,
    pub now: i64,
    pub attachment: Option<String>,
    pub kinds: Vec<Kind>,
}

/// A generator that returns the same cases for the same seed: first each kind of change alone, then
/// one or two at once.
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

    /// Returns the verdicts that the protocol allows, which are those of the first step that fails.
    pub fn expected(&self) -> BTreeSet<&'static str> {
        let first = self.first_step();
        let failing = self.kinds.iter().filter(|kind| kind.step == first);
        failing.flat_map(|kind| kind.expected.iter().copied()).collect()
    }

    pub fn first_step(&self) -> Step {
        self.kinds.iter().map(|kind| kind.step).min().unwrap_or(Step::Passed)
    }
}

/// Returns `true` if both parts can be changed without one change undoing the other. Some envelopes
/// are rewritten from the texts they contain.
fn goes_with(one: Part, other: Part) -> bool {
    let rewritten = [Part::Encoding, Part::Proof];
    let undone = |one, other| one == Part::Envelope && rewritten.contains(&other);
    one != other && !undone(one, other) && !undone(other, one)
}

const MAX_LEN: usize = 8 * 1024;

/// A possible side effect of two changes at once.
const TOO_LONG: Kind = Kind::malformed("longer than 8 KiB", Rule::Encoding, Part::Encoding, |_| {})
    .js(&["ok"])
    .python(&["ok"]);
