//! How methods are put in: by what they cost, and by who may call them.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{Extensions, RpcModule, SubscriptionSink};
use serde::Serialize;

use super::Rpc;
use super::access::Caller;
use super::arguments::Arguments;
use super::error::RpcError;
use crate::limits;

/// The methods of a node, as they are collected.
pub struct Methods {
    module: RpcModule<Rpc>,
    /// Whether what is put in now needs the right to change the node.
    strict: bool,
    /// Those whose answers depend on who calls.
    personal: HashSet<&'static str>,
}

type Answer<T> = Result<T, RpcError>;
type Response<T> = Result<T, ErrorObjectOwned>;

/// Every name is put in once: a second time is a mistake of this program.
const ONCE: &str = "a method is put in once";

impl Methods {
    pub fn new(rpc: Rpc) -> Self {
        Self {
            module: RpcModule::new(rpc),
            strict: false,
            personal: HashSet::new(),
        }
    }

    /// The methods, and the names of those whose answers depend on who calls.
    pub fn into_parts(self) -> (RpcModule<Rpc>, HashSet<&'static str>) {
        (self.module, self.personal)
    }

    /// All that `register` puts in is for those alone who may change the node.
    pub fn strict(&mut self, register: impl FnOnce(&mut Self)) {
        let open: HashSet<&'static str> = self.module.method_names().collect();
        self.strict = true;
        register(self);
        self.strict = false;
        let all = self.module.method_names();
        self.personal
            .extend(all.filter(|name| !open.contains(name)));
    }

    /// One that reads next to nothing, where it is asked.
    pub fn quick<T: Serialize + Clone + Send + 'static>(
        &mut self,
        name: &'static str,
        method: fn(&Rpc, Arguments) -> Answer<T>,
    ) {
        let strict = self.strict;
        let registered = self
            .module
            .register_method(name, move |params, rpc, extensions| {
                may(strict, extensions)?;
                Response::Ok(method(rpc, Arguments::of(&params)?)?)
            });
        registered.expect(ONCE);
    }

    /// One that reads the chain, where blocking is allowed.
    pub fn reading<T: Serialize + Clone + Send + 'static>(
        &mut self,
        name: &'static str,
        method: fn(&Rpc, Arguments) -> Answer<T>,
    ) {
        self.blocking(name, false, method);
    }

    /// One that runs the EVM: as many at once as there are cores.
    pub fn executing<T: Serialize + Clone + Send + 'static>(
        &mut self,
        name: &'static str,
        method: fn(&Rpc, Arguments) -> Answer<T>,
    ) {
        self.blocking(name, true, method);
    }

    /// One that runs the EVM, most often shortly: where it is asked if it does little, and like [`Methods::executing`] otherwise. Told to be brief, `method` has no answer where that takes more.
    pub fn brief<T: Serialize + Clone + Send + 'static>(
        &mut self,
        name: &'static str,
        method: fn(&Rpc, Arguments, Patience) -> Answer<Option<T>>,
    ) {
        let strict = self.strict;
        let called = move |params: jsonrpsee::types::Params<'static>,
                           rpc: Arc<Rpc>,
                           extensions: Extensions| async move {
            may(strict, &extensions)?;
            let allowance = extensions.get::<Allowance>().cloned();
            let at_once = Allowance::spend(allowance.as_ref(), || {
                method(&rpc, Arguments::of(&params)?, Patience::Brief)
            })?;
            if let Some(answer) = at_once {
                return Response::Ok(answer);
            }
            let turn = rpc.turn().await?;
            let ran = tokio::task::spawn_blocking(move || {
                let answer = Allowance::spend(allowance.as_ref(), || {
                    method(&rpc, Arguments::of(&params)?, Patience::Long)
                });
                drop(turn);
                answer
            });
            let answer = ran.await.map_err(|_| given_up())??;
            Response::Ok(answer.ok_or_else(given_up)?)
        };
        let registered = self.module.register_async_method(name, called);
        registered.expect(ONCE);
    }

    fn blocking<T: Serialize + Clone + Send + 'static>(
        &mut self,
        name: &'static str,
        executes: bool,
        method: fn(&Rpc, Arguments) -> Answer<T>,
    ) {
        let strict = self.strict;
        let called = move |params: jsonrpsee::types::Params<'static>,
                           rpc: Arc<Rpc>,
                           extensions: Extensions| async move {
            may(strict, &extensions)?;
            let arguments = Arguments::of(&params)?;
            let turn = match executes {
                true => Some(rpc.turn().await?),
                false => None,
            };
            let allowance = executes
                .then(|| extensions.get::<Allowance>().cloned())
                .flatten();
            let ran = tokio::task::spawn_blocking(move || {
                let answer = Allowance::spend(allowance.as_ref(), || method(&rpc, arguments));
                drop(turn);
                answer
            });
            let answer = ran.await.map_err(|_| given_up())?;
            Response::Ok(answer?)
        };
        let registered = self.module.register_async_method(name, called);
        registered.expect(ONCE);
    }

    /// One that asks the node and waits.
    pub fn asking<T, F>(&mut self, name: &'static str, method: fn(Rpc, Arguments) -> F)
    where
        T: Serialize + Clone + Send + 'static,
        F: Future<Output = Answer<T>> + Send + 'static,
    {
        let was_personal = self.personal.contains(name);
        self.asking_as(name, move |rpc, _, arguments| method(rpc, arguments));
        if !was_personal {
            self.personal.remove(name);
        }
    }

    /// The same for one whose answer depends on who asks.
    pub fn asking_as<T, F>(
        &mut self,
        name: &'static str,
        method: impl Fn(Rpc, Caller, Arguments) -> F + Clone + Send + Sync + 'static,
    ) where
        T: Serialize + Clone + Send + 'static,
        F: Future<Output = Answer<T>> + Send + 'static,
    {
        self.personal.insert(name);
        let strict = self.strict;
        let called = move |params: jsonrpsee::types::Params<'static>,
                           rpc: Arc<Rpc>,
                           extensions: Extensions| {
            let method = method.clone();
            async move {
                may(strict, &extensions)?;
                let arguments = Arguments::of(&params)?;
                let caller = caller(&extensions);
                Response::Ok(method(Rpc::clone(&rpc), caller, arguments).await?)
            }
        };
        let registered = self.module.register_async_method(name, called);
        registered.expect(ONCE);
    }

    /// A subscription: what is asked for is read first, and refused in its answer.
    pub fn subscription<K, F>(
        &mut self,
        name: &'static str,
        notification: &'static str,
        end: &'static str,
        read: fn(Arguments) -> Answer<K>,
        serve: fn(Rpc, K, SubscriptionSink) -> F,
    ) where
        K: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let registered = self.module.register_subscription(
            name,
            notification,
            end,
            move |params, pending, rpc, _| async move {
                match Arguments::of(&params).and_then(read) {
                    Err(error) => pending.reject(error).await,
                    Ok(kind) => {
                        // Whoever is gone already needs nothing.
                        if let Ok(sink) = pending.accept().await {
                            serve(Rpc::clone(&rpc), kind, sink).await;
                        }
                    }
                }
            },
        );
        registered.expect(ONCE);
    }
}

