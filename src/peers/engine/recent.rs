//! A set that forgets what it was told first.

use std::collections::{BTreeSet, VecDeque};

/// The last `most` things that were noted, each once.
#[derive(Debug, Clone)]
pub struct Recent<T> {
    most: usize,
    order: VecDeque<T>,
    set: BTreeSet<T>,
}

impl<T: Ord + Copy> Recent<T> {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            order: VecDeque::new(),
            set: BTreeSet::new(),
        }
    }

    /// Notes it; whether it is new.
    pub fn note(&mut self, thing: T) -> bool {
        if !self.set.insert(thing) {
            return false;
        }
        self.order.push_back(thing);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        true
    }

    /// As if it had never been noted.
    pub fn forget(&mut self, thing: &T) {
        if self.set.remove(thing) {
            self.order.retain(|noted| noted != thing);
        }
    }

    pub fn len(&self) -> usize {
        self.set.len()
    }

    pub fn has(&self, thing: &T) -> bool {
        self.set.contains(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn it_forgets_the_oldest() {
        let mut recent = Recent::new(2);
        assert!(recent.note(1) && recent.note(2) && !recent.note(1) && recent.note(3));
        assert!(!recent.has(&1) && recent.has(&2) && recent.has(&3));
        recent.forget(&2);
        assert!(!recent.has(&2) && recent.note(4) && recent.has(&3) && recent.note(2));
        assert!(!recent.has(&3) && recent.has(&4));
    }
}
