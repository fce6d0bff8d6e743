use std::{collections::BTreeMap, fmt};

use tests::generator::{Case, Kind, Rule};

use crate::peers::Peer;

/// The disagreements, by the rule that explains them.
#[derive(Default)]
pub(crate) struct Table {
    tokens: usize,
    /// The number of agreements with the JS and the Python SDK.
    agreed: [usize; 2],
    by_rule: BTreeMap<Rule, [Disagreements; 2]>,
    unexplained: Vec<String>,
}

#[derive(Default)]
struct Disagreements {
    accepted: usize,
    refused: usize,
    other: usize,
}

impl Table {
    pub(crate) fn count(&mut self, case: &Case, ours: &'static str, js: &str, python: &str) {
        self.tokens += 1;
        for (column, peer, theirs) in [(0, Peer::Js, js), (1, Peer::Python, python)] {
            if in_words_of(peer, ours) == theirs {
                self.agreed[column] += 1;
                continue;
            }
            let Some(rule) = explain(case, peer, ours, theirs) else {
                self.unexplained.push(format!(
                    "{}: {peer:?} says {theirs}, SPEC 2 says {ours}\n    {}",
                    case.name(),
                    case.token
                ));
                continue;
            };
            let counts = &mut self.by_rule.entry(rule).or_default()[column];
            match (ours, theirs) {
                (_, "ok") => counts.accepted += 1,
                ("ok", _) => counts.refused += 1,
                _ => counts.other += 1,
            }
        }
    }

    pub(crate) fn assert_all_explained(&self) {
        assert!(
            self.unexplained.is_empty(),
            "{} disagreements fall under no rule:\n{}",
            self.unexplained.len(),
            self.unexplained.join("\n")
        );
    }
}

/// Returns the rule that explains the SDK's verdict on the changes made to the token.
///
/// A verdict other than `ok` needs one change that is known to cause it. For `ok`, all changes must
/// be known to pass.
fn explain(case: &Case, peer: Peer, ours: &'static str, theirs: &str) -> Option<Rule> {
    let deviates = |kind: &&Kind| match peer {
        Peer::Js => kind.js.contains(&theirs),
        Peer::Python => kind.python.contains(&theirs),
    };
    let is_due = |kind: &&Kind| kind.expected.iter().any(|due| in_words_of(peer, due) == theirs);
    let deviating = case.kinds.iter().find(deviates);
    if theirs == "ok" {
        let all_pass = case.kinds.iter().all(|kind| deviates(&kind) || is_due(&kind));
        return deviating.filter(|_| all_pass).map(|kind| kind.rule);
    }
    if let Some(kind) = deviating {
        return Some(kind.rule);
    }
    // The SDK's verdict is due to one change, although another one should have decided.
    let deciding = case.kinds.iter().find(|kind| kind.expected.contains(&ours))?;
    case.kinds.iter().filter(|kind| kind.name != deciding.name).find(is_due)?;
    Some(deciding.rule)
}

/// Maps a code to one of the three classes that Python has for all codes.
fn in_words_of(peer: Peer, code: &'static str) -> &'static str {
    match (peer, code) {
        (Peer::Js, _) | (_, "ok") => code,
        (_, "ERROR_MALFORMED_TOKEN") => "DIDTokenMalformed",
        (_, "ERROR_DIDT_EXPIRED") => "DIDTokenExpired",
        _ => "DIDTokenInvalid",
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [js, python] = self.agreed;
        writeln!(f, "{} tokens; JS agrees on {js}, Python on {python}", self.tokens)?;
        writeln!(f, "{:60} {:>22} {:>22}", "disagreements by rule of SPEC 2", "JS", "Python")?;
        writeln!(f, "{:60} {:>22} {:>22}", "", COLUMNS, COLUMNS)?;
        for rule in Rule::ALL {
            let [js, python] = match self.by_rule.get(&rule) {
                None => [String::new(), String::new()],
                Some(columns) => [&columns[0], &columns[1]].map(ToString::to_string),
            };
            writeln!(f, "{:60} {js:>22} {python:>22}", rule.text())?;
        }
        Ok(())
    }
}

impl fmt::Display for Disagreements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6} {:7} {:7}", self.accepted, self.refused, self.other)
    }
}

const COLUMNS: &str = "accept refuse   other";
