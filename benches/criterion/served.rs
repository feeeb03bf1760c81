//! `get_chain`: the chain's text from memory, as it goes to the socket.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use bcoin::api::chain_text::ChainText;
use bcoin::limits::QueueLimits;
use bcoin::node::{self, system_clock};
use criterion::{Criterion, Throughput};
use http_body_util::BodyExt;

use crate::chains::body_of;
use crate::durable::Filled;

/// The bytes of a body, taken piece by piece as a server does.
async fn taken(mut body: Body) -> usize {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.expect("infallible");
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    bytes
}

pub fn get_chain(criterion: &mut Criterion) {
    const BLOCKS: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (store, chain, _folder) = Filled::with(BLOCKS).into_parts();
    let body = body_of(&chain);
    let settings = node::Settings {
        miner: "m".to_owned(),
        clock: system_clock(),
        queue_limits: QueueLimits::default(),
        travels: false,
        recorder: Arc::new(metrics::NoopRecorder),
    };
    let (node, _writer) = node::start(store, settings).expect("a node");
    let mut group = criterion.benchmark_group("get_chain of 10,000 blocks");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.sample_size(20);
    let whole = |text: &ChainText| {
        let blocks = text.blocks(&node).expect("the chain");
        let after = format!(r#"], "length": {}}}"#, blocks.tip.height);
        blocks.into_body(r#"{"chain": ["#.to_owned(), after)
    };
    let kept = ChainText::default();
    group.bench_function("from memory", |bencher| {
        bencher.iter(|| assert_eq!(runtime.block_on(taken(whole(&kept))), body.len()));
    });
    group.bench_function("first time, from the store", |bencher| {
        bencher.iter(|| {
            let new = ChainText::default();
            assert_eq!(runtime.block_on(taken(whole(&new))), body.len());
        });
    });
    let bytes = Bytes::from(body.clone());
    group.bench_function("baseline one piece of bytes", |bencher| {
        bencher.iter(|| runtime.block_on(taken(Body::from(bytes.clone()))));
    });
    group.finish();
}
