//! Bodies of `add_transaction` and of blocks handed in by miners, through the whole router of a coin node in memory.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, Bytes, U256};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use bcoin::api::coin::{self, CoinApp, MiningSettings};
use bcoin::api::face::Face;
use bcoin::api::guard::{Guard, GuardSettings};
use bcoin::api::itself::Itself;
use bcoin::api::metrics::NodeMetrics;
use bcoin::api::serve::ConnectionFacts;
use bcoin::peers::coin::pull::{CoinPuller, PullLimits};
use bcoin::peers::outgoing::{CallLimits, HttpOutgoing};
use bcoin::peers::reach::Reach;
use bcoin::protocol::coin::DEV_ACCOUNTS;
use bcoin::protocol::coin::block::Block;
use bcoin::protocol::coin::parameters::Parameters;
use bcoin::wallet::keys::Key;
use bcoin::wallet::ring::KeyRing;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use super::Choices;
use super::writing::{edited, json_or_near};
use crate::coin_world::{TestNode, mined, signed, test_keys};

/// A node that was never started on a socket.
struct World {
    runtime: Runtime,
    node: TestNode,
    keys: Vec<Key>,
    router: Router,
    requests: usize,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let node = TestNode::new(Parameters::dev(), 1_800_000_000);
        let here = SocketAddr::from(([127, 0, 0, 1], 1001));
        let face = Face::new(
            Reach::Loopback,
            Itself::new(here, Vec::new()),
            Guard::new(GuardSettings::default()),
            NodeMetrics::default(),
            Default::default(),
        );
        let outgoing = Arc::new(HttpOutgoing::new(Reach::Loopback, CallLimits::default()));
        let app = CoinApp::new(
            face,
            node.node.clone(),
            MiningSettings::paying(None),
            KeyRing::default(),
            CoinPuller::new(outgoing, PullLimits::default()),
            Default::default(),
        );
        // The news of the chain have a task of their own.
        let entered = runtime.enter();
        let router = coin::router(app);
        drop(entered);
        Self {
            runtime,
            node,
            keys: test_keys(3),
            router,
            requests: 0,
        }
    }

    /// The status and the body of the answer; whatever is not a success must be a problem that names what is wrong.
    fn post(&mut self, path: &str, body: &[u8]) -> (StatusCode, Value) {
        self.requests += 1;
        let here = SocketAddr::from(([127, 0, 0, 1], 1001));
        let request = Request::post(path)
            .header("host", "127.0.0.1:1001")
            .extension(ConnectionFacts::new(here, here))
            .body(Body::from(body.to_vec()))
            .expect("a request");
        let router = self.router.clone();
        let (answer, body) = self.runtime.block_on(async move {
            let mut answer = router.oneshot(request).await.expect("infallible");
            let body = answer.body_mut().collect().await.expect("a body");
            (answer, body.to_bytes())
        });
        let status = answer.status();
        let json: Value = serde_json::from_slice(&body).expect("JSON");
        // 507 is a full mempool here, which no fault of the node is.
        assert!(
            !status.is_server_error() || status.as_u16() == 507,
            "{status} {json}"
        );
        if !status.is_success() {
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            assert_eq!(json["status"], status.as_u16());
            let detail = json["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty(), "{json}");
        }
        (status, json)
    }
}

/// Runs `check` in a world that is made anew now and then.
fn in_a_world<T>(check: impl FnOnce(&mut World) -> T) -> T {
    const REQUESTS: usize = 100;
    thread_local! {
        static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    }
    WORLD.with_borrow_mut(|world| {
        world.take_if(|world| world.requests >= REQUESTS);
        check(world.get_or_insert_with(World::new))
    })
}

