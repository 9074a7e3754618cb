"""Train the small Transformer that ships with the book: `python tools/names_net.py` writes textbook/data/names_net.npz.

One block, two heads: small enough to look into.  Fitted to the training names, seed 0.
"""

import numpy as np

from textbook import data, language, names, nn, optim, train

EPOCHS, LR = 50, 4e-3


def main() -> None:
    known, rng = data.load_names(), np.random.default_rng(0)
    model = nn.Transformer(**language.SMALL, rng=rng)
    batches = [batch for _ in range(EPOCHS) for batch in data.batches(*names.encode(known.train), 64, rng)]
    optimizer = optim.Optimizer(model, "adamw", lr=LR, weight_decay=0.1)
    factor = optim.warm_up(50, optim.cosine(len(batches) - 50))
    for step in train.train(model, language.loss, batches, optimizer):
        optimizer.hyper["lr"] = LR * factor(step.number)
        if step.number % 500 == 0:
            print(step.number, language.cost(model, known.val))
    arrays = {name: values.astype(np.float16) for name, values in model.state_dict().items()}
    np.savez_compressed(names.FILE.with_name("names_net.npz"), **arrays)


if __name__ == "__main__":
    main()
