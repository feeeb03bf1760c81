//! What each status means, for the list on the page; scripts find the words there.

use super::super::strings::Calls;

/// No status of HTTP: the node is gone, the visitor cancelled, the page stopped waiting, or anything else.
pub(super) const GONE: &str = "000";
const CANCELLED: &str = "001";
const LATE: &str = "002";
const UNKNOWN: &str = "999";

/// A status and its meaning.
pub(super) struct Meaning {
    pub status: &'static str,
    pub text: &'static str,
}

impl Meaning {
    /// Whether the status is one of HTTP.
    pub fn is_status(&self) -> bool {
        ![GONE, CANCELLED, LATE, UNKNOWN].contains(&self.status)
    }
}

/// All of them, in the order of the list.
pub(super) fn meanings(t: &Calls) -> Vec<Meaning> {
    let all = [
        ("200", t.s200),
        ("201", t.s201),
        ("202", t.s202),
        ("400", t.s400),
        ("401", t.s401),
        ("403", t.s403),
        ("404", t.s404),
        ("405", t.s405),
        ("408", t.s408),
        ("409", t.s409),
        ("413", t.s413),
        ("421", t.s421),
        ("422", t.s422),
        ("426", t.s426),
        ("431", t.s431),
        ("500", t.s500),
        ("503", t.s503),
        ("507", t.s507),
        (GONE, t.s000),
        (CANCELLED, t.s001),
        (LATE, t.s002),
        (UNKNOWN, t.s999),
    ];
    all.into_iter()
        .map(|(status, text)| Meaning { status, text })
        .collect()
}
