// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Deliberately bad: what `bcoin contract review` must find.
contract Bad {
    address owner = msg.sender;
    mapping(address => uint256) public balances;

    function deposit() external payable {
        balances[msg.sender] += msg.value;
    }

    function withdraw() external {
        (bool sent, ) = msg.sender.call{value: balances[msg.sender]}("");
        require(sent);
        balances[msg.sender] = 0;
    }

    function close(address payable to) external {
        require(tx.origin == owner);
        to.send(address(this).balance);
    }
}
