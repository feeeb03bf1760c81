"""The tests, by what they are about. Each family gives tests by name."""

from .contracts import creations, endings, messages
from .envelopes import envelopes, miners
from .machine import jumps, memory, operators, storage, surroundings
from .precompiles import precompiles
from .programs import programs

FAMILIES = [
    operators,
    surroundings,
    memory,
    jumps,
    storage,
    messages,
    creations,
    endings,
    miners,
    envelopes,
    precompiles,
    programs,
]
