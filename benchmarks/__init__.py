"""Side-by-side measurements against peers.  They print ratios; `make bench` runs them, `make test` does not."""
