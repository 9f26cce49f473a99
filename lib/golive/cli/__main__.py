"""`python -m golive.cli`, as the guard's own process is started."""

from golive.cli import main

main()
