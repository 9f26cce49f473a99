"""One small file per vendor; each fulfils one Protocol of `golive.ports`."""
