# pragma version 0.4.3
# pragma evm-version prague
"""
@title A token from before ERC-20 was settled: honest, but its functions answer nothing. Much of all value is in such tokens.
"""

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def approve(spender: address, amount: uint256):
    self.allowance[msg.sender][spender] = amount


@external
def transfer(to: address, amount: uint256):
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount


@external
def transferFrom(holder: address, to: address, amount: uint256):
    self.allowance[holder][msg.sender] -= amount
    self.balanceOf[holder] -= amount
    self.balanceOf[to] += amount
