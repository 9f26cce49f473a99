"""Every check of Vercel, by name."""

from golive.adapters.checks import vercel_account, vercel_release

KNOWN = {**vercel_account.KNOWN, **vercel_release.KNOWN}
