"""A stateful double of Vercel: rolling releases, the edge with its sticky visitors, errors on demand.

What is documented about the real thing is done as documented; what nobody could verify without an account is marked
as such where it is done, and docs/vercel.md lists it.
"""
