"""Vercel: production goes back to an earlier deployment, without a build.

rollback   the action: which deployment, and what people are told about it
move       production on its way there, and whether it arrived
api        the questions it asks and what Vercel answers
"""

from adapters.vercel.rollback import VercelRollback

__all__ = ["VercelRollback"]
