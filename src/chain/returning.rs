//! Which transactions of displaced blocks wait again.

use std::collections::HashMap;

/// Transactions that stood in displaced blocks, less those that the new branch holds too.
///
/// Transactions have no identity of their own, so equal ones are counted and not merged: of three equal ones displaced, a
/// branch that holds one brings back two, the later ones.
#[derive(Debug, Default)]
pub struct Returning {
    in_order: Vec<Box<str>>,
    held: HashMap<Box<str>, usize>,
}

impl Returning {
    /// Notes a transaction that lost its place, in the order of the displaced chain; rewards are left out by the caller.
    pub fn displaced(&mut self, text: &str) {
        self.in_order.push(text.into());
        self.held.entry(text.into()).or_insert(0);
    }

    /// Whether nothing was displaced, so that the new branch need not be looked at.
    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Notes a transaction that the new branch holds.
    pub fn held_by_branch(&mut self, text: &str) {
        if let Some(count) = self.held.get_mut(text) {
            *count += 1;
        }
    }

    /// What waits again, in order.
    pub fn into_waiting(mut self) -> Vec<Box<str>> {
        self.in_order.retain(|text| match self.held.get_mut(text) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        self.in_order
    }
}

#[cfg(test)]
mod tests {
    use super::Returning;

    #[test]
    fn equal_transactions_are_counted_and_order_is_kept() {
        let mut returning = Returning::default();
        for text in ["a", "b", "a", "c", "a"] {
            returning.displaced(text);
        }
        for text in ["x", "a", "c", "c"] {
            returning.held_by_branch(text);
        }
        assert_eq!(
            returning
                .into_waiting()
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>(),
            ["b", "a", "a"]
        );
    }
}
