//! Finds words that hint at secrets, in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The words come from Python, which has the patterns of secrets. A text without a hint has no secret.
pub struct Hints {
    automaton: AhoCorasick,
    /// How many words hint alone. The words of pairs follow them.
    alone: usize,
    pairs: Vec<(usize, usize)>,
}

impl Hints {
    /// `alone` has lower-case words that hint by themselves, `pairs` those that only hint together. None where there
    /// are too many words.
    pub fn new(alone: &[String], pairs: &[(String, String)]) -> Option<Hints> {
        let of_pairs = pairs.iter().flat_map(|(first, second)| [first, second]);
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(alone.iter().chain(of_pairs))
            .ok()?;
        let pairs = (0..pairs.len()).map(|index| alone.len() + 2 * index).map(|first| (first, first + 1)).collect();
        Some(Hints { automaton, alone: alone.len(), pairs })
    }

    /// Whether a text or JSON has a word that hints alone, or both words of a pair.
    pub fn are_in(&self, text: &str) -> bool {
        let mut found = Vec::new();
        for word in self.automaton.find_overlapping_iter(text).map(|found| found.pattern().as_usize()) {
            if word < self.alone {
                return true;
            }
            found.push(word);
        }
        !found.is_empty() && self.pairs.iter().any(|(first, second)| found.contains(first) && found.contains(second))
    }
}

#[cfg(test)]
mod tests {
    use super::Hints;

    #[test]
    fn a_word_hints_alone_and_in_any_case_a_pair_only_together() {
        let hints = Hints::new(&["token".into()], &[("://".into(), "@".into())]).unwrap();
        assert!(hints.are_in("a TOKEN of"));
        assert!(hints.are_in("https://a@b"));
        assert!(!hints.are_in("https://b"));
        assert!(!hints.are_in("a@b"));
        assert!(!hints.are_in(""));
    }
}
