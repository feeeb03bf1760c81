//! What becomes of single transactions.

use std::collections::BTreeMap;

use bcoin::node::{Adoption, Event, NodeError, TakenIn, TravellingTransaction};
use bcoin::protocol::classic::tag::Tag;
use bcoin::protocol::classic::transaction::payments_of;

use super::world::{Node, node_of, transaction};

#[tokio::test]
async fn equal_transactions_stay_two_and_none_is_taken_twice() {
    let (here, there) = (Node::new("here", true), Node::new("there", true));
    here.add(7).await;
    here.add(7).await;
    there.add(7).await;
    let letters = here.letters();
    let again = there.take(letters.clone()).await;
    assert_eq!(again, [TakenIn::Added, TakenIn::Added]);
    let again = there.take(letters.clone()).await;
    assert_eq!(again, [TakenIn::AlreadyKnown, TakenIn::AlreadyKnown]);
    assert_eq!(there.waiting().len(), 3);
    // Its own come back to a node that has mined them.
    here.mine().await;
    let back = here.take(there.letters()).await;
    let known = TakenIn::AlreadyKnown;
    assert_eq!(back, [TakenIn::Added, known, known], "the first is new");
    // The block takes its own two away there, and leaves the third.
    here.mine().await;
    there.mine().await;
    here.mine().await;
    assert!(matches!(
        here.relay(&there, true).await,
        Adoption::Adopted { returned: 0, .. }
    ));
    assert_eq!(
        there.waiting(),
        [""; 0],
        "the third was in the second block"
    );
    here.is_sound();
    there.is_sound();
}

#[tokio::test]
async fn a_tag_put_to_another_text_hides_nothing() {
    let (here, there) = (Node::new("here", true), Node::new("there", true));
    here.add(7).await;
    let honest = here.letters();
    let lie = TravellingTransaction::new(honest[0].tag(), transaction(8).text()).expect("a text");
    assert_eq!(there.take(vec![lie]).await, [TakenIn::Added]);
    assert_eq!(there.take(honest).await, [TakenIn::Added]);
    // Nor does a block whose tags are a liar's.
    let liar = Node::new("liar", true);
    liar.take(there.letters()[..1].to_vec()).await;
    liar.mine().await;
    liar.relay(&there, true).await;
    assert_eq!(there.waiting(), [transaction(7).text()]);
    // What names itself this node's, and was never here, is nobody's.
    let tag = Tag::of_node(node_of(&there), 1_000);
    let invented = TravellingTransaction::new(tag, transaction(1).text()).expect("a text");
    assert_eq!(there.take(vec![invented]).await, [TakenIn::AlreadyKnown]);
    there.is_sound();
}

#[tokio::test]
async fn a_block_without_tags_takes_what_came_from_others_and_leaves_what_entered_here() {
    let (here, there) = (Node::new("here", true), Node::new("there", true));
    here.add(7).await;
    there.add(7).await;
    there.take(here.letters()).await;
    assert_eq!(there.waiting().len(), 2);
    here.mine().await;
    here.relay(&there, false).await;
    assert_eq!(there.waiting().len(), 1, "its own still waits");
    assert_eq!(there.letters()[0].tag().place_at(node_of(&there)), Some(1));
    there.is_sound();
}

#[tokio::test]
async fn tags_that_come_after_their_block_take_what_waits_under_them() {
    let (here, there) = (Node::new("here", true), Node::new("there", true));
    here.add(7).await;
    let letters = here.letters();
    let block = here.mine().await;
    here.relay(&there, false).await;
    // On its way since before the block.
    assert_eq!(there.take(letters.clone()).await, [TakenIn::Added]);
    let tags = here
        .snapshot()
        .block_tags(block.height())
        .expect("it reads");
    let learned = there.handle().learn_tags(block.hash(), tags.clone());
    assert_eq!(learned.await, Ok(true));
    assert_eq!(there.waiting(), [""; 0]);
    let again = there.handle().learn_tags(block.hash(), tags.clone());
    assert_eq!(again.await, Ok(false));
    assert_eq!(there.take(letters).await, [TakenIn::AlreadyKnown]);
    assert_eq!(there.snapshot().block_tags(block.height()), Ok(tags));
    there.is_sound();
}

#[tokio::test]
async fn what_nobody_tagged_comes_back_under_one_name_everywhere() {
    let python = Node::new("python", false);
    python.add(7).await;
    python.mine().await;
    let mut nodes = [
        Node::new("a", true),
        Node::new("b", true),
        Node::new("c", true),
    ];
    for node in &nodes[..2] {
        python.relay(node, false).await;
    }
    let [a, b, c] = &nodes;
    c.mine().await;
    c.mine().await;
    for node in [a, b] {
        let adopted = c.relay(node, true).await;
        assert!(matches!(adopted, Adoption::Adopted { returned: 1, .. }));
        let kept = node.handle().events().subscribe(Some(0)).missed;
        let last = kept.last().expect("it switched");
        let Event::Reorg {
            returned_transactions,
            ..
        } = &*last.event
        else {
            panic!("{last:?}");
        };
        assert_eq!(**returned_transactions, [transaction(7).text().into()]);
    }
    assert_eq!(a.letters(), b.letters(), "one name");
    assert_eq!(b.take(a.letters()).await, [TakenIn::AlreadyKnown]);
    assert_eq!(
        c.take(a.letters()).await,
        [TakenIn::Added],
        "it never had the block"
    );
    c.mine().await;
    for node in [a, b] {
        c.relay(node, true).await;
        assert_eq!(node.waiting(), [""; 0]);
    }
    nodes[0].restart(true);
    nodes[0].is_sound();
    assert_eq!(
        nodes[0].counts(),
        BTreeMap::from([(transaction(7).text().to_owned(), 1)])
    );
}

#[tokio::test]
async fn a_store_keeps_its_tags_whatever_the_node_is_started_for() {
    let (mut here, there) = (Node::new("here", false), Node::new("there", true));
    here.add(1).await;
    let refused = here.handle().add_travelling(Vec::new()).await;
    assert_eq!(refused, Err(NodeError::StaysHere));
    assert!(here.letters().is_empty(), "nothing travels yet");
    here.restart(true);
    there.add(2).await;
    assert_eq!(here.take(there.letters()).await, [TakenIn::Added]);
    assert_eq!(here.letters().len(), 2, "what waited before travels too");
    here.restart(false);
    here.mine().await;
    here.restart(true);
    assert_eq!(here.take(there.letters()).await, [TakenIn::AlreadyKnown]);
    here.relay(&there, true).await;
    assert_eq!(there.waiting(), [""; 0]);
    there.is_sound();
}

#[tokio::test]
async fn a_place_left_in_the_middle_is_not_damage_and_the_queue_goes_on() {
    let (here, there) = (Node::new("here", true), Node::new("there", true));
    for text in 0..5 {
        here.add(text).await;
    }
    let middle = here.letters()[1..4].to_vec();
    there.take(vec![middle[0].clone(), middle[2].clone()]).await;
    there.mine().await;
    there.relay(&here, true).await;
    let left: Vec<String> = [0, 2, 4]
        .map(|text| transaction(text).text().to_owned())
        .into();
    assert_eq!(here.waiting(), left);
    assert_eq!(here.letters().len(), 3);
    here.is_sound();
    let block = here.mine().await;
    assert_eq!(payments_of(block.text()).expect("a block"), left);
    here.is_sound();
}
