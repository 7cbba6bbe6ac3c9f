"""The benchmark: the product beside the obvious implementation of the same models, in interleaved rounds."""
