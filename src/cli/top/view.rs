//! What a person has chosen to see, and what each key changes in it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::panes::Pane;

/// What is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The row of the node.
    pub node: usize,
    pub pane: Pane,
    /// Lines that are scrolled away at the top of the chosen pane.
    pub scrolled: usize,
    pub paused: bool,
    pub help: bool,
}

/// What follows from a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Stay,
    Leave,
}

/// Every key and what it does, as the page of keys shows them.
pub const KEYS: [(&str, &str); 7] = [
    ("q Esc Ctrl-C", "end"),
    ("↑ ↓ j k", "choose a node"),
    ("Home End g G", "the first, the last"),
    ("Tab Shift-Tab", "choose a pane"),
    ("PgUp PgDn", "scroll the pane"),
    ("p", "pause, and go on"),
    ("? h", "these keys"),
];

/// Lines of one scroll.
const PAGE: usize = 8;

impl View {
    /// Takes a key in, with so many nodes on the screen.
    pub fn key(&mut self, key: KeyEvent, nodes: usize) -> Then {
        if key.kind == KeyEventKind::Release {
            return Then::Stay;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Then::Leave,
            _ if control => {}
            KeyCode::Esc if self.help => self.help = false,
            KeyCode::Char('q') | KeyCode::Esc => return Then::Leave,
            KeyCode::Char('?' | 'h') => self.help = !self.help,
            KeyCode::Char('p') => self.paused = !self.paused,
            KeyCode::Down | KeyCode::Char('j') => self.choose(self.node.saturating_add(1), nodes),
            KeyCode::Up | KeyCode::Char('k') => self.choose(self.node.saturating_sub(1), nodes),
            KeyCode::Home | KeyCode::Char('g') => self.choose(0, nodes),
            KeyCode::End | KeyCode::Char('G') => self.choose(usize::MAX, nodes),
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(Pane::ALL.len() - 1),
            KeyCode::PageDown => self.scrolled = self.scrolled.saturating_add(PAGE),
            KeyCode::PageUp => self.scrolled = self.scrolled.saturating_sub(PAGE),
            _ => {}
        }
        Then::Stay
    }

    fn choose(&mut self, node: usize, nodes: usize) {
        let node = node.min(nodes.saturating_sub(1));
        if node != self.node {
            self.node = node;
            self.scrolled = 0;
        }
    }

    fn turn(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.pane);
        let next = (at.unwrap_or(0) + by) % Pane::ALL.len();
        self.pane = Pane::ALL.get(next).copied().unwrap_or_default();
        self.scrolled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(view: &mut View, codes: &[KeyCode]) -> Then {
        let mut then = Then::Stay;
        for code in codes {
            then = view.key(KeyEvent::from(*code), 3);
        }
        then
    }

    #[test]
    fn nodes_and_panes_are_chosen_within_their_bounds() {
        let mut view = View::default();
        press(
            &mut view,
            &[
                KeyCode::Down,
                KeyCode::Char('j'),
                KeyCode::Down,
                KeyCode::Down,
            ],
        );
        assert_eq!(view.node, 2);
        press(&mut view, &[KeyCode::Char('g'), KeyCode::Up]);
        assert_eq!(view.node, 0);
        press(&mut view, &[KeyCode::End]);
        assert_eq!(view.node, 2);
        view.key(KeyEvent::from(KeyCode::Down), 0);
        assert_eq!(view.node, 0, "there may be none");
        press(&mut view, &[KeyCode::PageDown, KeyCode::Tab]);
        assert_eq!((view.pane, view.scrolled), (Pane::Blocks, 0));
        press(&mut view, &[KeyCode::BackTab, KeyCode::BackTab]);
        assert_eq!(view.pane, Pane::Waiting);
        press(&mut view, &[KeyCode::Tab]);
        assert_eq!(view.pane, Pane::Tree);
    }

    #[test]
    fn it_is_left_by_three_keys_and_help_is_closed_first() {
        let mut view = View::default();
        assert_eq!(press(&mut view, &[KeyCode::Char('q')]), Then::Leave);
        assert_eq!(press(&mut view, &[KeyCode::Esc]), Then::Leave);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(view.key(interrupt, 3), Then::Leave);
        assert_eq!(
            press(&mut view, &[KeyCode::Char('?'), KeyCode::Esc]),
            Then::Stay
        );
        assert!(!view.help);
        let control_q = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL);
        assert_eq!(view.key(control_q, 3), Then::Stay);
        press(&mut view, &[KeyCode::Char('p')]);
        assert!(view.paused);
    }
}
