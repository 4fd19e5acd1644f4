"""What comes out of whole corpora, frozen, so that a change of how shows no change of what."""
