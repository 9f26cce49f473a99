"""What stands around the sandbox's site: its pipeline's reports, its operations, and what can go wrong there."""
