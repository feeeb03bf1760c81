//! One ledger's chain brought into another, as two nodes would, with pieces of any size.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where it is wrong"
)]

use super::{Import, Ledger, Outlined, Plan, Refusal};
use crate::peers::blame::Offence;
use crate::peers::message::{BlockItem, Headers, Stand};

/// What `from`'s headers come to, and how many answers they took.
pub fn outlined(from: &dyn Ledger, import: &mut dyn Import) -> Result<(Outlined, usize), Refusal> {
    let mut locator = import.locator();
    for answers in 1.. {
        let headers = from.headers(&locator)?;
        match import.headers(&headers)? {
            Outlined::More { locator: further } => locator = further,
            outlined => return Ok((outlined, answers)),
        }
    }
    unreachable!("numbers have no end")
}

/// The plan that `from`'s headers come to.
pub fn planned(from: &dyn Ledger, import: &mut dyn Import) -> Plan {
    let (outlined, _) = outlined(from, import).expect("the headers hold");
    let Outlined::Planned(plan) = outlined else {
        panic!("{outlined:?}");
    };
    assert_eq!(
        plan.stretches.last().map(|last| last.height),
        Some(plan.end.height)
    );
    assert_eq!(plan.stretches.last().map(|last| last.id), Some(plan.end.id));
    let heights = plan.stretches.iter().map(|stretch| stretch.height);
    let heights: Vec<u64> = std::iter::once(plan.base.height).chain(heights).collect();
    assert!(heights.is_sorted_by(|one, next| one < next), "{heights:?}");
    plan
}

/// Blocks of a plan in messages of at most so many bytes, for as long as `sizes` says.
pub fn messages(
    from: &dyn Ledger,
    plan: &Plan,
    sizes: impl IntoIterator<Item = usize>,
) -> Vec<Vec<BlockItem>> {
    let mut sizes = sizes.into_iter();
    let mut messages = Vec::new();
    let mut after = plan.base.id;
    for stretch in &plan.stretches {
        while after != stretch.id {
            let Some(size) = sizes.next() else {
                return messages;
            };
            let answer = from.blocks(after, stretch.id, size).expect("it reads");
            let (blocks, last) = answer.expect("it is on the chain");
            assert!(!blocks.is_empty());
            messages.push(blocks);
            after = last;
        }
    }
    messages
}

/// Sizes without a pattern, of some hundred to some thousand bytes.
pub fn odd_sizes() -> impl Iterator<Item = usize> {
    (0_usize..).map(|at| 1 + (at * 7_919) % 9_973)
}

/// Brings `from`'s chain into `to`; connects after every third message.
pub fn brought(from: &dyn Ledger, to: &dyn Ledger) -> Result<Stand, Refusal> {
    let mut import = to.begin()?;
    let plan = planned(from, &mut *import);
    let mut stand = plan.base;
    for (at, blocks) in messages(from, &plan, odd_sizes()).into_iter().enumerate() {
        stand = import.check(blocks)?;
        if at % 3 == 2 {
            import.connect()?;
        }
    }
    assert_eq!(stand, plan.end);
    let connected = import.connect()?;
    assert_eq!(connected, to.stand()?);
    Ok(connected)
}

/// That this is somebody's doing, and whose.
#[track_caller]
pub fn assert_blames<T: std::fmt::Debug>(found: Result<T, Refusal>, offence: Option<Offence>) {
    let refusal = found.expect_err("it does not hold");
    assert_eq!(refusal.offence, offence, "{refusal}");
}

/// These headers with the items changed.
pub fn with_items(headers: &Headers, change: impl FnOnce(&mut Vec<u8>)) -> Headers {
    let mut items = headers.items.to_vec();
    change(&mut items);
    Headers {
        items: items.into(),
        ..headers.clone()
    }
}
