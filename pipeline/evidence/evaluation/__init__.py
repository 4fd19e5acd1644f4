"""How good the study types are: labels of others against ours, in figures that name their set."""
