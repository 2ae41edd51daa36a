"""How a case becomes a differential."""

import os

# Read when torch is first imported. Threads that wait by spinning fight every other program for the same cores: beside another busy
# program on 2 cores, 1.4 tokens a second were measured with it and 78 without.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
