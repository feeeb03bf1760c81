// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// What client libraries are tested with: a value, events with indexed topics, and every way to refuse.
contract Probe {
    error TooMuch(uint256 asked, uint256 most);

    event Changed(address indexed who, uint256 indexed value, bytes32 indexed label, string note);
    event Paid(address indexed from, uint256 amount);

    uint256 public value;
    mapping(address => uint256) public deposits;
    address public immutable owner;

    constructor(uint256 first) payable {
        value = first;
        owner = msg.sender;
    }

    receive() external payable {
        deposits[msg.sender] += msg.value;
        emit Paid(msg.sender, msg.value);
    }

    function set(uint256 to, bytes32 label, string calldata note) external payable returns (uint256 before) {
        before = value;
        value = to;
        emit Changed(msg.sender, to, label, note);
    }

    /// Many logs in one transaction.
    function setMany(uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            emit Changed(msg.sender, i, bytes32(i), "many");
        }
        value = count;
    }

    function withReason(string calldata reason) external payable {
        value += 1;
        require(false, reason);
    }

    function withError(uint256 asked) external pure returns (uint256) {
        revert TooMuch(asked, 7);
    }

    /// Panic 0x11: the sum does not fit.
    function withPanic(uint256 a) external pure returns (uint256) {
        return a + type(uint256).max;
    }

    function withNothing() external pure {
        revert();
    }

    /// Spends all the gas it is given.
    function withoutEnd() external {
        while (true) value += 1;
    }

    /// Calls on; what the target refuses is not its own failure.
    function forward(address payable target, bytes calldata input) external payable returns (bool done, bytes memory answer) {
        (done, answer) = target.call{value: msg.value}(input);
    }

    function surroundings() external view returns (address caller, uint256 balance, uint256 number, uint256 time, uint256 chain, uint256 fee) {
        return (msg.sender, address(this).balance, block.number, block.timestamp, block.chainid, block.basefee);
    }
}
