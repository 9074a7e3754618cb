"""`python -m textbook.parallel`: train an MLP on MNIST, alone or on all processes that torchrun has started."""

from __future__ import annotations

import argparse

from textbook.parallel.group import leave, rank, size
from textbook.parallel.trials import training


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m textbook.parallel", description=__doc__)
    parser.add_argument("--dataset", choices=["small", "full"], default="small")
    parser.add_argument("--batch", type=int, default=512, help="examples in a step, of all processes together")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, help="train on so many batches only")
    parser.add_argument("--rule", default="adam")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--parts", type=int, default=1, help="into how many a process's share is cut")
    parser.add_argument("--sharded", action="store_true", help="spread the optimizer's state over the processes")
    options = vars(parser.parse_args())
    found = training(**options)
    if rank() == 0:
        group = f"{size()} process{'es' * (size() > 1)}"
        print(f"{group}: {len(found.losses)} steps in {sum(found.seconds):.2f} s, loss of the last batch "
              f"{found.losses[-1]:.6f}, optimizer state {found.state_bytes:,} bytes in each")  # fmt: skip
    leave()


if __name__ == "__main__":
    main()
