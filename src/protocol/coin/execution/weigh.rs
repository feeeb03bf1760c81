//! What a trace will weigh: it is given up before it fills the memory.

use revm::Inspector;
use revm::context_interface::{ContextError, ContextTr};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter};

use super::evm::Context;

/// Words of the stack that a trace of steps copies: 128 MiB.
const MOST_WORDS: usize = 4 << 20;
/// Calls and creations within one trace: each is a frame in its tree.
const MOST_FRAMES: u32 = 20_000;

/// What the error says when a trace was given up.
pub(super) const TOO_HEAVY: &str = "the trace is too heavy";

/// Counts what a tracer beside it keeps.
pub(super) struct Weigh {
    /// Steps that are still told, each with its stack.
    steps: u64,
    words: usize,
    frames: u32,
}

impl Weigh {
    /// For a tracer that tells so many steps.
    pub(super) fn steps(steps: u64) -> Self {
        Self {
            steps,
            words: 0,
            frames: 0,
        }
    }

    /// For one that tells of calls alone.
    pub(super) fn frames() -> Self {
        Self::steps(0)
    }

    fn frame(&mut self, context: &mut Context<'_>) {
        self.frames += 1;
        if self.frames > MOST_FRAMES {
            *context.error() = Err(ContextError::Custom(TOO_HEAVY.to_owned()));
        }
    }
}

impl<'v> Inspector<Context<'v>> for Weigh {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, context: &mut Context<'v>) {
        if self.steps > 0 {
            self.steps -= 1;
            self.words = self.words.saturating_add(interpreter.stack.len());
        }
        // A frame too many is noticed at its first step.
        if self.words > MOST_WORDS || self.frames > MOST_FRAMES {
            *context.error() = Err(ContextError::Custom(TOO_HEAVY.to_owned()));
            interpreter.halt_fatal();
        }
    }

    fn call(&mut self, context: &mut Context<'v>, _: &mut CallInputs) -> Option<CallOutcome> {
        self.frame(context);
        None
    }

    fn create(&mut self, context: &mut Context<'v>, _: &mut CreateInputs) -> Option<CreateOutcome> {
        self.frame(context);
        None
    }
}