fn given_up() -> RpcError {
    RpcError::Internal("the call was given up; the node's log says why".to_owned())
}

/// How long a method may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Other requests wait meanwhile.
    Brief,
    Long,
}

/// Time that the calls of one batch may run the EVM, together.
#[derive(Debug, Clone)]
pub struct Allowance(Arc<AtomicU64>);

impl Allowance {
    pub fn of_a_batch() -> Self {
        let most = limits::RPC_BATCH_RUNS.as_millis();
        Self(Arc::new(AtomicU64::new(
            most.try_into().unwrap_or(u64::MAX),
        )))
    }

    /// Runs a call against what is left; none is left where the batch is at its end.
    fn spend<T>(of: Option<&Self>, run: impl FnOnce() -> Answer<T>) -> Answer<T> {
        let Some(Self(left)) = of else {
            return run();
        };
        if left.load(Ordering::Relaxed) == 0 {
            let most = limits::RPC_BATCH_RUNS.as_secs();
            let why = format!(
                "the calls of this batch have run for {most} s together, as long as they may: send the others in another one"
            );
            return Err(RpcError::Limit(why));
        }
        let begun = Instant::now();
        let answer = run();
        let spent = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Calls of a batch run one after the other.
        left.store(
            left.load(Ordering::Relaxed).saturating_sub(spent),
            Ordering::Relaxed,
        );
        answer
    }
}

/// That whoever calls may.
fn may(strict: bool, extensions: &Extensions) -> Answer<()> {
    if !strict {
        return Ok(());
    }
    caller(extensions)
        .right
        .map_err(|why| RpcError::NotAuthorized(why.to_string()))
}

fn caller(extensions: &Extensions) -> Caller {
    extensions.get().cloned().unwrap_or_default()
}
