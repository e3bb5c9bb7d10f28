"""`make bench`: what can be measured with nothing but the clone.

The others need a data set, pairs or a trained store, and are run by themselves; each says how with `--help`:
`benchmarks.tryon_stages` (pairs of people and their own flat garments), `inpainting`, `parsing`, `autoencoder`,
`taef2`, `clicks`, `retrieval`, `index`, `ray_ingest` and `serve` (minutes; the demo catalog is enough), `taste`,
`room_camera`, `room_pairs`, `room_placement` and `architectures` (published models at random weights; gigabytes of
memory and disk).
"""

from benchmarks import room, tryon

if __name__ == "__main__":
    tryon.main()
    room.main()
    # Only now: these load networks into this process, and what the ones above start would inherit its peak memory.
    from benchmarks import tryon_prints, tryon_seeds

    tryon_prints.main()
    tryon_seeds.main()
