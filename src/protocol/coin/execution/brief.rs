//! Whether a call is brief: it does little, and says so by doing it.

use alloy_primitives::Bytes;
use revm::Inspector;
use revm::context_interface::{ContextError, ContextTr};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::{
    CallInputs, CallOutcome, Gas, InstructionResult, Interpreter, InterpreterResult,
};

use super::evm::Context;

/// Steps of a brief call.
const MOST_STEPS: u32 = 20_000;
/// Gas of any of its frames: what one step may use beside is bounded by it.
const MOST_GAS: u64 = 300_000;
/// A word of memory is reached by no brief call beyond this one, in bytes: copying and hashing take their time.
const MOST_MEMORY: usize = 256 * 1024;

/// Gives up a call that is not brief. The result of one that ended is the same as without.
#[derive(Debug, Default)]
pub(super) struct Brief {
    steps: u32,
}

/// What the error says when a call was given up.
pub(super) const GIVEN_UP: &str = "the call is not brief";

impl<'v> Inspector<Context<'v>> for Brief {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, context: &mut Context<'v>) {
        self.steps += 1;
        if self.steps > MOST_STEPS
            || interpreter.gas.total_gas_spent() > MOST_GAS
            || interpreter.memory.len() > MOST_MEMORY
        {
            *context.error() = Err(ContextError::Custom(GIVEN_UP.to_owned()));
            interpreter.halt_fatal();
        }
    }

    fn call(&mut self, context: &mut Context<'v>, inputs: &mut CallInputs) -> Option<CallOutcome> {
        // Precompiles: of their work nothing is seen while it lasts. The first four are cheap.
        let number = inputs.bytecode_address.as_slice().split_last();
        let is_dear = number.is_some_and(|(last, rest)| {
            rest.iter().rev().skip(1).all(|byte| *byte == 0)
                && (*last > 4 || rest.last() != Some(&0))
        });
        // Of those too a brief call has few.
        let is_precompile = inputs
            .bytecode_address
            .as_slice()
            .split_last()
            .is_some_and(|(_, rest)| rest.iter().all(|byte| *byte == 0));
        if is_precompile {
            self.steps += MOST_STEPS / 4;
        }
        if !is_dear && self.steps <= MOST_STEPS {
            return None;
        }
        *context.error() = Err(ContextError::Custom(GIVEN_UP.to_owned()));
        let nothing = InterpreterResult::new(
            InstructionResult::FatalExternalError,
            Bytes::new(),
            Gas::new(0),
        );
        Some(CallOutcome::new(nothing, 0..0))
    }
}
