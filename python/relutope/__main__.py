"""``python -m relutope``: the command line."""

import sys

from relutope.cli import main

sys.exit(main())
