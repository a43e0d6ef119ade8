#!/usr/bin/env python3
"""Prints N cw20 transfers between 50,000 addresses as a batch (default 1,000,000): `transfers.py [N] > b.jsonl`. The same lines each time."""
import hashlib
import json
import random
import sys

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def checksum(values):
    """BIP 173."""
    sum_ = 1
    for value in values:
        top = sum_ >> 25
        sum_ = (sum_ & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            sum_ ^= generator if top >> bit & 1 else 0
    return sum_ ^ 1


def address(at):
    """A bech32 address of 20 bytes."""
    number = int.from_bytes(hashlib.sha256(str(at).encode()).digest()[:20], "big")
    data = [number >> 5 * (31 - place) & 31 for place in range(32)]
    prefix = [ord(c) >> 5 for c in "osmo"] + [0] + [ord(c) & 31 for c in "osmo"]
    end = checksum(prefix + data + [0] * 6)
    return "osmo1" + "".join(LETTERS[value] for value in data + [end >> 5 * (5 - place) & 31 for place in range(6)])


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    draw, known = random.Random(1), [address(at) for at in range(50_000)]
    for at in range(count):
        args = {"recipient": draw.choice(known), "amount": str(draw.randint(1, 9999))}
        call = {"id": str(at), "entry": "execute::transfer", "caller": draw.choice(known), "args": args, "cost": 120000}
        print(json.dumps(call, separators=(",", ":")))


if __name__ == "__main__":
    main()
