"""How good is it: metrics, baselines and evaluation runs."""
