//! Forks, as the nodes on both sides show them, and how they heal.

use bcoin::api::coin::MiningSettings;
use bcoin::peers::live::following::FollowSettings;
use bcoin::protocol::coin::DEV_ACCOUNTS;
use serde_json::{Value, json};

use super::{Follower, Stream, answer, client, connect, list, one_stands_at, sessions, until};
use crate::coin_network::CoinNode;

#[tokio::test]
async fn a_fork_is_seen_from_both_sides_and_heals() {
    let one = Follower::start("one").await;
    let two = Follower::start("two").await;
    // Each has a first block of its own.
    answer(&one.address(), "/mine_block").await;
    answer(&two.address(), "/mine_block").await;
    let body = r#"{"sender": "a", "receiver": "b", "amount": 1}"#;
    let added = client()
        .post(format!("http://{}/add_transaction", two.address()))
        .body(body)
        .send();
    assert_eq!(added.await.expect("an answer").status(), 201);
    let (first, second) = (one.address(), two.address());
    let (mut of_first, mut of_second) = (Stream::open(&first).await, Stream::open(&second).await);
    connect(&second, &first).await;
    for (events, address) in [(&mut of_first, &second), (&mut of_second, &first)] {
        let (split, has_id) = events.next("split").await;
        assert_eq!(split["peer"], *address);
        assert_ne!(split["here"]["hash"], split["there"]["hash"]);
        assert!(!has_id);
    }
    let own = answer(&first, "/v1/node").await["tip"]["hash"].clone();
    for (address, other) in [(&first, &second), (&second, &first)] {
        let tree = answer(address, "/v1/network").await;
        let standing = list(&tree, "standing");
        assert_eq!(standing[0]["node"], "this node");
        assert_eq!(
            (
                &standing[1]["node"],
                &standing[1]["place"],
                &standing[1]["height"]
            ),
            (&json!(other), &json!("unknown"), &json!(2))
        );
        let blocks = list(&tree, "blocks");
        assert_eq!(blocks.len(), 2, "{tree}");
        assert_eq!(blocks[0]["standing"], json!(["this node"]));
        assert_eq!(blocks[0]["parent"], blocks[1]["hash"]);
        assert_eq!(blocks[1]["parent"], Value::Null);
    }

    answer(&first, "/mine_block").await;
    let (reorg, _) = of_second.next("reorg").await;
    assert_eq!(reorg["displaced"], 2);
    let (healed, has_id) = of_second.next("healed").await;
    assert_eq!(
        (&healed["displaced"], &healed["tip"]["height"]),
        (&json!(2), &json!(3))
    );
    assert!(!has_id);
    // The other says where it stands when that is news.
    until(&second, "/v1/node", |node| node["tip"]["height"] == 3).await;
    answer(&second, "/mine_block").await;
    let (healed, _) = of_first.next("healed").await;
    assert_eq!(
        (&healed["displaced"], &healed["peers"]),
        (&json!(0), &json!([second]))
    );

    let tree = until(&second, "/v1/network?blocks=8", |tree| {
        list(tree, "standing")
            .iter()
            .all(|standing| standing["place"] == "on_chain")
    })
    .await;
    let blocks = list(&tree, "blocks");
    let beside: Vec<&Value> = blocks
        .iter()
        .filter(|block| block["on_chain"] == false)
        .collect();
    assert_eq!((blocks.len(), beside.len()), (6, 2), "{tree}");
    assert_eq!(beside[0]["parent"], beside[1]["hash"]);
    assert!(
        blocks
            .iter()
            .any(|block| block["hash"] == own && block["on_chain"] == true)
    );
    let tree = answer(&first, "/v1/network?blocks=2").await;
    let blocks = list(&tree, "blocks");
    assert_eq!(blocks.len(), 2, "{tree}");
    assert_eq!(blocks[0]["standing"], json!(["this node", second]));
    for wrong in ["0", "257", "x"] {
        let asked = client().get(format!("http://{second}/v1/network?blocks={wrong}"));
        assert_eq!(
            asked.send().await.expect("an answer").status(),
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn coin_nodes_show_a_fork_and_how_it_healed() {
    let follow = |settings: &mut bcoin::daemon::coin::Settings| {
        settings.follow = Some(FollowSettings::default());
    };
    let one = CoinNode::start(follow).await;
    // Paid to somebody else, its blocks are others.
    let two = CoinNode::start(|settings| {
        follow(settings);
        settings.mining = MiningSettings::paying(Some(DEV_ACCOUNTS[1]));
    })
    .await;
    let (first, second) = (
        one.daemon.address.to_string(),
        two.daemon.address.to_string(),
    );
    answer(&first, "/mine_block").await;
    answer(&first, "/mine_block").await;
    answer(&second, "/mine_block").await;
    let lost = answer(&second, "/v1/node").await["tip"]["hash"].clone();
    let tip = answer(&first, "/v1/node").await["tip"]["hash"].clone();
    let mut events = Stream::open(&second).await;
    connect(&second, &first).await;
    let (healed, _) = events.next("healed").await;
    assert_eq!(
        (&healed["displaced"], &healed["tip"]["hash"]),
        (&json!(1), &tip)
    );
    let tree = until(&second, "/v1/network", |tree| {
        list(tree, "standing").len() == 2
            && list(tree, "standing")
                .iter()
                .all(|standing| standing["hash"] == tip)
    })
    .await;
    let blocks = list(&tree, "blocks");
    let beside: Vec<&Value> = blocks
        .iter()
        .filter(|block| block["on_chain"] == false)
        .collect();
    assert_eq!((blocks.len(), beside.len()), (4, 1), "{tree}");
    assert_eq!(beside[0]["hash"], lost);
    let genesis = blocks.last().expect("the genesis block");
    assert_eq!(
        (&beside[0]["parent"], &genesis["parent"]),
        (&genesis["hash"], &Value::Null)
    );
    answer(&second, "/mine_block").await;
    let tip = answer(&second, "/v1/node").await["tip"]["hash"].clone();
    let peers = until(&first, "/v1/peers", |peers| one_stands_at(peers, 3)).await;
    let peer = sessions(&peers)[0];
    assert_eq!((&peer["tip"]["hash"], &peer["lag"]), (&tip, &json!(0)));
    let node = answer(&first, "/v1/node").await;
    assert_eq!(
        (&node["sync"], &node["peers_connected"]),
        (&json!("auto"), &json!(1))
    );
}
