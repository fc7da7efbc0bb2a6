"""The command line as ``python -m cortexcnn``, which is how ``torchrun`` starts it."""

from __future__ import annotations

import sys

from cortexcnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