/// What waits is a transaction that another library reads, of this chain, from an account that can pay; what is refused has changed nothing.
pub fn add_transaction(body: &[u8]) {
    in_a_world(|world| {
        let before = world.node.node.tip();
        let (status, json) = world.post("/add_transaction", body);
        let after = world.node.node.tip();
        if status != StatusCode::CREATED {
            assert_eq!(after, before, "a refused request changed something: {json}");
            return;
        }
        let hash: B256 = json["hash"]
            .as_str()
            .expect("text")
            .parse()
            .expect("a hash");
        let mempool = world.node.node.mempool();
        let waiting = mempool.get(&hash).expect("it waits");
        let read = TxEnvelope::decode_2718_exact(waiting.transaction.bytes()).expect("an envelope");
        assert_eq!(*read.tx_hash(), hash);
        assert_eq!(read.chain_id(), Some(31_337));
        let sender = read.recover_signer().expect("it is signed");
        assert!(DEV_ACCOUNTS.contains(&sender), "{sender} has nothing");
        assert!(after.waiting == before.waiting + 1 || after.waiting == before.waiting);
    });
}

/// What is taken is a block that reads as itself, on the chain or beside it; what is refused has changed nothing.
pub fn block(body: &[u8]) {
    in_a_world(|world| {
        let before = world.node.node.tip();
        let (status, json) = world.post("/v1/mining/blocks", body);
        let after = world.node.node.tip();
        match status {
            StatusCode::CREATED => {
                assert_eq!(json["hash"], after.place.hash.to_string());
                assert_ne!(after.place.hash, before.place.hash);
            }
            _ => assert_eq!(after.place.hash, before.place.hash, "{json}"),
        }
        if status.is_success() {
            let sent: Value = serde_json::from_slice(body).expect("JSON");
            let bytes: Bytes = sent["block"]
                .as_str()
                .expect("text")
                .parse()
                .expect("bytes");
            let block = Block::decode(&bytes, world.node.node.parameters()).expect("a block");
            assert_eq!(block.encode(), bytes);
            assert_eq!(
                block.header.hash().to_string(),
                json["hash"].as_str().expect("text")
            );
        }
    });
}

/// A transaction with few choices, so that nonces meet; often with a few bytes changed.
pub fn transaction_body(choices: &mut Choices<'_>) -> Vec<u8> {
    let envelope = in_a_world(|world| {
        let key = &world.keys[choices.below(3)];
        let fees = [0, 1, 2, 1_000_000_000, 1_100_000_000, u128::MAX];
        let transaction = TxEip1559 {
            chain_id: choices.pick(&[31_337, 31_337, 31_337, 31_337, 1]),
            nonce: choices.pick(&[0, 0, 1, 2, 3, 63, 64, u64::MAX]),
            gas_limit: choices.pick(&[21_000, 21_000, 100_000, 20_999, 1 << 24, (1 << 24) + 1]),
            max_fee_per_gas: choices.pick(&fees),
            max_priority_fee_per_gas: choices.pick(&fees),
            to: DEV_ACCOUNTS[choices.below(10)].into(),
            value: choices.pick(&[
                U256::ZERO,
                U256::from(1),
                U256::from(10).pow(U256::from(21)),
                U256::MAX,
            ]),
            input: vec![choices.byte(); choices.below(40)].into(),
            ..TxEip1559::default()
        };
        signed(key, transaction)
    });
    let envelope = match choices.below(3) {
        0 => edited(choices, envelope.to_vec()),
        _ => envelope.to_vec(),
    };
    let body = json!({"raw": Bytes::from(envelope)})
        .to_string()
        .into_bytes();
    near(choices, body)
}

/// A block on the node's tip, whose proof is found; often with a few bytes changed.
pub fn block_body(choices: &mut Choices<'_>) -> Vec<u8> {
    let extra = choices.byte().into();
    let block = in_a_world(|world| mined(&world.node.node, DEV_ACCOUNTS[0], extra));
    let block = match choices.below(3) {
        0 => block.to_vec(),
        _ => edited(choices, block.to_vec()),
    };
    let body = json!({"block": Bytes::from(block)})
        .to_string()
        .into_bytes();
    near(choices, body)
}

fn near(choices: &mut Choices<'_>, body: Vec<u8>) -> Vec<u8> {
    match choices.below(8) {
        0 => edited(choices, body),
        1 => json_or_near(choices, &[&body]),
        _ => body,
    }
}
