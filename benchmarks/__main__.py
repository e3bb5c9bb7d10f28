"""`make bench`: what can be measured with nothing but the clone.

`benchmarks.parsing`, `benchmarks.autoencoder` and `benchmarks.retrieval` are run by themselves; the first two need a
data set.
"""

from benchmarks import room, tryon

if __name__ == "__main__":
    tryon.main()
    room.main()
