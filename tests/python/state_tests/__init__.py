"""State tests of this project's own, in the form of ethereum's, with what the Ethereum execution specs (EELS) make of them at Osaka."""
