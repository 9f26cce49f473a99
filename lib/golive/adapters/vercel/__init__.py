"""Vercel's REST API: the account it is asked for, what it answers, and rolling releases."""
