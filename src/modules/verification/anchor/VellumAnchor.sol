// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Roots of append-only logs, each under the address that anchored it.
/// @notice Anyone may anchor: a record belongs to (sender, size), so that no stranger can take or change another's.
/// A record is written once. The same again changes nothing; another root for the same size is refused, even to
/// the sender.
contract VellumAnchor {
    struct Anchor {
        bytes32 root;
        uint64 blockNumber;
        uint64 timestamp;
    }

    /// @notice A log's tree of `size` leaves had this RFC 9162 root.
    event Anchored(address indexed sender, uint64 indexed size, bytes32 root);

    /// @notice This sender has already anchored `recorded` for `size`.
    error AnotherRoot(uint64 size, bytes32 recorded);

    mapping(address sender => mapping(uint64 size => Anchor)) private records;

    function anchor(bytes32 root, uint64 size) external {
        Anchor storage record = records[msg.sender][size];
        if (record.blockNumber != 0) {
            if (record.root != root) revert AnotherRoot(size, record.root);
            return;
        }
        records[msg.sender][size] = Anchor(root, uint64(block.number), uint64(block.timestamp));
        emit Anchored(msg.sender, size, root);
    }

    /// @notice All zero when there is none.
    function anchors(address sender, uint64 size) external view returns (Anchor memory) {
        return records[sender][size];
    }
}
