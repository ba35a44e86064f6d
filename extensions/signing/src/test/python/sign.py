"""usage: sign.py MODEL KEY HASH [SHARD-SIZE]   Signs as the command line of model-signing cannot: another hash, shards."""

import pathlib
import sys

import model_signing

model, key, hash_type = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
hashing = model_signing.hashing.Config()
if len(sys.argv) > 4:
    hashing = hashing.use_shard_serialization(hashing_algorithm=hash_type, shard_size=int(sys.argv[4]))
else:
    hashing = hashing.use_file_serialization(hashing_algorithm=hash_type)
signature = model / "model.sig"
config = model_signing.signing.Config().use_elliptic_key_signer(private_key=key)
config.set_hashing_config(hashing).sign(model, signature)
